"""A photographed sheet, laid flat: its marks say where it lies, its printed lines how the paper bends.

A homography takes the four marks to their places (Hartley and Zisserman, 2004, section 4.1). Then each side of each
cell is looked for where it should be; how far it is off, in both directions, is smoothed over the page by a polynomial,
and the page is taken from the photo once more. What is then found of the lines, or isn't, is said for each side: a
wrong place doesn't go unseen.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from PIL import Image, ImageFilter

from digitlib.paper import template
from digitlib.reading.morphology import closed, eroded

__all__ = ["SCALE", "Flat", "darkness", "flatten", "homography", "moved", "render"]

SCALE = 5
"""Pixels to the millimetre of a page that was laid flat."""
SEEN = 0.02
"""How much darker than the paper beside it, of 1, a line is at least, and ..."""
OFF = 0.5
"""... how far from its place, in millimetres, at most, to count as found there."""

# How far a line is looked for at first, then around where the others say it is, and in the end: millimetres.
_WIDE, _NEAR, _LAST = 3.6, 1.2, 1.0
# A page is taken from the photo in patches of so many pixels.
_PATCH = (45, 42)


@dataclass(frozen=True)
class Flat:
    """A page that was laid flat.

    Attributes:
        dark: how dark each pixel is, float32 ``(1050, 1485)``, as :func:`darkness` says.
        found: which sides of each cell, left, top, right and bottom, were seen in their places, booleans
            ``(rows, 20, 4)``.

    >>> import numpy as np
    >>> Flat(np.zeros((1050, 1485), np.float32), np.ones((10, 20, 4), bool)).share
    1.0
    """

    dark: np.ndarray
    found: np.ndarray

    @property
    def share(self) -> float:
        """The part of all sides that was seen: of the upright ones, or of the level ones if that is less."""
        return float(min(self.found[..., ::2].mean(), self.found[..., 1::2].mean()))


def homography(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The projective map ``(3, 3)`` that takes points ``(n, 2)`` nearest to others, four at least.

    >>> import numpy as np
    >>> square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    >>> np.allclose(homography(square, 2 * square + 5), [[2, 0, 5], [0, 2, 5], [0, 0, 1]])
    True
    """
    (one, first), (two, second) = (_normalised(points) for points in (source, target))
    (x, y), (u, v) = first.T, second.T
    zero, unit = np.zeros_like(x), np.ones_like(x)
    above = np.stack([x, y, unit, zero, zero, zero, -u * x, -u * y, -u], axis=1)
    below = np.stack([zero, zero, zero, x, y, unit, -v * x, -v * y, -v], axis=1)
    inner = np.linalg.svd(np.concatenate([above, below]))[2][-1].reshape(3, 3)
    whole = np.linalg.inv(two) @ inner @ one
    return whole / whole[2, 2]


def _normalised(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A map that brings points about the origin, at a distance of about one; and the points there."""
    middle = points.mean(axis=0)
    scale = 1 / max(1e-12, np.abs(points - middle).mean())
    change = np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])
    return change, (points - middle) * scale


def moved(way: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points ``(..., 2)`` under a homography.

    >>> import numpy as np
    >>> moved(np.diag([2.0, 3.0, 1.0]), np.array([(1, 1), (2, 2)])).tolist()
    [[2.0, 3.0], [4.0, 6.0]]
    """
    there = points @ way[:, :2].T + way[:, 2]
    return there[..., :2] / there[..., 2:]


def render(photo: Image.Image, way: np.ndarray, bend: "_Bend | None" = None) -> np.ndarray:
    """The page out of a grey photo, uint8 ``(1050, 1485)``; white where the photo has nothing.

    Args:
        photo: of mode ``"L"``.
        way: the homography from millimetres on the page to pixels of the photo.
        bend: how far the paper lies beside that.

    >>> import numpy as np
    >>> photo = Image.new("L", (297, 210), 90)
    >>> page = render(photo, np.eye(3))
    >>> page.shape, page.min().item(), page.max().item()
    ((1050, 1485), 90, 90)
    """
    width, height = (round(side * SCALE) for side in template.PAGE)
    x = np.arange(0, width + 1, _PATCH[0])
    y = np.arange(0, height + 1, _PATCH[1])
    knots = np.stack(np.meshgrid(x, y), axis=-1) / SCALE
    there = moved(way, knots + bend.at(knots) if bend else knots)
    mesh = []
    for i in range(len(y) - 1):
        for j in range(len(x) - 1):
            box = (int(x[j]), int(y[i]), int(x[j + 1]), int(y[i + 1]))
            four = [there[i, j], there[i + 1, j], there[i + 1, j + 1], there[i, j + 1]]
            mesh.append((box, tuple(float(part) for point in four for part in point)))
    page = photo.transform(
        (width, height), Image.Transform.MESH, mesh, Image.Resampling.BICUBIC, fillcolor=255
    )
    return np.asarray(page)


def darkness(levels: np.ndarray) -> np.ndarray:
    """How much darker each pixel is than the paper around it: float32 ``(H, W)``, 0 to 1.

    The paper is a closing, 6 mm wide: slopes of light and the edges of shadows belong to it, strokes don't.

    >>> import numpy as np
    >>> page = np.full((60, 90), 200, dtype=np.uint8)
    >>> page[:, 40:44] = 50
    >>> darkness(page)[30, [10, 42]].tolist()
    [0.0, 0.75]
    """
    soft = np.asarray(Image.fromarray(levels).filter(ImageFilter.BoxBlur(1)))
    # Less by a pixel, that a sharp edge of a shadow has no dark rim.
    paper = np.maximum(eroded(closed(soft, 6 * SCALE + 1), 3), 8).astype(np.float32)
    return (1 - levels / paper).clip(0, 1)


def flatten(photo: Image.Image, way: np.ndarray, rows: int, dark: np.ndarray | None = None) -> Flat:
    """Lay a photographed sheet flat.

    Args:
        photo: of mode ``"L"``.
        way: the homography from millimetres on the page to pixels of the photo.
        rows: how many rows of cells the sheet has.
        dark: the :func:`darkness` of what :func:`render` gives, where that is known already.

    >>> import numpy as np
    >>> from digitlib.paper import blank
    >>> page = blank.draw(["camp", "rest"]).convert("L").resize((2970, 2100))
    >>> flatten(page, np.diag([10.0, 10.0, 1.0]), rows=2).share
    1.0
    """
    bend = None
    for reach, degree in ((_WIDE, 2), (_NEAR, 5)):
        if bend is not None or dark is None:
            dark = darkness(render(photo, way, bend))
        seen = _measured(dark, rows, reach)
        bend = _Bend.fitted(seen, degree, bend)
    dark = darkness(render(photo, way, bend))
    across, down = _measured(dark, rows, _LAST)
    found = np.zeros((rows, template.COLUMNS, 4), dtype=bool)
    sides = across.good(OFF).reshape(rows, -1)
    found[..., 0], found[..., 2] = sides[:, :-1], sides[:, 1:]
    found[..., [1, 3]] = down.good(OFF).reshape(2, rows, -1).transpose(1, 2, 0)
    return Flat(dark, found)


@dataclass(frozen=True)
class _Sides:
    """Sides that were looked for: their middles ``(n, 2)``, how far off each is ``(n,)``, and how dark ``(n,)``."""

    places: np.ndarray
    off: np.ndarray
    dark: np.ndarray

    def good(self, most: float) -> np.ndarray:
        """Which were seen, no further off than this."""
        return (self.dark >= SEEN) & (np.abs(self.off) <= most)


def _measured(dark: np.ndarray, rows: int, reach: float) -> tuple[_Sides, _Sides]:
    """The upright sides, row by row, and the level ones: all upper ones, then all lower ones."""
    cells = template.boxes(rows)
    lines = np.append(cells[0, :, 0], cells[0, -1, 2])
    tops, bottoms = cells[:, 0, 1], cells[:, 0, 3]
    clipped = dark.clip(0, 0.35)
    x, y = (part.ravel() for part in np.meshgrid(lines, tops))
    across = _off(clipped, x, y, template.CELL[1], reach)
    upright = np.stack([x, y + template.CELL[1] / 2], axis=1)
    y, x = (
        part.ravel() for part in np.meshgrid(np.append(tops, bottoms), lines[:-1], indexing="ij")
    )
    # A cell's upper and lower side are looked for together at first: each has another beyond the gap between rows.
    other = np.repeat([template.CELL[1], -template.CELL[1]], len(y) // 2)
    down = _off(clipped.T, y, x, template.CELL[0], reach, other if reach == _WIDE else None)
    return _Sides(upright, *across), _Sides(np.stack([x + template.CELL[0] / 2, y], axis=1), *down)


def _off(
    dark: np.ndarray,
    lines: np.ndarray,
    starts: np.ndarray,
    length: float,
    reach: float,
    other: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """How far upright lines are from where they should be, in millimetres, and how dark they are."""
    profiles = _profiles(dark, lines, starts, length, reach)
    if other is not None:
        profiles = np.minimum(profiles, _profiles(dark, lines + other, starts, length, reach))
    each = np.arange(len(lines))
    best = profiles[:, 1:-1].argmax(axis=1) + 1
    before, here, after = (profiles[each, best + step] for step in (-1, 0, 1))
    curve = before - 2 * here + after
    part = np.where(curve < 0, 0.5 * (before - after) / np.minimum(curve, -1e-9), 0.0)
    middles = (np.round(lines * SCALE - 0.5) + 0.5) / SCALE
    places = middles + (best - profiles.shape[1] // 2 + part.clip(-0.5, 0.5)) / SCALE
    return places - lines, here


def _profiles(
    dark: np.ndarray, lines: np.ndarray, starts: np.ndarray, length: float, reach: float
) -> np.ndarray:
    """How dark each column around a line is along most of it, beyond what the columns are by and large: ``(n, w)``."""
    first = np.round((starts + 0.14 * length) * SCALE).astype(int)
    middle, half = np.round(lines * SCALE - 0.5).astype(int), ceil(reach * SCALE)
    rows = first[:, None] + np.arange(round(0.72 * length * SCALE))
    columns = middle[:, None] + np.arange(-half, half + 1)
    columns = columns.clip(0, dark.shape[1] - 1)
    profiles = np.median(dark[rows[:, :, None], columns[:, None]], axis=1)
    return profiles - np.median(profiles, axis=1, keepdims=True)


@dataclass(frozen=True)
class _Bend:
    """How far the paper lies beside where a homography has it: a polynomial in x and one in y, of one degree."""

    degree: int
    across: np.ndarray
    down: np.ndarray

    def at(self, places: np.ndarray) -> np.ndarray:
        """Millimetres to the right and down, ``(..., 2)``, at places on the page."""
        terms = _terms(places, self.degree)
        return np.stack([terms @ self.across, terms @ self.down], axis=-1)

    @classmethod
    def fitted(cls, seen: tuple[_Sides, _Sides], degree: int, before: "_Bend | None") -> "_Bend":
        """The bend that both kinds of sides show, in addition to what was allowed for."""
        return cls(degree, *(_fit(sides, axis, degree, before) for axis, sides in enumerate(seen)))


def _terms(places: np.ndarray, degree: int) -> np.ndarray:
    x, y = np.moveaxis(places / np.array(template.PAGE) * 2 - 1, -1, 0)
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.stack([x**i * y**j for i, j in powers], axis=-1)


def _fit(sides: _Sides, axis: int, degree: int, before: _Bend | None) -> np.ndarray:
    """Least squares in which what lies far from the rest weighs little; the marks stay where they are."""
    good = sides.dark >= SEEN
    places = np.concatenate([sides.places[good], template.CORNERS])
    off = np.concatenate([sides.off[good], np.zeros(4)])
    if before is not None:
        off = off + before.at(places)[:, axis]
        off[-4:] = 0.0
    terms = _terms(places, degree)
    weights = np.ones(len(off))
    little = 1e-3 * np.eye(terms.shape[1])
    for _ in range(8):
        weighed = terms * weights[:, None]
        found = np.linalg.solve(weighed.T @ terms + little, weighed.T @ off)
        weights = 1 / (1 + ((off - terms @ found) / 0.3) ** 2)
    return found
