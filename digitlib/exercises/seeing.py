"""Checks of the exercises on networks that convolve: a pooling by hand, and how many weights such a network has."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch.nn import functional as F

from digitlib.exercises.marking import mark
from digitlib.preprocess import SIDE

__all__ = ["check_count", "check_pool"]


def check_pool(pool: Callable) -> None:
    """Check a function that keeps the largest of each 2 x 2 numbers, and leaves out an odd row or column.

    Args:
        pool: called with a float tensor ``(H, W)``; returns ``(H // 2, W // 2)``.

    Raises:
        Bug: another answer. Named are the mean, the sum, the smallest or the upper left of the four; windows that
            overlap; blocks that are kept though a row or a column of them is missing; and pooling along one axis alone.

    >>> from digitlib.checks import say
    >>> say(check_pool, lambda x: x[::2, ::2]).rpartition(": ")[2]
    'this is the upper left of each four, not the largest'
    """
    random = torch.Generator().manual_seed(0)
    for shape in ((4, 6), (7, 7), (5, 4)):
        answers = torch.rand(shape, generator=random) - 0.5
        mark(pool, (answers,), _pooled(answers), _poolings(answers))


def _pooled(answers: torch.Tensor, size: int | tuple[int, int] = 2, **how: Any) -> torch.Tensor:
    return F.max_pool2d(answers[None], size, **how)[0]


def _poolings(answers: torch.Tensor) -> dict[str, object]:
    """What usual slips give."""
    mean = F.avg_pool2d(answers[None], 2)[0]
    return {
        "this is the mean of each four, not the largest": mean,
        "this is the sum of each four, not the largest": 4 * mean,
        "this is the smallest of each four": -_pooled(-answers),
        "this is the upper left of each four, not the largest": answers[::2, ::2],
        "the windows overlap: the next one begins two further on": _pooled(answers, stride=1),
        "what is left of an odd row or column is no block of four": _pooled(
            answers, ceil_mode=True
        ),
        "the columns are as many as before": _pooled(answers, (2, 1)),
        "the rows are as many as before": _pooled(answers, (1, 2)),
        "below 0 counts too: don't begin from 0": _pooled(answers).clamp(min=0),
    }


def check_count(count: Callable) -> None:
    """Check a function that counts the weights of a :class:`~digitlib.model.CNN` without making one.

    Args:
        count: called with the number of filters in each block, such as ``(16, 32)``; returns how many weights there
            are: 3 x 3 for each filter and each channel that it looks at, two for each filter's batch normalisation, and
            the last layer's, for ten classes.

    Raises:
        Bug: another number. Named are filters that look at one channel each; normalisation or the last layer's biases
            left out; biases of the convolutions, which have none; a last layer of the whole picture; and a side that is
            halved without leaving out the odd row.

    >>> from digitlib.checks import say
    >>> say(check_count, lambda channels: sum(9 * n for n in channels)).partition("expected ")[2]
    '15778, got 72'
    """
    for channels in ((8,), (16, 32, 64), (5, 4, 3, 2)):
        mark(count, (channels,), _count(channels), _slips(channels), within=1e-9)


def _count(
    channels: Sequence[int], bias: int = 0, norm: int = 2, side: float | None = None, last: int = 1
) -> float:
    """The weights, or what they would be with another share of each kind."""
    filters = sum(9 * n_in * n_out for n_in, n_out in pairwise([1, *channels]))
    side = SIDE >> len(channels) if side is None else side
    return filters + (bias + norm) * sum(channels) + 10 * (channels[-1] * side**2 + last)


def _slips(channels: Sequence[int]) -> dict[str, object]:
    """What usual slips give."""
    one_each = _count(channels) - sum(9 * n * (m - 1) for m, n in pairwise([1, *channels]))
    return {
        "a filter has nine weights for each channel that it looks at": one_each,
        "each filter's normalisation has two weights": _count(channels, norm=0),
        "a normalisation has two weights, here is one": _count(channels, norm=1),
        "the last layer has ten biases": _count(channels, last=0),
        "the convolutions have no bias: the normalisation has one": _count(channels, bias=1),
        "each block halves the side of what comes out": _count(channels, side=SIDE),
        "an odd row is left out: half of 7 is 3": _count(channels, side=SIDE / 2 ** len(channels)),
        "the last layer looks at every place, not at one number for each filter": _count(
            channels, side=1
        ),
    }
