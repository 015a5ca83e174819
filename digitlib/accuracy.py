"""Shares of something, with the range that so many answers allow: no torch, so that anything can print them.

A :class:`Share` counts what is so out of all that were asked: refused digits, say. An :class:`Accuracy` counts what
is right. :func:`percent` is how the whole project writes a share.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol, Self, SupportsInt

__all__ = ["Accuracy", "Share", "percent", "total", "wilson"]


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

    >>> print(Share(5, 1500))
    0.3 % (0.1 to 0.8) of 1,500
    """

    count: int
    n: int

    @classmethod
    def of(cls, true: _Truths) -> Self:
        """From one truth value for each example: an array or a tensor of booleans ``(N,)``.

        Raises:
            ValueError: anything else, such as the single truth that ``==`` makes of two lists.
        """
        if not str(getattr(true, "dtype", "")).endswith("bool") or len(true.shape) != 1:
            got = f"{true.dtype} {tuple(true.shape)}" if hasattr(true, "shape") else repr(true)
            raise ValueError(f"expected an array of booleans (N,), got {got:.60}")
        return cls(int(true.sum()), len(true))

    @classmethod
    def from_value(cls, value: float, n: int) -> Self:
        """From a share of n, 0 to 1, as the ledger keeps it."""
        return cls(round(value * n), n)

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.count / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval, 0 to 1."""
        return wilson(self.count, self.n)

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

    >>> print(total([Accuracy(50, 100), Accuracy(1960, 2000)]))  # not 74 %
    95.7 % (94.8 to 96.5) of 2,100
    """
    parts = list(parts)
    return type(parts[0])(sum(part.count for part in parts), sum(part.n for part in parts))


_Z = NormalDist().inv_cdf(0.975)  # 1.96: two tails of 2.5 %


def wilson(count: int, n: int) -> tuple[float, float]:
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
