"""How large should an exam be? A few digits, split in many ways, and a program that learns the rest by heart.

What a reader drags in the first chapter: with few digits held back an exam says little, with many there is little
left to learn from. The program is the nearest neighbour's, since it learns in no time.
"""

from dataclasses import dataclass

import torch

from digitlib import data
from digitlib.accuracy import Accuracy
from digitlib.data import Images

__all__ = ["Exam", "Exams"]

TIMES = 20
"""Exams of one size."""


@dataclass(frozen=True)
class Exam:
    """What one split gave.

    Attributes:
        score: of the digits held back.
        truth: of all digits that no split has, by the same program.

    >>> from digitlib.accuracy import Accuracy
    >>> lucky = Exam(score=Accuracy(47, 50), truth=Accuracy(4412, 5000))
    >>> print(f"{lucky.score}, and in truth {lucky.truth.value:.3f}")
    94.0 % (83.8 to 97.9) of 50, and in truth 0.882
    """

    score: Accuracy
    truth: Accuracy


class Exams:
    """Exams on a few digits; what the programs can truly do is measured on all others.

    Args:
        digits: ``(N, 28, 28)``, of which the first are split.
        few: how many those are.

    >>> from digitlib import data
    >>> exams = Exams(data.load("optdigits"), few=200)
    >>> small, large = exams.sit(20), exams.sit(180)
    >>> len(small), small[0].score.n, small[0].truth.n
    (20, 20, 1237)
    >>> max(exam.truth.value for exam in large) < min(exam.truth.value for exam in small)
    True
    """

    def __init__(self, digits: Images, few: int = 1000) -> None:
        rows = data.scale(digits.images).flatten(1)  # (N, 784)
        self.distances = torch.cdist(rows, rows[:few])  # (N, few)
        self.labels, self.few = digits.labels, few

    def sit(self, held: int) -> list[Exam]:
        """Hold so many of the few back, in twenty ways, from seed 0 to 19."""
        return [self._one(held, seed) for seed in range(TIMES)]

    def _one(self, held: int, seed: int) -> Exam:
        kept, asked = data.split_indices(self.labels[: self.few], valid=held, seed=seed)
        nearest = kept[self.distances[:, kept].argmin(dim=1)]  # (N,)
        right = self.labels[nearest] == self.labels
        return Exam(Accuracy.of(right[asked]), Accuracy.of(right[self.few :]))
