"""Training: ``train_epoch`` is the lesson and the code that runs; ``fit`` is what goes around it.

The model that ``fit`` leaves behind is the last epoch's. Choosing the best epoch by its validation accuracy would
flatter the figure that is then reported on the same digits.
"""

import copy
import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from digitlib import evaluate
from digitlib.augment import Deform, make_plain
from digitlib.data import Images, fingerprint, scale
from digitlib.drawn import nondigits, redrawn, styles
from digitlib.engine import checkpoint, hardware, parallel
from digitlib.model import MLP, with_norm

__all__ = [
    "RECIPES",
    "Diverged",
    "Epoch",
    "Recipe",
    "count_right",
    "fit",
    "in_precision",
    "train_epoch",
]


@dataclass(frozen=True)
class Recipe:
    """What to train, and how.

    Attributes:
        hidden: widths of the hidden layers of the network that the rest is meant for.
        norm: whether batch normalisation stands after each of its linear layers but the last.
        epochs: how often every training digit is seen.
        batch: digits per gradient step.
        rate: the largest learning rate; it rises to this and falls to almost nothing (one cycle).
        optimizer: ``"AdamW"``, or ``"SGD"``, which is gradient descent with Nesterov's momentum.
        decay: the optimizer's weight decay.
        smoothing: the part of a label that is shared out evenly among all answers.
        deform: deforms each batch anew, so that no digit is seen twice alike; None leaves the digits alone.
        fade: the part of the epochs, the last, in which the deformations grow weaker, evenly, to none in the last one.
        distil: the share of a teacher's probabilities in what is learned; the rest is the labels'.
        hands: how many digits in other styles (:mod:`digitlib.drawn.styles`) are learned from for each digit.
        redrawn: how many redrawn with any pen (:func:`digitlib.drawn.redrawn.mixed`) are learned from for each digit.
        degraded: the part of the redrawn digits that have few pixels, pale ink and a grey ground.
        nondigits: how many things that are no digits are learned from for each digit, as an eleventh class; above 0 it
            needs a model with 11 outputs.
        precision: ``"float32"``, or ``"bfloat16"`` for the products of matrices, on hardware with units for it.
        seed: decides the order of the digits and their deformations.
    """

    hidden: tuple[int, ...] = (256,)
    norm: bool = False
    epochs: int = 3
    batch: int = 256
    rate: float = 8e-3
    optimizer: str = "AdamW"
    decay: float = 0.1
    smoothing: float = 0.0
    deform: Deform | None = None
    fade: float = 0.0
    distil: float = 0.0
    hands: float = 0.0
    redrawn: float = 0.0
    degraded: float = 0.0
    nondigits: float = 0.0
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self):
        make_plain(self)
        if self.epochs < 1 or self.batch < self.least:
            raise ValueError(
                f"expected epochs of at least 1 and batch of at least {self.least}, "
                f"got {self.epochs} and {self.batch}"
            )
        if not (self.rate > 0 and math.isfinite(self.rate)):
            raise ValueError(f"expected a positive learning rate, got {self.rate}")
        if self.precision not in ("float32", "bfloat16"):
            raise ValueError(f"expected float32 or bfloat16, got {self.precision}")
        if self.optimizer not in ("AdamW", "SGD"):
            raise ValueError(f"expected AdamW or SGD, got {self.optimizer}")
        for name in ("distil", "degraded", "fade", "smoothing"):
            part = getattr(self, name)
            if not 0 <= part <= 1:
                raise ValueError(f"expected {name} from 0 to 1, got {part}")
        for name in ("hands", "redrawn", "nondigits"):
            share = getattr(self, name)
            if not 0 <= share < math.inf:
                raise ValueError(f"expected {name} of 0 or more, got {share}")
        if self.smoothing and self.distil:
            raise ValueError(
                f"expected smoothing or distil, got {self.smoothing} and {self.distil}"
            )
        if self.degraded and not self.redrawn:
            raise ValueError(
                f"expected redrawn above 0 with degraded {self.degraded}, got {self.redrawn}"
            )

    @property
    def least(self) -> int:
        """The fewest digits that make a batch: of a single one there are no deviations for ``norm``."""
        return 2 if self.norm else 1

    @property
    def outputs(self) -> int:
        """How many outputs the model needs: 10, or 11 to learn what is no digit."""
        return 11 if self.nondigits else 10

    def deforms(self, number: int) -> Deform | None:
        """What deforms the batches of an epoch, counted from 1."""
        if not (self.deform and self.fade):
            return self.deform
        left = (self.epochs - number) / (self.epochs * self.fade)
        return self.deform.times(left) if left < 1 else self.deform

    def network(self) -> nn.Sequential:
        """The network that this recipe is meant for, untrained; the seed decides its weights."""
        model = MLP(self.hidden, seed=self.seed, none=self.nondigits > 0)
        return with_norm(model) if self.norm else model

    @classmethod
    def named(cls, name: str, **changes) -> "Recipe":
        """One of :data:`RECIPES`, with changes: ``Recipe.named("quick", seed=1)``. ValueError for another name."""
        if name not in RECIPES:
            raise ValueError(f"expected a recipe out of {', '.join(RECIPES)}, got {name!r}")
        return replace(RECIPES[name], **changes)


# Chosen on validation digits; benchmarks/choices-deformations.md has the table.
_GENTLE = Deform(rotation=8, scale=0.08, shear=0.05, shift=1.0, elastic=0.8)

# Batches that are fetched at once: a step then waits for one less thing, and the copies stay small.
_TOGETHER = 16

RECIPES = {
    "quick": Recipe(),
    # The fewest seconds to 98 % of the validation digits; benchmarks/choices-sprint.md has the candidates.
    "sprint": Recipe(epochs=2, rate=0.3, optimizer="SGD", decay=1e-4, smoothing=0.1),
    "base": Recipe(hidden=(512, 256), epochs=18, rate=3e-3, deform=_GENTLE),
    "tiny": Recipe(hidden=(72, 60), epochs=60, rate=6e-3, deform=_GENTLE, distil=0.5),
    "pad": Recipe(
        hidden=(320, 120),
        epochs=40,
        rate=3e-3,
        deform=_GENTLE,
        hands=0.1,
        redrawn=1.0,
        degraded=0.5,
        nondigits=0.3,
    ),
    # Chosen on validation digits too; benchmarks/record.md has the search.
    "record": Recipe(
        hidden=(2500, 2000, 1500, 1000, 500),
        norm=True,
        epochs=200,
        batch=1024,
        rate=3e-3,
        decay=0.05,
        deform=Deform(rotation=12, scale=0.15, shear=0.1, shift=2.0, elastic=1.0),
        fade=0.3,
    ),
}
"""The book's recipes: ``quick`` for experiments, ``sprint`` to be soon at 98 %, ``base`` for a minute's training,
``tiny`` for 64 kB, ``pad`` for drawings with any pen and for what is no digit: its weights are the shipped ones; and
``record`` for the fewest mistakes on MNIST, with twelve million weights."""


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


def train_epoch(model, batches, optimizer, scheduler):
    """Train on every batch once.

    Return the loss of each, how many digits were right, and of how many.
    """
    losses, answers, labels = [], [], []
    for x, y in batches:  # (B, 28, 28) and (B,)
        logits = model(x)  # forward: (B, 10)
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
    recipe: Recipe | None = None,
    *,
    teacher: nn.Module | None = None,
    after_epoch: Callable[[Epoch], None] | None = None,
    keep: str | Path | None = None,
) -> list[Epoch]:
    """Train a model in place and return the history, one :class:`Epoch` a pass.

    Args:
        model: takes float ``(N, 28, 28)``, returns logits ``(N, 10)``. It ends with the last epoch's weights,
            on the device where it was.
        train: the digits to learn from.
        valid: the digits to measure on; they never touch a weight.
        recipe: how; :class:`Recipe`'s defaults if None.
        teacher: the model that a recipe with ``distil`` learns from.
        after_epoch: called with each finished epoch.
        keep: a file for the last finished epoch. If a training lies there, this one goes on from it, and ends with
            the weights that it would have ended with in one go.

    The same seed on the same machine gives the same bits.

    Raises:
        Diverged: the loss became infinite or not a number; says at which step and learning rate.
        FileNotFoundError: ``keep`` names a folder that isn't there.
        ValueError: no digits to train on, or none to measure on; another number of outputs than the recipe's; no
            teacher; another training lies in ``keep``.
    """
    recipe = recipe or Recipe()
    _check(model, train, valid, recipe, teacher, keep)
    train = _mixed(train, recipe)
    home, device = next(model.parameters()).device, hardware.best_device()
    if teacher is not None:
        teacher = copy.deepcopy(teacher).to(device).eval()
    images, labels = train.images.to(device), train.labels.to(device)
    valid = replace(valid, images=valid.images.to(device))
    steps = recipe.epochs * _steps(len(train), recipe)
    try:
        optimizer, scheduler = _optimizer(model.to(device), recipe, steps)
        run = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
        about = _about(train, valid, recipe, teacher) if keep else {}
        history = [Epoch(**line) for line in checkpoint.resume(keep, run, about)]
        learner = in_precision(parallel.shared_model(model), recipe.precision, device)
        with hardware.own_cores(), _bar(steps, done=scheduler.last_epoch) as bar:
            for number in range(len(history) + 1, recipe.epochs + 1):
                start = time.perf_counter()
                batches = _batches(images, labels, recipe, number, teacher)
                model.train()
                tallies = train_epoch(learner, _counted(batches, bar), optimizer, scheduler)
                learned = _mean(*tallies)
                if not math.isfinite(learned[0]):
                    raise _diverged(tallies[0], scheduler.last_epoch, recipe, steps)
                measured = _measure(model, valid)
                seconds = time.perf_counter() - start
                history.append(Epoch(number, *learned, *measured, seconds))
                bar.set_postfix_str(f"validation {history[-1].valid_accuracy:.2%}")
                if keep and parallel.first():
                    checkpoint.save(keep, run, about, [asdict(e) for e in history])
                if after_epoch:
                    after_epoch(history[-1])
    finally:
        model.to(home)
    return history


def count_right(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """How many logits ``(B, 10)`` are largest at their label ``(B,)``, or where probabilities ``(B, 10)`` are."""
    return (logits.argmax(1) == (y if y.dim() == 1 else y.argmax(1))).sum()


def _check(model, train: Images, valid: Images, recipe: Recipe, teacher, keep) -> None:
    if keep and not Path(keep).parent.is_dir():
        raise FileNotFoundError(f"{Path(keep).parent}: no such folder")
    if not len(train) or not len(valid):
        raise ValueError(
            "expected digits to learn from and digits to measure on, "
            f"got {len(train)} and {len(valid)}"
        )
    outputs = evaluate.outputs(model, train.images[:1]).shape[1]
    if outputs != recipe.outputs:
        raise ValueError(
            f"expected a model with {recipe.outputs} outputs for this recipe, got one with {outputs}"
        )
    batch = min(recipe.batch, len(train))
    if batch < recipe.least * parallel.size():
        raise ValueError(
            f"expected at least {recipe.least} in a batch for each of {parallel.size()} processes, "
            f"got a batch of {batch}"
        )
    if bool(recipe.distil) != (teacher is not None):
        raise ValueError(
            f"expected a teacher exactly for a recipe with distil, got distil={recipe.distil} "
            f"and {'no' if teacher is None else 'a'} teacher"
        )


def _mixed(train: Images, recipe: Recipe) -> Images:
    """The digits to learn from, with what the recipe adds to them."""
    if recipe.hands:
        train = styles.mixed(train, recipe.hands, recipe.seed)
    if recipe.redrawn:
        train = redrawn.mixed(train, recipe.redrawn, recipe.seed, recipe.degraded)
    if recipe.nondigits:
        train = nondigits.mixed(train, recipe.nondigits, recipe.seed)
    return train


def _steps(n: int, recipe: Recipe) -> int:
    """Steps of an epoch; a last batch of fewer digits than the processes need is left out."""
    whole, rest = divmod(n, recipe.batch)
    return whole + (rest >= recipe.least * parallel.size())


def _about(train: Images, valid: Images, recipe: Recipe, teacher) -> dict:
    """All that decides the weights and the history of a training, for telling one from another."""
    taught = fingerprint(*teacher.parameters()) if teacher is not None else None
    return {
        **asdict(recipe),
        "teacher": taught,
        "processes": parallel.size(),
        "training digits": fingerprint(train.images, train.labels),
        "validation digits": fingerprint(valid.images, valid.labels),
    }


def _optimizer(model: nn.Module, recipe: Recipe, steps: int):
    """The optimizer, and the scheduler that takes its rate through one cycle."""
    # Fused: one pass over the memory of all weights, instead of one for each line of the formula. Not every PyTorch
    # has that for Apple's GPU.
    fused = next(model.parameters()).device.type in ("cpu", "cuda")
    settings = {"lr": recipe.rate, "weight_decay": recipe.decay, "fused": fused}
    if recipe.optimizer == "SGD":
        momentum = {"momentum": 0.9, "nesterov": True}
        optimizer = torch.optim.SGD(model.parameters(), **momentum, **settings)
    else:
        optimizer = torch.optim.AdamW(model.parameters(), **settings)
    cycle = torch.optim.lr_scheduler.OneCycleLR
    return optimizer, cycle(optimizer, max_lr=recipe.rate, total_steps=steps)


def _batches(
    images: torch.Tensor, labels: torch.Tensor, recipe: Recipe, number: int, teacher
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The batches of one epoch: shuffled, shared out, deformed, with their labels or a teacher's probabilities."""
    # Seeded by the epoch's number, so that a training taken up again deals the same batches.
    seed = 1_000 * recipe.seed + number
    order = torch.Generator().manual_seed(seed)
    luck = torch.Generator().manual_seed(seed + 1_000_003 * (1 + parallel.rank()))
    shuffled = torch.randperm(len(images), generator=order).to(images.device)
    deform = recipe.deforms(number)
    for x, y in _scaled(images, labels, shuffled.split(recipe.batch), recipe.least):
        if deform:
            x = deform(x, luck)
        if teacher is not None:
            y = _taught(x, y, recipe, teacher)
        elif recipe.smoothing:
            rest = recipe.smoothing / recipe.outputs
            y = (1 - recipe.smoothing) * F.one_hot(y, recipe.outputs) + rest
        yield x, y


def _scaled(
    images: torch.Tensor, labels: torch.Tensor, batches: Sequence, least: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """This process's share of some batches of indices, as floats and labels; none of fewer than ``least`` digits.

    All floats lie in the same memory, one batch after the other: who wants to keep a batch copies it.
    """
    memory = torch.empty(len(batches[0]), *images.shape[1:], device=images.device)
    for start in range(0, len(batches), _TOGETHER):
        some = [parallel.share(batch) for batch in batches[start : start + _TOGETHER]]
        sizes, indices = [len(batch) for batch in some], torch.cat(some)
        # Bytes until they are due: they are fetched and converted faster than they are fetched as floats, which are
        # four times as large; and index_select copies whole images, where indexing goes pixel by pixel.
        x = images.index_select(0, indices).split(sizes)
        y = labels.index_select(0, indices).split(sizes)
        for bytes_, names in zip(x, y, strict=True):
            if len(names) >= least:
                yield scale(bytes_, out=memory[: len(names)]), names


@torch.no_grad()
def _taught(x: torch.Tensor, y: torch.Tensor, recipe: Recipe, teacher) -> torch.Tensor:
    """Labels ``(B,)`` and a teacher's probabilities of the ten digits, mixed: ``(B, recipe.outputs)``."""
    others = recipe.outputs - 10
    taught = F.pad(teacher(x)[:, :10].softmax(1), (0, others))
    # Of what is no digit it has nothing to teach.
    share = recipe.distil * (y < 10).float()[:, None]
    return share * taught + (1 - share) * F.one_hot(y, recipe.outputs)


def in_precision(learner: nn.Module, precision: str, device: torch.device):
    """The learner, or a function that has its matrices multiplied in bfloat16. The weights stay float32."""
    if precision == "float32":
        return learner

    def forward(x: torch.Tensor) -> torch.Tensor:
        # Around the forward pass alone: deformations and the loss stay in float32.
        with torch.autocast(device.type, torch.bfloat16):
            logits = learner(x)
        return logits.float()

    return forward


def _diverged(losses: torch.Tensor, step: int, recipe: Recipe, steps: int) -> Diverged:
    """What to raise for an epoch that ended at ``step``: names the first bad step, and its learning rate."""
    # Looked for after the epoch: asking at each step would make a GPU wait for the answer.
    wrong = losses.isfinite().logical_not()
    # Where another process met it, ours were finite to the end.
    first = int(wrong.float().argmax()) if wrong.any() else len(losses) - 1
    what = losses[first].item() if wrong.any() else "infinite in another process"
    failed = step - len(losses) + first
    optimizer, scheduler = _optimizer(nn.Linear(1, 1), recipe, steps)
    for _ in range(failed):
        optimizer.step()
        scheduler.step()
    return Diverged(
        f"the loss became {what} at step {failed + 1}, "
        f"with a learning rate of {scheduler.get_last_lr()[0]:.3g}; try a smaller one"
    )


def _mean(losses: torch.Tensor, right, seen) -> tuple[float, float]:
    """Mean loss and accuracy over all processes, from sums."""
    loss, right, seen = parallel.summed(losses.sum(), right, seen)
    return loss / seen, right / seen


def _measure(model: nn.Module, valid: Images) -> tuple[float, float]:
    """Loss and accuracy on the validation digits."""
    part = valid[parallel.share(torch.arange(len(valid)), equal=False)]
    answers = evaluate.logits(model, part.images)
    losses = F.cross_entropy(answers, part.labels, reduction="none")
    return _mean(losses, count_right(answers, part.labels), len(part))


def _counted(batches: Iterable, bar: tqdm) -> Iterator:
    for batch in batches:
        yield batch
        bar.update()


def _bar(steps: int, done: int) -> tqdm:
    """No progress bar while results are checked, and where nobody looks: neither a terminal nor a notebook."""
    ipython = sys.modules.get("IPython")
    in_notebook = ipython and hasattr(ipython.get_ipython(), "kernel")
    seen = in_notebook or sys.stderr.isatty()
    quiet = os.environ.get("DIGITLIB_CHECK") == "1" or not parallel.first() or not seen
    return tqdm(total=steps, initial=done, unit="step", leave=False, disable=quiet)
