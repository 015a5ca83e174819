"""How sure to be, and when to refuse: a temperature, a score of doubt, and the threshold above which to refuse.

All of it is fitted on validation digits. A model with an eleventh output, learned from things that are no digits
(:mod:`digitlib.nondigits`), has a score of its own; two other scores, which need no such training, stand beside it for
comparison.
"""

import torch
from torch.nn import functional as F

__all__ = ["distance", "doubt", "energy", "fitted", "temperature", "threshold"]

REFUSED = 0.01
"""The share of real digits that a threshold may refuse."""


def fitted(outputs: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """What a weights file keeps as its calibration, from a model's outputs on validation digits.

    Args:
        outputs: ``(N, 10)``, or ``(N, 11)`` with a score for "no digit".
        labels: ``(N,)``.

    Returns:
        ``temperature``, and with an eleventh output ``threshold``, the doubt above which the classifier refuses.
    """
    said = {"temperature": temperature(outputs[:, :10], labels)}
    if outputs.shape[1] > 10:
        said["threshold"] = threshold(doubt(outputs))
    return said


def temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The number T for which ``softmax(logits / T)`` has the least cross-entropy on ``(N, 10)`` and ``(N,)``.

    Above 1 where the model is surer than it is right. Source: Guo and others (2017), section 4.2.
    """
    from scipy.optimize import minimize_scalar  # a second of import

    logits = logits.double()

    def loss(log_t: float) -> float:
        return F.cross_entropy(logits / 2.0**log_t, labels).item()

    return round(2.0 ** minimize_scalar(loss, bounds=(-4, 4), method="bounded").x, 4)


def threshold(doubts: torch.Tensor, refused: float = REFUSED) -> float:
    """A doubt that at most this share of real digits, with doubts ``(N,)``, exceeds.

    It lies halfway between a digit that is still accepted and the next, so that a last bit doesn't decide about either.
    ValueError for a share not in [0, 1), or no digits.
    """
    if not 0 <= refused < 1 or not len(doubts):
        raise ValueError(
            f"expected a share from 0 to 1 and some digits, got {refused} and {len(doubts)}"
        )
    last = len(doubts) - 1 - int(refused * len(doubts))
    return doubts.sort().values[last : last + 2].mean().item()


def doubt(outputs: torch.Tensor) -> torch.Tensor:
    """The log odds of "no digit" against any digit, ``(N,)``, from outputs ``(N, 11)``."""
    return outputs[:, 10] - outputs[:, :10].logsumexp(1)


def energy(logits: torch.Tensor) -> torch.Tensor:
    """The free energy ``(N,)`` of logits ``(N, 10)``: high where no digit's logit is large. Liu and others (2020)."""
    return -logits.logsumexp(1)


def distance(
    features: torch.Tensor, known: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """How far features ``(N, D)`` of a hidden layer lie from the nearest digit's mean, after Mahalanobis: ``(N,)``.

    Args:
        features: what the layer says of the images asked about.
        known: what it says of training digits, ``(M, D)``; means and the one covariance come from these.
        labels: theirs, ``(M,)``.

    Source: Lee and others (2018), without their later steps.
    """
    means = torch.stack([known[labels == digit].mean(0) for digit in range(10)])
    spread = (known - means[labels]).double()
    covariance = spread.T @ spread / len(known)
    # Units that never fire have no variance to divide by.
    ridge = 1e-3 * covariance.diagonal().mean() * torch.eye(len(covariance))
    factor = torch.linalg.cholesky(covariance + ridge)
    away = (features[None] - means[:, None]).double()  # (10, N, D)
    whitened = torch.linalg.solve_triangular(factor, away.transpose(1, 2), upper=False)
    return whitened.square().sum(1).amin(0).float()
