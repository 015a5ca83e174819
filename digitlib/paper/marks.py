"""The four corner marks of a sheet in a photo: a black frame, a white one and a black square, about one middle.

What is darker than its ground falls into components. A mark is one component that surrounds another, of the sizes and
areas that both should have; turned or seen askew they keep those by and large. Of all such pairs, drawn ones among
them, four make a sheet's corners if they are of one size and lie as far apart as marks do.
"""

from itertools import combinations

import numpy as np
from PIL import Image, ImageFilter

from digitlib.paper.template import CORNERS, MARK
from digitlib.reading.components import Components, label
from digitlib.reading.morphology import closed

__all__ = ["corners", "find"]

# Marks are sought in a copy whose longer side has so many pixels at least, twice as many at most.
SIDE = 1200
# Black is darker than this part of its ground.
BLACK = 0.62
# The least of a frame's side in pixels, the most in parts of the picture's longer side.
LEAST, MOST = 9, 0.12
# Of so many pairs, those most like a mark, four are chosen.
PAIRS = 20
# A mark's side in parts of the root of the area between the marks' middles.
_PART = MARK / np.sqrt(np.ptp(CORNERS[:, 0]) * np.ptp(CORNERS[:, 1]))


def find(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What looks like a mark in a photo.

    Args:
        grey: uint8 ``(H, W)``, black dark.

    Returns:
        the middles, x and y in pixels, float64 ``(n, 2)``; and the frames' sides, ``(n,)``. The likeliest are first.

    >>> import numpy as np
    >>> photo = np.full((300, 400), 230, dtype=np.uint8)
    >>> for inset, level in [(0, 20), (5, 230), (10, 20)]:
    ...     photo[50 + inset : 85 - inset, 60 + inset : 95 - inset] = level
    >>> middles, sides = find(photo)
    >>> middles.round().tolist(), sides.round().tolist()
    ([[78.0, 68.0]], [35.0])
    """
    factor = max(1, max(grey.shape) // SIDE)
    small = np.asarray(Image.fromarray(grey).reduce(factor)) if factor > 1 else grey
    mask = small < BLACK * _ground(small)
    labels, n = label(mask)
    if not n:
        return np.zeros((0, 2)), np.zeros(0)
    parts = Components(labels, mask, n)
    outer = _frames(parts, max(small.shape))
    box = parts.box[outer]
    sides = (parts.height + parts.breadth)[outer] / 2
    middles = [_middle(mask, *one) for one in box]
    return np.array(middles).reshape(-1, 2) * factor, sides * factor


def corners(middles: np.ndarray, sides: np.ndarray, most: int = 6) -> list[np.ndarray]:
    """The fours of marks that may be a sheet's, each clockwise, float64 ``(4, 2)``, the widest first.

    Which corner is the first is not known yet. Args are what :func:`find` returns.

    >>> import numpy as np
    >>> middles = np.array([(150, 150), (1950, 2820), (1950, 150), (150, 2820.0)])
    >>> [found] = corners(middles, np.full(4, 120.0))
    >>> found.astype(int).tolist()
    [[150, 150], [1950, 150], [1950, 2820], [150, 2820]]
    """
    found = []
    for four in combinations(range(len(middles)), 4):
        some = sides[list(four)]
        if some.max() > 2.2 * some.min():
            continue
        points = middles[list(four)]
        around = points - points.mean(axis=0)
        points = points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
        edges = np.roll(points, -1, axis=0) - points
        turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
        x, y = points.T
        area = (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
        if turns.min() <= 0 or area <= 0:
            continue
        part = some.mean() / np.sqrt(area)
        # A frame's box is wider the more the page is turned.
        if 0.6 * _PART < part < 1.9 * _PART:
            found.append((area, points))
    found.sort(key=lambda one: -one[0])
    return [points for _, points in found[:most]]


def _ground(small: np.ndarray) -> np.ndarray:
    """How bright the paper is at each place: a closing wider than a mark's middle, taken in a small copy."""
    factor = max(1, max(small.shape) // 400)
    image = Image.fromarray(small).filter(ImageFilter.BoxBlur(1))
    less = np.asarray(image.reduce(factor))
    width = 2 * (max(less.shape) // 36) + 1
    ground = Image.fromarray(closed(less, width))
    return np.asarray(ground.resize(small.shape[::-1], Image.Resampling.BILINEAR))


def _frames(parts: Components, longest: int) -> np.ndarray:
    """Which components are frames with a square inside them, the likeliest first."""
    size, least = parts.size, np.minimum(parts.height, parts.breadth)
    some = np.flatnonzero((size <= MOST * longest) & (size >= 3) & (size < 2.2 * least))
    frames = some[size[some] >= LEAST]
    frames = frames[np.argsort(-parts.area[frames], kind="stable")][:1500]
    cores = some[np.argsort(-parts.area[some], kind="stable")][:3000]
    middle = (parts.box[:, :2] + parts.box[:, 2:]) / 2
    apart = np.abs(middle[frames, None] - middle[None, cores]).max(axis=2)
    scale = size[cores] / size[frames, None]
    area = parts.area[frames, None] / parts.area[cores]
    like = (apart < 0.1 * size[frames, None]) & (scale > 0.3) & (scale < 0.62)
    like &= (area > 1.4) & (area < 5.5)
    frame, core = np.nonzero(like)
    odd = np.abs(np.log(scale[frame, core] / (3 / 7))) + np.abs(np.log(area[frame, core] / 2.67))
    frame = frame[np.argsort(odd, kind="stable")]
    _, once = np.unique(frame, return_index=True)
    return frames[frame[np.sort(once)[:PAIRS]]]


def _middle(mask: np.ndarray, top: int, left: int, bottom: int, right: int) -> tuple[float, float]:
    """The middle of a frame: that of all it surrounds."""
    part = np.pad(mask[top : bottom + 1, left : right + 1], 1)
    outside = label(~part)[0]
    y, x = np.nonzero(outside != outside[0, 0])
    return left + x.mean() - 0.5, top + y.mean() - 0.5
