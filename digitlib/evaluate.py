"""How good a model is, on images that it was not trained on, and how sure we can be of that.

Everything starts from logits ``(N, C)`` and labels ``(N,)``, so a model is asked once and judged many ways. Wherever a
function asks a model itself, it is given one kind of callable: uint8 images ``(N, 28, 28)`` in, logits out, both
tensors; ``partial(logits, model)`` makes one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from digitlib.accuracy import Accuracy, Share, total, wilson
from digitlib.classify import Classifier
from digitlib.data import scale
from digitlib.preprocess import SIDE

__all__ = [
    "Accuracy",
    "Model",
    "Share",
    "accuracy",
    "confusion",
    "device_of",
    "evaluating",
    "logits",
    "mcnemar",
    "mistakes",
    "most_confused",
    "occlusion",
    "outputs",
    "outputs_for",
    "per_class",
    "refused",
    "total",
    "variances",
    "wilson",
]


def mcnemar(right: torch.Tensor, other: torch.Tensor) -> float:
    """How probable so uneven a result is if both models were equally good: McNemar's exact test, two-sided.

    Only images that one of the two got right and the other wrong count.

    Args:
        right: whether each answer of one model was right, booleans ``(N,)``.
        other: the same of another model, on the same images.

    Returns:
        The probability, 0 to 1; 1 where the two never differ.

    Raises:
        ValueError: not two times ``(N,)``.

    >>> import torch
    >>> right, other = torch.ones(2, 1000, dtype=torch.bool)
    >>> right[:2] = False  # 99.8 % right: two that only the other got right
    >>> other[10:20] = False  # 99.0 %
    >>> round(mcnemar(right, other), 3)
    0.039
    """
    # Two seconds of import, which training need not wait for.
    from scipy.stats import binomtest

    if right.shape != other.shape or right.dim() != 1:
        raise ValueError(
            f"expected two times (N,), got {tuple(right.shape)} and {tuple(other.shape)}"
        )
    only, others = int((right & ~other).sum()), int((other & ~right).sum())
    return float(binomtest(only, only + others).pvalue) if only + others else 1.0


Model = nn.Module | Classifier
"""What can be asked: from float ``(N, 28, 28)`` to ``(N, C)``, or a classifier, which takes the bytes themselves."""


def logits(model: Model, images: torch.Tensor, batch: int = 500) -> torch.Tensor:
    """Ask a model about uint8 images ``(N, 28, 28)``: logits ``(N, C)`` on the CPU. Its mode is left as it was.

    A model whose attribute ``none`` is true has a last output more, the score of "none of these"; it is left out.

    Args:
        model: as the module says, or a classifier.
        images: on any device.
        batch: how many a network is asked about at once.

    Raises:
        ValueError: images that aren't uint8.

    >>> import torch
    >>> from digitlib.classify import DigitClassifier
    >>> strokes = torch.zeros(3, 28, 28, dtype=torch.uint8)
    >>> strokes[:, 4:24, 13:15] = 255
    >>> logits(DigitClassifier.load(), strokes).argmax(1)
    tensor([1, 1, 1])
    """
    answers = outputs(model, images, batch)
    return answers[:, :-1] if getattr(model, "none", False) else answers


@torch.no_grad()
def outputs(model: Model, images: torch.Tensor, batch: int = 500) -> torch.Tensor:
    """As :func:`logits`, with what a model may say beyond the classes: ``(N, C)`` or ``(N, C + 1)``.

    >>> import torch
    >>> from digitlib.classify import DigitClassifier
    >>> outputs(DigitClassifier.load(), torch.zeros(3, 28, 28, dtype=torch.uint8)).shape
    torch.Size([3, 11])
    """
    if isinstance(model, Classifier):
        return torch.from_numpy(model.outputs(images.cpu().numpy()))
    device = device_of(model)
    with evaluating(model):
        answers = [model(scale(part.to(device))).cpu() for part in images.split(batch)]
    return torch.cat(answers)


def outputs_for(model: Model, images: torch.Tensor, classes: int) -> torch.Tensor:
    """As :func:`outputs`, of a model that is to name so many classes.

    Raises:
        ValueError: it can't be asked about float ``(N, 28, 28)``, returns anything else than ``(N, C)`` or
            ``(N, C + 1)``, or numbers that are not finite; in one line.

    >>> import torch
    >>> from torch import nn
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(784, 7))
    >>> outputs_for(network, torch.zeros(3, 28, 28, dtype=torch.uint8), classes=10)
    Traceback (most recent call last):
        ...
    ValueError: expected a model that returns logits (N, 10) or (N, 11), got (3, 7) for (3, 28, 28)
    """
    shape, wanted = tuple(images.shape), f"logits (N, {classes}) or (N, {classes + 1})"
    try:
        answers = outputs(model, images)
    except (RuntimeError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(
            f"expected a model that takes float (N, {SIDE}, {SIDE}) and returns {wanted}, "
            f"got for {shape} {type(error).__name__}: {error}"
        ) from error
    if answers.shape not in ((len(images), classes), (len(images), classes + 1)):
        raise ValueError(
            f"expected a model that returns {wanted}, got {tuple(answers.shape)} for {shape}"
        )
    if broken := int((~answers.isfinite()).any(1).sum()):
        raise ValueError(
            f"expected finite logits, got NaN or infinity for {broken:,} of {len(images):,} images"
        )
    return answers


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Within it all parts of a model evaluate; afterwards each is in the mode that it was in.

    >>> import torch
    >>> dropout = torch.nn.Dropout()
    >>> with evaluating(dropout):
    ...     print(dropout(torch.ones(4)), dropout.training)
    tensor([1., 1., 1., 1.]) False
    >>> dropout.training
    True
    """
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def device_of(model: nn.Module) -> torch.device:
    """Where a model's numbers lie; the CPU for a model without any, as a reader's own may be.

    >>> import torch
    >>> device_of(torch.nn.Linear(2, 2)), device_of(torch.nn.Flatten())
    (device(type='cpu'), device(type='cpu'))
    """
    numbers = chain(model.parameters(), model.buffers())
    return next((part.device for part in numbers), torch.device("cpu"))


def refused(classifier: Classifier, images: torch.Tensor) -> torch.Tensor:
    """Of which uint8 images ``(N, 28, 28)`` a classifier's answer is a refusal: booleans ``(N,)``.

    >>> import torch
    >>> from digitlib.classify import DigitClassifier
    >>> images = torch.zeros(2, 28, 28, dtype=torch.uint8)
    >>> images[0, 4:24, 13:15] = 255  # a one
    >>> images[1, 4:24:4, 4:24] = 255  # five lines
    >>> refused(DigitClassifier.load(), images)
    tensor([False,  True])
    """
    return torch.from_numpy(classifier.refused(images.cpu().numpy()))


def accuracy(logits: torch.Tensor, labels: torch.Tensor) -> Accuracy:
    """The share of images whose largest logit is that of their label.

    Args:
        logits: ``(N, C)``; probabilities will do.
        labels: ``(N,)``, 0 to C - 1.

    Raises:
        ValueError: none, unequal lengths, or labels of no class.

    >>> import torch
    >>> logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0], [1.0, 0.0]])
    >>> print(accuracy(logits, torch.tensor([0, 1, 1, 0])))
    75.0 % (30.1 to 95.4) of 4
    """
    _check(logits, labels)
    return Accuracy.of(logits.argmax(1) == labels)


def per_class(logits: torch.Tensor, labels: torch.Tensor) -> list[Accuracy]:
    """The accuracy on each class, in the order of the logits; the labels must hold each, or it is a ValueError.

    >>> import torch
    >>> logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0], [1.0, 0.0]])
    >>> per_class(logits, torch.tensor([0, 1, 1, 0]))
    [Accuracy(count=2, n=2), Accuracy(count=1, n=2)]
    """
    return [
        accuracy(logits[labels == label], labels[labels == label])
        for label in range(logits.shape[1])
    ]


def confusion(logits: torch.Tensor, labels: torch.Tensor) -> np.ndarray:
    """Counts ``(C, C)``, a NumPy array: row i, column j holds how many images labelled i were called j.

    Errors are :func:`accuracy`'s.

    >>> import torch
    >>> logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0], [1.0, 0.0]])
    >>> confusion(logits, torch.tensor([0, 1, 1, 0])).tolist()
    [[2, 0], [1, 1]]
    """
    _check(logits, labels)
    classes = logits.shape[1]
    places = labels.long() * classes + logits.argmax(1)
    return places.bincount(minlength=classes**2).reshape(classes, classes).cpu().numpy()


def most_confused(counts: np.ndarray, most: int = 4) -> list[tuple[int, int, int]]:
    """The classes that are most often taken for each other, in either direction: ``(lower, higher, how often)``.

    Args:
        counts: ``(C, C)``, as :func:`confusion` gives them.
        most: how many pairs at most; those that were never mixed up are left out.

    >>> most_confused(np.array([[5, 1, 0], [2, 6, 0], [4, 0, 4]]))
    [(0, 2, 4), (0, 1, 3)]
    """
    both = np.triu(counts + counts.T, 1)
    places = both.ravel().argsort(kind="stable")[::-1][:most].tolist()
    return [
        (*divmod(place, len(both)), int(both.ravel()[place]))
        for place in places
        if both.ravel()[place]
    ]


def mistakes(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Positions ``(M,)`` of the images called wrong, worst first: those whose own label got the least probability.

    Errors are :func:`accuracy`'s.

    >>> import torch
    >>> logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0], [9.0, 0.0]])
    >>> mistakes(logits, torch.tensor([0, 1, 1, 1]))
    tensor([3, 2])
    """
    _check(logits, labels)
    loss = F.cross_entropy(logits, labels, reduction="none")
    wrong = (logits.argmax(1) != labels).nonzero().squeeze(1)
    return wrong[loss[wrong].argsort(descending=True, stable=True)]


def variances(right: torch.Tensor) -> dict[str, float]:
    """Take the variance of an accuracy on N images apart: what would move it if it were measured all anew?

    Args:
        right: whether each answer was right, booleans ``(D, S, N)``: of D models' sets of training images, each with S
            seeds, on the same N images.

    Returns:
        the variances of ``"digits"`` (other digits to be asked about), of ``"seed"`` and of ``"training digits"``.
        They add up to the variance of one accuracy. The last two may come out below 0, as estimates do.

    The means over N digits vary between seeds for another reason too: two equally good models err on different digits.
    That share belongs to the digits, so it is taken off, as in an analysis of variance with random effects.

    Raises:
        ValueError: another shape, or less than two of anything.

    >>> import torch
    >>> right = torch.ones(2, 3, 1000, dtype=torch.bool)
    >>> right[..., :20] = False  # six models that err on the same 20 digits
    >>> found = variances(right)
    >>> {name: round(abs(variance), 8) for name, variance in found.items()}
    {'digits': 1.96e-05, 'seed': 0.0, 'training digits': 0.0}
    """
    if right.dim() != 3 or min(right.shape) < 2:
        raise ValueError(f"expected (D, S, N), each of at least 2, got {tuple(right.shape)}")
    right = right.double()
    _, s, n = right.shape

    def of_ability(
        variance_of_means: torch.Tensor, variance_by_digit: torch.Tensor
    ) -> torch.Tensor:
        return (n * variance_of_means - variance_by_digit) / (n - 1)

    seed = of_ability(right.mean(2).var(1).mean(), right.var(1).mean())
    both = of_ability(right.mean((1, 2)).var(), right.mean(1).var(0).mean())
    mean = right.mean()
    return {
        "digits": (mean * (1 - mean) / n).item(),
        "seed": seed.item(),
        "training digits": (both - seed / s).item(),
    }


def occlusion(model: Model, image: torch.Tensor, label: int, side: int = 7) -> torch.Tensor:
    """Where on an image the evidence for a class lies: the fall of its probability when a dark square covers a place.

    Args:
        image: uint8 ``(28, 28)``.
        label: whose probability is looked at, 0 to C - 1.
        side: the square's, in pixels, 1 to 28.

    Returns:
        float ``(28, 28)``: for each pixel the mean fall over all squares that cover it; negative where covering helps.

    Raises:
        ValueError: another side, or another shape.

    Source: Zeiler and Fergus (2014), *Visualizing and understanding convolutional networks*.

    >>> import torch
    >>> from digitlib.classify import DigitClassifier
    >>> one = torch.zeros(28, 28, dtype=torch.uint8)
    >>> one[4:24, 13:15] = 255
    >>> falls = occlusion(DigitClassifier.load(), one, label=1)
    >>> bool(falls[:, 10:18].mean() > falls[:, :10].mean())  # on the stroke
    True
    """
    if image.shape != (SIDE, SIDE) or not 1 <= side <= SIDE:
        raise ValueError(
            f"expected an image ({SIDE}, {SIDE}) and a side from 1 to {SIDE}, got {tuple(image.shape)} and {side}"
        )
    places = [(y, x) for y in range(SIDE + 1 - side) for x in range(SIDE + 1 - side)]
    covers = torch.zeros(len(places), *image.shape, dtype=torch.bool)
    for cover, (y, x) in zip(covers, places, strict=True):
        cover[y : y + side, x : x + side] = True
    asked = torch.cat([image[None], image.masked_fill(covers, 0)])
    found = logits(model, asked).softmax(1)[:, label]
    falls = (found[0] - found[1:]).view(-1, 1, 1)
    return (falls * covers).sum(0) / covers.sum(0)


def _check(logits: torch.Tensor, labels: torch.Tensor) -> None:
    if logits.dim() != 2 or len(logits) != len(labels) or not len(labels):
        raise ValueError(
            "expected logits (N, C) and labels (N,) with N > 0, "
            f"got {tuple(logits.shape)} and {tuple(labels.shape)}"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= logits.shape[1]:
        raise ValueError(f"expected labels 0 to {logits.shape[1] - 1}, got {low} to {high}")
