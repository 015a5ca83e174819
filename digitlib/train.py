"""Training: ``train_epoch`` is the lesson and the code that runs; ``fit`` is what goes around it.

``fit`` knows how to learn, and nothing of what: the network and the images arrive finished. The model that it leaves
behind is the last epoch's. Choosing the best epoch by its validation accuracy would flatter the figure that is then
reported on the same images.

By hand, an epoch of two batches; :func:`fit` makes batches, optimizer and scheduler itself:

>>> import torch
>>> from digitlib.model import MLP
>>> x, y = torch.rand(8, 28, 28), torch.arange(8)
>>> batches = [(x[:5], y[:5]), (x[5:], y[5:])]
>>> model = MLP(hidden=(16,))
>>> optimizer, scheduler = optimizer_for(model, Training(), steps=2)
>>> losses, right, seen = train_epoch(model, batches, optimizer, scheduler)
>>> losses.shape, right.shape, seen
(torch.Size([2]), torch.Size([]), 8)
"""

import copy
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from digitlib import evaluate
from digitlib.accuracy import percent
from digitlib.augment import Deform
from digitlib.data import Images, fingerprint
from digitlib.engine import checkpoint, fitting, hardware, parallel, progress
from digitlib.engine.batches import Batches
from digitlib.engine.labels import smoothed, taught
from digitlib.plain import make_plain

__all__ = [
    "Diverged",
    "Epoch",
    "Training",
    "count_right",
    "fit",
    "optimizer_for",
    "train_epoch",
]


@dataclass(frozen=True)
class Training:
    """How to learn: all that :func:`fit` has to know beside the network and the images.

    Attributes:
        epochs: how often every training image is seen.
        batch: images per gradient step.
        rate: the largest learning rate; it rises to this and falls to almost nothing (one cycle).
        optimizer: ``"AdamW"``, or ``"SGD"``, which is gradient descent with Nesterov's momentum.
        decay: the optimizer's weight decay.
        smoothing: the part of a label that is shared out evenly among all answers.
        deform: deforms each batch anew, so that no image is seen twice alike; None leaves the images alone.
        fade: the part of the epochs, the last, in which the deformations grow weaker, evenly, to none in the last one.
        distil: the share of a teacher's probabilities in what is learned; the rest is the labels'.
        precision: ``"float32"``, or ``"bfloat16"`` for the products of matrices, on hardware with units for it.
        seed: decides the order of the images and their deformations.

    Raises:
        ValueError: epochs or a batch below 1, a rate that isn't above 0 and finite, another optimizer or precision, a
            part not from 0 to 1, or both smoothing and distil.

    >>> Training(epochs=5, rate=3e-3).batch
    256
    >>> Training(optimizer="Adam")
    Traceback (most recent call last):
        ...
    ValueError: expected AdamW or SGD, got Adam
    """

    epochs: int = 3
    batch: int = 256
    rate: float = 8e-3
    optimizer: str = "AdamW"
    decay: float = 0.1
    smoothing: float = 0.0
    deform: Deform | None = None
    fade: float = 0.0
    distil: float = 0.0
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        make_plain(self)
        if self.epochs < 1 or self.batch < 1:
            raise ValueError(
                f"expected epochs and batch of at least 1, got {self.epochs} and {self.batch}"
            )
        if not (self.rate > 0 and math.isfinite(self.rate)):
            raise ValueError(f"expected a positive learning rate, got {self.rate}")
        if not 0 <= self.decay < math.inf:
            raise ValueError(f"expected a decay of 0 or more, got {self.decay}")
        if self.precision not in ("float32", "bfloat16"):
            raise ValueError(f"expected float32 or bfloat16, got {self.precision}")
        if self.optimizer not in ("AdamW", "SGD"):
            raise ValueError(f"expected AdamW or SGD, got {self.optimizer}")
        for name in ("distil", "fade", "smoothing"):
            part = getattr(self, name)
            if not 0 <= part <= 1:
                raise ValueError(f"expected {name} from 0 to 1, got {part}")
        if self.smoothing and self.distil:
            raise ValueError(
                f"expected smoothing or distil, got {self.smoothing} and {self.distil}"
            )

    def deforms(self, number: int) -> Deform | None:
        """What deforms the batches of an epoch, counted from 1."""
        if not (self.deform and self.fade):
            return self.deform
        left = (self.epochs - number) / (self.epochs * self.fade)
        return self.deform.times(left) if left < 1 else self.deform


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training images came to.

    The training figures are taken while the weights still move, the validation figures after the pass.

    Attributes:
        number: counted from 1.
        train_loss, valid_loss: the mean loss of an image: its cross-entropy, in nats.
        train_accuracy, valid_accuracy: shares, 0 to 1.
        seconds: what it took, with its measuring.

    >>> epoch = Epoch(1, 0.43, 0.872, 0.21, 0.941, seconds=2.5)
    >>> f"{epoch.number}: {epoch.valid_accuracy:.1%}"
    '1: 94.1%'
    """

    number: int
    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float
    seconds: float


class Diverged(ArithmeticError):
    """The loss is no longer a finite number.

    >>> import torch
    >>> from digitlib.data import Images
    >>> from digitlib.model import MLP
    >>> digits = Images(torch.eye(28).byte().repeat(20, 1, 1), torch.arange(20) % 10)
    >>> try:
    ...     fit(MLP(), digits, digits, Training(rate=1e30, optimizer="SGD", batch=5))
    ... except Diverged as error:
    ...     print(str(error).partition("; ")[2])
    try a smaller one
    """


def train_epoch(model, batches, optimizer, scheduler):
    """Train on every batch once.

    Return the loss of each, how many images were right, and of how many.
    """
    losses, answers, labels = [], [], []
    for x, y in batches:  # (B, 28, 28) and (B,)
        logits = model(x)  # forward: (B, C)
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()  # backward: a gradient for every weight
        optimizer.step()
        scheduler.step()
        losses.append(loss.detach() * len(y))
        answers.append(logits.detach())
        labels.append(y)
    answers, labels = torch.cat(answers), torch.cat(labels)
    return torch.stack(losses), count_right(answers, labels), len(labels)


def fit(
    model: nn.Module,
    train: Images,
    valid: Images,
    training: Training | None = None,
    *,
    teacher: nn.Module | None = None,
    after_epoch: Callable[[Epoch], None] | None = None,
    keep: str | Path | None = None,
) -> list[Epoch]:
    """Train a model in place and return the history, one :class:`Epoch` a pass.

    Args:
        model: takes float ``(N, 28, 28)``, returns logits ``(N, C)``, or ``(N, C + 1)`` where some of the training
            images belong to none of the classes. It ends with the last epoch's weights, in training mode, on the device
            where it was, and its attribute ``none`` says whether there is such an output more.
        train: the images to learn from.
        valid: the images to measure on; they never touch a weight.
        training: how; :class:`Training`'s defaults if None.
        teacher: the model that a training with ``distil`` learns from.
        after_epoch: called with each finished epoch, while the next one waits.
        keep: a file for the last finished epoch. If a training lies there, this one goes on from it, and ends with
            the weights that it would have ended with in one go.

    The same seed on the same machine gives the same bits. A progress bar shows on a terminal and in a notebook, unless
    the environment says ``TQDM_DISABLE=1``.

    Raises:
        Diverged: the loss became infinite or not a number; says at which step and learning rate.
        FileNotFoundError: ``keep`` names a folder that isn't there.
        ValueError: no images to train on, or none to measure on; other classes to measure on; another number of
            outputs than the classes ask for, or a network without weights; too small a batch for its batch
            normalisation; no teacher; another training lies in ``keep``.

    >>> import torch
    >>> from digitlib.data import Images, split
    >>> from digitlib.model import MLP
    >>> sides = torch.zeros(60, 28, 28, dtype=torch.uint8)
    >>> sides[::2, :, :14] = 255  # every other one is bright on its left
    >>> sides[1::2, :, 14:] = 255
    >>> images = Images(sides, torch.arange(60) % 2, classes=("left", "right"))
    >>> train, valid = split(images, valid=20)
    >>> history = fit(MLP(hidden=(8,), classes=2), train, valid, Training(epochs=2, batch=10))
    >>> [epoch.number for epoch in history], history[-1].valid_accuracy
    ([1, 2], 1.0)
    """
    training = training or Training()
    fitting.check(model, train, valid, training, teacher, keep)
    # PyTorch's types know tensors and modules alone.
    model.none = fitting.outputs(train) > len(train.classes)  # type: ignore[assignment]
    with hardware.on_best_device(model) as device:
        run = _Run(model, train, valid, training, teacher, keep, device)
        run.go_on(after_epoch)
    return run.history


def count_right(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """How many logits ``(B, C)`` are largest at their label ``(B,)``, or where probabilities ``(B, C)`` are: ``()``.

    >>> import torch
    >>> logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0]])
    >>> count_right(logits, torch.tensor([0, 1, 1])).item()
    2
    """
    return (logits.argmax(1) == (y if y.dim() == 1 else y.argmax(1))).sum()


_Batch = tuple[torch.Tensor, torch.Tensor]


class _Run:
    """A training under way: what is carried on from epoch to epoch."""

    def __init__(
        self,
        model: nn.Module,
        train: Images,
        valid: Images,
        training: Training,
        teacher: nn.Module | None,
        keep: str | Path | None,
        device: torch.device,
    ):
        self.model, self.training, self.keep = model, training, keep
        self.valid = replace(valid, images=valid.images.to(device))
        dealt = train.images.to(device), train.labels.to(device)
        self.batches = Batches(*dealt, training.batch, training.seed, fitting.fewest(model))
        self.soften = _softener(train, training, teacher, device)
        self.steps = training.epochs * self.batches.steps
        self.optimizer, self.scheduler = optimizer_for(model, training, self.steps)
        self.parts: dict[str, checkpoint.Stateful] = {
            "model": model,
            "optimizer": self.optimizer,
            "scheduler": self.scheduler,
        }
        self.about = _about(train, valid, training, teacher) if keep else {}
        resumed = checkpoint.resume(keep, self.parts, self.about)
        self.history = [Epoch(**line) for line in resumed]
        shared = parallel.shared_model(model)
        self.learner = hardware.in_precision(shared, training.precision, device)

    def go_on(self, after_epoch: Callable[[Epoch], None] | None) -> None:
        """Run the epochs that are left."""
        done = self.scheduler.last_epoch
        with hardware.own_cores(), progress.bar(self.steps, done) as bar:
            for number in range(len(self.history) + 1, self.training.epochs + 1):
                self.history.append(self.epoch(number, bar))
                bar.set_postfix_str(f"validation {percent(self.history[-1].valid_accuracy, 2)}")
                if self.keep and parallel.first():
                    history = [asdict(epoch) for epoch in self.history]
                    checkpoint.save(self.keep, self.parts, self.about, history)
                if after_epoch:
                    after_epoch(self.history[-1])

    def epoch(self, number: int, bar: tqdm) -> Epoch:
        """Train on every batch once, and measure."""
        start = time.perf_counter()
        rates: list[float] = []
        batches = self.batches.of_epoch(number, self.training.deforms(number), self.soften)
        self.model.train()
        tallies = train_epoch(
            self.learner, self._counted(batches, bar, rates), self.optimizer, self.scheduler
        )
        learned = _mean(*tallies)
        if not math.isfinite(learned[0]):
            raise _diverged(tallies[0], self.scheduler.last_epoch, rates)
        measured = _measure(self.model, self.valid)
        return Epoch(number, *learned, *measured, time.perf_counter() - start)

    def _counted(
        self, batches: Iterable[_Batch], bar: tqdm, rates: list[float]
    ) -> Iterator[_Batch]:
        """The batches; notes each one's learning rate."""
        for batch in batches:
            rates.append(float(self.scheduler.get_last_lr()[0]))
            yield batch
            bar.update()


def _about(train: Images, valid: Images, training: Training, teacher: nn.Module | None) -> dict:
    """All that decides the weights and the history of a training, for telling one from another."""
    taught = fingerprint(*teacher.parameters()) if teacher is not None else None
    return {
        **asdict(training),
        "teacher": taught,
        "processes": parallel.size(),
        "classes": list(train.classes),
        "training images": fingerprint(train.images, train.labels),
        "validation images": fingerprint(valid.images, valid.labels),
    }


def optimizer_for(
    model: nn.Module, training: Training, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The optimizer, and the scheduler that takes its rate through one cycle of so many steps.

    >>> from digitlib.model import MLP
    >>> optimizer, scheduler = optimizer_for(MLP(), Training(rate=8e-3), steps=100)
    >>> rates = []
    >>> for _ in range(100):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> f"{rates[0]:.5f} {max(rates):.5f} {rates[-1]:.5f}"
    '0.00032 0.00800 0.00000'
    """
    # Fused: one pass over the memory of all weights, instead of one for each line of the formula. Not every PyTorch
    # has that for Apple's GPU.
    fused = next(model.parameters()).device.type in ("cpu", "cuda")
    kind: Callable[..., torch.optim.Optimizer] = torch.optim.AdamW
    if training.optimizer == "SGD":
        kind = partial(torch.optim.SGD, momentum=0.9, nesterov=True)
    weights = model.parameters()
    optimizer = kind(weights, lr=training.rate, weight_decay=training.decay, fused=fused)
    cycle = torch.optim.lr_scheduler.OneCycleLR
    return optimizer, cycle(optimizer, max_lr=training.rate, total_steps=steps)


def _softener(
    train: Images, training: Training, teacher: nn.Module | None, device: torch.device
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None:
    """What turns a batch's labels into shares of the answers; None for labels alone."""
    outputs = fitting.outputs(train)
    if teacher is not None:
        teacher = copy.deepcopy(teacher).to(device).eval()
        return partial(taught, teacher, training.distil, len(train.classes), outputs)
    return partial(smoothed, training.smoothing, outputs) if training.smoothing else None


def _diverged(losses: torch.Tensor, step: int, rates: list[float]) -> Diverged:
    """What to raise for an epoch of these losses and rates that ended at ``step``: names the first bad step."""
    # Looked for after the epoch: asking at each step would make a GPU wait for the answer.
    wrong = losses.isfinite().logical_not()
    # Where another process met it, ours were finite to the end.
    first = int(wrong.float().argmax()) if wrong.any() else len(losses) - 1
    what = losses[first].item() if wrong.any() else "infinite in another process"
    return Diverged(
        f"the loss became {what} at step {step - len(losses) + first + 1}, "
        f"with a learning rate of {rates[first]:.3g}; try a smaller one"
    )


def _mean(losses: torch.Tensor, right: torch.Tensor | int, seen: int) -> tuple[float, float]:
    """Mean loss and accuracy over all processes, from sums."""
    loss, hits, n = parallel.summed(losses.sum(), right, seen)
    return loss / n, hits / n


def _measure(model: nn.Module, valid: Images) -> tuple[float, float]:
    """Loss and accuracy on the validation images."""
    part = valid[parallel.share(torch.arange(len(valid)), equal=False)]
    answers = evaluate.outputs(model, part.images)[:, : len(valid.classes)]
    losses = F.cross_entropy(answers, part.labels, reduction="none")
    return _mean(losses, count_right(answers, part.labels), len(part))
