"""What a bad reading of a picture leaves where no digit was, or lost it: specks, lines, frames, edges, grain, smears.

Nothing here is a digit to anyone: a line lies, or leans at most a third of a right angle, since an upright one is a 1;
a frame's lines go on beyond its corners, or another crosses it, since a ring is a 0; a corner opens to any side but the
lower left, since that one is a 7; what is filled is about as wide as it is high, or wider.
"""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from digitlib.drawn.strokes import CANVAS, canvas, stroke

__all__ = ["LEFTOVERS", "leftover"]


def leftover(random: np.random.RandomState) -> np.ndarray:
    """One of :data:`LEFTOVERS`, of each as many in the long run: uint8 ``(H, W)``, bright on dark.

    >>> import numpy as np
    >>> from digitlib.drawn.leftovers import leftover
    >>> leftover(np.random.RandomState(0)).dtype.name
    'uint8'
    """
    kinds = list(LEFTOVERS.values())
    drawing = kinds[random.randint(len(kinds))](random)
    if random.rand() < 0.3:  # from a small picture, with soft edges
        side = random.randint(12, 50)
        small = Image.fromarray(drawing).resize((side, side), Image.Resampling.BOX)
        drawing = np.asarray(small)
    return drawing if drawing.any() else leftover(random)


def _fine(random: np.random.RandomState) -> int:
    """The width of a line that was printed or is an edge: up to a tenth of the canvas."""
    return random.randint(2, CANVAS // 10)


def _line(brush: ImageDraw.ImageDraw, middle: np.ndarray, way: np.ndarray, pen: int) -> None:
    """A straight line through its middle, from half its way before to half its way after."""
    stroke(brush, np.stack([middle - way / 2, middle + way / 2]), pen)


def _towards(angle: float, length: float) -> np.ndarray:
    """A way of some length in pixels, at an angle in degrees, clockwise from the right."""
    return length * np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])


def _speck(random: np.random.RandomState) -> np.ndarray:
    """A few pixels of any brightness, a little higher than wide or less."""
    width = random.randint(1, 5)
    height = random.randint(1, int(1.4 * width) + 1)
    pixels = random.randint(60, 256, (height, width)) * (random.rand(height, width) < 0.8)
    return np.maximum(pixels, 60 * (width < 3)).astype(np.uint8)


def _dust(random: np.random.RandomState) -> np.ndarray:
    """Several specks, far from each other, here and there with a hair."""
    image, brush = canvas()
    for x, y in random.uniform(0.05, 0.95, (random.randint(3, 16), 2)) * CANVAS:
        half = random.uniform(0.5, 5, 2)
        brush.ellipse(
            (x - half[0], y - half[1], x + half[0], y + half[1]), fill=random.randint(90, 256)
        )
    if random.rand() < 0.3:
        hair = _towards(random.uniform(-30, 30), CANVAS * random.uniform(0.2, 0.6))
        _line(brush, CANVAS * random.uniform(0.3, 0.7, 2), hair, 2)
    return np.asarray(image)


def _lying_line(random: np.random.RandomState) -> np.ndarray:
    """One straight line, long or short, that lies or leans a little."""
    image, brush = canvas()
    way = _towards(random.uniform(-30, 30), CANVAS * random.uniform(0.2, 0.9))
    _line(brush, np.full(2, CANVAS / 2), way, random.randint(2, CANVAS // 7))
    return np.asarray(image)


def _ruling(random: np.random.RandomState) -> np.ndarray:
    """Two to five parallel lines, lying or standing, some cut short."""
    image, brush = canvas()
    lines, turned = random.randint(2, 6), random.uniform(-8, 8) + 90 * (random.rand() < 0.3)
    apart, pen = CANVAS * random.uniform(0.12, 0.3), random.randint(2, CANVAS // 14)
    for number in range(lines):
        middle = CANVAS / 2 + _towards(turned + 90, apart * (number - (lines - 1) / 2))
        _line(brush, middle, _towards(turned, CANVAS * random.uniform(0.6, 1.4)), pen)
    return np.asarray(image)


def _squares(random: np.random.RandomState) -> np.ndarray:
    """Two lines or more across others: squared paper, a table's cells; a single one across two is an open 4."""
    image, brush = canvas()
    turned, apart = random.uniform(-8, 8), CANVAS * random.uniform(0.2, 0.4)
    pen, counts = random.randint(2, CANVAS // 14), random.randint(2, 5, 2)
    for angle, lines in zip((turned, turned + 90), counts, strict=True):
        for number in range(lines):
            middle = CANVAS / 2 + _towards(angle + 90, apart * (number - (lines - 1) / 2))
            _line(brush, middle, _towards(angle, 1.5 * CANVAS), pen)
    return np.asarray(image)


def _frame(random: np.random.RandomState) -> np.ndarray:
    """Four lines around nothing, each longer than the side it is on; or a rectangle and a slanting line across."""
    image, brush = canvas()
    turned, pen = random.uniform(-8, 8), random.randint(2, CANVAS // 14)
    sides = CANVAS * random.uniform(0.35, 0.6, 2)
    beyond = random.uniform(0.25, 0.6) if random.rand() < 0.6 else 0.0
    ends = [(turned, sides[0], sides[1]), (turned + 90, sides[1], sides[0])]
    for angle, along, across in ends:
        for way in (-across / 2, across / 2):
            middle = CANVAS / 2 + _towards(angle + 90, way)
            _line(brush, middle, _towards(angle, along * (1 + beyond)), pen)
    if not beyond:
        _line(
            brush,
            np.full(2, CANVAS / 2),
            _towards(random.choice([-1, 1]) * random.uniform(30, 60), CANVAS),
            pen,
        )
    return np.asarray(image)


def _corner(random: np.random.RandomState) -> np.ndarray:
    """Two edges that meet, of a page or a frame; not those that make a 7."""
    image, brush = canvas()
    turned, pen = random.uniform(-8, 8), _fine(random)
    along, down = [(1, 1), (1, -1), (-1, -1)][random.randint(3)]
    ends = CANVAS * random.uniform(0.4, 0.8, 2) * np.array([along, down])
    corner = CANVAS / 2 - ends / 2
    for angle, length in ((turned, ends[0]), (turned + 90, ends[1])):
        way = _towards(angle, length)
        _line(brush, corner + way / 2, way, pen)
    return np.asarray(image)


def _page_edge(random: np.random.RandomState) -> np.ndarray:
    """A bright part of the sheet from one of its sides to a slanted edge."""
    image, brush = canvas()
    near, far = CANVAS * random.uniform(0.05, 0.6, 2)
    brush.polygon([(0, 0), (CANVAS, 0), (CANVAS, far), (0, near)], fill=255)
    if random.rand() < 0.5:
        return np.asarray(image)[::-1]
    # On the left or right it is a strip: wide enough not to be a 1.
    strip = np.asarray(image).T[: random.randint(40, CANVAS)]
    return strip if strip.any(0).sum() > 0.5 * len(strip) else np.asarray(image)


def _grain(random: np.random.RandomState) -> np.ndarray:
    """Single pixels that stand out of nothing, few or many, cropped to where they are."""
    height, width = random.randint(8, 80, 2)
    height = min(height, int(1.3 * width))
    grain = random.rand(height, width) < 10 ** random.uniform(-2, -0.3)
    return (grain * random.randint(40, 256, (height, width))).astype(np.uint8)


def _blob(random: np.random.RandomState) -> np.ndarray:
    """A spot without a shape, with soft or hard edges."""
    image, brush = canvas()
    for x, y in random.uniform(0.35, 0.65, (random.randint(2, 8), 2)) * CANVAS:
        across, down = CANVAS * random.uniform(0.06, 0.22, 2)
        brush.ellipse((x - across, y - down, x + across, y + down), fill=255)
    blob = np.asarray(image.filter(ImageFilter.GaussianBlur(random.uniform(0, 8))))
    across, down = (np.count_nonzero(blob.any(axis)) for axis in (0, 1))
    return blob if down < 1.3 * across else blob.T


def _smear(random: np.random.RandomState) -> np.ndarray:
    """Something wiped: a broad lying band that fades from one end to the other."""
    image, brush = canvas()
    way = _towards(random.uniform(-30, 30), CANVAS * random.uniform(0.4, 0.7))
    _line(brush, np.full(2, CANVAS / 2), way, random.randint(CANVAS // 6, CANVAS // 3))
    fade = np.linspace(random.uniform(0, 0.6), 1, CANVAS)[:: random.choice([-1, 1])]
    streaks = random.uniform(0.5, 1, (CANVAS, 1))
    return (np.asarray(image) * fade * streaks).astype(np.uint8)


def _finger(random: np.random.RandomState) -> np.ndarray:
    """What a thumb covers at a side of the picture: a part of a disc, its straight side the picture's."""
    image, brush = canvas()
    x, radius = CANVAS * random.uniform(0.3, 0.7), CANVAS * random.uniform(0.25, 0.5)
    turns = random.randint(4)
    # Beside the picture's left or right less than half a disc would be a bent 1.
    y = CANVAS + radius * random.uniform(-0.5, 0 if turns % 2 else 0.5)
    brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.rot90(np.asarray(image), turns)


LEFTOVERS: dict[str, Callable[[np.random.RandomState], np.ndarray]] = {
    "a speck": _speck,
    "dust": _dust,
    "a line": _lying_line,
    "ruling": _ruling,
    "squares": _squares,
    "a frame": _frame,
    "a corner": _corner,
    "an edge": _page_edge,
    "grain": _grain,
    "a blob": _blob,
    "a smear": _smear,
    "a finger": _finger,
}
"""Functions from numpy's ``RandomState`` to a drawing, by name."""
