"""The drawing of what is no digit: scribbles, letters, shapes, textures, and digits spoiled.

A kind is a function from numpy's ``RandomState``, and digits to spoil, to a drawing: uint8 ``(H, W)``, bright on dark.
:mod:`digitlib.drawn.nondigits` says which kinds a classifier may learn from.

>>> import numpy as np
>>> from digitlib import DigitClassifier
>>> from digitlib.drawn import sketches
>>> drawing = sketches.KINDS["scribbles"](np.random.RandomState(0), None)  # no digit is spoiled here
>>> drawing.shape, DigitClassifier.load().classify(drawing).reason
((140, 140), 'not a digit')
"""

import numpy as np
from PIL import Image, ImageFilter

from digitlib.data import Images
from digitlib.drawn.glyphs import typefaces
from digitlib.drawn.leftovers import leftover
from digitlib.drawn.strokes import CANVAS, any_pen, canvas, circle, curve, stroke
from digitlib.preprocess import SIDE, crop

__all__ = ["KINDS", "LETTERS", "LOOK_ALIKES", "SYMBOLS"]


def _ring(random: np.random.RandomState, corners: int, wobble: float) -> np.ndarray:
    """Corners round a centre, at about the same distance from it."""
    angles = random.uniform(0, 2 * np.pi) + np.arange(corners) * 2 * np.pi / corners
    radii = CANVAS * random.uniform(0.3, 0.42) * random.uniform(1 - wobble, 1, corners)
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return CANVAS / 2 + unit * radii[:, None]


def _scribble(random: np.random.RandomState, _digits: Images) -> np.ndarray:
    """A pen that wanders about without a plan, four times as far as it is wide or high; no digit has so long a line."""
    image, brush = canvas()
    way = np.zeros((1, 2))
    while np.hypot(*np.diff(way, axis=0).T).sum() < 4 * np.ptp(way, axis=0).max() + 1:
        points = random.uniform(0.1, 0.9, (random.randint(9, 25), 2)) * CANVAS
        if random.rand() < 0.5:  # from left to right and back, as one crosses something out
            points[:, 0] = np.sort(points[:, 0])
        way = curve(points)
    stroke(brush, way, max(3, any_pen(random) // 2))
    return np.asarray(image)


LOOK_ALIKES = "OolIiSsZzBbqgGCcDJjQTUYy"
"""Letters that are written like a digit by some people, in some typefaces: 0, 1, 5, 2, 8, 6 and 9.

To the first fourteen come those that a model which never saw a non-digit is sure of in most drawings, and that a hand
may mean by a digit: C and c (a 0 or 6 left open), D, Q and U (0), J and j (1), T (7), Y and y (a 4 left open)."""

LETTERS = "".join(
    sorted(set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") - set(LOOK_ALIKES))
)
"""The other letters."""
SYMBOLS = "?!&@#$%*+=<>~^{}§µ¶€£αβγδεθλπρστφψωΔΩΣΨΞ∞∑√∂≈≠≤≥←↑→↓♠♣♥♦★☺☼♪"
"""Characters that are neither digits nor letters from A to Z."""


def _glyph(random: np.random.RandomState, characters: str) -> np.ndarray:
    """One character in a random typeface, slanted and turned a little, bolder or finer than it was."""
    choice = typefaces(characters)
    glyphs = choice[random.randint(len(choice))]
    glyph = glyphs[characters[random.randint(len(characters))]]
    image = Image.fromarray(np.pad(glyph, CANVAS // 4))  # the margin is for the slant
    lean = random.uniform(-0.25, 0.25)
    slanted = (1, lean, -lean * image.height / 2, 0, 1, 0)
    image = image.transform(image.size, Image.Transform.AFFINE, slanted)
    image = image.rotate(random.uniform(-12, 12), Image.Resampling.BILINEAR)
    bolder = (None, ImageFilter.MaxFilter(3), ImageFilter.MaxFilter(5))
    if change := bolder[random.randint(len(bolder))]:
        image = image.filter(change)
    return np.asarray(image)


def _letter(random: np.random.RandomState, _digits: Images) -> np.ndarray:
    return _glyph(random, LETTERS)


def _look_alike(random: np.random.RandomState, _digits: Images) -> np.ndarray:
    return _glyph(random, LOOK_ALIKES)


def _symbol(random: np.random.RandomState, _digits: Images) -> np.ndarray:
    return _glyph(random, SYMBOLS)


def _shape(random: np.random.RandomState, _digits: Images) -> np.ndarray:
    """A polygon or a star, outlined or filled, a filled disc; any outline but a triangle's or a star's may be a 0."""
    image, brush = canvas()
    filled = random.rand() < 0.4
    star = random.rand() < 0.3
    corners = random.randint(3, 9 if filled else 6) if filled or star else 3
    points = _ring(random, corners, wobble=0.3)
    if star:  # every second corner near the centre, of an outline nearer than a triangle's sides
        points = _ring(random, 2 * corners, wobble=0.1)
        points[::2] = CANVAS / 2 + (points[::2] - CANVAS / 2) * random.uniform(
            0.3, 0.6 if filled else 0.5
        )
    if filled and random.rand() < 0.3:
        # Nearly round: a tall one would be a 1 under a thick pen.
        half = CANVAS * random.uniform(0.15, 0.35) * random.uniform(0.75, 1, 2)
        middle = CANVAS * random.uniform(0.4, 0.6, 2)
        brush.ellipse((*(middle - half), *(middle + half)), fill=255)
    elif filled:
        brush.polygon([tuple(point) for point in points], fill=255)
    else:
        stroke(brush, np.concatenate([points, points[:2]]), any_pen(random))
    return np.asarray(image)


def _texture(random: np.random.RandomState, _digits: Images) -> np.ndarray:
    """Noise of any grain, stripes, a chequered or a shaded field."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    style = random.randint(4)
    if style == 0:
        grain = random.randint(2, SIDE + 1)
        grains = random.randint(256, size=(grain, grain)).astype(np.uint8)
        how = Image.Resampling.BICUBIC if random.rand() < 0.5 else Image.Resampling.NEAREST
        field = np.asarray(Image.fromarray(grains).resize((SIDE, SIDE), how)) / 255.0
        field = np.where(random.rand() < 0.5, field, field > random.uniform(0.3, 0.7))
    else:
        angle, waves = random.uniform(0, np.pi), random.uniform(2, 8)
        along = np.cos(angle) * x + np.sin(angle) * y
        across = np.cos(angle) * y - np.sin(angle) * x
        field = {
            1: np.sin(2 * np.pi * waves * along) > random.uniform(-0.5, 0.5),
            2: (np.sin(2 * np.pi * waves * along) > 0) ^ (np.sin(2 * np.pi * waves * across) > 0),
            3: (along - along.min()) / np.ptp(along),
        }[style]
    return np.floor(255 * np.asarray(field, dtype=np.float64)).astype(np.uint8)


def _inverted(random: np.random.RandomState, digits: Images) -> np.ndarray:
    """A digit cut out of a bright field."""
    image = digits.images[random.randint(len(digits))].numpy()
    margin = random.randint(0, 5)
    return 255 - image[margin : SIDE - margin, margin : SIDE - margin]


def _doubled(random: np.random.RandomState, digits: Images) -> np.ndarray:
    """Two digits side by side, one above the other, or over each other."""
    first, second = (digits.images[i].numpy() for i in random.randint(len(digits), size=2))
    field = np.zeros((3 * SIDE, 3 * SIDE), dtype=np.uint8)
    field[SIDE : 2 * SIDE, SIDE : 2 * SIDE] = first
    away = [(17, 0), (0, 19), (5, 3)][random.randint(3)]
    left, top = SIDE + np.array(away) + random.randint(-3, 4, 2)
    part = field[top : top + SIDE, left : left + SIDE]
    np.maximum(part, second, out=part)
    return field


def _doodle(random: np.random.RandomState, _digits: Images) -> np.ndarray:
    """A face, a house, a stick figure, a flower, a tree or a fish, in a few strokes."""
    image, brush = canvas()
    pen = max(3, any_pen(random) // 2)
    subject = _DOODLES[random.randint(len(_DOODLES))]
    for line in subject:
        points = np.array(line, dtype=np.float64) + random.normal(0, 0.025, (len(line), 2))
        stroke(brush, curve(points * CANVAS) if len(line) > 3 else points * CANVAS, pen)
    return np.asarray(image)


_DOODLES = [
    [  # a face
        circle(0.5, 0.5, 0.38),
        [(0.37, 0.4), (0.37, 0.44)],
        [(0.63, 0.4), (0.63, 0.44)],
        [(0.33, 0.6), (0.42, 0.7), (0.58, 0.7), (0.67, 0.6)],
    ],
    [  # a house
        [(0.2, 0.9), (0.2, 0.45)],
        [(0.2, 0.45), (0.5, 0.12), (0.8, 0.45)],
        [(0.8, 0.45), (0.8, 0.9)],
        [(0.2, 0.9), (0.8, 0.9)],
        [(0.2, 0.45), (0.8, 0.45)],
        [(0.45, 0.9), (0.45, 0.65), (0.6, 0.65)],
        [(0.6, 0.65), (0.6, 0.9)],
    ],
    [  # a stick figure
        circle(0.5, 0.2, 0.11),
        [(0.5, 0.31), (0.5, 0.62)],
        [(0.25, 0.42), (0.75, 0.42)],
        [(0.3, 0.92), (0.5, 0.62), (0.7, 0.92)],
    ],
    [  # a flower
        circle(0.5, 0.3, 0.08),
        circle(0.5, 0.14, 0.08),
        circle(0.65, 0.28, 0.08),
        circle(0.59, 0.44, 0.08),
        circle(0.41, 0.44, 0.08),
        circle(0.35, 0.28, 0.08),
        [(0.5, 0.45), (0.5, 0.92)],
        [(0.5, 0.75), (0.7, 0.62)],
    ],
    [  # a tree
        [(0.5, 0.1), (0.28, 0.42)],
        [(0.5, 0.1), (0.72, 0.42)],
        [(0.28, 0.42), (0.72, 0.42)],
        [(0.5, 0.35), (0.2, 0.72)],
        [(0.5, 0.35), (0.8, 0.72)],
        [(0.2, 0.72), (0.8, 0.72)],
        [(0.5, 0.72), (0.5, 0.93)],
    ],
    [  # a fish
        [(0.12, 0.5), (0.3, 0.32), (0.55, 0.34), (0.72, 0.5), (0.9, 0.68)],
        [(0.12, 0.5), (0.3, 0.68), (0.55, 0.66), (0.72, 0.5), (0.9, 0.32)],
        [(0.9, 0.68), (0.9, 0.32)],
        [(0.28, 0.46), (0.29, 0.48)],
    ],
]  # fmt: skip


def _word(random: np.random.RandomState, _digits: Images) -> np.ndarray:
    """Two or three letters beside each other."""
    letters = [crop(_glyph(random, LETTERS)) for _ in range(random.randint(2, 4))]
    height, apart = max(map(len, letters)), random.randint(2, CANVAS // 8)
    return np.concatenate(
        [np.pad(letter, ((height - len(letter), 0), (0, apart))) for letter in letters], axis=1
    )


def _figure(random: np.random.RandomState, _digits: Images) -> np.ndarray:
    """Lines, arcs and small rings here and there, as in a drawing of something: more than a digit has of them."""
    image, brush = canvas()
    pen, parts, length = max(3, any_pen(random) // 2), 0, 0.0
    while parts < 4 or length < 4 * CANVAS:
        x, y = random.uniform(0.1, 0.9, 2)
        if random.rand() < 0.4:
            way = CANVAS * np.array([(x, y), random.uniform(0.05, 0.95, 2)])
        else:
            ring = circle(x, y, random.uniform(0.05, 0.3))
            points = np.roll(ring[:-1], random.randint(8), axis=0)[: random.randint(4, 9)]
            way = CANVAS * curve(points).clip(0.03, 0.97)
        stroke(brush, way, pen)
        parts, length = parts + 1, length + np.hypot(*np.diff(way, axis=0).T).sum()
    return np.asarray(image)


def _leftover(random: np.random.RandomState, _digits: Images) -> np.ndarray:
    return leftover(random)


KINDS = {
    "scribbles": _scribble,
    "letters": _letter,
    "shapes": _shape,
    "textures": _texture,
    "inverted": _inverted,
    "words": _word,
    "figures": _figure,
    "leftovers": _leftover,
    "doubled": _doubled,
    "symbols": _symbol,
    "doodles": _doodle,
    "look-alikes": _look_alike,
}
"""The kinds, by name."""
