"""A canvas and a pen, for drawing by program.

A ring, drawn with a pen of any width, is a 0:

>>> import numpy as np
>>> from digitlib import DigitClassifier
>>> from digitlib.drawn import strokes
>>> image, brush = strokes.canvas()
>>> ring = strokes.CANVAS * np.array(strokes.circle(0.5, 0.5, 0.3))
>>> strokes.stroke(brush, strokes.curve(ring), strokes.any_pen(np.random.RandomState(0)))
>>> drawing = np.asarray(image)
>>> drawing.shape, drawing[70, [70, 112]].tolist()  # dark in the middle, bright on the ring
((140, 140), [0, 255])
>>> DigitClassifier.load().classify(drawing).name
'0'
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw

__all__ = ["CANVAS", "EXAM", "any_pen", "canvas", "circle", "curve", "stroke"]

CANVAS = 140
"""Pixels on each side of the canvas."""

EXAM = 1_000_003
"""The seed of the drawings that are measured on; recipes draw theirs with seeds of their own."""


def canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty canvas, grey levels ``(140, 140)``, all dark, and what draws on it."""
    image = Image.new("L", (CANVAS, CANVAS))
    return image, ImageDraw.Draw(image)


def any_pen(random: np.random.RandomState) -> int:
    """A pen's width in pixels: a twentieth to a seventh of the canvas, 7 to 20."""
    return random.randint(CANVAS // 20, CANVAS // 7 + 1)


def stroke(
    brush: ImageDraw.ImageDraw, points: Iterable[Sequence[float]] | np.ndarray, pen: int
) -> None:
    """Draw a bright line with round ends.

    Args:
        brush: what draws on the canvas.
        points: ``(K, 2)``, at least one, in pixels from the upper left corner, x before y.
        pen: the line's width in pixels.
    """
    points = [tuple(map(float, point)) for point in points]
    brush.line(points, fill=255, width=pen, joint="curve")
    for x, y in (points[0], points[-1]):
        r = pen / 2
        brush.ellipse((x - r, y - r, x + r, y + r), fill=255)


def curve(points: np.ndarray, steps: int = 8) -> np.ndarray:
    """A smooth line through points: Catmull and Rom's spline.

    Args:
        points: ``(K, 2)``.
        steps: how many points each of the ``K - 1`` pieces gets.

    Returns:
        ``((K - 1) * steps + 1, 2)``, the given points among them.
    """
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


def circle(x: float, y: float, r: float) -> list[tuple[float, float]]:
    """Nine points (x, y) round a circle, in its own units, clockwise from its right, the last where the first is."""
    angles = np.linspace(0, 2 * np.pi, 9)
    return [(x + r * math.cos(a), y + r * math.sin(a)) for a in angles]
