"""A canvas and a pen, for drawing by program."""

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
    """An empty canvas, dark, and what draws on it."""
    image = Image.new("L", (CANVAS, CANVAS))
    return image, ImageDraw.Draw(image)


def any_pen(random: np.random.RandomState) -> int:
    """A pen's width: a twentieth to a seventh of the canvas."""
    return random.randint(CANVAS // 20, CANVAS // 7 + 1)


def stroke(
    brush: ImageDraw.ImageDraw, points: Iterable[Sequence[float]] | np.ndarray, pen: int
) -> None:
    """Draw a bright line through points ``(K, 2)``, x before y, with round ends."""
    points = [tuple(map(float, point)) for point in points]
    brush.line(points, fill=255, width=pen, joint="curve")
    for x, y in (points[0], points[-1]):
        r = pen / 2
        brush.ellipse((x - r, y - r, x + r, y + r), fill=255)


def curve(points: np.ndarray, steps: int = 8) -> np.ndarray:
    """A smooth line through points ``(K, 2)``: Catmull and Rom's spline, ``steps`` points for each piece."""
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
    """Nine points round a circle, clockwise from its right, the last where the first is."""
    angles = np.linspace(0, 2 * np.pi, 9)
    return [(x + r * math.cos(a), y + r * math.sin(a)) for a in angles]
