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
"""

import math
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFilter, ImageOps

__all__ = [
    "NoInk",
    "as_drawing",
    "centre_by_mass",
    "crop",
    "fit",
    "preprocess",
    "read_image",
    "resample",
]

SIDE = 28
BOX = 20
# Grey levels, of 255, by which paper and JPEG may differ from their background.
NOISE = 32
# The longer side at which a photo under uneven light is read, and the side under which no picture is taken for one.
PHOTO, NO_PHOTO = 768, 100
# On such a photo, the part of the light that full ink swallows at least: a pencil.
FAINT = 0.35


class NoInk(ValueError):
    """The image is dark everywhere."""


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


def as_drawing(drawing: np.ndarray) -> np.ndarray:
    """Check a drawing and return it as uint8 ``(H, W)``.

    Integers and booleans must lie in 0..255; floats in 0..1 and are scaled by 255, halves up.
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
    """Return the smallest rectangle of a uint8 ``(H, W)`` drawing that holds all its ink."""
    ink = drawing > 0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        raise NoInk("expected bright ink on dark, got an image that is 0 everywhere")
    return drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def fit(ink: np.ndarray, box: int = BOX) -> np.ndarray:
    """Scale a uint8 image ``(H, W)`` so that its longer side is ``box`` pixels, keeping its proportions."""
    long = max(ink.shape)
    height, width = (
        max(1, (2 * side * box + long) // (2 * long)) for side in ink.shape
    )
    return resample(ink, height, width)


def resample(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale a uint8 image to ``(height, width)`` by area averaging, halves up."""
    total = (
        _overlap(height, image.shape[0])
        @ image.astype(np.float64)
        @ _overlap(width, image.shape[1]).T
    )
    area = image.shape[0] * image.shape[1]
    return np.floor((2 * total + area) / (2 * area)).astype(np.uint8)


def centre_by_mass(ink: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Place a uint8 image on a dark ``(side, side)`` field, its centre of mass nearest to pixel ``side / 2``."""
    field = np.zeros((side, side), dtype=np.uint8)
    levels = ink.astype(np.int64)
    if not levels.any():
        raise NoInk("expected ink that shows at 20 x 20, got too few bright pixels")
    top = _offset(levels.sum(axis=1), side)
    left = _offset(levels.sum(axis=0), side)
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return field


def read_image(source: str | Path | BinaryIO | Image.Image) -> np.ndarray:
    """Read a picture as a drawing, bright on dark, uint8 ``(H, W)``.

    A photo is turned upright by its EXIF tag. Transparent parts become the background: black behind bright ink,
    white behind dark ink. The border's median is the ground; what differs from it by 32 levels or more is ink, bright
    or dark, whichever there is more of.

    Where the ground itself differs so much, the picture is taken for a photo under uneven light, of dark ink on paper:
    the paper's level is estimated at each place, and ink is what is darker by an eighth or more, the darkest as strong
    as ink can be. Such a photo comes back with a longer side of at most 768 pixels.

    Args:
        source: the path of a file, a file open for reading bytes, or a Pillow image.

    Raises:
        FileNotFoundError, ValueError: no such file; not a picture that Pillow can read.
    """
    name = source if isinstance(source, str | Path) else type(source).__name__
    try:
        if isinstance(source, Image.Image):
            grey, alpha = _channels(source)
        else:
            with Image.open(source) as image:
                grey, alpha = _channels(image)
    except FileNotFoundError:
        raise FileNotFoundError(f"{name}: no such file") from None
    except (OSError, SyntaxError, Image.DecompressionBombError):
        raise ValueError(
            f"{name}: expected a picture (PNG, JPEG, …), got what Pillow can't read"
        ) from None
    if 0 in grey.shape:
        raise ValueError(f"{name}: expected at least one pixel, got {grey.shape}")
    if alpha is None:
        photo = _working_size(grey)
        return _ink_on_paper(photo) if _unevenly_lit(photo) else _ink_on_ground(grey)
    background = 0 if (grey * alpha).sum() > 127 * alpha.sum() else 255
    return _ink_on_ground(background + (grey - background) * alpha / 255)


def _channels(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """Grey levels and opacity, 0 to 255, floats ``(H, W)``, of an image turned upright; None if all is opaque."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip to 8
        return (np.asarray(image, dtype=np.float64) / 257).clip(0, 255), None
    grey, alpha = image.convert("LA").split()
    if alpha.getextrema() == (255, 255):  # float32 holds whole and half levels exactly
        return np.asarray(grey, dtype=np.float32), None
    return np.asarray(grey, dtype=np.float64), np.asarray(alpha, dtype=np.float64)


def _ink_on_ground(grey: np.ndarray) -> np.ndarray:
    """Ink, uint8 ``(H, W)``: what differs from the border's median."""
    bright = grey - _ground(grey)
    bright[abs(bright) < NOISE] = 0
    ink = -bright if bright.sum(dtype=np.float64) < 0 else bright
    return np.floor(ink.clip(min=0) + 0.5).astype(np.uint8)


def _ground(grey: np.ndarray) -> float:
    """The median of the border."""
    return np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))


def _working_size(grey: np.ndarray) -> np.ndarray:
    """The picture, float32, its longer side at most ``PHOTO`` pixels, smoothed so that single pixels don't matter."""
    height, width = grey.shape
    long = max(height, width, PHOTO)
    size = max(1, width * PHOTO // long), max(1, height * PHOTO // long)
    small = Image.fromarray(grey.astype(np.float32)).resize(size, Image.Resampling.BOX)
    small = Image.fromarray(np.asarray(small).round().astype(np.uint8))
    return np.asarray(small.filter(ImageFilter.BoxBlur(1)), dtype=np.float32)


def _unevenly_lit(photo: np.ndarray) -> bool:
    """Whether the ground differs from place to place, be the ink dark or bright."""
    if max(photo.shape) < NO_PHOTO:
        return False
    ground = _ground(photo)
    if ground < 128 and (abs(photo - ground) < 2).mean() > 0.5:
        return False  # bright ink, however thick, on a ground that no camera took
    return all(
        (abs(paper - ground) >= NOISE).mean() > 0.005
        for paper in (_closed(photo), -_closed(-photo))
    )


def _ink_on_paper(photo: np.ndarray) -> np.ndarray:
    """Ink, uint8 ``(H, W)``, dark on paper under uneven light: the part of the light that it swallows.

    The strongest comes out as 255. Faint marks (folds, grain, ruled lines) count only close to strong ink.
    """
    paper = _closed(photo).clip(min=1)
    ink = 1 - photo / paper
    # Where there is little light, grain is a large part of it.
    weak = (ink >= NOISE / 255) & (paper - photo >= NOISE / 2)
    if not weak.any():
        return np.zeros(photo.shape, dtype=np.uint8)
    full = max(np.quantile(ink[weak], 0.95), FAINT)
    near = _widest(weak & (ink >= full / 2), 2 * (max(photo.shape) // 100) + 1)
    strength = np.where(weak & near, ink / full, 0).clip(max=1)
    return np.floor(255 * strength + 0.5).astype(np.uint8)


def _closed(image: np.ndarray) -> np.ndarray:
    """An image ``(H, W)`` in which what is dark and narrower than a third of the longer side is filled.

    Morphological closing (Serra, 1982) with a square that may reach beyond the border: slopes of light, the edges of
    wide shadows and what is dark along the border stay as they are.
    """
    half = max(image.shape) // 6
    around = np.pad(image, half, constant_values=-np.inf)
    filled = -_widest(-_widest(around, 2 * half + 1), 2 * half + 1)
    return filled[half : half + image.shape[0], half : half + image.shape[1]]


def _widest(image: np.ndarray, width: int) -> np.ndarray:
    """The maximum over a square of odd ``width`` around each pixel; what lies outside does not count."""
    lowest = False if image.dtype == bool else -np.inf
    for _ in range(2):
        half = width // 2
        image = np.pad(image.T, ((half, half), (0, 0)), constant_values=lowest)
        covered = 1
        while covered < width:  # a maximum over 1, 2, 4, … rows
            step = min(covered, width - covered)
            image = np.maximum(image[:-step], image[step:])
            covered += step
    return image


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
