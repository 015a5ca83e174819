"""How good a model is, on digits that it was not trained on, and how sure we can be of that.

Everything starts from logits ``(N, 10)`` and labels ``(N,)``, so a model is asked once and judged many ways.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from digitlib.data import scale

__all__ = [
    "Accuracy",
    "accuracy",
    "confusion",
    "logits",
    "mcnemar",
    "mistakes",
    "outputs",
    "per_digit",
    "total",
    "wilson",
]


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


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a proportion, after Wilson (1927): honest near 0 and 1, where the usual one is not."""
    # Two seconds of import, which training need not wait for.
    from scipy.stats import binomtest

    interval = binomtest(right, n).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def mcnemar(right: torch.Tensor, other: torch.Tensor) -> float:
    """How probable so uneven a result is if both models were equally good: McNemar's exact test, two-sided.

    Only digits that one of the two got right and the other wrong count.

    Args:
        right: whether each answer of one model was right, booleans ``(N,)``.
        other: the same of another model, on the same digits.
    """
    from scipy.stats import binomtest  # as above

    if right.shape != other.shape or right.dim() != 1:
        raise ValueError(
            f"expected two times (N,), got {tuple(right.shape)} and {tuple(other.shape)}"
        )
    only, others = int((right & ~other).sum()), int((other & ~right).sum())
    return binomtest(only, only + others).pvalue if only + others else 1.0


def logits(model: nn.Module, images: torch.Tensor, batch: int = 1_000) -> torch.Tensor:
    """Ask a model about uint8 images ``(N, 28, 28)``: logits ``(N, 10)`` on the CPU. Its mode is left as it was."""
    return outputs(model, images, batch)[:, :10]


@torch.no_grad()
def outputs(model: nn.Module, images: torch.Tensor, batch: int = 1_000) -> torch.Tensor:
    """As :func:`logits`, with what a model may say beyond the ten digits: ``(N, 10)`` or ``(N, 11)``."""
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    answers = [model(scale(part.to(device))).cpu() for part in images.split(batch)]
    model.train(was_training)
    return torch.cat(answers)


def accuracy(logits: torch.Tensor, labels: torch.Tensor) -> Accuracy:
    """The share of digits whose largest logit is that of their label. ValueError for no digits or unequal lengths."""
    _check(logits, labels)
    return Accuracy.of(logits.argmax(1) == labels)


def per_digit(logits: torch.Tensor, labels: torch.Tensor) -> list[Accuracy]:
    """The accuracy on zeros, on ones, … on nines; the labels must hold each."""
    return [
        accuracy(logits[labels == digit], labels[labels == digit])
        for digit in range(10)
    ]


def total(parts: Iterable[Accuracy]) -> Accuracy:
    """Several accuracies taken together: all that were right, of all that were asked."""
    parts = list(parts)
    return Accuracy(sum(part.right for part in parts), sum(part.n for part in parts))


def confusion(logits: torch.Tensor, labels: torch.Tensor):
    """Counts ``(10, 10)``: row i, column j holds how many digits labelled i were called j."""
    from sklearn.metrics import confusion_matrix  # as above

    _check(logits, labels)
    return confusion_matrix(labels, logits.argmax(1), labels=range(10))


def mistakes(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Positions of the digits called wrong, worst first: those whose own label got the least probability."""
    _check(logits, labels)
    loss = F.cross_entropy(logits, labels, reduction="none")
    wrong = (logits.argmax(1) != labels).nonzero().squeeze(1)
    return wrong[loss[wrong].argsort(descending=True, stable=True)]


def _check(logits: torch.Tensor, labels: torch.Tensor) -> None:
    if logits.shape != (len(labels), 10) or not len(labels):
        raise ValueError(
            f"expected logits (N, 10) and labels (N,) with N > 0, got {tuple(logits.shape)} and {tuple(labels.shape)}"
        )
