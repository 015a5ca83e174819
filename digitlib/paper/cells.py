"""What is written in the cells of a page that was laid flat.

Ink is what is darker than the paper around it by more than its grain, printed lines taken out; where a stroke crosses a
line, it is joined again. A component belongs to the cell that has most of it, so that a sign that overflows its border
is whole, and leaves nothing in its neighbour's cell. Where two signs touch across a border, each keeps its own side of
it, and both cells say so, as do cells of which much of the ink went to a neighbour. What is returned is ink on white
paper, as if no line had ever been there.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from digitlib.paper import template
from digitlib.paper.straight import SCALE, Flat
from digitlib.reading.components import label
from digitlib.reading.morphology import dilated

__all__ = ["BEYOND", "Cell", "cut"]

BEYOND = 2.5
"""How far beyond its borders a cell's picture reaches, in millimetres."""

# How much darker than the paper ink is at least, of 1, and in spreads of the paper's grain.
_LEAST, _GRAIN = 0.16, 5.0
# Square millimetres: a speck, and the least of a sign.
_SPECK, _SIGN = 0.2, 0.45
# Half of a printed line with its soft edges, in pixels.
_LINE = 2
# The part of the lines' places that no ink lies on, by and large.
_DARK = 0.9
# A component of which another cell has so large a part, and so many millimetres across, is two signs that touch.
_TWO, _REACH = 0.25, 4.5
# A cell is in doubt if a neighbour has so much of the ink on its ground, as a part of what it has itself.
_MUCH = 0.5
# What is less than this part of a sign that was parted from another is left over from that.
_LEFT = 0.12


@dataclass(frozen=True)
class Cell:
    """A cell of a sheet.

    Attributes:
        row, column: from 0.
        ink: dark on white, uint8 ``(93, 87)``; None where nothing is written, or the place isn't sure.
        lost: whether its lines were not seen where they should be.
        crosses: whether its ink crosses a border.
        parted: whether ink was parted between it and a neighbour, so that either may have what is the other's.

    >>> Cell(0, 3, None).empty
    True
    """

    row: int
    column: int
    ink: np.ndarray | None
    lost: bool = False
    crosses: bool = False
    parted: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is written in it."""
        return self.ink is None and not self.lost


def cut(page: Flat) -> list[Cell]:
    """The cells of a page, row by row.

    A cell is lost unless one of its upright sides and both level ones were seen in their places; of the level ones one
    will do beside a cell of its row that has both.

    >>> from digitlib.paper import blank
    >>> from digitlib.paper.straight import flatten
    >>> paper = blank.draw(["camp", "rest"]).convert("L").resize((2970, 2100))
    >>> paper.paste(20, (400, 300, 430, 360))  # in the first cell
    >>> cells = cut(flatten(paper, np.diag([10.0, 10.0, 1.0]), rows=2))
    >>> [cell.ink.shape for cell in cells if not cell.empty]
    [(93, 87)]
    """
    dark, frames = page.dark, _frames(len(page.found))
    least = _thresholds(dark, frames)
    sure = _sure(page.found)
    ink = _owned(dark, frames, least)
    return [
        _cell(
            dark,
            ink,
            (row, column),
            frames[row, column],
            float(least[row, column]),
            sure,
        )
        for row, column in np.ndindex(sure.shape)
    ]


def _sure(found: np.ndarray) -> np.ndarray:
    """Which cells are in their places. Of a page that is off by a row's gap, every other level side seems to be."""
    upright, either = found[..., ::2].any(axis=2), found[..., 1::2].any(axis=2)
    both = np.pad(found[..., 1::2].all(axis=2), ((0, 0), (1, 1)))
    sure: np.ndarray = upright & (both[:, 1:-1] | (either & (both[:, :-2] | both[:, 2:])))
    return sure


def _frames(rows: int) -> np.ndarray:
    """The cells' sides, left, top, right and bottom, in whole pixels: where the middle of a line runs."""
    return np.floor(template.boxes(rows) * SCALE).astype(int)


def _thresholds(dark: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """How dark ink is at least in each cell: by most of a cell, which is paper."""
    least = np.empty(frames.shape[:2])
    for place in np.ndindex(least.shape):
        left, top, right, bottom = frames[place]
        inside = dark[top + 4 : bottom - 3, left + 4 : right - 3]
        middle = np.median(inside)
        spread = 1.4826 * np.median(np.abs(inside - middle))
        least[place] = min(0.4, max(_LEAST, middle + _GRAIN * spread))
    return least


def _cells_map(shape: tuple[int, ...], frames: np.ndarray, values: np.ndarray) -> np.ndarray:
    """An image that has each cell's value inside its lines, and 0 elsewhere."""
    image = np.zeros(shape, dtype=values.dtype)
    for place in np.ndindex(values.shape):
        left, top, right, bottom = frames[place]
        inner = slice(top + _LINE + 1, bottom - _LINE), slice(left + _LINE + 1, right - _LINE)
        image[inner] = values[place]
    return image


def _ink(dark: np.ndarray, frames: np.ndarray, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where ink is, lines left out, but not where a stroke crosses them; and where lines are."""
    level = np.full(dark.shape, float(np.median(least)), dtype=np.float32)
    inside = _cells_map(dark.shape, frames, least)
    ink = dark > np.where(inside > 0, inside, level)
    rows = frames[:, 0]
    lines = [*frames[0, :, 0], frames[0, -1, 2]]
    upright = [(line, slice(r[1] - _LINE, r[3] + _LINE + 1)) for r in rows for line in lines]
    across = slice(lines[0] - _LINE, lines[-1] + _LINE + 1)
    printed = np.zeros_like(ink)
    for line, part in upright:
        printed[part, line - _LINE : line + _LINE + 1] = True
    for row in rows:
        for line in (row[1], row[3]):
            printed[line - _LINE : line + _LINE + 1, across] = True
    # What is darker than nearly all of a line is a stroke that runs along it.
    darker = 1.3 * np.quantile(dark[printed], _DARK) + 0.05
    crossed = ink & (~printed | (dark > darker))
    for line, part in upright:
        _join(crossed[part], ink[part], line)
    for row in rows:
        for line in (row[1], row[3]):
            _join(crossed[:, across].T, ink[:, across].T, line)
    return crossed, printed


def _join(crossed: np.ndarray, ink: np.ndarray, line: int) -> None:
    """Put back what crosses an upright line: ink that goes on on both sides, slanting or not."""
    first, last = line - _LINE, line + _LINE
    around = crossed[:, [first - 1, last + 1]]
    wide = [np.convolve(side, np.ones(2 * _LINE + 3), "same") > 0.5 for side in around.T]
    both = wide[0] & wide[1]
    crossed[:, first : last + 1] |= ink[:, first : last + 1] & both[:, None]


class _Ink(NamedTuple):
    """Whose ink is where.

    Attributes:
        owners: the number of each pixel's cell, from 1, or 0, ``(H, W)``.
        cut: which pixels are of two signs that touch, ``(H, W)``.
        crossing: which cells' ink crosses a border, by number.
        parted: which cells' ink was parted from a neighbour's, or went there, by number.
    """

    owners: np.ndarray
    cut: np.ndarray
    crossing: np.ndarray
    parted: np.ndarray


def _owned(dark: np.ndarray, frames: np.ndarray, least: np.ndarray) -> _Ink:
    """To which cell each pixel of ink belongs."""
    ink, printed = _ink(dark, frames, least)
    labels, n = label(ink)
    cells = least.size
    inside = _cells_map(dark.shape, frames, 1 + np.arange(cells).reshape(least.shape))
    if not n:
        none = np.zeros(cells + 1, dtype=bool)
        return _Ink(np.zeros_like(inside), np.zeros_like(ink), none, none)
    some = labels > 0
    shares = np.bincount(labels[some] * (cells + 1) + inside[some], minlength=(n + 1) * (cells + 1))
    shares = shares.reshape(n + 1, cells + 1)
    within = shares[:, 1:]
    area, owner = shares.sum(axis=1), 1 + within.argmax(axis=1)
    ranked = within.argsort(axis=1)
    second = within[np.arange(n + 1), ranked[:, -2]]
    owner[(within.max(axis=1) == 0) | (area < _SPECK * SCALE**2)] = 0
    owners = owner[labels] * some
    two = second >= np.maximum(_TWO * within.max(axis=1), _SIGN * SCALE**2)
    for number in np.flatnonzero(two):
        left, top, right, bottom = frames.reshape(-1, 4)[ranked[number, -2]]
        there = np.argwhere(labels[top:bottom, left:right] == number)
        two[number] = np.ptp(there, axis=0).max() >= _REACH * SCALE
    cut = two[labels] & some
    owners = np.where(cut, inside, owners)
    beyond = some & (owners > 0) & (inside != owners) & ~printed
    crossing = np.bincount(owners[beyond], minlength=cells + 1) >= _SPECK * SCALE**2
    crossing[np.unique(inside[cut])] = True
    return _Ink(owners, cut, crossing, _parted(inside, owners, beyond, cut))


def _parted(
    inside: np.ndarray, owners: np.ndarray, beyond: np.ndarray, cut: np.ndarray
) -> np.ndarray:
    """Cells, by number, that share ink with a neighbour: cut in two, or much of the one's lies in the other."""
    n = int(inside.max()) + 1
    left = np.bincount(owners[(owners == inside) & (owners > 0)], minlength=n)
    between = np.bincount(inside[beyond] * n + owners[beyond], minlength=n * n).reshape(n, n)
    much = between >= np.maximum(_MUCH * left, _SIGN * SCALE**2)[:, None]
    much[0] = False
    parted: np.ndarray = much.any(axis=0) | much.any(axis=1)
    parted[np.unique(inside[cut])] = True
    parted[0] = False
    return parted


def _cell(
    dark: np.ndarray,
    ink: _Ink,
    place: tuple[int, int],
    frame: np.ndarray,
    least: float,
    sure: np.ndarray,
) -> Cell:
    """One cell, of the page's darkness and of whose each pixel is."""
    number = 1 + place[0] * template.COLUMNS + place[1]
    if not sure[place]:
        return Cell(*place, None, lost=True)
    left, top = frame[:2] - round(BEYOND * SCALE)
    width, height = (round((side + 2 * BEYOND) * SCALE) for side in template.CELL)
    part = slice(top, top + height), slice(left, left + width)
    own, levels = ink.owners[part] == number, dark[part]
    crosses, parted = bool(ink.crossing[number]), bool(ink.parted[number])
    if own.sum() < _SIGN * SCALE**2:
        return Cell(*place, None, parted=parted)
    if crosses:
        own = _main(own, ink.cut[part])
    full = float(np.quantile(levels[own], 0.85))
    strength = ((levels - least / 2) / max(0.02, full - least / 2)).clip(0, 1)
    free = (ink.owners[part] == 0) & ~_printed(frame, top, left, own.shape)
    picture = np.where(own | (dilated(own, 5) & free), 255 * (1 - strength), 255)
    return Cell(*place, np.floor(picture + 0.5).astype(np.uint8), False, crosses, parted)


def _main(own: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """A cell's ink without the little that a neighbour left where both were cut; what stands alone stays."""
    labels, _ = label(dilated(own, 3))
    areas = np.bincount(labels[own])
    little = areas < _LEFT * areas.max()
    little &= np.bincount(labels[own & cut], minlength=len(areas)) > 0
    kept: np.ndarray = own & ~little[labels]
    return kept


def _printed(frame: np.ndarray, top: int, left: int, shape: tuple[int, ...]) -> np.ndarray:
    """Where a cell's own lines are in its picture: booleans."""
    mask = np.zeros(shape, dtype=bool)
    for line in (frame[0] - left, frame[2] - left):
        mask[:, line - _LINE : line + _LINE + 1] = True
    for line in (frame[1] - top, frame[3] - top):
        mask[line - _LINE : line + _LINE + 1] = True
    return mask
