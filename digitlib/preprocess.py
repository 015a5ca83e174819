"""A drawing becomes a 28 x 28 image, the way MNIST made its own.

The contract, exact so that any language can repeat it to the last grey level:

1. **Ink** is every pixel above 0. Without any, :class:`NoInk` is raised; likewise where all means of step 4 are 0.
2. **Crop** to the smallest rectangle that holds the ink.
3. **Fit** the longer side to 20 pixels, keeping proportions. The shorter side becomes
   ``short * 20 / long``, rounded, halves up, and at least 1.
4. **Resample** by area averaging: an output pixel is the mean of the input under it, partly covered pixels
   counting by their covered part. Means are rounded to whole grey levels, halves up.
5. **Centre by mass**: the image is moved by whole pixels until its centre of mass lies nearest to the middle of
   pixel 14 (counted from 0), in both directions; halves go down and right. That is where MNIST's own lie, all but a
   few within half a pixel. The 20 x 20 never leaves the field.

All but 16 of MNIST's 60,000 training images come out as they went in. Every step works on whole numbers far below
2**53, so float64 arithmetic makes no rounding error, in numpy or in JavaScript.

>>> import numpy as np
>>> drawing = np.zeros((280, 280))
>>> drawing[10:210, 30:50] = 1  # a stroke at the upper left, 200 high and 20 wide
>>> image = preprocess(drawing)
>>> image.dtype.name, image.shape, crop(image).shape
('uint8', (28, 28), (20, 2))
>>> np.flatnonzero(image.any(axis=1)).tolist()[::19]  # its first row and its last
[5, 24]
"""

import math
from functools import lru_cache

import numpy as np

__all__ = [
    "PREPARATIONS",
    "SIDE",
    "NoInk",
    "as_drawing",
    "centre_box",
    "centre_by_mass",
    "check_preparation",
    "crop",
    "fit",
    "prepare",
    "preprocess",
    "resample",
]

SIDE = 28
"""Pixels on each side of every image."""
BOX = 20
"""Pixels of a digit's longer side."""

PREPARATIONS = ("digit", "picture")
"""How a drawing may become an image: cropped to its ink, fitted and centred by mass, or whole, as it is."""


class NoInk(ValueError):
    """The image is dark everywhere.

    >>> import numpy as np
    >>> try:
    ...     preprocess(np.zeros((280, 280)))
    ... except NoInk as error:
    ...     print(error)
    expected bright ink on dark, got an image that is 0 everywhere
    """


def preprocess(drawing: np.ndarray) -> np.ndarray:
    """Turn a drawing, bright ink on dark, into an MNIST-like image.

    Args:
        drawing: ``(H, W)``, any size; integers from 0 to 255 or floats from 0 to 1.

    Returns:
        uint8 ``(28, 28)``: the ink fitted into 20 x 20 and centred by mass.

    Raises:
        NoInk: every pixel is 0, or the ink is too little to show.
        ValueError: not two-dimensional, or values out of range.

    Source: http://yann.lecun.com/exdb/mnist (LeCun, Cortes and Burges).
    """
    return centre_by_mass(fit(crop(as_drawing(drawing))))


def prepare(drawing: np.ndarray, preparation: str = "digit") -> np.ndarray:
    """Turn a drawing into the image that a model asks for.

    Args:
        drawing: as :func:`preprocess` takes it.
        preparation: one of :data:`PREPARATIONS`. ``"digit"`` is :func:`preprocess`. ``"picture"`` takes the whole
            drawing: its longer side becomes 28 pixels, keeping proportions, and it is put into the middle on dark.

    Returns:
        uint8 ``(28, 28)``.

    Raises:
        NoInk, ValueError: as :func:`preprocess` does; another preparation.

    >>> import numpy as np
    >>> tall = np.full((56, 28), 200, dtype=np.uint8)
    >>> [crop(prepare(tall, preparation)).shape for preparation in PREPARATIONS]
    [(20, 10), (28, 14)]
    """
    check_preparation(preparation)
    return preprocess(drawing) if preparation == "digit" else _whole(as_drawing(drawing))


def check_preparation(preparation: str) -> None:
    """ValueError unless it is one of :data:`PREPARATIONS`.

    >>> check_preparation("photo")
    Traceback (most recent call last):
        ...
    ValueError: expected a preparation out of digit, picture, got 'photo'
    """
    if preparation not in PREPARATIONS:
        raise ValueError(
            f"expected a preparation out of {', '.join(PREPARATIONS)}, got {preparation!r}"
        )


def _whole(drawing: np.ndarray) -> np.ndarray:
    image = fit(drawing, SIDE)
    if not image.any():
        raise NoInk(
            "expected a picture that isn't dark everywhere, got one that is 0 in each of 28 x 28 places"
        )
    return centre_box(image)


def as_drawing(drawing: np.ndarray) -> np.ndarray:
    """Check a drawing and return it as uint8 ``(H, W)``.

    Args:
        drawing: an array, or nested lists, ``(H, W)``: integers from 0 to 255; or floats from 0 to 1, or booleans,
            which are scaled by 255, halves up.

    Raises:
        ValueError: not two-dimensional, without a pixel, no real numbers, or values out of range.

    >>> as_drawing([[0.0, 0.5, 1.0]]).tolist()
    [[0, 128, 255]]
    >>> as_drawing([[0.0, 255.0]])
    Traceback (most recent call last):
        ...
    ValueError: expected float64 grey levels from 0 to 1, got 0.0 to 255.0
    """
    drawing = np.asarray(drawing)
    if drawing.ndim != 2 or 0 in drawing.shape:
        raise ValueError(f"expected a drawing of shape (H, W), got {drawing.shape}")
    if drawing.dtype == np.uint8:
        return drawing
    if drawing.dtype.kind not in "buif":
        raise ValueError(f"expected grey levels as numbers, got {drawing.dtype}")
    top = 1 if drawing.dtype.kind in "bf" else 255
    low, high = drawing.min(), drawing.max()
    if not (low >= 0 and high <= top):  # written so that NaN fails too
        raise ValueError(
            f"expected {drawing.dtype} grey levels from 0 to {top}, got {low} to {high}"
        )
    return np.floor(drawing * (255 / top) + 0.5).astype(np.uint8)


def crop(drawing: np.ndarray) -> np.ndarray:
    """Return the smallest rectangle of a uint8 ``(H, W)`` drawing that holds all its ink; NoInk where it has none.

    >>> import numpy as np
    >>> crop(np.array([[0, 0, 0], [0, 7, 9], [0, 0, 0]], dtype=np.uint8)).tolist()
    [[7, 9]]
    """
    ink = drawing > 0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        raise NoInk("expected bright ink on dark, got an image that is 0 everywhere")
    return drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def centre_box(image: np.ndarray) -> np.ndarray:
    """Place a uint8 image of at most 28 by 28 pixels in the middle of a dark ``(28, 28)`` field.

    Where it can't be just there, it lies half a pixel nearer the upper left corner.

    >>> import numpy as np
    >>> np.argwhere(centre_box(np.ones((1, 2), dtype=np.uint8))).tolist()
    [[13, 13], [13, 14]]
    """
    top, left = ((SIDE - side) // 2 for side in image.shape)
    field = np.zeros((SIDE, SIDE), dtype=np.uint8)
    field[top : top + image.shape[0], left : left + image.shape[1]] = image
    return field


def fit(ink: np.ndarray, box: int = BOX) -> np.ndarray:
    """Scale a uint8 image ``(H, W)`` so that its longer side is ``box`` pixels, keeping its proportions.

    >>> import numpy as np
    >>> fit(np.full((100, 47), 255, dtype=np.uint8)).shape
    (20, 9)
    """
    long = max(ink.shape)
    height, width = (max(1, (2 * side * box + long) // (2 * long)) for side in ink.shape)
    return resample(ink, height, width)


def resample(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale a uint8 image to ``(height, width)`` by area averaging, halves up.

    >>> import numpy as np
    >>> line = np.array([[0, 60, 90]], dtype=np.uint8)
    >>> resample(line, 1, 2).tolist()  # the 60 counts half on each side
    [[20, 80]]
    """
    total = (
        _overlap(height, image.shape[0])
        @ image.astype(np.float64)
        @ _overlap(width, image.shape[1]).T
    )
    area = image.shape[0] * image.shape[1]
    return np.floor((2 * total + area) / (2 * area)).astype(np.uint8)


def centre_by_mass(ink: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Place a uint8 image on a dark ``(side, side)`` field, its centre of mass nearest to pixel ``side / 2``.

    Args:
        ink: ``(H, W)``, neither longer than ``side``.
        side: pixels.

    Raises:
        NoInk: every pixel is 0.

    >>> import numpy as np
    >>> ink = np.array([[9, 0, 1]], dtype=np.uint8)  # most of its mass is the 9
    >>> centre_by_mass(ink, side=6)[3].tolist()
    [0, 0, 0, 9, 0, 1]
    """
    field = np.zeros((side, side), dtype=np.uint8)
    levels = ink.astype(np.int64)
    if not levels.any():
        raise NoInk("expected ink that shows at 20 x 20, got too few bright pixels")
    top = _offset(levels.sum(axis=1), side)
    left = _offset(levels.sum(axis=0), side)
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return field


# A drawing grows, its canvas doesn't: few sizes come up, each many times.
@lru_cache(maxsize=64)
def _overlap(outputs: int, inputs: int) -> np.ndarray:
    """Overlaps ``(outputs, inputs)`` of two divisions of one line, in units of 1 / (outputs * inputs) of it."""
    out_edges = np.arange(outputs + 1) * inputs
    in_edges = np.arange(inputs + 1) * outputs
    ends = np.minimum(out_edges[1:, None], in_edges[None, 1:])
    starts = np.maximum(out_edges[:-1, None], in_edges[None, :-1])
    overlap = np.maximum(ends - starts, 0).astype(np.float64)
    overlap.flags.writeable = False
    return overlap


def _offset(mass: np.ndarray, side: int) -> int:
    """Where a line of masses starts so that its centre of mass is nearest to pixel ``side / 2``, halves up."""
    total = int(mass.sum())
    moment = int((mass * np.arange(len(mass))).sum())
    offset = math.floor((side * total - 2 * moment + total) / (2 * total))
    return min(max(offset, 0), side - len(mass))
