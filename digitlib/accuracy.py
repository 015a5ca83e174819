"""Shares of something, with the range that so many answers allow: no torch, so that anything can print them.

A :class:`Share` counts what is so out of all that were asked: refused digits, say. An :class:`Accuracy` counts what
is right. :func:`percent` is how the whole project writes a share. Answers that belong together, such as those to one
digit that was drawn in many ways, tell less than as many answers to different ones: say which belong together, and the
range widens.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Protocol, Self, SupportsInt

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Accuracy", "Share", "effective_n", "percent", "total", "wilson"]


def percent(value: float, digits: int = 1) -> str:
    """A share from 0 to 1 in per cent, with so many digits after the point.

    >>> percent(0.979)
    '97.9 %'
    """
    return f"{100 * value:.{digits}f} %"


class _Truths(Protocol):
    """Booleans ``(N,)``, whoever made them."""

    @property
    def dtype(self) -> object: ...

    @property
    def shape(self) -> Sequence[int]: ...

    def sum(self) -> SupportsInt: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Share:
    """``count`` of ``n``, with the 95 % Wilson interval.

    Attributes:
        count: how many are so, 0 to n.
        n: of how many; at least 1, or there is neither a value nor an interval.
        effective: how many unrelated ones would tell as much, where some of the n belong together; the interval is that
            of so many. By default none do.

    >>> print(Share(5, 1500))
    0.3 % (0.1 to 0.8) of 1,500
    """

    count: int
    n: int
    effective: float | None = field(default=None, repr=False)

    @classmethod
    def of(cls, true: _Truths, clusters: ArrayLike | None = None) -> Self:
        """From one truth value for each example: an array or a tensor of booleans ``(N,)``.

        Args:
            true: the truths.
            clusters: which of them belong together, ``(N,)``, such as the number of the digit that each is about; as
                :func:`effective_n` takes them. By default none do.

        Raises:
            ValueError: anything else, such as the single truth that ``==`` makes of two lists; or not a cluster each.

        >>> ways = np.array([True] * 16 + [False] * 4)  # ten digits, each asked about in two ways
        >>> print(Share.of(ways))
        80.0 % (58.4 to 91.9) of 20
        >>> print(Share.of(ways, clusters=np.arange(20) // 2))
        80.0 % (48.2 to 94.5) of 20
        """
        if not str(getattr(true, "dtype", "")).endswith("bool") or len(true.shape) != 1:
            got = f"{true.dtype} {tuple(true.shape)}" if hasattr(true, "shape") else repr(true)
            raise ValueError(f"expected an array of booleans (N,), got {got:.60}")
        effective = None if clusters is None else effective_n(np.asarray(true), clusters)
        return cls(int(true.sum()), len(true), effective)

    @classmethod
    def from_value(cls, value: float, n: int, effective: float | None = None) -> Self:
        """From a share of n, 0 to 1, as the ledger keeps it."""
        return cls(round(value * n), n, effective)

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.count / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval, 0 to 1."""
        if self.effective is None:
            return wilson(self.count, self.n)
        return wilson(self.value * self.effective, self.effective)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{percent(self.value)} ({100 * low:.1f} to {100 * high:.1f}) of {self.n:,}"


class Accuracy(Share):
    """The share that is named rightly.

    >>> print(Accuracy(4895, 5000), "digits")
    97.9 % (97.5 to 98.3) of 5,000 digits
    """

    @property
    def right(self) -> int:
        """How many are right."""
        return self.count


def total(parts: Iterable[Share]) -> Share:
    """Several shares of one kind, at least one, taken together: all that were counted, of all that were asked.

    Raises:
        ValueError: a share of clusters, for those of two may be the same.

    >>> print(total([Accuracy(50, 100), Accuracy(1960, 2000)]))  # not 74 %
    95.7 % (94.8 to 96.5) of 2,100
    """
    parts = list(parts)
    if any(part.effective is not None for part in parts):
        raise ValueError("expected shares without clusters, got one with: count all truths at once")
    return type(parts[0])(sum(part.count for part in parts), sum(part.n for part in parts))


_Z = NormalDist().inv_cdf(0.975)  # 1.96: two tails of 2.5 %


def wilson(count: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a proportion, after Wilson (1927): honest near 0 and 1, where the usual one is not.

    Returns:
        Its lower and its upper end, 0 to 1.

    Raises:
        ValueError: unless ``0 <= count <= n`` and ``n`` is at least 1.

    >>> low, high = wilson(100, 100)  # a hundred of a hundred, and yet
    >>> round(low, 3), high
    (0.963, 1.0)
    """
    if not 0 <= count <= n or n < 1:
        raise ValueError(f"expected 0 <= count <= n and n > 0, got {count} of {n}")
    middle = (count + _Z**2 / 2) / (n + _Z**2)
    half = _Z / (n + _Z**2) * math.sqrt(count * (n - count) / n + _Z**2 / 4)
    # At either end one bound is exact; rounding would leave it a little beside.
    low = middle - half if count > 0 else 0.0
    high = middle + half if count < n else 1.0
    return low, high


def effective_n(true: ArrayLike, clusters: ArrayLike) -> float:
    """How many unrelated truths would tell a share as surely as these, some of which belong together.

    It is n, divided by the design effect: how many times the variance of the share is what it would be if none belonged
    together. The variance is that of the clusters' totals (Kish, *Survey sampling*, 1965); an interval of a proportion
    from n so reduced is that of Rao and Scott (1992), *A simple method for the analysis of clustered binary data*. It
    wants some dozens of clusters.

    Args:
        true: booleans ``(N,)``.
        clusters: which cluster each belongs to, ``(N,)``: anything that can be sorted.

    Returns:
        At most N. Where all are true, or none is, nothing tells how alike a cluster's are: the number of clusters.

    Raises:
        ValueError: not a cluster for each, or fewer than two of them.

    >>> round(effective_n([True, True, False, False] * 50, np.arange(200)))  # each by itself
    200
    >>> round(effective_n([True, True, False, False] * 50, np.arange(200) // 2))  # always both alike
    99
    """
    true, clusters = np.asarray(true), np.asarray(clusters)
    if true.shape != clusters.shape or true.ndim != 1:
        raise ValueError(f"expected two times (N,), got {true.shape} and {clusters.shape}")
    names, numbers = np.unique(clusters, return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"expected two clusters or more, got {len(names)}")
    n, value = len(true), true.mean()
    if value in (0, 1):
        return float(len(names))
    apart = np.bincount(numbers, weights=true - value)  # of each cluster's total from its share
    variance = len(names) / (len(names) - 1) * (apart**2).sum() / n**2
    unrelated = value * (1 - value) / (n - 1)
    return float(min(n, n * unrelated / variance))
