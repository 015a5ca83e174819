"""The ink of ``pictures.py``: a digit as a mask of any size, and pens that lay it on paper.

A mask is float32 ``(H, W)``, 0 where there is no ink and 1 where it is full, cropped to the ink; its edges are as soft
as a lens or a screen makes them, over about a pixel. Paper is float32 ``(H, W, 3)``, red, green and blue from 0 to 1.
All chance comes from the numpy.random.RandomState that is handed in.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

__all__ = ["PENS", "Hand", "Pen", "clouds", "enlarged", "lay", "put", "thinned"]

Random = np.random.RandomState

# A digit of MNIST is written as if by a marker: its strokes' width in parts of its height, by and large.
MARKER = 0.13


@dataclass(frozen=True)
class Hand:
    """Who writes on one picture.

    Attributes:
        random: this picture's stream.
        label: the digit that it is to show.
        source: a function from a stream, a digit, a height in pixels and a stroke's width, in parts of that height, to
            a mask.
    """

    random: Random
    label: int
    source: Callable[[Random, int, int, float], np.ndarray]

    def mask(self, height: float, width: float = MARKER, label: int | None = None) -> np.ndarray:
        """The picture's digit, or another: a mask ``(height, W)``."""
        label = self.label if label is None else label
        return self.source(self.random, label, max(8, round(height)), width)


def enlarged(image: np.ndarray, height: int) -> np.ndarray:
    """A digit as a mask, from its image, bright on dark, uint8 ``(28, 28)``: strokes, and not blocks.

    It is enlarged smoothly, and what is more than a third as bright as ink becomes ink.
    """
    rows, columns = np.nonzero(image > 63)
    box = (columns.min() - 2, rows.min() - 2, columns.max() + 3, rows.max() + 3)
    scale = height / (box[3] - box[1] - 4)
    size = (round(scale * (box[2] - box[0])), round(scale * (box[3] - box[1])))
    grey = Image.fromarray(image).crop(box).resize(size, Image.Resampling.BICUBIC)
    smooth = ndimage.gaussian_filter(np.asarray(grey, np.float32) / 255, 0.3 * scale)
    mask = ((smooth - 0.37) * max(1.5, 0.9 * scale) + 0.5).clip(0, 1)
    parts, _ = ndimage.label(mask > 0.3, np.ones((3, 3)))
    sizes = np.bincount(parts.ravel())[1:]
    strokes = np.isin(parts, 1 + np.flatnonzero(sizes > 0.03 * sizes.max()))  # and no specks
    return cropped(np.where(ndimage.binary_dilation(strokes), mask, 0.0))


def thinned(mask: np.ndarray, width: float) -> np.ndarray:
    """The same digit with strokes of about this width, in parts of its height, where they were wider.

    Each stroke loses the same part of its own width on both sides, so that a thin one isn't cut: that width is known at
    its middle line, and each place belongs to the nearest piece of it.
    """
    depth = ndimage.distance_transform_edt(np.pad(mask, 1) > 0.5).astype(np.float32)[1:-1, 1:-1]
    spine = (depth > 0) & (depth >= ndimage.maximum_filter(depth, 3) - 0.3)
    keep = width * len(mask) / max(1.0, 2 * float(np.median(depth[spine])))
    if keep >= 1:
        return mask
    rows, columns = ndimage.distance_transform_edt(
        ~spine, return_distances=False, return_indices=True
    )
    middle = ndimage.gaussian_filter(depth[rows, columns], 0.01 * len(mask))
    left = (depth - (1 - keep) * middle + 0.5).clip(0, 1)
    return cropped(ndimage.gaussian_filter(np.where(depth > 0, left, 0.0), 0.6))


def cropped(mask: np.ndarray) -> np.ndarray:
    """The box of what is at least a tenth of ink."""
    rows, columns = np.nonzero(mask > 0.1)
    return mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def clouds(random: Random, shape: tuple[int, int], cells: float) -> np.ndarray:
    """Smooth noise ``(H, W)`` from 0 to 1, with about so many hills along the longer side."""
    pitch = max(shape) / cells
    few = [max(2, round(side / pitch)) for side in shape]
    hills = Image.fromarray(random.uniform(size=few).astype(np.float32))
    return np.asarray(hills.resize(shape[::-1], Image.Resampling.BICUBIC)).clip(0, 1)


@dataclass(frozen=True)
class Pen:
    """What one writes with.

    Attributes:
        widths: of its strokes, the least and the greatest, in parts of a digit's height.
        colours: what it comes in, red, green and blue, one of which is taken.
        strength: how much of the paper it covers, the least and the greatest.
        grain: the part of its ink that the paper's roughness takes away at most.
    """

    widths: tuple[float, float]
    colours: tuple[tuple[float, float, float], ...]
    strength: tuple[float, float] = (0.85, 0.98)
    grain: float = 0.0


BLACK, BLUE, RED, GREEN = (0.1, 0.1, 0.12), (0.1, 0.15, 0.5), (0.7, 0.1, 0.12), (0.05, 0.4, 0.2)
PENS = {
    "ballpoint": Pen((0.045, 0.08), (BLUE, BLUE, BLACK, RED), (0.75, 0.95), 0.2),
    "fineliner": Pen((0.035, 0.06), (BLACK, BLUE)),
    "felt pen": Pen((0.09, 0.16), (BLACK, BLUE, RED, GREEN)),
    "pencil": Pen((0.045, 0.08), ((0.3, 0.3, 0.32),), (0.5, 0.8), 0.6),
    "brush": Pen((0.13, 0.18), (BLACK, (0.15, 0.1, 0.08)), (0.8, 1.0), 0.15),
    "chalk": Pen((0.08, 0.13), ((0.95, 0.95, 0.92), (0.95, 0.9, 0.6)), (0.75, 0.95), 0.55),
    "whiteboard marker": Pen((0.06, 0.12), (BLACK, BLUE, RED, GREEN), (0.8, 0.95), 0.15),
    "finger": Pen((0.08, 0.15), (BLACK,), (1.0, 1.0)),
}
"""By name. On light paper, but for the chalk."""


def put(
    paper: np.ndarray, mask: np.ndarray, colour: tuple, left: int, top: int, strength: float = 1.0
) -> None:
    """Lay a mask on paper in one colour, in place; what lies over the edge is lost."""
    up, before = max(0, -top), max(0, -left)
    part = paper[max(0, top) : top + len(mask), max(0, left) : left + mask.shape[1]]
    some = mask[up : up + len(part), before : before + part.shape[1], None] * strength
    part += some * (np.asarray(colour, np.float32) - part)


def lay(
    hand: Hand,
    paper: np.ndarray,
    pen: str | Pen,
    share: tuple[float, float] = (0.3, 0.65),
    colour: tuple | None = None,
    box: tuple[float, float, float, float] = (0.06, 0.06, 0.94, 0.94),
) -> None:
    """Write the picture's digit on paper, in place.

    Args:
        hand: who writes.
        paper: float32 ``(H, W, 3)``.
        pen: what with, or its name.
        share: the digit's height, the least and the greatest, in parts of the box's shorter side.
        colour: another than the pen's own.
        box: where it may lie, left, top, right and bottom in parts of the paper.
    """
    random, pen = hand.random, PENS[pen] if isinstance(pen, str) else pen
    rows, columns = paper.shape[:2]
    left, top, right, bottom = np.multiply(box, (columns, rows, columns, rows))
    mask = hand.mask(
        random.uniform(*share) * min(right - left, bottom - top), random.uniform(*pen.widths)
    )
    if mask.shape[1] > right - left:  # a wide one in a narrow place
        size = (int(right - left), max(8, round(len(mask) * (right - left) / mask.shape[1])))
        mask = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR))
    if pen.grain:
        rough = ndimage.zoom(
            random.uniform(size=[side // 2 + 1 for side in mask.shape]), 2, order=1
        )
        mask = mask * (1 - pen.grain * rough[: len(mask), : mask.shape[1]]).astype(np.float32)
    colour = colour or pen.colours[random.randint(len(pen.colours))]
    x = left + random.uniform() * max(0, right - left - mask.shape[1])
    y = top + random.uniform() * max(0, bottom - top - len(mask))
    put(paper, mask, colour, round(x), round(y), random.uniform(*pen.strength))
