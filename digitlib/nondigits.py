"""Things that people draw and that are no digits, made by program: for teaching a classifier to refuse, and for asking
whether it learned to.

Each kind is drawn with random pens, places and sizes, then goes through the same preprocessing as a drawing. The kinds
in :data:`SET_ASIDE` were chosen before any model had seen a non-digit. They are for measuring alone: nothing is trained
or tuned on them. Letters that some people write just like a digit are a group of their own, :data:`LOOK_ALIKES`: to
call an O a 0 is no mistake.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from digitlib.data import Digits
from digitlib.evaluate import Accuracy
from digitlib.preprocess import SIDE, NoInk, preprocess

__all__ = [
    "EXAM",
    "KINDS",
    "LOOK_ALIKES",
    "NOT_A_DIGIT",
    "SET_ASIDE",
    "TRAINED",
    "accepted",
    "draw",
    "mixed",
]

NOT_A_DIGIT = 10
"""The label of what is no digit, after the ten digits' own."""

EXAM = 1_000_003
"""The seed of the drawings that are measured on; recipes draw theirs with seeds of their own."""

CANVAS = 140
"""Pixels on each side of the canvas that non-digits are drawn on."""


def draw(kind: str, n: int, digits: Digits, seed: int) -> torch.Tensor:
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
    refused: Callable[[np.ndarray], np.ndarray], digits: Digits, n: int = 1_000
) -> dict[str, Accuracy]:
    """How many non-digits of each kind pass for digits: ``{kind: Accuracy}``, where "right" means accepted.

    Args:
        refused: takes uint8 ``(N, 28, 28)`` and says of each whether it is refused, such as
            :meth:`digitlib.DigitClassifier.refused`.
        digits: validation digits, what inverted and doubled digits are made of.
        n: how many of each kind; none of them was trained on.
    """
    return {
        kind: Accuracy(int((~refused(draw(kind, n, digits, EXAM).numpy())).sum()), n)
        for kind in KINDS
    }


def mixed(digits: Digits, share: float, seed: int) -> Digits:
    """Digits, and after them non-digits of the kinds in :data:`TRAINED`, labelled :data:`NOT_A_DIGIT`.

    Args:
        digits: the digits to learn from.
        share: how many non-digits for each digit, above 0; evenly of all kinds.
        seed: decides the drawings.
    """
    n = math.ceil(share * len(digits) / len(TRAINED))
    drawn = torch.cat([draw(kind, n, digits, seed) for kind in TRAINED])
    labels = torch.full((len(drawn),), NOT_A_DIGIT)
    return Digits(torch.cat([digits.images, drawn]), torch.cat([digits.labels, labels]))


# --- a canvas and a pen ---------------------------------------------------------------------------------------------


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (CANVAS, CANVAS))
    return image, ImageDraw.Draw(image)


def _pen(random) -> int:
    """A pen's width: a twentieth to a seventh of the canvas."""
    return random.randint(CANVAS // 20, CANVAS // 7 + 1)


def _stroke(brush: ImageDraw.ImageDraw, points, pen: int) -> None:
    """A line through points ``(K, 2)``, with round ends."""
    points = [tuple(map(float, point)) for point in points]
    brush.line(points, fill=255, width=pen, joint="curve")
    for x, y in (points[0], points[-1]):
        r = pen / 2
        brush.ellipse((x - r, y - r, x + r, y + r), fill=255)


def _curve(points: np.ndarray, steps: int = 8) -> np.ndarray:
    """A smooth line through points ``(K, 2)``: Catmull and Rom's spline."""
    p = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )
        for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True)
    ]
    return np.concatenate([*pieces, points[-1:]])


def _ring(random, corners: int, wobble: float) -> np.ndarray:
    """Corners round a centre, at about the same distance from it."""
    angles = random.uniform(0, 2 * np.pi) + np.arange(corners) * 2 * np.pi / corners
    radii = CANVAS * random.uniform(0.3, 0.42) * random.uniform(1 - wobble, 1, corners)
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return CANVAS / 2 + unit * radii[:, None]


# --- the kinds ------------------------------------------------------------------------------------------------------


def _scribble(random, _digits) -> np.ndarray:
    """A pen that wanders about without a plan; at least nine turns, since with few it may well write a digit."""
    image, brush = _canvas()
    points = random.uniform(0.1, 0.9, (random.randint(9, 25), 2)) * CANVAS
    if random.rand() < 0.5:  # from left to right and back, as one crosses something out
        points[:, 0] = np.sort(points[:, 0])
    _stroke(brush, _curve(points), max(3, _pen(random) // 2))
    return np.asarray(image)


LOOK_ALIKES = "OolIiSsZzBbqgG"
"""Letters that are written like a digit by some people, in some typefaces: 0, 1, 5, 2, 8, 6 and 9."""

_LETTERS = "".join(
    sorted(
        set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") - set(LOOK_ALIKES)
    )
)
_SYMBOLS = "?!&@#$%*+=<>~^{}§µ¶€£αβγδεθλπρστφψωΔΩΣΨΞ∞∑√∂≈≠≤≥←↑→↓♠♣♥♦★☺☼♪"


@lru_cache
def _fonts(text: str) -> list[ImageFont.FreeTypeFont]:
    """The typefaces that come with matplotlib and have glyphs of their own for every character of a text."""
    import matplotlib  # half a second, which no other training need wait for

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    names = [*folder.glob("DejaVuS*.ttf"), *folder.glob("STIXGeneral*.ttf")]
    if text.isascii():
        names += [folder / f"cm{style}10.ttf" for style in ("b", "r", "ss", "ti", "tt")]
    fonts = [ImageFont.truetype(str(name), CANVAS // 2) for name in sorted(names)]
    return [font for font in fonts if _has(font, text)]


def _has(font: ImageFont.FreeTypeFont, text: str) -> bool:
    """Whether a typeface draws each character otherwise than one that no typeface has."""
    missing = bytes(font.getmask("\U0010fffe"))
    return all(
        bytes(font.getmask(character)) not in (b"", missing) for character in text
    )


def _glyph(random, characters: str) -> np.ndarray:
    """One character in a random typeface, slanted and turned a little, bolder or finer than it was."""
    fonts = _fonts(characters)
    font = fonts[random.randint(len(fonts))]
    character = characters[random.randint(len(characters))]
    left, top, right, bottom = font.getbbox(character)
    margin = CANVAS // 4  # for the slant
    image = Image.new("L", (right - left + 2 * margin, bottom - top + 2 * margin))
    place = margin - left, margin - top
    ImageDraw.Draw(image).text(place, character, fill=255, font=font)
    lean = random.uniform(-0.25, 0.25)
    slanted = (1, lean, -lean * image.height / 2, 0, 1, 0)
    image = image.transform(image.size, Image.Transform.AFFINE, slanted)
    image = image.rotate(random.uniform(-12, 12), Image.Resampling.BILINEAR)
    bolder = (None, ImageFilter.MaxFilter(3), ImageFilter.MaxFilter(5))
    if change := bolder[random.randint(len(bolder))]:
        image = image.filter(change)
    return np.asarray(image)


def _letter(random, _digits) -> np.ndarray:
    return _glyph(random, _LETTERS)


def _look_alike(random, _digits) -> np.ndarray:
    return _glyph(random, LOOK_ALIKES)


def _symbol(random, _digits) -> np.ndarray:
    return _glyph(random, _SYMBOLS)


def _shape(random, _digits) -> np.ndarray:
    """A polygon or a star, outlined or filled, or a filled disc; an outlined ellipse would be a 0."""
    image, brush = _canvas()
    filled = random.rand() < 0.4
    corners = random.randint(3, 9 if filled else 6)  # the outline of more is a 0
    points = _ring(random, corners, wobble=0.3)
    if random.rand() < 0.3:  # a star: every second corner near the centre
        points = _ring(random, 2 * corners, wobble=0.1)
        points[::2] = CANVAS / 2 + (points[::2] - CANVAS / 2) * random.uniform(0.3, 0.6)
    if filled and random.rand() < 0.3:
        low, high = np.sort(random.uniform(0.1, 0.9, (2, 2)), axis=0) * CANVAS
        brush.ellipse((*low, *(high + CANVAS / 10)), fill=255)
    elif filled:
        brush.polygon([tuple(point) for point in points], fill=255)
    else:
        _stroke(brush, np.concatenate([points, points[:2]]), _pen(random))
    return np.asarray(image)


def _texture(random, _digits) -> np.ndarray:
    """Noise of any grain, stripes, a chequered or a shaded field."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    style = random.randint(4)
    if style == 0:
        grain = random.randint(2, SIDE + 1)
        field = random.randint(256, size=(grain, grain)).astype(np.uint8)
        how = (
            Image.Resampling.BICUBIC
            if random.rand() < 0.5
            else Image.Resampling.NEAREST
        )
        field = np.asarray(Image.fromarray(field).resize((SIDE, SIDE), how)) / 255.0
        field = np.where(random.rand() < 0.5, field, field > random.uniform(0.3, 0.7))
    else:
        angle, waves = random.uniform(0, np.pi), random.uniform(2, 8)
        along = np.cos(angle) * x + np.sin(angle) * y
        across = np.cos(angle) * y - np.sin(angle) * x
        field = {
            1: np.sin(2 * np.pi * waves * along) > random.uniform(-0.5, 0.5),
            2: (np.sin(2 * np.pi * waves * along) > 0)
            ^ (np.sin(2 * np.pi * waves * across) > 0),
            3: (along - along.min()) / np.ptp(along),
        }[style]
    return np.floor(255 * np.asarray(field, dtype=np.float64)).astype(np.uint8)


def _inverted(random, digits: Digits) -> np.ndarray:
    """A digit cut out of a bright field."""
    image = digits.images[random.randint(len(digits))].numpy()
    margin = random.randint(0, 5)
    return 255 - image[margin : SIDE - margin, margin : SIDE - margin]


def _doubled(random, digits: Digits) -> np.ndarray:
    """Two digits side by side, one above the other, or over each other."""
    first, second = (
        digits.images[i].numpy() for i in random.randint(len(digits), size=2)
    )
    field = np.zeros((3 * SIDE, 3 * SIDE), dtype=np.uint8)
    field[SIDE : 2 * SIDE, SIDE : 2 * SIDE] = first
    away = [(17, 0), (0, 19), (5, 3)][random.randint(3)]
    left, top = SIDE + np.array(away) + random.randint(-3, 4, 2)
    part = field[top : top + SIDE, left : left + SIDE]
    np.maximum(part, second, out=part)
    return field


def _doodle(random, _digits) -> np.ndarray:
    """A face, a house, a stick figure, a flower, a tree or a fish, in a few strokes."""
    image, brush = _canvas()
    pen = max(3, _pen(random) // 2)
    subject = _DOODLES[random.randint(len(_DOODLES))]
    for line in subject:
        points = np.array(line, dtype=np.float64) + random.normal(
            0, 0.025, (len(line), 2)
        )
        _stroke(
            brush, _curve(points * CANVAS) if len(line) > 3 else points * CANVAS, pen
        )
    return np.asarray(image)


def _circle(x: float, y: float, r: float) -> list[tuple[float, float]]:
    """Nine points round a circle, the last where the first is."""
    angles = np.linspace(0, 2 * np.pi, 9)
    return [(x + r * math.cos(a), y + r * math.sin(a)) for a in angles]


_DOODLES = [
    [  # a face
        _circle(0.5, 0.5, 0.38),
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
        _circle(0.5, 0.2, 0.11),
        [(0.5, 0.31), (0.5, 0.62)],
        [(0.25, 0.42), (0.75, 0.42)],
        [(0.3, 0.92), (0.5, 0.62), (0.7, 0.92)],
    ],
    [  # a flower
        _circle(0.5, 0.3, 0.08),
        _circle(0.5, 0.14, 0.08),
        _circle(0.65, 0.28, 0.08),
        _circle(0.59, 0.44, 0.08),
        _circle(0.41, 0.44, 0.08),
        _circle(0.35, 0.28, 0.08),
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

TRAINED = ("scribbles", "letters", "shapes", "textures", "inverted")
"""Kinds that a classifier may learn from."""

SET_ASIDE = ("doubled", "symbols", "doodles")
"""Kinds for measuring alone."""

KINDS = {
    "scribbles": _scribble,
    "letters": _letter,
    "shapes": _shape,
    "textures": _texture,
    "inverted": _inverted,
    "doubled": _doubled,
    "symbols": _symbol,
    "doodles": _doodle,
    "look-alikes": _look_alike,
}
