"""Things that people draw and that are no digits, made by program: for teaching a classifier to refuse, and for asking
whether it learned to.

Each kind is drawn with random pens, places and sizes, then goes through the same preprocessing as a drawing. The kinds
in :data:`SET_ASIDE` were chosen before any model had seen a non-digit. They are for measuring alone: nothing is trained
or tuned on them. Letters that some people write just like a digit are a kind of their own, ``look-alikes``: to
call an O a 0 is no mistake.
"""

import math
from collections.abc import Callable

import numpy as np
import torch

from digitlib.data import Images
from digitlib.drawn.sketches import KINDS
from digitlib.drawn.strokes import EXAM
from digitlib.evaluate import Accuracy
from digitlib.preprocess import SIDE, NoInk, preprocess

__all__ = [
    "KINDS",
    "NOT_A_DIGIT",
    "SET_ASIDE",
    "TRAINED",
    "accepted",
    "draw",
    "mixed",
]

NOT_A_DIGIT = 10
"""The label of what is no digit, after the ten digits' own."""

TRAINED = ("scribbles", "letters", "shapes", "textures", "inverted")
"""Kinds that a classifier may learn from."""

SET_ASIDE = ("doubled", "symbols", "doodles")
"""Kinds for measuring alone."""


def draw(kind: str, n: int, digits: Images, seed: int) -> torch.Tensor:
    """Draw ``n`` non-digits of one kind.

    Args:
        kind: one of :data:`KINDS`.
        n: how many.
        digits: what inverted and doubled digits are made of.
        seed: decides the drawings; the same seed gives the same ones.

    Returns:
        uint8 ``(n, 28, 28)``, preprocessed.

    Raises:
        ValueError: no kind has this name.
    """
    if kind not in KINDS:
        raise ValueError(f"expected a kind out of {', '.join(KINDS)}, got {kind!r}")
    # A stream of its own for each kind, so that a new kind changes none of the others.
    random = np.random.RandomState([seed, *kind.encode()])
    images = np.empty((n, SIDE, SIDE), dtype=np.uint8)
    done = 0
    while done < n:
        try:
            images[done] = preprocess(KINDS[kind](random, digits))
        except NoInk:  # so faint that nothing is left at 20 x 20
            continue
        done += 1
    return torch.from_numpy(images)


def accepted(
    refused: Callable[[np.ndarray], np.ndarray], digits: Images, n: int = 1_000
) -> dict[str, Accuracy]:
    """How many non-digits of each kind pass for digits: ``{kind: Accuracy}``, where "right" means accepted.

    Args:
        refused: takes uint8 ``(N, 28, 28)`` and says of each whether it is refused, such as
            :meth:`digitlib.DigitClassifier.refused`.
        digits: validation digits, what inverted and doubled digits are made of.
        n: how many of each kind; none of them was trained on.
    """
    return {kind: Accuracy.of(~refused(draw(kind, n, digits, EXAM).numpy())) for kind in KINDS}


def mixed(digits: Images, share: float, seed: int) -> Images:
    """Digits, and after them non-digits of the kinds in :data:`TRAINED`, labelled :data:`NOT_A_DIGIT`.

    Args:
        digits: the digits to learn from.
        share: how many non-digits for each digit, above 0; evenly of all kinds.
        seed: decides the drawings.
    """
    n = math.ceil(share * len(digits) / len(TRAINED))
    drawn = torch.cat([draw(kind, n, digits, seed) for kind in TRAINED])
    labels = torch.full((len(drawn),), NOT_A_DIGIT)
    return Images(torch.cat([digits.images, drawn]), torch.cat([digits.labels, labels]))
