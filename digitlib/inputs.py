"""Whatever a classifier is handed becomes drawings: arrays, tensors, pictures, and lists of them.

The contract of an array is :func:`digitlib.preprocess.as_drawing`'s: bright on dark, whole numbers 0 to 255 or floats 0
to 1. It is wider here by one thing: whole numbers of at most two levels are a mask, as ``(picture < 128).astype(int)``
makes one. The higher level is ink, or the only one if it isn't 0. For pictures that are taken whole only 0 and 1 are,
since two greys may be what a picture shows. What was read from a file goes the same way, so that a file and the array
that :func:`digitlib.picture.read` makes of it get one answer.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard

import numpy as np
from PIL import Image

from digitlib import picture
from digitlib.plain import one_line

__all__ = ["Picture", "drawings"]

Picture = Image.Image | str | Path | BinaryIO
"""One picture: a Pillow image, an open file or the path of one."""

_WANTED = "expected drawings as numbers, a picture (a Pillow image, a path, an open file) or a list of those"


def drawings(images: Any, preparation: str = "digit") -> Sequence[np.ndarray]:
    """Drawings, each ``(H, W)``, bright on dark, for :func:`digitlib.preprocess.prepare`.

    Args:
        images: one drawing ``(H, W)`` or several ``(N, H, W)`` as an array, a tensor or nested lists; a picture; or a
            list of pictures and drawings, each of its own size. What is masked in a masked array is dark.
        preparation: what they are for, one of :data:`digitlib.preprocess.PREPARATIONS`.

    Raises:
        FileNotFoundError, ValueError: no such file, not a picture, a wrong shape, nothing of all this.

    >>> mask = np.array([[0, 1], [0, 1]])
    >>> [drawing.tolist() for drawing in drawings([mask, Image.new("L", (2, 1), 9)])]
    [[[0, 255], [0, 255]], [[0, 0]]]
    >>> drawings(np.zeros((8, 28, 28, 1)))
    Traceback (most recent call last):
        ...
    ValueError: expected (H, W) or (N, H, W), got (8, 28, 28, 1); drop the axis of length 1: images[..., 0]
    """
    if _is_picture(images):
        return [_unmasked(picture.read(images, preparation), preparation)]
    if isinstance(images, list | tuple) and any(map(_stands_alone, images)):
        return [_one(image, place, preparation) for place, image in enumerate(images, 1)]
    array = _array(images)
    if array.ndim not in (2, 3) or 0 in array.shape or (array.ndim == 3 and array.shape[-1] <= 4):
        raise ValueError(_complaint("(H, W) or (N, H, W)", images, array))
    return [_unmasked(drawing, preparation) for drawing in (array if array.ndim == 3 else [array])]


def _is_picture(image: object) -> TypeGuard[Picture]:
    """Whether it is one picture, to be read, and not an array."""
    return isinstance(image, str | Path | Image.Image) or hasattr(image, "read")


def _stands_alone(image: object) -> bool:
    """Whether what a list holds is a picture or a drawing, and not a row of one."""
    return _is_picture(image) or getattr(image, "ndim", 0) >= 2


def _one(image: Any, place: int, preparation: str) -> np.ndarray:
    """A drawing out of a list."""
    if _is_picture(image):
        return _unmasked(picture.read(image, preparation), preparation)
    array = _array(image)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"image {place}: {_complaint('(H, W) or a picture', image, array)}")
    return _unmasked(array, preparation)


def _array(images: Any) -> np.ndarray:
    """Anything like an array as one."""
    try:
        if hasattr(
            images, "detach"
        ):  # a tensor, which may be on another device, or of a kind that numpy hasn't
            images = images.detach().cpu()
            images = images.float() if images.is_floating_point() else images
        if isinstance(images, np.ma.MaskedArray):
            images = images.filled(0)
        return np.asarray(images)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{_WANTED}, got {_kind(images)}: {one_line(error)}") from None


def _kind(images: object) -> str:
    return "None" if images is None else type(images).__name__


def _complaint(wanted: str, images: object, array: np.ndarray) -> str:
    """What is said of an array of another shape, and what to do where it is plain what was meant."""
    shape = array.shape
    if not shape:
        return f"{_WANTED}, got {_kind(images)}"
    hint = ""
    if array.ndim == 4 and shape[1] == 1:
        hint = "; drop the axis of length 1: images[:, 0]"
    elif array.ndim > 2 and shape[-1] == 1:
        hint = "; drop the axis of length 1: images[..., 0]"
    elif array.ndim > 2 and 0 < min(shape[-1], shape[-3]) <= 4:
        hint = "; pass a colour picture as a Pillow image or a file"
    return f"expected {wanted}, got {shape}{hint}"


def _unmasked(drawing: np.ndarray, preparation: str) -> np.ndarray:
    """The drawing, of a mask with ink as strong as it can be."""
    if drawing.dtype.kind not in "iu":
        return drawing
    low, high = drawing.min(), drawing.max()
    if low < 0 or high == 0 or (preparation != "digit" and high != 1):
        return drawing
    ink = drawing == high
    if low < high and np.count_nonzero(ink) + np.count_nonzero(drawing == low) < drawing.size:
        return drawing
    return np.where(ink, np.uint8(255), np.uint8(0))
