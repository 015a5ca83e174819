"""All conditions of ``pictures.py``, and their pictures by number.

Half of the pictures of digits show MNIST's validation digits, half strokes that no recipe learned from
(:mod:`digitlib.drawn.handwriting`). Each picture has a stream of chance of its own, by its condition's name and its
number, so that a changed condition changes none of the others.
"""

import functools
import zlib

import numpy as np
from PIL import Image

import blanks
import cutouts
import lenses
import photos
import scans
import screens
from conditions import Condition
from digitlib import data
from digitlib.drawn import handwriting
from inks import Hand, enlarged, thinned

__all__ = ["CONDITIONS", "draw", "halves"]

CONDITIONS: dict[str, Condition] = {
    one.name: one
    for module in (scans, cutouts, photos, lenses, screens, blanks)
    for one in vars(module).values()
    if isinstance(one, Condition)
}
"""By name, in their order: as the modules hold them, one module after the other."""

STYLES = ("large", "large", "round", "tall", "slanted", "shaky")
"""The styles of writing, of which each drawing has one; the pens are the pictures' own."""


@functools.cache
def digits() -> dict[int, np.ndarray]:
    """MNIST's validation digits, uint8 ``(N, 28, 28)`` for each label."""
    _, valid = data.split(data.load("mnist"))
    return {label: valid.images[valid.labels == label].numpy() for label in range(10)}


def from_mnist(random: np.random.RandomState, label: int, height: int, width: float) -> np.ndarray:
    """A mask of one of MNIST's validation digits."""
    some = digits()[label]
    return thinned(enlarged(some[random.randint(len(some))], height), width)


def from_strokes(
    random: np.random.RandomState, label: int, height: int, width: float
) -> np.ndarray:
    """A mask of a digit drawn by program."""
    style = STYLES[random.randint(len(STYLES))]
    [sheet] = handwriting.draw(label, style, 1, random.randint(2**31))
    return thinned(enlarged(sheet, height), width)


def draw(condition: Condition, i: int) -> tuple[Image.Image, int]:
    """A condition's picture number ``i``, and its digit: every tenth shows the same, tens alternate in their source."""
    random = np.random.RandomState(zlib.crc32(f"{condition.name} {i}".encode()))
    hand = Hand(random, i % 10, (from_mnist, from_strokes)[i // 10 % 2])
    return condition.draw(hand), hand.label


def halves() -> tuple[list[Condition], list[Condition]]:
    """Those chosen on, and those asked once: every second one of the list.

    Those of a kind stand together, so each kind of two or more is in both halves. This rule was written down before any
    picture was asked about.
    """
    every = list(CONDITIONS.values())
    return every[0::2], every[1::2]
