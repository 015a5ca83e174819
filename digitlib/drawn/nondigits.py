"""Things that people draw and that are no digits, made by program: for teaching a classifier to refuse, and for asking
whether it learned to.

Each kind is drawn with random pens, places and sizes, then goes through the same preprocessing as a drawing. The kinds
in :data:`digitlib.drawn.nondigits.SET_ASIDE` were chosen before any model had seen a non-digit. They are for measuring
alone: nothing is trained or tuned on them. Letters that some people write just like a digit are a kind of their own,
``look-alikes``: to call an O a 0 is no mistake.
"""

import math
from collections.abc import Callable

import numpy as np
import torch

from digitlib.accuracy import Share
from digitlib.data import Images
from digitlib.drawn.sketches import KINDS
from digitlib.drawn.strokes import EXAM
from digitlib.preprocess import SIDE, NoInk, preprocess

__all__ = [
    "GROUPS",
    "KINDS",
    "SET_ASIDE",
    "TRAINED",
    "accepted",
    "draw",
    "mixed",
]

TRAINED = (
    *("scribbles", "letters", "words", "shapes", "figures"),
    *("textures", "inverted", "leftovers"),
)
"""Kinds that a classifier may learn from."""

SET_ASIDE = ("doubled", "symbols", "doodles")
"""Kinds for measuring alone."""

GROUPS = {
    "kinds trained on": TRAINED,
    "kinds set aside": SET_ASIDE,
    "letters that look like digits": ("look-alikes",),
}
"""All kinds, in groups that are told apart where they are measured."""


def draw(kind: str, n: int, digits: Images, seed: int) -> torch.Tensor:
    """Draw ``n`` non-digits of one kind.

    Args:
        kind: one of :data:`digitlib.drawn.nondigits.KINDS`.
        n: how many.
        digits: what inverted and doubled digits are made of.
        seed: decides the drawings; the same seed gives the same ones.

    Returns:
        uint8 ``(n, 28, 28)``, preprocessed.

    Raises:
        ValueError: no kind has this name, or other images than digits.

    >>> import torch
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import nondigits, styles
    >>> sevens = Images(styles.draw("7 with a bar", 20, seed=0), torch.full((20,), 7))
    >>> nondigits.draw("doubled", 3, sevens, seed=0).shape
    torch.Size([3, 28, 28])
    """
    if kind not in KINDS:
        raise ValueError(f"expected a kind out of {', '.join(KINDS)}, got {kind!r}")
    if not digits.of_digits:
        raise ValueError(
            "expected the ten digits, some of which are spoiled, "
            f"got {len(digits.classes)} classes, preparation {digits.preparation!r}"
        )
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
    refused: Callable[[torch.Tensor], torch.Tensor], digits: Images, n: int = 1_000
) -> dict[str, Share]:
    """The share of non-digits of each kind that pass for digits: ``{kind: share}``.

    Args:
        refused: takes uint8 ``(N, 28, 28)``, returns booleans ``(N,)``, such as
            ``partial(evaluate.refused, classifier)``.
        digits: validation digits, what inverted and doubled digits are made of.
        n: how many of each kind, at least 1; none of them was trained on.

    Raises:
        ValueError: other images than digits.

    >>> from functools import partial
    >>> import torch
    >>> from digitlib import DigitClassifier, evaluate
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import nondigits, styles
    >>> sevens = Images(styles.draw("7 with a bar", 20, seed=0), torch.full((20,), 7))
    >>> refused = partial(evaluate.refused, DigitClassifier.load())
    >>> found = nondigits.accepted(refused, sevens, n=20)
    >>> found["scribbles"].value < found["look-alikes"].value  # an O may pass for a 0
    True
    """
    return {kind: Share.of(~refused(draw(kind, n, digits, EXAM))) for kind in KINDS}


def mixed(digits: Images, share: float, seed: int) -> Images:
    """Digits, and after them non-digits, labelled 10: none of the ten.

    They are of the kinds in :data:`digitlib.drawn.nondigits.TRAINED`.

    Args:
        digits: the digits to learn from.
        share: how many non-digits for each digit, above 0; evenly of all kinds.
        seed: decides the drawings.

    Raises:
        ValueError: images of anything else than the ten digits.

    >>> import torch
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import nondigits, styles
    >>> sevens = Images(styles.draw("7 with a bar", 20, seed=0), torch.full((20,), 7))
    >>> nondigits.mixed(sevens, share=0.4, seed=0).labels.unique(return_counts=True)
    (tensor([ 7, 10]), tensor([20,  8]))
    """
    n = math.ceil(share * len(digits) / len(TRAINED))
    drawn = torch.cat([draw(kind, n, digits, seed) for kind in TRAINED])
    return digits.and_also(drawn, torch.full((len(drawn),), len(digits.classes)))
