"""Ways to write a digit, drawn by program: a 1 with a flag, a 4 left open, a barred 7; some of them are rare in MNIST.

A digit's lines are those that one learns at school in much of the world. Each drawing has a pen, a width, a slant and
an unsteadiness of its own, then goes through the same preprocessing as any drawing. They stand in for writers whom
nobody asked: they show a classifier what such a digit looks like, and can't show how people vary it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from digitlib.accuracy import Share
from digitlib.data import Images
from digitlib.drawn.strokes import CANVAS, EXAM, canvas, circle, curve, stroke
from digitlib.preprocess import SIDE, preprocess

__all__ = ["STYLES", "Style", "draw", "mixed", "right"]


@dataclass(frozen=True)
class Style:
    """A way to write a digit.

    Attributes:
        digit: which.
        lines: the pen's ways, each a list of points (x, y) from the upper left corner (0, 0) to the lower right (1, 1).
        smooth: whether the pen goes round through the points or straight from each to the next.

    >>> from digitlib.drawn import styles
    >>> [name for name, style in styles.STYLES.items() if style.digit == 1]
    ['1 with a flag', '1 with a flag and a foot']
    >>> styles.Style(digit=7, lines=[[(0.2, 0.1), (0.8, 0.1), (0.4, 0.9)]]).smooth
    False
    """

    digit: int
    lines: list[list[tuple[float, float]]]
    smooth: bool = False


_FLAG = [(0.3, 0.4), (0.56, 0.1), (0.56, 0.92)]
_FOOT = [(0.3, 0.91), (0.76, 0.91)]

STYLES = {
    "1 with a flag": Style(1, [_FLAG]),
    "1 with a flag and a foot": Style(1, [_FLAG, _FOOT]),
    "2 with a straight foot": Style(
        2, [[(0.28, 0.28), (0.5, 0.1), (0.7, 0.3), (0.3, 0.91)], _FOOT]
    ),
    "4 left open": Style(
        4, [[(0.48, 0.1), (0.24, 0.62), (0.84, 0.62)], [(0.72, 0.36), (0.6, 0.92)]]
    ),
    "4 with upright sides": Style(
        4, [[(0.13, 0.12), (0.1, 0.54), (0.88, 0.52)], [(0.8, 0.1), (0.78, 0.92)]]
    ),
    "7 with a bar": Style(
        7, [[(0.22, 0.14), (0.78, 0.14), (0.42, 0.92)], [(0.34, 0.52), (0.72, 0.52)]]
    ),
    "9 with a foot": Style(
        9,
        [
            [
                *reversed(circle(0.5, 0.32, 0.2)),
                (0.7, 0.6),
                (0.68, 0.84),
                (0.48, 0.92),
                (0.26, 0.86),
            ]
        ],
        smooth=True,
    ),
}
"""The styles, by name."""


def draw(style: str, n: int, seed: int) -> torch.Tensor:
    """Draw ``n`` digits in one style.

    Args:
        style: one of :data:`digitlib.drawn.styles.STYLES`.
        n: how many.
        seed: decides the drawings; the same seed gives the same ones.

    Returns:
        uint8 ``(n, 28, 28)``, preprocessed.

    Raises:
        ValueError: no style has this name.

    >>> from digitlib.drawn import styles
    >>> styles.draw("7 with a bar", 5, seed=0).shape
    torch.Size([5, 28, 28])
    """
    if style not in STYLES:
        raise ValueError(f"expected a style out of {', '.join(STYLES)}, got {style!r}")
    # A stream of its own for each style, so that a new one changes none of the others.
    random = np.random.RandomState([seed, *style.encode()])
    images = np.empty((n, SIDE, SIDE), dtype=np.uint8)
    for i in range(n):
        images[i] = preprocess(_drawn(STYLES[style], random))
    return torch.from_numpy(images)


def right(logits: Callable[[torch.Tensor], torch.Tensor], n: int = 1_000) -> dict[str, Share]:
    """The share of drawings in each style that are named rightly: ``{style: share}``.

    Args:
        logits: takes uint8 ``(N, 28, 28)``, returns ``(N, 10)``, such as ``partial(evaluate.logits, model)``.
        n: how many in each style, at least 1; none of them was trained on.

    >>> from functools import partial
    >>> from digitlib import DigitClassifier, evaluate
    >>> from digitlib.drawn import styles
    >>> found = styles.right(partial(evaluate.logits, DigitClassifier.load()), n=20)
    >>> len(found), min(share.value for share in found.values()) > 0.8
    (7, True)
    """
    return {
        name: Share.of(logits(draw(name, n, EXAM)).argmax(1) == style.digit)
        for name, style in STYLES.items()
    }


def mixed(digits: Images, share: float, seed: int) -> Images:
    """Digits, and after them some in each of :data:`digitlib.drawn.styles.STYLES`, with their labels.

    Args:
        digits: the digits to learn from.
        share: how many drawn ones for each digit, above 0; evenly of all styles.
        seed: decides the drawings.

    Raises:
        ValueError: images of anything else than the ten digits.

    >>> import torch
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import styles
    >>> fours = Images(styles.draw("4 left open", 20, seed=0), torch.full((20,), 4))
    >>> styles.mixed(fours, share=0.5, seed=0).labels[20:].tolist()
    [1, 1, 1, 1, 2, 2, 4, 4, 4, 4, 7, 7, 9, 9]
    """
    if not digits.of_digits:
        raise ValueError(
            "expected the ten digits, which these styles are of, "
            f"got {len(digits.classes)} classes, preparation {digits.preparation!r}"
        )
    n = math.ceil(share * len(digits) / len(STYLES))
    drawn = torch.cat([draw(style, n, seed) for style in STYLES])
    labels = torch.tensor([style.digit for style in STYLES.values()])
    return digits.and_also(drawn, labels.repeat_interleave(n))


def _drawn(style: Style, random: np.random.RandomState) -> np.ndarray:
    """A digit on a canvas, as one hand writes it on one day."""
    image, brush = canvas()
    height = CANVAS * random.uniform(0.6, 0.85)
    width = height * random.uniform(0.55, 1.15)
    lean = height * random.uniform(-0.1, 0.3)  # to the right, as most people's
    pen = max(3, round(height * 4 ** random.uniform() / 20))  # to a fifth
    for line in style.lines:
        points = np.array(line) + random.normal(0, 0.025, (len(line), 2))
        points[0] += random.normal(0, 0.05, 2)  # where a line begins varies most
        x, y = points.T - 0.5
        points = CANVAS / 2 + np.stack([width * x - lean * y, height * y], axis=1)
        round_it = style.smooth or (len(line) > 2 and random.uniform() < 0.3)
        stroke(brush, curve(points) if round_it else points, pen)
    return np.asarray(image)
