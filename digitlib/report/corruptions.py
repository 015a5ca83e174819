"""Images made worse, in one way at a time and by so much: for curves that say where a model fails.

Severities are in units of their own: pixels, degrees, parts. Each kind draws what it leaves open (a direction, a place,
noise) from a generator of its own, so that every model meets the same images. Nothing is centred again afterwards: a
shift is seen by the model as it is.

After Hendrycks and Dietterich (2019), *Benchmarking neural network robustness to common corruptions and perturbations*,
who do this with photographs, and Mu and Gilmer (2019), *MNIST-C*.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

import torch
from torch.nn import functional as F

from digitlib.augment import Deform
from digitlib.data import Images, scale
from digitlib.evaluate import Accuracy, accuracy
from digitlib.preprocess import SIDE

__all__ = [
    "CORRUPTIONS",
    "UNITS",
    "Corruption",
    "corrupt",
    "curve",
    "curves",
    "mean_error",
    "truths",
]

SEED = 2_000_003


@dataclass(frozen=True)
class Corruption:
    """One way to make images worse.

    Attributes:
        unit: what severities count.
        severities: those of the curve, mild to strong.
        apply: takes float images ``(N, 28, 28)`` in [0, 1], a severity and a generator; returns such images, where
            some numbers may lie outside.

    >>> from digitlib.report.corruptions import CORRUPTIONS, Corruption
    >>> kind: Corruption = CORRUPTIONS["rotation"]
    >>> kind.severities, kind.unit
    ((10, 20, 30, 40), 'degrees')
    """

    unit: str
    severities: tuple[float, ...]
    apply: Callable[[torch.Tensor, float, torch.Generator], torch.Tensor]


def corrupt(images: torch.Tensor, kind: str, severity: float, seed: int = SEED) -> torch.Tensor:
    """Make images worse.

    Args:
        images: uint8 ``(N, 28, 28)``.
        kind: one of :data:`digitlib.report.corruptions.CORRUPTIONS`.
        severity: how much, in the kind's own unit (:data:`digitlib.report.corruptions.UNITS`); a kind is made for what
            lies between its own severities.
        seed: decides what the kind leaves open; the same seed gives the same images.

    Returns:
        uint8 ``(N, 28, 28)``.

    Raises:
        ValueError: no kind has this name, or images of another type.

    >>> from digitlib.drawn import styles
    >>> from digitlib.report.corruptions import corrupt
    >>> fours = styles.draw("4 left open", 20, seed=0)
    >>> noisy = corrupt(fours, "noise", 0.4)
    >>> noisy.shape, bool((noisy > 0).sum() > 2 * (fours > 0).sum())
    (torch.Size([20, 28, 28]), True)
    """
    random = torch.Generator().manual_seed(int(seed))
    worse = _named(kind).apply(scale(images), severity, random)
    return (255 * worse).round().clamp(0, 255).to(torch.uint8)


def curve(
    logits: Callable[[torch.Tensor], torch.Tensor], images: Images, kind: str
) -> Iterator[tuple[float, Accuracy]]:
    """Each severity of a kind, and the accuracy there.

    Args:
        logits: takes uint8 ``(N, 28, 28)``, returns ``(N, C)``, such as ``partial(evaluate.logits, model)``.
        images: what to make worse.
        kind: one of :data:`digitlib.report.corruptions.CORRUPTIONS`.

    Yields:
        the severity in the kind's own unit, mild to strong, and the share named rightly.

    Raises:
        ValueError: no kind has this name; at the first step.

    >>> from functools import partial
    >>> import torch
    >>> from digitlib import DigitClassifier, evaluate
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import styles
    >>> from digitlib.report.corruptions import curve
    >>> fours = Images(styles.draw("4 left open", 100, seed=0), torch.full((100,), 4))
    >>> found = dict(curve(partial(evaluate.logits, DigitClassifier.load()), fours, "rotation"))
    >>> found[10].value > 0.9, found[40].value < 0.6
    (True, True)
    """
    for severity, answers in _answers(logits, images, kind):
        yield severity, accuracy(answers, images.labels)


def _answers(
    logits: Callable[[torch.Tensor], torch.Tensor], images: Images, kind: str
) -> Iterator[tuple[float, torch.Tensor]]:
    """Each severity of a kind, and what a model says there."""
    for severity in _named(kind).severities:
        yield severity, logits(corrupt(images.images, kind, severity))


def curves(
    logits: Callable[[torch.Tensor], torch.Tensor], images: Images
) -> dict[str, dict[float, Accuracy]]:
    """The curve of every kind: ``{kind: {severity: accuracy}}``.

    Args and errors are :func:`digitlib.report.corruptions.curve`'s.

    >>> from functools import partial
    >>> import torch
    >>> from digitlib import DigitClassifier, evaluate
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import styles
    >>> from digitlib.report.corruptions import curves, mean_error
    >>> fours = Images(styles.draw("4 left open", 20, seed=0), torch.full((20,), 4))
    >>> found = curves(partial(evaluate.logits, DigitClassifier.load()), fours)
    >>> len(found), 0 < mean_error(found) < 0.3
    (10, True)
    """
    return {kind: dict(curve(logits, images, kind)) for kind in CORRUPTIONS}


def truths(
    logits: Callable[[torch.Tensor], torch.Tensor], images: Images
) -> dict[str, dict[float, torch.Tensor]]:
    """Which images are named rightly, booleans ``(N,)``, at every severity of every kind: what the curves count.

    All of it is about the same N images. So the range of a share of all these answers is that of N clusters, and two
    models are compared image by image.

    Args and errors are :func:`digitlib.report.corruptions.curve`'s.

    >>> from functools import partial
    >>> import torch
    >>> from digitlib import DigitClassifier, evaluate
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import styles
    >>> from digitlib.report.corruptions import truths
    >>> fours = Images(styles.draw("4 left open", 20, seed=0), torch.full((20,), 4))
    >>> found = truths(partial(evaluate.logits, DigitClassifier.load()), fours)
    >>> right = torch.stack([true for kind in found.values() for true in kind.values()])
    >>> right.shape
    torch.Size([40, 20])
    >>> wrong = evaluate.Share.of(~right.ravel(), clusters=torch.arange(20).repeat(40))
    >>> wrong.n, wrong.effective < 600
    (800, True)
    """
    return {
        kind: {
            severity: answers.argmax(1) == images.labels
            for severity, answers in _answers(logits, images, kind)
        }
        for kind in CORRUPTIONS
    }


def mean_error(curves: Mapping[str, Mapping[float, Accuracy]]) -> float:
    """The share of wrong answers, averaged over all severities of all kinds, each kind counting the same.

    Args:
        curves: what :func:`digitlib.report.corruptions.curves` found, of at least one kind.

    >>> from digitlib.evaluate import Accuracy
    >>> from digitlib.report.corruptions import mean_error
    >>> found = {"blur": {1: Accuracy(9, 10), 2: Accuracy(7, 10)}, "shift": {1: Accuracy(6, 10)}}
    >>> round(mean_error(found), 3)
    0.3
    """
    return fmean(fmean(1 - found.value for found in curve.values()) for curve in curves.values())


def _named(kind: str) -> Corruption:
    if kind not in CORRUPTIONS:
        raise ValueError(f"expected a corruption out of {', '.join(CORRUPTIONS)}, got {kind!r}")
    return CORRUPTIONS[kind]


def _shift(images: torch.Tensor, pixels: float, random: torch.Generator) -> torch.Tensor:
    """In one of four directions."""
    moved = torch.empty_like(images)
    direction = torch.randint(4, (len(images),), generator=random)
    far = int(pixels)
    for number, (right, down) in enumerate(((1, 0), (-1, 0), (0, 1), (0, -1))):
        some = F.pad(images[direction == number], [far] * 4)
        left, top = far - right * far, far - down * far
        moved[direction == number] = some[:, top : top + SIDE, left : left + SIDE]
    return moved


def _rotate(images: torch.Tensor, degrees: float, random: torch.Generator) -> torch.Tensor:
    """Either way."""
    turned = torch.empty_like(images)
    clockwise = torch.rand(len(images), generator=random) < 0.5
    for some, angle in ((clockwise, -degrees), (~clockwise, degrees)):
        turned[some] = Deform(rotation=(angle, angle))(images[some], random)
    return turned


def _resize(images: torch.Tensor, factor: float, random: torch.Generator) -> torch.Tensor:
    return Deform(scale=(factor - 1, factor - 1))(images, random)


def _thicken(images: torch.Tensor, pixels: float, random: torch.Generator) -> torch.Tensor:
    for _ in range(int(pixels)):
        images = Deform(pen=(1.0, 1.0))(images, random)
    rest = pixels % 1
    return Deform(pen=(rest, rest))(images, random) if rest else images


def _thin(images: torch.Tensor, pixels: float, random: torch.Generator) -> torch.Tensor:
    return Deform(pen=(-pixels, -pixels))(images, random)


def _blur(images: torch.Tensor, sigma: float, _: torch.Generator) -> torch.Tensor:
    from scipy.ndimage import gaussian_filter  # a second of import

    return torch.from_numpy(gaussian_filter(images.numpy(), (0, sigma, sigma), mode="constant"))


def _noise(images: torch.Tensor, deviation: float, random: torch.Generator) -> torch.Tensor:
    return images + deviation * torch.randn(images.shape, generator=random)


def _fade(images: torch.Tensor, contrast: float, _: torch.Generator) -> torch.Tensor:
    """Ink and ground come closer to a middle grey."""
    return 0.5 + contrast * (images - 0.5)


def _cover(images: torch.Tensor, side: float, random: torch.Generator) -> torch.Tensor:
    """A dark square, somewhere on the 20 x 20 pixels of the digit."""
    covered, wide = images.clone(), int(side)
    corners = torch.randint(4, 25 - wide, (len(images), 2), generator=random)
    for image, (top, left) in zip(covered, corners.tolist(), strict=True):
        image[top : top + wide, left : left + wide] = 0
    return covered


CORRUPTIONS = {
    "shift": Corruption("pixels", (1, 2, 3, 4), _shift),
    "rotation": Corruption("degrees", (10, 20, 30, 40), _rotate),
    "smaller": Corruption("times as large", (0.9, 0.8, 0.7, 0.6), _resize),
    "larger": Corruption("times as large", (1.1, 1.2, 1.3, 1.4), _resize),
    "thicker": Corruption("pixels on each side", (0.5, 1, 1.5, 2), _thicken),
    "thinner": Corruption("pixels on each side", (0.25, 0.5, 0.75, 1), _thin),
    "blur": Corruption("pixels of deviation", (0.5, 1, 1.5, 2), _blur),
    "noise": Corruption("of full ink, deviation", (0.1, 0.2, 0.3, 0.4), _noise),
    "contrast": Corruption("times the contrast", (0.8, 0.6, 0.4, 0.2), _fade),
    "occlusion": Corruption("pixels of a square", (4, 6, 8, 10), _cover),
}
"""The kinds, by name."""

UNITS = {kind: corruption.unit for kind, corruption in CORRUPTIONS.items()}
"""What the severities of each kind count."""
