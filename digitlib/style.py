"""How every figure looks: its palette, its sizes, and what it is when it is drawn.

Readable on a light and on a dark background: a transparent ground, one size of type, one weight of lines for data
and a thin one for what stands around. Curves are told apart by dashes and markers, not by colour alone.
"""

import io
from typing import Any

from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

__all__ = ["COLOURS", "DPI", "GREY", "STYLE", "THIN", "TYPE", "WIDTH", "Picture"]

GREY = "#767676"
"""Of type: 4.5 : 1 against a white page. None has that on a dark one too; the book and the report lighten it there."""

COLOURS = ["#2b83c6", "#d1661b", "#2b9a72", "#b264a3"]
"""Of data: more than 3 : 1 against a white page and a dark one, and told apart by colour-blind readers."""

WIDTH = 5.25
"""Inches of 96 pixels, as on pages: so wide is a picture at most. A telephone shows it at seven tenths."""

TYPE = 9.75
"""Points: 13 pixels, of which a telephone's seven tenths leave 9."""

THIN = 0.75
"""Points, a pixel: the weight of axes and of whatever else isn't data, which has twice that."""

DPI = 160
"""Five pixels of the file to three of a page; six would make notebooks a quarter larger."""

STYLE: dict[Any, Any] = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(
        color=COLOURS,
        marker=["o", "s", "^", "D"],
        linestyle=["-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1))],
    ),
    "lines.linewidth": 2 * THIN,
    "lines.markersize": 5,
    "font.size": TYPE,
    "axes.titlesize": TYPE,
    "figure.labelsize": TYPE,
    "legend.frameon": False,
    "legend.handlelength": 3,  # or dashes don't show
    "figure.constrained_layout.use": True,
    "grid.alpha": 0.3,
    **{key: THIN for key in ("axes.linewidth", "grid.linewidth")},
    **{f"{axis}tick.major.width": THIN for axis in "xy"},
    **{
        key: GREY
        for key in (
            "text.color",
            "axes.labelcolor",
            "axes.edgecolor",
            "grid.color",
            "xtick.color",
            "ytick.color",
        )
    },
}
"""Settings of matplotlib, for its ``rc_context``."""


class Picture:
    """A figure as PNG bytes, shown by a notebook.

    Attributes:
        png: the file's bytes.
        size: ``width`` and ``height`` to show it in, in a page's pixels; the file has more.

    >>> from matplotlib.figure import Figure
    >>> picture = Picture(Figure(figsize=(2, 1)))
    >>> picture, picture.png[1:4], picture.size
    ((a picture), b'PNG', {'width': 192, 'height': 96})
    """

    def __init__(self, figure: Figure):
        buffer = io.BytesIO()
        small = {"compress_level": 9}  # 5 % off every notebook, for 0.05 s a picture
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None}, pil_kwargs=small)
        self.png = buffer.getvalue()
        width, height = (round(96 * inches) for inches in figure.get_size_inches())
        self.size = {"width": width, "height": height}

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return self.png, self.size

    def __repr__(self) -> str:
        return "(a picture)"
