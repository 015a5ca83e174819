"""A share of right answers, with the range that so many answers allow: no torch, so that anything can print it."""

import math
from dataclasses import dataclass
from statistics import NormalDist

__all__ = ["Accuracy", "wilson"]


@dataclass(frozen=True)
class Accuracy:
    """``right`` of ``n`` digits, with the 95 % Wilson interval from ``low`` to ``high``.

    >>> print(Accuracy(4895, 5000))
    97.9 % (97.5 to 98.3) of 5,000 digits
    """

    right: int
    n: int

    @classmethod
    def of(cls, right) -> "Accuracy":
        """From one truth value for each example: an array or a tensor of booleans ``(N,)``."""
        return cls(int(right.sum()), len(right))

    @classmethod
    def from_share(cls, share: float, n: int) -> "Accuracy":
        """From a share of n, as the ledger keeps it."""
        return cls(round(share * n), n)

    @classmethod
    def from_counts(cls, plain: dict) -> "Accuracy":
        """From its ``right`` and its ``n``, as a report's JSON keeps them, among other things."""
        return cls(plain["right"], plain["n"])

    @property
    def value(self) -> float:
        """The share of right answers, 0 to 1."""
        return self.right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval, 0 to 1."""
        return wilson(self.right, self.n)

    @property
    def share(self) -> str:
        """The share with its interval and n, for things that may be no digits."""
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f} to {100 * high:.1f}) of {self.n:,}"

    def __str__(self) -> str:
        return f"{self.share} digits"


_Z = NormalDist().inv_cdf(0.975)  # 1.96: two tails of 2.5 %


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a proportion, after Wilson (1927): honest near 0 and 1, where the usual one is not.

    ValueError unless ``0 <= right <= n`` and ``n`` is at least 1.
    """
    if not 0 <= right <= n or n < 1:
        raise ValueError(f"expected 0 <= right <= n and n > 0, got {right} of {n}")
    middle = (right + _Z**2 / 2) / (n + _Z**2)
    half = _Z / (n + _Z**2) * math.sqrt(right * (n - right) / n + _Z**2 / 4)
    # At either end one bound is exact; rounding would leave it a little beside.
    low = middle - half if right > 0 else 0.0
    high = middle + half if right < n else 1.0
    return low, high
