"""How sure to be, and when to refuse: a temperature, a score of doubt, and the threshold above which to refuse.

All of it is fitted on validation images. A model that has learned from things of none of its classes has a score of its
own, its last output; two other scores, which need no such training, stand beside it for comparison.
:func:`reliability`, :func:`calibration_error` and :func:`risk_coverage` judge what was fitted.
"""

import torch
from torch.nn import functional as F

from digitlib.evaluate import Accuracy

__all__ = [
    "calibration_error",
    "chance_error",
    "chance_errors",
    "distance",
    "doubt",
    "energy",
    "fitted",
    "reliability",
    "risk_coverage",
    "temperature",
    "threshold",
]

REFUSED = 0.015
"""The share of each class's validation images that a threshold may refuse: of others like them it then stays below one
in fifty, though of some digits there are only about five hundred to choose it on."""

CLEAR = 1e-3
"""How far above the most doubtful image a threshold lies that refuses none; programs that compute a doubt in another
order differ by less."""


def fitted(outputs: torch.Tensor, labels: torch.Tensor, classes: int) -> dict[str, float]:
    """What a weights file keeps as its calibration, from a model's outputs on validation images.

    Args:
        outputs: ``(N, C)``, or ``(N, C + 1)`` with a score for "none of these".
        labels: ``(N,)``.
        classes: their number, C.

    Returns:
        ``temperature``, and with an output more ``threshold``, the doubt above which the classifier refuses.

    >>> import torch
    >>> outputs = torch.tensor([[4.0, 0, -9], [0, 4, -7], [4, 0, -8], [4, 0, -5]])
    >>> said = fitted(outputs, torch.tensor([0, 1, 0, 1]), classes=2)
    >>> {name: round(value, 2) for name, value in said.items()}
    {'temperature': 3.64, 'threshold': -9.02}
    """
    said = {"temperature": temperature(outputs[:, :classes], labels)}
    if outputs.shape[1] > classes:
        said["threshold"] = threshold(doubt(outputs), labels)
    return said


def temperature(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The number T for which ``softmax(logits / T)`` has the least cross-entropy on ``(N, C)`` and ``(N,)``.

    Looked for from 1/16 to 16; above 1 where the model is surer than it is right. Source: Guo and others (2017),
    section 4.2.

    >>> import torch
    >>> logits = torch.tensor([[4.0, 0]] * 4)  # 98 % sure each time
    >>> right_of_four = torch.tensor([0, 0, 0, 1])
    >>> t = temperature(logits, right_of_four)
    >>> round(t, 2), [round(share, 2) for share in (logits / t).softmax(1)[0].tolist()]
    (3.64, [0.75, 0.25])
    """
    from scipy.optimize import minimize_scalar  # a second of import

    logits = logits.double()

    def loss(log_t: float) -> float:
        return F.cross_entropy(logits / 2.0**log_t, labels).item()

    return float(round(2.0 ** minimize_scalar(loss, bounds=(-4, 4), method="bounded").x, 4))


def threshold(doubts: torch.Tensor, labels: torch.Tensor, refused: float = REFUSED) -> float:
    """A doubt that at most a share of the images of each class exceeds: no class pays for the others.

    It is the largest of the classes' own. Each of these lies halfway between an image that is still accepted and the
    next, or clear of the last where none is refused, so that a last bit decides about neither.

    Args:
        doubts: of images of the classes, ``(N,)``.
        labels: which class each is of, ``(N,)``.
        refused: the share.

    Raises:
        ValueError: a share not in [0, 1), no images, or not a label for each.

    >>> import torch
    >>> doubts, labels = torch.arange(200.0), torch.arange(200) % 2
    >>> threshold(doubts, labels, refused=0.01)  # of the odd ones 199 exceeds it, of the even ones none
    198.0
    >>> threshold(doubts, torch.zeros(200), refused=0.01)  # 198 and 199 of the one class
    197.5
    """
    if not 0 <= refused < 1 or not len(doubts) or doubts.shape != labels.shape:
        raise ValueError(
            f"expected a share from 0 to 1, and images with a label each, "
            f"got {refused}, {len(doubts)} and {len(labels)}"
        )
    return max(_own_threshold(doubts[labels == label], refused) for label in labels.unique())


def _own_threshold(doubts: torch.Tensor, refused: float) -> float:
    """The threshold of images of one class."""
    last = len(doubts) - 1 - int(refused * len(doubts))
    around = doubts.sort().values[last : last + 2]
    return around.mean().item() if len(around) == 2 else around.item() + CLEAR


def doubt(outputs: torch.Tensor) -> torch.Tensor:
    """The log odds of "none of these" against any class, ``(N,)``, from outputs ``(N, C + 1)``.

    >>> import torch
    >>> found = doubt(torch.tensor([[9.0, 0, 0], [0, 0, 0], [0, 0, 9]]))
    >>> [round(value, 1) for value in found.tolist()]
    [-9.0, -0.7, 8.3]
    """
    return outputs[:, -1] - outputs[:, :-1].logsumexp(1)


def energy(logits: torch.Tensor) -> torch.Tensor:
    """The free energy ``(N,)`` of logits ``(N, C)``: high where none is large. Liu and others (2020).

    >>> import torch
    >>> [round(value, 1) for value in energy(torch.tensor([[9.0, 0], [0, 0]])).tolist()]
    [-9.0, -0.7]
    """
    return -logits.logsumexp(1)


def distance(features: torch.Tensor, known: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """How far features ``(N, D)`` of a hidden layer lie from the nearest class's mean, after Mahalanobis: ``(N,)``.

    Args:
        features: what the layer says of the images asked about.
        known: what it says of training images, ``(M, D)``; means and the one covariance come from these.
        labels: theirs, ``(M,)``.

    Source: Lee and others (2018), without their later steps.

    >>> import torch
    >>> around = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    >>> known, labels = torch.cat([around, around + 10]), torch.arange(8) // 4
    >>> distance(torch.tensor([[10.0, 10], [5, 5]]), known, labels).round()
    tensor([  0., 100.])
    """
    _, labels = labels.unique(return_inverse=True)
    means = torch.stack([known[labels == label].mean(0) for label in range(labels.max() + 1)])
    spread = (known - means[labels]).double()
    covariance = spread.T @ spread / len(known)
    # Units that never fire have no variance to divide by.
    ridge = 1e-3 * covariance.diagonal().mean() * torch.eye(len(covariance))
    factor = torch.linalg.cholesky(covariance + ridge)
    away = (features[None] - means[:, None]).double()  # (C, N, D)
    whitened = torch.linalg.solve_triangular(factor, away.transpose(1, 2), upper=False)
    return whitened.square().sum(1).amin(0).float()


def reliability(
    probabilities: torch.Tensor, labels: torch.Tensor, bins: int = 15
) -> list[tuple[float, Accuracy]]:
    """How sure the model was on average, and how often it was right: a pair for each bin of equally many images.

    Bins of equal width would leave nearly all images of a good model in the last one.

    Args:
        probabilities: ``(N, C)``.
        labels: ``(N,)``.
        bins: how many, 1 to N.

    Returns:
        From the least sure bin to the surest: the mean of its highest probabilities, 0 to 1, and its accuracy.

    Raises:
        ValueError: another number of bins, or shapes that don't fit.

    >>> import torch
    >>> sure = torch.tensor([0.6, 0.7, 0.9, 1.0])
    >>> probabilities = torch.stack([sure, 1 - sure], dim=1)
    >>> for sureness, right in reliability(probabilities, torch.tensor([1, 0, 0, 0]), bins=2):
    ...     print(f"{sureness:.2f}", right)
    0.65 50.0 % (9.5 to 90.5) of 2
    0.95 100.0 % (34.2 to 100.0) of 2
    """
    sureness, right = _answers(probabilities, labels)
    if not 1 <= bins <= len(labels):
        raise ValueError(f"expected 1 to {len(labels)} bins, got {bins}")
    order = sureness.argsort(stable=True)
    return [
        (sureness[part].mean().item(), Accuracy.of(right[part]))
        for part in order.tensor_split(bins)
    ]


def calibration_error(probabilities: torch.Tensor, labels: torch.Tensor, bins: int = 15) -> float:
    """The expected calibration error: the mean distance of the bins of :func:`reliability` from the diagonal.

    Never below :func:`chance_error` on average, however well calibrated the model is. Source: Naeini and others
    (2015), with bins of equally many images after Nguyen and O'Connor (2015). Args and errors are
    :func:`reliability`'s.

    >>> import torch
    >>> probabilities = torch.tensor([[0.9, 0.1]] * 4)
    >>> round(calibration_error(probabilities, torch.tensor([0, 0, 0, 1]), bins=1), 2)
    0.15
    """
    found = reliability(probabilities, labels, bins)
    return sum(abs(sure - part.value) * part.n for sure, part in found) / len(labels)


def chance_errors(probabilities: torch.Tensor, bins: int = 15, draws: int = 1_000) -> torch.Tensor:
    """The :func:`calibration_error`, ``(draws,)``, each time that labels are drawn from the probabilities ``(N, C)``.

    So they are those of a perfectly calibrated model that says the same. Where hardly any of them is as large as a
    model's own, the model's isn't chance. Source: Bröcker and Smith (2007), who resample forecasts too.

    Args:
        probabilities: they sum to 1 in each row.
        bins: as :func:`reliability` has them.
        draws: how often labels are drawn; the same each time.

    >>> import torch
    >>> probabilities, labels = torch.tensor([[0.9, 0.1]] * 100), torch.tensor([0] * 75 + [1] * 25)
    >>> own = calibration_error(probabilities, labels, bins=1)
    >>> chance = chance_errors(probabilities, bins=1)
    >>> int((chance >= own).sum()), len(chance)  # an error of 0.15 is no chance
    (0, 1000)
    """
    random = torch.Generator().manual_seed(0)
    drawn = torch.multinomial(probabilities, draws, replacement=True, generator=random)
    sureness, said = probabilities.max(1)
    order = sureness.argsort(stable=True)
    right = (drawn == said[:, None])[order].double()  # (N, draws)
    parts = zip(sureness[order].tensor_split(bins), right.tensor_split(bins), strict=True)
    apart = [(sure.mean() - true.mean(0)).abs() * len(sure) for sure, true in parts]
    return torch.stack(apart).sum(0) / len(said)


def chance_error(probabilities: torch.Tensor, bins: int = 15, draws: int = 200) -> float:
    """The mean of :func:`chance_errors`: what chance alone gives a perfectly calibrated model, the estimate's bias.

    >>> import torch
    >>> probabilities = torch.tensor([[0.9, 0.1]] * 100)
    >>> [round(chance_error(probabilities, bins), 2) for bins in (1, 10)]
    [0.02, 0.07]
    """
    return chance_errors(probabilities, bins, draws).mean().item()


def risk_coverage(doubts: torch.Tensor, right: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What share of the answers is wrong if only the least doubtful are given: coverage and risk, ``(N,)`` each.

    Args:
        doubts: a score ``(N,)``, high where the model doubts.
        right: whether each answer was right, booleans ``(N,)``.

    >>> import torch
    >>> right = torch.tensor([True, False, True, True])
    >>> coverage, risk = risk_coverage(torch.tensor([0.1, 0.9, 0.5, 0.2]), right)
    >>> coverage, risk  # without the last answer, the most doubtful, none is wrong
    (tensor([0.2500, 0.5000, 0.7500, 1.0000]), tensor([0.0000, 0.0000, 0.0000, 0.2500]))
    """
    order = doubts.argsort(stable=True)
    given = torch.arange(1, len(order) + 1)
    return given / len(order), (~right[order]).cumsum(0) / given


def _answers(
    probabilities: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """How sure each answer is, and whether it is right."""
    if probabilities.dim() != 2 or len(probabilities) != len(labels) or not len(labels):
        raise ValueError(
            f"expected probabilities (N, C) and labels (N,) with N > 0, "
            f"got {tuple(probabilities.shape)} and {tuple(labels.shape)}"
        )
    sureness, said = probabilities.max(1)
    return sureness, said == labels
