"""Explorations with sliders: live where a kernel runs, a still picture everywhere else."""

from collections.abc import Callable

import ipywidgets
from IPython.display import display

from digitlib.show import bundle
from digitlib.style import Picture

__all__ = ["explore"]


def explore(draw: Callable[..., Picture], **controls: ipywidgets.ValueWidget) -> None:
    """Show controls above a picture that follows them.

    Args:
        draw: called with the controls' values by name, returns a :class:`~digitlib.style.Picture`.
        controls: such as ``digit=ipywidgets.IntSlider(max=9)``.

    The output carries the first picture itself too, for pages without a kernel.

    >>> import ipywidgets
    >>> from digitlib import show
    >>> from digitlib.book.explore import explore
    >>> explore(lambda height: show.bars([height, 1]), height=ipywidgets.IntSlider(3))  # doctest: +ELLIPSIS
    {...'image/png': ...'(controls and a picture)'}
    """

    def values() -> dict:
        return {name: control.value for name, control in controls.items()}

    def redraw(_change: object) -> None:
        frame.value = draw(**values()).png

    still = draw(**values())
    frame = ipywidgets.Image(value=still.png, format="png", width=still.size["width"])
    for control in controls.values():
        control.observe(redraw, "value")
    box = ipywidgets.VBox([*controls.values(), frame])
    told = bundle(box, still.png, "(controls and a picture)")
    display(told, metadata={"image/png": still.size}, raw=True)
