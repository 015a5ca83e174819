"""Digits as people write them, drawn by program for asking alone: no recipe learns from these.

Each digit has the shapes that people give it (a 7 with or without a bar, a 2 with or without a loop), each shape its
strokes, and each style a range of proportions, sizes, pens, leans and unsteadiness. :mod:`digitlib.drawn.styles` has
ways of writing to learn from; its lines are others. What comes out is a sheet as a pad has it, not prepared.

>>> from digitlib import DigitClassifier
>>> from digitlib.drawn import handwriting
>>> sheets = handwriting.draw(3, "round", 4, seed=0)
>>> sheets.shape, [DigitClassifier.load().classify(sheet).name for sheet in sheets]
((4, 280, 280), ['3', '3', '3', '3'])
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from digitlib.drawn.strokes import curve, stroke
from digitlib.preprocess import preprocess

__all__ = ["SHAPES", "SHEET", "STYLES", "Style", "draw", "prepared"]

SHEET = 280
"""Pixels on each side of a sheet, as of the pad's canvas."""

SHAPES = {
    0: {
        "closed": (
            "33 0, 17 7, 4 25, 0 50, 4 75, 16 93, 33 100, 50 93, 62 75, 66 50, 62 25, 49 7, 33 0"
        ),
        "not quite closed": (
            "47 5, 30 0, 14 10, 3 30, 0 56, 7 80, 20 96, 38 99, 54 89, 64 68, 66 42, 58 18"
        ),
        "open at the top": (
            "52 9, 36 0, 19 5, 6 21, 0 46, 3 71, 14 91, 30 100, 47 95, 60 79, 66 54, 63 29"
        ),
        "closed past its beginning": (
            "42 2, 25 1, 11 13, 2 34, 1 59, 7 81, 20 96, 37 100, 52 91, 63 72, 66 48, 61 24, "
            "49 7, 36 3, 24 8"
        ),
        "begun inside": (
            "38 12, 27 1, 11 12, 2 34, 1 61, 9 85, 24 98, 42 98, 57 85, 65 61, 64 34, 55 12, 39 1"
        ),
    },
    1: {
        "a stick": "15 0, 15 100",
        "a stick, bent": "17 0, 14 50, 15 100",
        "with a flag": "0 24, 24 0 | 24 100",
        "with a long flag": "0 38, 30 0 | 30 100",
        "with a flag and a foot": "2 22, 24 0 | 24 100 / 0 100, 46 100",
    },
    2: {
        "straight": "0 24, 10 5, 33 0, 57 10, 57 34, 0 100 | 64 100",
        "with a curved foot": "4 20, 28 0, 57 16, 47 46, 4 95 | 20 90, 42 98, 66 90",
        "looped": "2 22, 15 3, 40 0, 58 18, 48 46, 20 86, 6 98, 1 88, 14 80, 40 92, 68 96",
    },
    3: {
        "round": "5 12, 30 0, 55 16, 48 37, 25 46 | 50 52, 62 75, 36 100, 0 88",
        "flat at the top": "0 2, 56 2 | 24 42 | 52 47, 62 72, 38 99, 0 90",
        "looped in the middle": (
            "4 10, 30 0, 52 16, 40 40, 22 48, 20 41, 34 43, 57 60, 58 84, 30 100, 0 90"
        ),
    },
    4: {
        "open": "12 0, 0 56 | 66 54 / 50 22, 46 100",
        "open and upright": "4 4, 4 50 | 58 50 / 54 0, 54 100",
        "closed": "46 0, 0 66 | 66 66 / 46 0, 46 100",
        "in one stroke": "46 100, 46 0 | 0 62 | 66 62",
        "round and open": "6 5, 5 42, 26 54, 52 40 / 54 2, 52 100",
    },
    5: {
        "in two strokes": "10 0, 6 43 | 34 37, 60 60, 52 90, 26 100, 0 90 / 10 0, 58 0",
        "in one stroke": "58 0, 12 2 | 8 42 | 34 37, 60 60, 52 90, 26 100, 0 90",
        "round": "60 3, 22 3, 10 38, 40 42, 58 70, 34 100, 0 92",
    },
    6: {
        "curved": "50 0, 20 22, 3 60, 12 93, 35 100, 58 82, 50 60, 28 54, 6 70",
        "straight": "42 0, 4 66 | 14 96, 40 98, 55 76, 36 56, 6 68",
        "hooked": "60 12, 42 0, 16 18, 2 60, 15 95, 40 100, 60 76, 42 53, 15 60, 6 76",
    },
    7: {
        "plain": "0 2, 60 2 | 20 100",
        "barred": "0 2, 60 2 | 20 100 / 14 50, 58 48",
        "with a serif": "0 18, 2 2 | 60 2 | 24 100",
        "curved": "0 7, 26 3, 60 4 | 40 38, 30 70, 28 100",
        "with a serif and a bar": "0 17, 0 2 | 60 2 | 26 100 / 20 52, 60 52",
    },
    8: {
        "in one stroke": "54 14, 30 0, 6 20, 30 46, 58 75, 30 100, 2 77, 28 47, 54 24, 52 10",
        "two rings": (
            "30 46, 19 43, 10 34, 7 23, 10 11, 18 3, 30 0, 42 3, 50 11, 53 23, 50 34, 41 43, "
            "30 46 / 30 46, 44 50, 55 60, 59 73, 55 86, 44 96, 30 100, 16 96, 5 86, 1 73, 5 "
            "60, 15 50, 30 46"
        ),
        "open at the top": "56 12, 34 0, 8 20, 30 46, 58 75, 30 100, 2 78, 26 50, 60 22",
    },
    9: {
        "straight": (
            "58 28, 54 14, 44 4, 30 0, 16 4, 6 14, 2 28, 6 42, 16 52, 30 56, 44 52, 54 42, 58 "
            "28 | 56 100"
        ),
        "curled": (
            "58 28, 54 14, 44 4, 30 0, 16 4, 6 14, 2 28, 6 42, 16 52, 30 56, 44 52, 54 42, 58 "
            "28, 57 70, 38 98, 6 92"
        ),
        "begun at the top": "56 12, 30 0, 3 26, 26 50, 54 32, 57 6 | 50 100",
        "leaning": (
            "58 28, 54 14, 44 4, 30 0, 16 4, 6 14, 2 28, 6 42, 16 52, 30 56, 44 52, 54 42, 58 "
            "28 | 30 100"
        ),
    },
}
"""For each digit the shapes that it is given, by name: where the pen goes, x and y in hundredths of the digit's height
from its upper left. It is lifted at "/", turns a corner at "|", and goes round through the points between."""


@dataclass(frozen=True)
class Style:
    """A way of writing: ranges, from which each digit has a value of its own.

    Attributes:
        stretch: how much wider a digit is than its shape, as a factor.
        size: its longer side, in parts of the sheet.
        pen: the pen's width, in parts of the longer side.
        lean: how far the top lies to the right of the bottom, in parts of the height.
        tremor: how far the pen trembles to each side, in parts of the height.

    >>> from digitlib.drawn import handwriting
    >>> list(handwriting.STYLES)[:3], handwriting.STYLES["thin"].pen
    (['round', 'flat', 'tall'], (0.02, 0.045))
    """

    stretch: tuple[float, float] = (0.85, 1.2)
    size: tuple[float, float] = (0.3, 0.8)
    pen: tuple[float, float] = (0.05, 0.13)
    lean: tuple[float, float] = (-0.08, 0.2)
    tremor: tuple[float, float] = (0.0, 0.006)


STYLES = {
    "round": Style(stretch=(1.3, 1.6), lean=(-0.05, 0.1)),
    "flat": Style(stretch=(1.7, 2.2), lean=(-0.05, 0.1)),
    "tall": Style(stretch=(0.5, 0.75)),
    "large": Style(size=(0.8, 0.98)),
    "small": Style(size=(0.1, 0.22)),
    "thin": Style(pen=(0.02, 0.045)),
    "thick": Style(pen=(0.15, 0.21)),
    "slanted": Style(lean=(0.3, 0.55)),
    "shaky": Style(tremor=(0.012, 0.025)),
}
"""The styles, by name."""


def draw(digit: int, style: str, n: int, seed: int) -> np.ndarray:
    """Draw ``n`` times one digit in one style, in each of its shapes about equally often.

    Args:
        digit: 0 to 9.
        style: one of :data:`digitlib.drawn.handwriting.STYLES`.
        n: how many.
        seed: decides the drawings; the same seed gives the same ones.

    Returns:
        uint8 ``(n, 280, 280)``, bright on dark.

    Raises:
        ValueError: no such digit, or no style has this name.

    >>> from digitlib.drawn import handwriting
    >>> thin, thick = (handwriting.draw(0, style, 20, seed=0).mean() for style in ("thin", "thick"))
    >>> bool(thick > 2 * thin)
    True
    """
    if digit not in SHAPES:
        raise ValueError(f"expected a digit from 0 to 9, got {digit!r}")
    if style not in STYLES:
        raise ValueError(f"expected a style out of {', '.join(STYLES)}, got {style!r}")
    # A stream of its own for each digit and style, so that a new one changes none of the others.
    random = np.random.RandomState([seed, digit, *style.encode()])
    shapes = list(SHAPES[digit].values())
    sheets = np.empty((n, SHEET, SHEET), dtype=np.uint8)
    for sheet in sheets:
        sheet[:] = _written(shapes[random.randint(len(shapes))], STYLES[style], random)
    return sheets


def prepared(digit: int, style: str, n: int, seed: int) -> np.ndarray:
    """The same drawings as a classifier sees them: uint8 ``(n, 28, 28)``. Arguments and errors are :func:`draw`'s.

    >>> from digitlib.drawn import handwriting
    >>> handwriting.prepared(7, "flat", 5, seed=0).shape
    (5, 28, 28)
    """
    sheets = draw(digit, style, n, seed)
    return np.stack([preprocess(sheet) for sheet in sheets]) if n else sheets[:, :28, :28]


def _written(shape: str, style: Style, random: np.random.RandomState) -> np.ndarray:
    """A sheet with a digit on it, as one hand writes it once: uint8 ``(280, 280)``."""
    size, pen = random.uniform(*style.size), random.uniform(*style.pen)
    tremor = random.uniform(*style.tremor)
    ways = [_trembling(way, tremor, random) for way in _ways(shape)]
    turn = math.radians(random.uniform(-6, 6))
    lean, stretch = random.uniform(*style.lean), random.uniform(*style.stretch)
    # Stretched, then leaned, then turned as a whole.
    change = np.array([[stretch, -lean], [0.0, 1.0]])
    change = (
        np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) @ change
    )
    ways = [way @ change.T for way in _bent(ways, random)]
    low, high = (np.array([side(way, 0) for way in ways]) for side in (np.min, np.max))
    low, extent = low.min(0), high.max(0) - low.min(0)
    width = max(2.0, pen * size * SHEET)  # in pixels; nothing is thinner than two
    scale = (size * SHEET - width) / extent.max()
    free = SHEET - width - scale * extent
    corner = width / 2 + free * random.uniform(size=2)
    return _inked([corner + scale * (way - low) for way in ways], width)


def _ways(shape: str) -> list[np.ndarray]:
    """The pen's ways in a shape, ``(K, 2)`` each, in units of the digit's height."""
    return [_way(line.split("|")) for line in shape.split("/")]


def _way(pieces: list[str]) -> np.ndarray:
    """A way of smooth pieces; each but the first begins where the one before it ended."""
    way = np.empty((0, 2))
    for piece in pieces:
        points = np.array([point.split() for point in piece.split(",")], dtype=np.float64) / 100
        way = np.concatenate([way[:-1], curve(np.concatenate([way[-1:], points]))])
    return way


def _bent(ways: Sequence[np.ndarray], random: np.random.RandomState) -> list[np.ndarray]:
    """A digit's lines, each put down a little beside its place, all bent in long waves, as no hand repeats a shape."""
    turns = random.uniform(-4.5, 4.5, (2, 2))  # radians for each unit of height, in x and in y
    start, far = random.uniform(0, 2 * np.pi, 2), random.uniform(0, 0.05, 2)
    ways = [way + random.normal(0, 0.02, 2) for way in ways]
    return [way + far * np.sin(way @ turns + start) for way in ways]


def _trembling(way: np.ndarray, far: float, random: np.random.RandomState) -> np.ndarray:
    """A way left to both sides, several times along it."""
    steps = np.hypot(*np.diff(way, axis=0).T)
    fine = np.linspace(0, steps.sum(), max(2, 2 + int(steps.sum() / 0.02)))
    along = np.concatenate([[0], steps.cumsum()])
    way = np.stack([np.interp(fine, along, values) for values in way.T], axis=1)
    waves = random.uniform(4, 9, (2, 1)) * 2 * np.pi  # for each unit of length, in x and in y
    return way + far * np.sin(waves * fine + random.uniform(0, 2 * np.pi, (2, 1))).T


def _inked(ways: Sequence[np.ndarray], width: float) -> np.ndarray:
    """What a round pen leaves on a sheet, its edges soft: drawn twice as large."""
    image = Image.new("L", (2 * SHEET, 2 * SHEET))
    brush = ImageDraw.Draw(image)
    for way in ways:
        stroke(brush, 2 * way, max(1, round(2 * width)))
    return np.asarray(image.reduce(2))
