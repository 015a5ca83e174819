"""Training: ``train_epoch`` is the lesson and the code that runs; ``fit`` is what goes around it.

The model that ``fit`` leaves behind is the last epoch's. Choosing the best epoch by its validation accuracy would
flatter the figure that is then reported on the same digits.
"""

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from digitlib import evaluate
from digitlib.data import Digits, scale

__all__ = [
    "Diverged",
    "Epoch",
    "Recipe",
    "best_device",
    "check_finite",
    "fit",
    "train_epoch",
]


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: how often every training digit is seen.
        batch: digits per gradient step.
        rate: the largest learning rate; it rises to this and falls to almost nothing (one cycle).
        decay: AdamW's weight decay.
        seed: decides the order of the digits.
    """

    epochs: int = 8
    batch: int = 256
    rate: float = 3e-3
    decay: float = 0.1
    seed: int = 0

    def __post_init__(self):
        if self.epochs < 1 or self.batch < 1:
            raise ValueError(
                f"expected epochs and batch of at least 1, got {self.epochs} and {self.batch}"
            )
        if not (self.rate > 0 and math.isfinite(self.rate)):
            raise ValueError(f"expected a positive learning rate, got {self.rate}")


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training digits came to.

    The training figures are taken while the weights still move, the validation figures after the pass.
    """

    number: int
    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float
    seconds: float


class Diverged(ArithmeticError):
    """The loss is no longer a finite number."""


def train_epoch(model, images, labels, batches, optimizer, scheduler):
    """Train on every batch of indices once; return the mean loss and accuracy."""
    loss_sum = right = seen = 0
    for batch in batches:
        x, y = images[batch], labels[batch]  # (B, 28, 28) and (B,)
        logits = model(x)  # forward: (B, 10)
        loss = F.cross_entropy(logits, y)
        check_finite(loss, scheduler)
        optimizer.zero_grad()
        loss.backward()  # backward: a gradient for every weight
        optimizer.step()
        scheduler.step()
        loss_sum += loss.item() * len(y)
        right += (logits.argmax(1) == y).sum().item()
        seen += len(y)
    return loss_sum / seen, right / seen


def fit(
    model: nn.Module,
    train: Digits,
    valid: Digits,
    recipe: Recipe | None = None,
    after_epoch: Callable[[Epoch], None] | None = None,
) -> list[Epoch]:
    """Train a model in place and return the history, one :class:`Epoch` a pass.

    Args:
        model: takes float ``(N, 28, 28)``, returns logits ``(N, 10)``. It ends with the last epoch's weights,
            on the device where it was.
        train: the digits to learn from.
        valid: the digits to measure on; they never touch a weight.
        recipe: epochs, batch, rate, decay and seed; :class:`Recipe`'s defaults if None.
        after_epoch: called with each finished epoch.

    The same seed on the same machine gives the same bits.

    Raises:
        Diverged: the loss became infinite or not a number; says at which step and learning rate.
        ValueError: no digits to train on, or none to measure on.
    """
    recipe = recipe or Recipe()
    if not len(train) or not len(valid):
        raise ValueError(
            "expected digits to learn from and digits to measure on, "
            f"got {len(train)} and {len(valid)}"
        )
    home, device = next(model.parameters()).device, best_device()
    model.to(device)
    images, labels = scale(train.images).to(device), train.labels.to(device)
    order = torch.Generator().manual_seed(recipe.seed)
    steps = recipe.epochs * math.ceil(len(train) / recipe.batch)
    tools = _optimizer(model, recipe, steps)
    history = []
    try:
        with tqdm(total=steps, unit="step", leave=False, disable=_quiet()) as bar:
            for number in range(1, recipe.epochs + 1):
                start = time.perf_counter()
                shuffled = torch.randperm(len(train), generator=order).to(device)
                batches = _counted(shuffled.split(recipe.batch), bar)
                model.train()
                learned = train_epoch(model, images, labels, batches, *tools)
                measured = _measure(model, valid)
                seconds = time.perf_counter() - start
                history.append(Epoch(number, *learned, *measured, seconds))
                bar.set_postfix_str(f"validation {history[-1].valid_accuracy:.2%}")
                if after_epoch:
                    after_epoch(history[-1])
    finally:
        model.to(home)
    return history


def check_finite(loss: torch.Tensor, scheduler) -> None:
    """Raise :class:`Diverged`, with the step and its learning rate, unless the loss is a finite number."""
    if not math.isfinite(loss.item()):
        raise Diverged(
            f"the loss became {loss.item()} at step {scheduler.last_epoch + 1}, "
            f"with a learning rate of {scheduler.get_last_lr()[0]:.3g}; try a smaller one"
        )


def best_device() -> torch.device:
    """The accelerator if there is one (CUDA, then Apple's MPS), else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _optimizer(model: nn.Module, recipe: Recipe, steps: int):
    """AdamW, and the scheduler that takes its rate through one cycle."""
    weights = model.parameters()
    optimizer = torch.optim.AdamW(weights, lr=recipe.rate, weight_decay=recipe.decay)
    cycle = torch.optim.lr_scheduler.OneCycleLR
    return optimizer, cycle(optimizer, max_lr=recipe.rate, total_steps=steps)


def _measure(model: nn.Module, valid: Digits) -> tuple[float, float]:
    """Loss and accuracy on the validation digits."""
    answers = evaluate.logits(model, valid.images)
    loss = F.cross_entropy(answers, valid.labels).item()
    return loss, evaluate.accuracy(answers, valid.labels).value


def _counted(batches: Iterable[torch.Tensor], bar: tqdm) -> Iterator[torch.Tensor]:
    for batch in batches:
        yield batch
        bar.update()


def _quiet() -> bool:
    """No progress bar while results are checked, and where nobody looks: neither a terminal nor a notebook."""
    ipython = sys.modules.get("IPython")
    in_notebook = ipython and hasattr(ipython.get_ipython(), "kernel")
    checked = os.environ.get("DIGITLIB_CHECK") == "1"
    return checked or not (in_notebook or sys.stderr.isatty())
