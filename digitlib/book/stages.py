"""The steps from a drawing to what the network gets, each of which may be left out, to see what it is for.

A page computes the same (``book/_static/figures/steps.mjs``).
"""

import numpy as np

from digitlib.preprocess import SIDE, as_drawing, centre_box, centre_by_mass, crop, fit

__all__ = ["stages"]


def stages(
    drawing: np.ndarray, cropped: bool = True, margin: bool = True, massed: bool = True
) -> list[np.ndarray]:
    """A drawing on its way: as drawn, cut out, fitted, and put on the field.

    Args:
        drawing: ``(H, W)``, bright ink on dark, as :func:`digitlib.preprocess.as_drawing` takes it.
        cropped: cut it to its ink; else the whole sheet goes on.
        margin: fit it into 20 by 20 pixels; else it fills all 28.
        massed: bring its centre of mass to the middle; else the middle of what was cut out.

    Returns:
        Four uint8 arrays. With all three the last is what :func:`digitlib.preprocess.preprocess` gives.

    Raises:
        NoInk, ValueError: as that does.

    >>> import numpy as np
    >>> from digitlib.preprocess import preprocess
    >>> drawing = np.zeros((280, 280))
    >>> drawing[10:210, 30:50] = 1
    >>> [stage.shape for stage in stages(drawing)]
    [(280, 280), (200, 20), (20, 2), (28, 28)]
    >>> bool((stages(drawing)[-1] == preprocess(drawing)).all())
    True
    >>> [stage.shape for stage in stages(drawing, cropped=False, margin=False)]
    [(280, 280), (280, 280), (28, 28), (28, 28)]
    """
    sheet = as_drawing(drawing)
    ink = crop(sheet)  # NoInk where there is none, whether or not it is used
    cut = ink if cropped else sheet
    fitted = fit(cut) if margin else fit(cut, SIDE)
    return [sheet, cut, fitted, centre_by_mass(fitted) if massed else centre_box(fitted)]
