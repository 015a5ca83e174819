"""A network drawn: a column of circles for each layer, all joined to the next, with the shapes below.

Of a wide layer the first and last circles are drawn, and dots for the rest. Grey and the chapters' colours on no
ground, as in :mod:`digitlib.show`.
"""

from collections.abc import Sequence
from itertools import pairwise, product

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digitlib.style import COLOURS, GREY, THIN, TYPE, WIDTH, Picture

__all__ = ["draw_layers"]

_DRAWN = 10  # circles in a column, at most; of a wider one its first and last three
_BY = "\N{MULTIPLICATION SIGN}"


def draw_layers(
    widths: Sequence[int], names: Sequence[str], between: Sequence[str] = ()
) -> Picture:
    """Layers side by side, with the shape of what flows through each, and of the matrix between each two.

    Args:
        widths: how many numbers each layer holds for one image.
        names: what these are, such as ``"pixels"``; one for each layer.
        between: what happens behind each matrix, such as ``"ReLU"``, or ``""`` for nothing; nothing anywhere if left
            out.

    Raises:
        ValueError: fewer than two layers, or another number of names or of what happens between.

    >>> from digitlib.book.layers import draw_layers
    >>> draw_layers((784, 256, 10), ("pixels", "hidden units", "scores"), ("ReLU", ""))
    (a picture)
    """
    between = between or [""] * (len(widths) - 1)
    if len(widths) < 2 or len(names) != len(widths) or len(between) != len(widths) - 1:
        raise ValueError(
            "expected two layers or more, a name for each and what happens between, "
            f"got {len(widths)}, {len(names)} and {len(between)}"
        )
    figure = Figure(figsize=(WIDTH / 3 * len(widths), 3), facecolor="none", layout="constrained")
    axis = figure.subplots()
    axis.set_axis_off()
    axis.set(xlim=(-0.45, len(widths) - 0.55), ylim=(-1.8, 1.25))
    for place, ((left, right), happens) in enumerate(zip(pairwise(widths), between, strict=True)):
        for low, high in product(_heights(left), _heights(right)):
            axis.plot([place, place + 1], [low, high], color=GREY, alpha=0.35, linewidth=THIN)
        _write(
            axis, place + 0.5, -1.18, f"$W$: {left:,} {_BY} {right:,}\n$b$: {right:,}\n{happens}"
        )
    for place, (width, name) in enumerate(zip(widths, names, strict=True)):
        _column(axis, place, width)
        _write(axis, place, 1.2, f"{width:,} {name}")
        _write(axis, place, -1.18, f"$n$ {_BY} {width:,}")
    return Picture(figure)


def _heights(width: int) -> list[float]:
    """Where a column's circles are, from -1 to 1 at most."""
    count = min(width, _DRAWN)
    places = [(i - (count - 1) / 2) / _DRAWN * 2 for i in range(count)]
    return places if width <= _DRAWN else places[:3] + places[-3:]


def _column(axis: Axes, place: int, width: int) -> None:
    heights = _heights(width)
    axis.plot([place] * len(heights), heights, "o", color=COLOURS[0], markersize=8)
    if width > _DRAWN:
        axis.plot([place] * 3, [-0.12, 0, 0.12], "o", color=GREY, markersize=2.5)


def _write(axis: Axes, x: float, y: float, text: str) -> None:
    axis.text(x, y, text, ha="center", va="top", color=GREY, fontsize=TYPE, linespacing=1.4)
