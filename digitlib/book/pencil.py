"""The smallest network: one input, one hidden unit, two scores. Its numbers and their slopes, worked out and drawn.

Small enough for a pencil: the chapter on backpropagation works it out by hand, and nothing here is differentiated by
a program.
"""

from math import exp, log
from typing import Any

from matplotlib.figure import Figure

from digitlib.style import COLOURS, GREY, THIN, TYPE, WIDTH, Picture

__all__ = ["draw_pencil", "work"]

_PLACES = {
    "x": (0, 0),
    "a": (1, 0),
    "h": (2, 0),
    "z1": (3, 0.5),
    "z2": (3, -0.5),
    "p1": (4, 0.5),
    "p2": (4, -0.5),
    "loss": (5, 0),
}
_LINES = ("x a w", "a h ReLU", "h z1 v1", "h z2 v2", "z1 p1", "z2 p2", "p2 loss")


def work(
    x: float = 2, w: float = 0.5, v1: float = 0.5, v2: float = -0.5
) -> tuple[dict[str, float], dict[str, float]]:
    """Forward and back through ``a = w x``, ``h = relu(a)``, ``z = v h``, softmax, and the loss; the second is right.

    Args:
        x: what comes in.
        w: the weight before the hidden unit.
        v1, v2: the weights behind it, to the two scores.

    Returns:
        All numbers by name, and the slopes of the loss with respect to them; of ``p`` none is worked out.

    >>> numbers, slopes = work()
    >>> [round(numbers[name], 2) for name in ("a", "h", "z1", "z2", "p1", "p2")]
    [1.0, 1.0, 0.5, -0.5, 0.73, 0.27]
    >>> [round(slopes[name], 2) for name in ("w", "a", "h", "z1", "z2")]
    [1.46, 0.73, 0.73, 0.73, -0.73]
    """
    a = w * x
    h = max(a, 0.0)
    z1, z2 = v1 * h, v2 * h
    p1 = 1 / (1 + exp(z2 - z1))
    p2 = 1 / (1 + exp(z1 - z2))
    numbers = {"x": x, "w": w, "a": a, "h": h, "v1": v1, "v2": v2, "z1": z1, "z2": z2}
    numbers |= {"p1": p1, "p2": p2, "loss": -log(p2)}
    slope1, slope2 = p1, p2 - 1
    slope_h = slope1 * v1 + slope2 * v2
    slope_a = slope_h if h > 0 else 0.0
    slopes = {"z1": slope1, "z2": slope2, "v1": slope1 * h, "v2": slope2 * h}
    return numbers, slopes | {"h": slope_h, "a": slope_a, "w": slope_a * x}


def draw_pencil(x: float = 2, w: float = 0.5, v1: float = 0.5, v2: float = -0.5) -> Picture:
    """Draw it: each number at its place, and below it the loss's slope with an arrow to the left.

    Args:
        x, w, v1, v2: as :func:`work` takes them.

    >>> draw_pencil(w=-0.5)
    (a picture)
    """
    numbers, slopes = work(x, w, v1, v2)
    figure = Figure(figsize=(WIDTH, 2.4), facecolor="none", layout="constrained")
    axis = figure.subplots()
    axis.set_axis_off()
    axis.set(xlim=(-0.45, 5.45), ylim=(-1, 1))

    def write(name: str, across: float, up: float) -> None:
        size: dict[str, Any] = {"ha": "center", "fontsize": TYPE}
        axis.text(across, up, f"{name} {numbers[name]:.2f}", color=GREY, va="bottom", **size)
        if name in slopes:
            told = f"← {slopes[name]:.2f}"
            axis.text(across, up - 0.02, told, color=COLOURS[1], va="top", **size)

    for line in _LINES:
        start, end, *said = line.split()
        (x0, y0), (x1, y1) = _PLACES[start], _PLACES[end]
        axis.plot([x0 + 0.33, x1 - 0.33], [y0, y1], color=GREY, linewidth=THIN)
        if said and said[0] in numbers:
            write(said[0], (x0 + x1) / 2, (y0 + y1) / 2 + (0.42 if y1 >= 0 else -0.5))
        elif said:
            axis.text((x0 + x1) / 2, 0.42, said[0], color=GREY, ha="center", fontsize=TYPE)
    for name, (across, up) in _PLACES.items():
        write(name, across, up)
    return Picture(figure)
