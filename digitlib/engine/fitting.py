"""Whether a network, images and a way to learn fit each other: asked before a training, not found out within it.

>>> import torch
>>> from torch import nn
>>> from digitlib.data import Images
>>> from digitlib.engine import fitting
>>> from digitlib.train import Training
>>> images = Images(torch.zeros(20, 28, 28, dtype=torch.uint8), torch.arange(20) % 2, ("cat", "dog"))
>>> network = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Linear(784, 3))
>>> fitting.outputs(images), fitting.fewest(network)
(2, 2)
>>> fitting.check(network, images, images, Training(), teacher=None, keep=None)
Traceback (most recent call last):
ValueError: expected a model with 2 outputs for 2 classes, got one with 3
"""

from pathlib import Path
from typing import Protocol

from torch import nn

from digitlib import evaluate
from digitlib.data import Images
from digitlib.engine import parallel

__all__ = ["check", "fewest", "outputs"]


class _Training(Protocol):
    """What is asked of a :class:`digitlib.train.Training`."""

    @property
    def batch(self) -> int: ...

    @property
    def distil(self) -> float: ...


def check(
    model: nn.Module,
    train: Images,
    valid: Images,
    training: _Training,
    teacher: nn.Module | None,
    keep: str | Path | None,
) -> None:
    """Check all that :func:`digitlib.train.fit` is given.

    Args:
        model: the network to train.
        train: images to learn from; a label of C says that one belongs to none of the C classes.
        valid: images to measure on, of the same classes, and of these alone.
        training: a :class:`digitlib.train.Training`, how to learn.
        teacher: a trained network, or None; needed exactly where the training has ``distil``.
        keep: the path of the file that keeps the last finished epoch, or None.

    Raises:
        FileNotFoundError: no folder for the file to keep.
        ValueError: something else that doesn't fit; says what was expected and what came.
    """
    if keep and not Path(keep).parent.is_dir():
        raise FileNotFoundError(f"{Path(keep).parent}: no such folder")
    _check_images(train, valid)
    _check_model(model, train)
    least = fewest(model) * parallel.size()
    if min(training.batch, len(train)) < least:
        raise ValueError(
            f"expected a batch of at least {least} for this model in {parallel.size()} processes, "
            f"got a batch of {training.batch} and {len(train)} images"
        )
    _check_teacher(train, training.distil, teacher)


def outputs(train: Images) -> int:
    """How many outputs a model needs: one for each class, and one if some images belong to none."""
    n = len(train.classes)
    return n + bool((train.labels == n).any())


def fewest(model: nn.Module) -> int:
    """The fewest images that make a batch: of a single one there is no deviation for batch normalisation."""
    normalised = any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in model.modules())
    return 2 if normalised else 1


def _check_images(train: Images, valid: Images) -> None:
    if not len(train) or not len(valid):
        raise ValueError(
            f"expected images to learn from and images to measure on, got {len(train)} and {len(valid)}"
        )
    for name in ("classes", "preparation"):
        one, other = getattr(train, name), getattr(valid, name)
        if one != other:
            raise ValueError(
                f"expected the same {name} to learn and to measure, got {one} and {other}"
            )
    if (valid.labels == len(valid.classes)).any():
        raise ValueError("expected validation images of the classes alone, got some of none")


def _check_model(model: nn.Module, train: Images) -> None:
    n, wanted = len(train.classes), outputs(train)
    if next(model.parameters(), None) is None:
        raise ValueError("expected a network with weights to learn, got one without")
    found = evaluate.outputs_for(model, train.images[:2], n).shape[1]
    if found != wanted:
        none = ' and "none of these"' if wanted > n else ""
        raise ValueError(
            f"expected a model with {wanted} outputs for {n} classes{none}, got one with {found}"
        )


def _check_teacher(train: Images, distil: float, teacher: nn.Module | None) -> None:
    if bool(distil) != (teacher is not None):
        raise ValueError(
            f"expected a teacher exactly for a training with distil, got distil={distil} "
            f"and {'no' if teacher is None else 'a'} teacher"
        )
    if teacher is not None:
        try:
            evaluate.outputs_for(teacher, train.images[:2], len(train.classes))
        except ValueError as error:
            raise ValueError(f"the teacher: {error}") from None
