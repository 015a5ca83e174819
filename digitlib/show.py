"""Figures for notebooks and pages, readable on a light and on a dark background.

Every figure comes as a :class:`~digitlib.style.Picture`: PNG bytes with a transparent ground, drawn without pyplot, so
that no global state is touched. How they look is said in :mod:`digitlib.style`.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import pairwise
from textwrap import fill
from typing import Any, Protocol

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from digitlib.accuracy import Share
from digitlib.plain import one_line
from digitlib.style import COLOURS, DPI, GREY, STYLE, THIN, TYPE, WIDTH, Picture

__all__ = [
    "NUMBERED",
    "VIEW",
    "bars",
    "bundle",
    "curves",
    "digits",
    "intervals",
    "lines",
    "matrix",
    "reliability",
    "written",
]

VIEW = "application/vnd.jupyter.widget-view+json"
"""The output type that a notebook needs a kernel for; a stored notebook keeps the picture beside it."""

NUMBERED = 20
"""A matrix of at most so many rows has its numbers in its cells; of more they couldn't be read."""

_MARKED = 20  # points of a curve; the markers of more would hide it


class _Widget(Protocol):
    """What a notebook's own code shows in a page, found by its number."""

    model_id: str


def written(names: Sequence[str], most: int = 14) -> list[str]:
    """Names of classes as pictures have them, each another.

    A name of more than ``most`` characters is left out in its middle. One that this doesn't tell from another, or for
    which the typeface has no letters, is its number in the order of the classes: ``#3``, or ``no. 3`` beside names that
    begin with ``#``.

    >>> written(["oak", "horse chestnut tree", "a beech in our woods", "a beech in old woods"])
    ['oak', 'horse c…t tree', '#2', '#3']
    """
    shown = [_shortened(one_line(name), most) for name in names]
    sign = "#" if not any(name.startswith("#") for name in shown) else "no. "
    return [
        name if shown.count(name) == 1 and _has_letters(name) else f"{sign}{number}"
        for number, name in enumerate(shown)
    ]


def _shortened(name: str, most: int) -> str:
    end = (most - 1) // 2
    return name if len(name) <= most else f"{name[: most - 1 - end].strip()}…{name[-end:].strip()}"


def _has_letters(name: str) -> bool:
    return all(map(_typeface().get_char_index, map(ord, name)))


@cache
def _typeface() -> FT2Font:
    """Of every picture: matplotlib's own, unless the reader chose another."""
    return font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))


def bundle(widget: _Widget, still: bytes, text: str) -> dict:
    """The output of an ipywidgets widget: its view, with a PNG and a text for where there is no kernel.

    Args:
        widget: of ipywidgets 7 or 8; its view needs the kernel.
        still: a PNG's bytes, the picture beside it.
        text: what is read where no picture is.

    Returns:
        By their media types, what ``IPython.display.display(…, raw=True)`` takes.

    >>> import numpy as np
    >>> from ipywidgets import IntSlider
    >>> sorted(bundle(IntSlider(), digits(np.zeros((1, 28, 28))).png, "a slider"))
    ['application/vnd.jupyter.widget-view+json', 'image/png', 'text/plain']
    """
    # By hand, as ipywidgets 7, which Colab has, and 8 share no method that returns it.
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    picture = base64.b64encode(still).decode()
    return {VIEW: view, "image/png": picture, "text/plain": text}


def digits(
    images: Collection[ArrayLike],
    titles: Sequence[str] | None = None,
    columns: int = 10,
    size: float = WIDTH / 10,
) -> Picture:
    """Images ``(N, H, W)`` in rows of ``columns``, each ``size`` inches wide, with a title above each or none.

    A row that would be wider than :data:`~digitlib.style.WIDTH` has smaller images.

    Args:
        images: grey levels, 0 (black) to 255 (white).
        titles: one for each image, of a line or more.
        columns: images in a row.
        size: inches.

    >>> import numpy as np
    >>> digits(np.zeros((3, 28, 28)), titles=["a 3", "a 5", "blank"], columns=3)
    (a picture)
    """
    rows, size = -(-len(images) // columns), min(size, WIDTH / columns)
    lines = 1 + max(title.count("\n") for title in titles) if titles else 0
    height = size + (0.05 + 0.165 * lines if titles else 0)
    close: dict[Any, Any] = {f"figure.constrained_layout.{side}_pad": 0.02 for side in "wh"}
    with matplotlib.rc_context({**STYLE, **close}):
        figure = Figure(figsize=(columns * size, rows * height))
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for axis in axes:
            axis.set_axis_off()
        for i, (axis, image) in enumerate(zip(axes, images, strict=False)):
            few = (
                2 * np.shape(image)[0] < size * DPI
            )  # its pixels are seen as such, and have straight edges
            how = "nearest" if few else "auto"
            axis.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation=how)
            if titles:
                axis.set_title(titles[i], pad=3, parse_math=False)
        return Picture(figure)


def bars(
    heights: Sequence[float],
    names: Sequence[str] | None = None,
    ylabel: str = "",
    top: float | None = None,
) -> Picture:
    """A bar for each height, named below: by default 0, 1, 2, …

    >>> bars([0.99, 0.97, 0.98], names=["ash", "oak", "yew"], ylabel="accuracy", top=1)
    (a picture)
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 2.2))
        axis = figure.subplots()
        axis.bar(range(len(heights)), heights, color=COLOURS[0])
        room = 56 // len(heights)  # letters below a bar
        names = [fill(name, room) for name in names or map(str, range(len(heights)))]
        axis.set_xticks(range(len(heights)), names)
        axis.grid(axis="y")
        axis.set(ylabel=ylabel, ylim=(0, top) if top else None)
        return Picture(figure)


def lines(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str = "",
    ylabel: str = "",
    ylim: tuple[float, float] | None = None,
    doubling: bool = False,
) -> Picture:
    """Curves ``{name: (x, y)}`` in one frame, each with dashes of its own, and with markers where its points are few.

    Their names stand at their ends where there is room, else in a legend.

    With ``doubling`` each doubling of x is as wide as the next, and the points' own x are marked.

    >>> epochs = [1, 2, 3]
    >>> losses = {"training": (epochs, [0.5, 0.2, 0.1]), "validation": (epochs, [0.3, 0.2, 0.2])}
    >>> lines(losses, xlabel="epoch", ylabel="loss", ylim=(0, 0.6))
    (a picture)
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 2.8))
        axis = figure.subplots()
        for name, (x, y) in curves.items():
            [line] = axis.plot(x, y, label=name)
            if len(x) > _MARKED:
                line.set_marker("")
        steps = sorted({float(step) for x, _ in curves.values() for step in x})
        if doubling:
            axis.set_xscale("log", base=2)
            axis.set_xticks(steps, [f"{step:,g}" for step in steps])
        elif all(map(float.is_integer, steps)):
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))  # no epoch 1.5
        axis.set(xlabel=xlabel, ylabel=ylabel, ylim=ylim)
        axis.grid(axis="y")
        if len(curves) > 1:
            _name(figure, axis)
        return Picture(figure)


def _name(figure: Figure, axis: Axes) -> None:
    """Name curves at their right ends, where these are far enough from each other, else in a legend."""
    figure.draw_without_rendering()  # or nothing has its place yet
    ends = {str(line.get_label()): np.asarray(line.get_xydata())[-1] for line in axis.lines}
    right, heights = axis.transData.transform(list(ends.values())).T
    heights.sort()
    line_height = 1.3 * TYPE * figure.dpi / 72
    apart = all(upper - lower >= line_height for lower, upper in pairwise(heights))
    inside = all(axis.bbox.y0 <= y <= axis.bbox.y1 for y in heights)
    short = all(len(name) <= 12 for name in ends)
    if not (apart and inside and np.ptp(right) < 1 and short):
        axis.legend()
        return
    for name, (x, y) in ends.items():
        axis.annotate(
            name,
            (x, y),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )


def curves(
    models: Mapping[str, Mapping[str, Mapping[float, Share]]],
    units: Mapping[str, str],
) -> Picture:
    """Accuracy against severity: a small frame for each kind of corruption, in it a curve with its band for each model.

    Bands are 95 % intervals. Severities go from mild at the left to strong at the right, and all frames share one scale
    of accuracy.

    Args:
        models: for each model's name what :func:`digitlib.report.corruptions.curves` found, the same kinds for all.
        units: what the severities of each kind are, by kind.

    >>> from digitlib.accuracy import Accuracy
    >>> noise = {0.0: Accuracy(98, 100), 0.2: Accuracy(91, 100), 0.4: Accuracy(60, 100)}
    >>> curves({"quick": {"noise": noise}}, units={"noise": "standard deviation"})
    (a picture)
    """
    kinds = list(next(iter(models.values())))
    rows = -(-len(kinds) // 2)
    # Space between rows: a title near its own frame.
    with matplotlib.rc_context({**STYLE, "figure.constrained_layout.h_pad": 0.1}):
        figure = Figure(figsize=(WIDTH, 0.4 + 1.45 * rows))
        axes = figure.subplots(rows, 2, sharey=True, squeeze=False).ravel()
        for axis, kind in zip(axes, kinds, strict=False):
            _frame(axis, kind, {name: found[kind] for name, found in models.items()})
            axis.set(xlabel=units[kind])
        for axis in axes[len(kinds) :]:
            axis.set_axis_off()
        figure.supylabel("accuracy (%)")
        if len(models) > 1:
            figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
        return Picture(figure)


def _frame(axis: Axes, kind: str, models: Mapping[str, Mapping[float, Share]]) -> None:
    """One kind's frame of :func:`curves`."""
    for name, curve in models.items():
        severities, found = list(curve), list(curve.values())
        low, high = 100 * np.array([accuracy.interval for accuracy in found]).T
        values = [100 * accuracy.value for accuracy in found]
        [line] = axis.plot(severities, values, label=name)
        axis.fill_between(severities, low, high, color=line.get_color(), alpha=0.3, linewidth=0)
    axis.set_xticks(severities, [f"{severity:g}" for severity in severities])
    if severities[0] > severities[-1]:
        axis.invert_xaxis()
    axis.grid(axis="y")
    axis.set_title(kind)


def reliability(bins: Sequence[tuple[float, Share]]) -> Picture:
    """How often a model was right against how sure it was, with 95 % intervals and the line on which both are equal.

    Args:
        bins: what :func:`digitlib.calibrate.reliability` found.

    >>> from digitlib.accuracy import Accuracy
    >>> reliability([(0.62, Accuracy(55, 100)), (0.99, Accuracy(97, 100))])
    (a picture)
    """
    sure = 100 * np.array([sureness for sureness, _ in bins])
    right = 100 * np.array([accuracy.value for _, accuracy in bins])
    low, high = 100 * np.array([accuracy.interval for _, accuracy in bins]).T
    ends = min(low.min(), sure.min()), max(high.max(), sure.max())
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4, 4))
        axis = figure.subplots()
        axis.plot(ends, ends, "--", color=GREY, linewidth=THIN, marker="")
        axis.vlines(sure, low, high, color=COLOURS[0])
        axis.plot(sure, right, "o", color=COLOURS[0])
        axis.set(xlabel="how sure it was (%)", ylabel="how often it was right (%)")
        axis.set_aspect("equal")
        axis.locator_params(nbins=6)  # the same marks on both
        return Picture(figure)


def intervals(
    shares: Sequence[Share],
    names: Sequence[str],
    xlabel: str = "accuracy (%)",
) -> Picture:
    """Shares with their 95 % intervals, one a row, named at the left.

    >>> from digitlib.accuracy import Accuracy
    >>> intervals([Accuracy(98, 100), Accuracy(980, 1000)], ["of 100", "of 1,000"])
    (a picture)
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 0.6 + 0.24 * len(names)))
        axis = figure.subplots()
        rows = range(len(shares))
        low, high = 100 * np.array([share.interval for share in shares]).T
        axis.hlines(rows, low, high, color=COLOURS[0])
        axis.plot([100 * share.value for share in shares], rows, "o", color=COLOURS[0])
        axis.set_yticks(range(len(names)), names, parse_math=False)
        axis.set_ylim(len(names) - 0.4, -0.6)
        axis.grid(axis="x")
        axis.set(xlabel=xlabel)
        return Picture(figure)


def matrix(
    values: ArrayLike,
    xlabel: str = "",
    ylabel: str = "",
    hide_diagonal: bool = False,
    width: float = WIDTH,
    names: Sequence[str] | None = None,
) -> Picture:
    """A square matrix as coloured cells, zeros empty, with its numbers where it has at most :data:`NUMBERED` rows.

    The diagonal's colour may be left out. Rows and columns are named, by default 0, 1, 2, …

    >>> matrix([[48, 2], [5, 45]], "named", "is", hide_diagonal=True, names=["cat", "dog"])
    (a picture)
    """
    values = np.asarray(values)
    names = names or [str(number) for number in range(len(values))]
    shades = values * ~np.eye(len(values), dtype=bool) if hide_diagonal else values
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, width - 0.4))
        axis = figure.subplots()
        axis.imshow(
            np.ma.masked_equal(shades, 0),
            cmap="YlOrBr",
            vmin=0,
            vmax=2 * max(1, shades.max()),
        )
        if len(values) <= NUMBERED:
            _number(axis, values, shades)
        upright = max(map(len, names)) < 3
        axis.set_xticks(range(len(names)), names, rotation=0 if upright else 90, parse_math=False)
        axis.set_yticks(range(len(names)), names, parse_math=False)
        axis.set(xlabel=xlabel, ylabel=ylabel)
        return Picture(figure)


def _number(axis: Axes, values: np.ndarray, shades: np.ndarray) -> None:
    """Write the numbers of a matrix into its cells: black on a colour, else grey."""
    for (row, column), value in np.ndenumerate(values):
        if value:
            colour = "black" if shades[row, column] > 0 else GREY
            axis.text(column, row, value, ha="center", va="center", color=colour)
