"""A sheet of paper over points of two classes, folded along a line for each ReLU.

The points lie in a plane, two numbers each. A linear layer alone is a flat sheet over them, above zero where it says
the one class and below where it says the other. Each ReLU is silent on one side of a line and rises on the other, so
it folds the sheet there. How far is worked out, by least squares; where the lines lie is the reader's matter.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from digitlib.style import COLOURS, GREY, THIN, WIDTH, Picture

__all__ = ["FOLDS", "draw_sheet", "eleven", "heights", "ring", "sheet"]

FOLDS = [(0.3, -0.5, 25), (-0.5, 0.2, 145), (0.25, 0.5, 265), (-0.3, -0.45, 205)]
"""Where folds lie before anybody moves them: a point on each, across and up, and degrees from the right, anticlockwise,
towards the side on which its unit speaks."""

_LITTLE = 1e-4  # added to the squares, so that two folds in one place can be told apart


def eleven(count: int = 80, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of two strokes: how bright the left and the right one are, from -1 (dark) to 1, and which are a 1.

    Args:
        count: how many.
        seed: of their places.

    Returns:
        Points ``(count, 2)``, to three decimals, and labels ``(count,)``: true where one stroke alone is bright.

    >>> points, ones = eleven()
    >>> points.shape, bool((ones == (points[:, 0] * points[:, 1] < 0)).all())
    ((80, 2), True)
    """
    random = np.random.RandomState(seed)
    bright = random.uniform(0.15, 0.95, (count, 2)) * random.choice([-1, 1], (count, 2))
    points = bright.round(3)
    return points, points.prod(axis=1) < 0


def ring(count: int = 80, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A spot and a ring around it.

    Args:
        count: how many points, half of them in the spot.
        seed: of their places.

    Returns:
        Points ``(count, 2)`` between -1 and 1, to three decimals, and labels ``(count,)``: true in the spot.

    >>> points, inside = ring()
    >>> lengths = (points**2).sum(axis=1) ** 0.5
    >>> bool(lengths[inside].max() < 0.4 < 0.65 < lengths[~inside].min())
    True
    """
    random = np.random.RandomState(seed)
    inside = np.arange(count) % 2 == 0
    spot, around = 0.38 * random.uniform(size=count) ** 0.5, random.uniform(0.68, 0.95, count)
    radius = np.where(inside, spot, around)
    turn = random.uniform(0, 2 * np.pi, count)
    points = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1).round(3)
    return points, inside


def _inputs(points: np.ndarray, folds: Sequence[tuple[float, float, float]]) -> np.ndarray:
    """What the outer layer sees of points ``(N, 2)``: 1, across, up, and what each unit says; ``(N, 3 + folds)``."""
    columns = [np.ones(len(points)), *points.T]
    for across, up, degrees in folds:
        turn = np.radians(degrees)
        ahead = (points - [across, up]) @ [np.cos(turn), np.sin(turn)]
        columns.append(np.maximum(ahead, 0))
    return np.stack(columns, axis=1)


def sheet(
    points: np.ndarray, labels: np.ndarray, folds: Sequence[tuple[float, float, float]]
) -> np.ndarray:
    """The outer weights that bring the sheet nearest to 1 at points of the one class, to -1 at the others'.

    Args:
        points: ``(N, 2)``.
        labels: ``(N,)``, true for the one class.
        folds: as :data:`FOLDS`.

    Returns:
        ``(3 + folds,)``: a bias, the slopes across and up, and how much each fold adds.

    >>> weights = sheet(*eleven(), FOLDS[:1])
    >>> weights.shape
    (4,)
    """
    seen = _inputs(points, folds)
    squares = seen.T @ seen + _LITTLE * np.eye(seen.shape[1])
    return np.linalg.solve(squares, seen.T @ np.where(labels, 1.0, -1.0))


def heights(
    points: np.ndarray, folds: Sequence[tuple[float, float, float]], weights: np.ndarray
) -> np.ndarray:
    """How high the sheet is over points ``(N, 2)``: ``(N,)``.

    >>> points, ones = eleven()
    >>> diagonal = [(0, 0, 45)]
    >>> flat, folded = (heights(points, folds, sheet(points, ones, folds)) for folds in ([], diagonal))
    >>> [int(((height > 0) != ones).sum()) for height in (flat, folded)]
    [29, 3]
    """
    return _inputs(points, folds) @ weights


def draw_sheet(
    points: np.ndarray, labels: np.ndarray, folds: Sequence[tuple[float, float, float]]
) -> Picture:
    """The points from above, the folds (dashed), and the line where the sheet is at zero; its good side is shaded.

    Args:
        points, labels, folds: as :func:`sheet` takes them.

    >>> draw_sheet(*ring(), FOLDS[:3])
    (a picture)
    """
    weights = sheet(points, labels, folds)
    grid = np.linspace(-1, 1, 201)
    across, up = np.meshgrid(grid, grid)
    high = heights(np.stack([across.ravel(), up.ravel()], axis=1), folds, weights)
    figure = Figure(figsize=(0.7 * WIDTH, 0.7 * WIDTH), facecolor="none", layout="constrained")
    axis = figure.subplots()
    axis.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[], aspect="equal")
    shown = high.reshape(across.shape)
    if shown.min() < 0 < shown.max():
        axis.contourf(across, up, shown, [0, np.inf], colors=COLOURS[0], alpha=0.2)
        axis.contour(across, up, shown, [0], colors=COLOURS[0], linewidths=2 * THIN)
    for x, y, degrees in folds:
        slope = (x, y), (x - np.sin(np.radians(degrees)), y + np.cos(np.radians(degrees)))
        axis.axline(*slope, color=GREY, linewidth=THIN, linestyle="--")
    for chosen, colour, marker in ((labels, COLOURS[0], "o"), (~labels, COLOURS[1], "x")):
        axis.plot(*points[chosen].T, marker, color=colour, markersize=5)
    return Picture(figure)
