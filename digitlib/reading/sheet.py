"""A sheet that lies on something else: a page on a table, a note on a wall, a card, the glass of a scanner around it.

It is looked for in a small copy of the picture, by Otsu's threshold: the largest component of either class, if it has
the corners of a quadrangle, or is round and has strokes on it, and lies for the most part inside the picture.
"""

from dataclasses import dataclass

import numpy as np

from digitlib.reading.components import filled, label
from digitlib.reading.morphology import dilated, eroded, outline

__all__ = ["Sheet", "find", "otsu"]

# The longer side of the small copy.
SMALL = 128
# Grey levels by which a sheet differs from what it lies on, along its edge.
APART = 32
# What an edge rises by within a pixel of the small copy, in parts of all that it rises by.
SHARP = 0.6
# The least and the most of a picture that is a sheet, and the most of its outline that may lie on the picture's rim.
PART, RIM = (0.02, 0.97), 0.45
# How slender a disc may be, and how wide a stroke upon it, in parts of the side of a square as large.
ROUND, STROKE = 1.35, 0.15


@dataclass(frozen=True)
class Sheet:
    """A sheet in a picture.

    Attributes:
        box: its first row and column, and those behind its last.
        mask: which pixels of the box belong to it, its rim not among them.
        slender: its longer side, in parts of the shorter: a thick stroke looks like a sheet, but is longer.

    >>> import numpy as np
    >>> table = np.full((1, 300, 400), 60, dtype=np.uint8)
    >>> table[:, 40:240, 100:280] = 230
    >>> sheet = find(table)
    >>> isinstance(sheet, Sheet), sheet.box
    (True, (39, 99, 240, 279))
    """

    box: tuple[int, int, int, int]
    mask: np.ndarray
    slender: float

    def cut(self, planes: np.ndarray) -> np.ndarray:
        """The sheet alone, from channels ``(C, H, W)``: what lies around it becomes as bright as most of it is."""
        top, left, bottom, right = self.box
        cut = planes[:, top:bottom, left:right].copy()
        for plane in cut:
            plane[~self.mask] = np.median(plane[self.mask])
        return cut


def find(planes: np.ndarray) -> Sheet | None:
    """The sheet in a picture, uint8 ``(C, H, W)``, C channels; None where the picture is all there is.

    >>> import numpy as np
    >>> find(np.full((3, 300, 400), 230, dtype=np.uint8)) is None
    True
    """
    small, factor = _reduced(planes)
    if min(small.shape[1:]) < 24:
        return None
    levels = [otsu(plane) for plane in small]
    best = int(np.argmax([apart for _, apart in levels]))
    bright = small[best] > levels[best][0]
    for mask in (bright, ~bright):
        labels, n = label(mask)
        if not n:
            continue
        part = labels == np.bincount(labels.ravel())[1:].argmax() + 1
        whole = filled(part)
        slender = _slender(part, whole, whole & ~mask)
        if slender is None or not _has_edges(small[best], whole):
            continue
        if _is_between_strokes(whole, mask):
            continue
        if (found := _enlarged(whole, slender, factor)) is not None:
            return found
    return None


def otsu(plane: np.ndarray) -> tuple[float, float]:
    """The level that parts an image ``(H, W)``, 0 to 255, into two classes that lie furthest apart; and how far.

    Source: Otsu (1979); the distance is his variance between classes, times the square of the number of pixels.

    >>> import numpy as np
    >>> otsu(np.array([[10, 10, 200]]))[0]
    10.5
    """
    counts = np.bincount(plane.astype(np.uint8).ravel(), minlength=256).astype(float)
    below, moment = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    n, total = below[-1], moment[-1]
    both = below * (n - below)
    apart = (total * below - n * moment) ** 2 / np.where(both > 0, both, np.inf)
    level = int(apart.argmax())
    return level + 0.5, float(apart[level])


def _reduced(planes: np.ndarray) -> tuple[np.ndarray, int]:
    """A small copy, and by which whole number it is smaller."""
    channels, height, width = planes.shape
    factor = max(1, max(height, width) // SMALL)
    rows, columns = height // factor, width // factor
    blocks = planes[:, : rows * factor, : columns * factor]
    return blocks.reshape(channels, rows, factor, columns, factor).mean((2, 4)), factor


def _slender(part: np.ndarray, whole: np.ndarray, strokes: np.ndarray) -> float | None:
    """How slender a sheet is, of a component, the same with its holes filled, and what lies on it; None where they
    haven't the size, the place and the corners of one."""
    if not PART[0] <= whole.mean() <= PART[1] or part.sum() < 0.75 * whole.sum():
        return None
    rim = sum(side.sum() for side in (whole[0], whole[-1], whole[:, 0], whole[:, -1]))
    if rim > RIM * outline(whole).sum():
        return None
    quadrangle, slender, box = _corners(whole)
    if slender < ROUND and abs(quadrangle - 2 / np.pi) < 0.06 and abs(box - np.pi / 4) < 0.04:
        fits = _are_strokes(strokes, whole.sum() ** 0.5)
    else:
        # Of an ellipse it is 0.64 between the corners, of a digit with a loop less than 0.7 of the box.
        fits = 0.88 < quadrangle < 1.12 and box > 0.7
    return float(slender) if fits else None


def _are_strokes(marks: np.ndarray, size: float) -> bool:
    """Whether what lies on a disc as large is thin, and not the hole of a thick ring."""
    return bool(marks.any()) and 2 * marks.sum() < STROKE * size * outline(marks).sum()


def _is_between_strokes(whole: np.ndarray, like_it: np.ndarray) -> bool:
    """Whether what it lies on is strokes, with more of the same beyond them: paper around which a large digit goes."""
    beyond = (like_it & ~whole).sum()
    return bool(beyond > 0.3 * whole.sum()) and _are_strokes(~like_it & ~whole, whole.size**0.5)


def _has_edges(plane: np.ndarray, whole: np.ndarray) -> bool:
    """Whether most of its outline is an edge, as no patch of light has, and a sharp one, as no shadow has."""
    levels, rim = plane.astype(np.uint8), outline(whole)
    near, here, far = (
        float(np.median((dilated(levels, width) - eroded(levels, width))[rim]))
        for width in (3, 5, 9)
    )
    return here >= APART and near > SHARP * far


def _corners(mask: np.ndarray) -> tuple[float, float, float]:
    """What the quadrangle between the outermost corners has of a mask's area; how slender the mask is; and what the
    mask has of the smallest rectangle around it."""
    y, x = np.nonzero(outline(mask))
    angles = np.radians(np.arange(0, 90, 3))[:, None]
    along = np.cos(angles) * x + np.sin(angles) * y
    across = np.cos(angles) * y - np.sin(angles) * x
    long, wide = np.ptp(along, axis=1) + 1, np.ptp(across, axis=1) + 1
    best = int((long * wide).argmin())
    u, v = along[best] / long[best], across[best] / wide[best]
    corners = [(u + v).argmin(), (u - v).argmax(), (u + v).argmax(), (v - u).argmax()]
    x, y = x[corners], y[corners]
    between = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    sides = sorted((long[best], wide[best]))
    return between / mask.sum(), sides[1] / sides[0], mask.sum() / (sides[0] * sides[1])


def _enlarged(whole: np.ndarray, slender: float, factor: int) -> Sheet | None:
    """The sheet at the picture's own size, without its rim."""
    y, x = np.nonzero(whole)
    top, left, bottom, right = y.min(), x.min(), y.max() + 1, x.max() + 1
    large = np.kron(whole[top:bottom, left:right], np.ones((factor, factor), dtype=bool))
    margin = max(2, max(large.shape) // 40)
    mask = eroded(np.pad(large, 1), 2 * margin + 1)[1:-1, 1:-1]
    if not mask.any():
        return None
    box = tuple(int(side) * factor for side in (top, left, bottom, right))
    return Sheet((box[0], box[1], box[2], box[3]), mask, slender)
