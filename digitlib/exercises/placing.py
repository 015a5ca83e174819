"""Checks of the exercises on the way to a page: a picture goes to the middle, and weights become whole numbers."""

import math
from collections.abc import Callable

import numpy as np

from digitlib.checks import Bug
from digitlib.exercises.marking import as_array, ask, compare
from digitlib.preprocess import SIDE

__all__ = ["check_centre", "check_quantise"]

MIDDLE = SIDE // 2
TOP = 127
"""The largest whole number that 8 bits with a sign hold."""


def check_centre(centre: Callable) -> None:
    """Check a function that moves a picture until its centre of mass is in the middle.

    Args:
        centre: called with a uint8 array ``(28, 28)``, bright ink on dark; returns it moved by whole pixels, so that
            its centre of mass is nearest to pixel (14, 14), counted from 0. What comes in is 0; what goes over the
            edge is lost.

    Not seen: a picture without ink, and a centre of mass exactly between two pixels.

    Raises:
        Bug: another picture. Named are rows and columns swapped, a move the wrong way or twice as far, a cut in place
            of rounding, the middle of the ink's box, pixels that all count alike, the middle between pixels 13 and 14,
            and ink that comes in again at the other side.

    >>> import numpy as np
    >>> from digitlib.checks import say
    >>> def by_roll(picture):
    ...     rows, columns = np.indices(picture.shape)
    ...     down = round(14 - np.average(rows, weights=picture))
    ...     right = round(14 - np.average(columns, weights=picture))
    ...     return np.roll(picture, (down, right), axis=(0, 1))
    >>> say(check_centre, by_roll).rpartition(": ")[2]
    'ink that goes over the edge comes in at the other side'
    """
    for picture in _pictures():
        down, right = (round(way) for way in _ways(picture))
        got = as_array(ask(centre, picture))
        if got.shape != picture.shape:
            raise Bug(f"expected shape {picture.shape}, got shape {got.shape}")
        if np.array_equal(got, _moved(picture, down, right)):
            continue
        said = f"expected the picture {_told(down, right)}, got it"
        if not got.any():
            raise Bug(f"{said} all dark: moved the wrong way, or never filled?")
        if np.array_equal(got, np.roll(picture, (down, right), axis=(0, 1))):
            raise Bug(f"{said} so: ink that goes over the edge comes in at the other side")
        raise Bug(f"{said} {_other_move(got, picture)}")


def check_quantise(quantise: Callable) -> None:
    """Check a function that rounds weights to 8 bits: whole numbers, and a scale for each row.

    Args:
        quantise: called with a float32 array ``(out, in)``; returns whole numbers from -127 to 127 of that shape, and
            scales ``(out,)`` or ``(out, 1)``. A row's largest weight, in size, becomes 127 or -127, and each number
            times its row's scale is the weight, up to half a scale.

    One row is all zeros. Its scale may be any number above 0. Not seen: the kind of array, and weights exactly
    between two steps.

    Raises:
        Bug: other numbers or other scales. Named are 128 in place of 127, a cut in place of rounding, signs that got
            lost or don't fit the kind of number, one scale for all rows or one for each column, numbers that weren't
            rounded, a scale upside down, and a division by the scale of the row of zeros.

    >>> import numpy as np
    >>> from digitlib.checks import say
    >>> def cut(weights):
    ...     scale = np.abs(weights).max(axis=1, keepdims=True) / 127
    ...     scale[scale == 0] = 1
    ...     return (weights / scale).astype(np.int8), scale
    >>> say(check_quantise, cut).rpartition(": ")[2]
    'cut off, not rounded'
    """
    answer = ask(quantise, WEIGHTS)
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Bug(f"expected two things, whole numbers and scales, got {type(answer).__name__}")
    numbers, scales = map(as_array, answer)
    expected, right = _steps(), np.abs(WEIGHTS).max(axis=1) / TOP
    compare(numbers, expected, _named(numbers), what="the whole numbers")
    if scales.size != len(right):
        raise Bug(f"expected a scale for each of {len(right)} rows, got {scales.size}")
    found = scales.reshape(-1).astype(float)
    slips = {"upside down": 1 / right[:-1], "not divided by 127": TOP * right[:-1]}
    compare(found[:-1], right[:-1], slips, within=1e-7, what="the scales")
    if not 0 < found[-1] < np.inf:
        raise Bug(f"expected a scale above 0 for a row of zeros, got {found[-1]:g}: what is 0 / 0?")


WEIGHTS = np.array(
    [[0.5, -1.27, 0.032, 0.0171], [0.254, 0.1234, -0.2, -0.0032], [0.0, 0.0, 0.0, 0.0]],
    dtype=np.float32,
)


def _steps(
    cut: Callable = np.rint, top: int = TOP, size: Callable = np.abs, axis: int | None = 1
) -> np.ndarray:
    """The weights in steps of a part of the largest one; a row or column of zeros stays one."""
    scale = size(WEIGHTS).max(axis=axis, keepdims=True) / top
    return cut(WEIGHTS / np.where(scale == 0, 1, scale))


def _named(numbers: np.ndarray) -> dict[str, np.ndarray]:
    """The slip that gives these numbers, as they are or as 8 bits keep them; none if no usual one does."""
    zero_by_zero = np.where(WEIGHTS.any(axis=1, keepdims=True), _steps(), np.nan)
    slips = {
        "128 is more than 8 bits with a sign hold": _steps(top=128),
        "cut off, not rounded": _steps(np.trunc),
        "rounded down, not to the nearest": _steps(np.floor),
        "not rounded": _steps(np.array),
        "one scale for all rows": _steps(axis=None),
        "a scale for each column": _steps(axis=0),
        "the largest in a row, but -1.27 is larger in size": _steps(size=np.array),
        "the signs got lost": np.abs(_steps()),
        "kept as a kind of number without a sign": _steps() % 256,
        "a row of zeros was divided by 0": zero_by_zero,
    }
    for slip, other in slips.items():
        with np.errstate(invalid="ignore"):  # where there is no number, there is none to keep
            kept = other, other.astype(int).astype(np.int8), other.clip(-128, 127)
        if any(_same(numbers, one) for one in kept):
            return {slip: numbers}
    return {}


def _same(numbers: np.ndarray, others: np.ndarray) -> bool:
    """Whether these are the same numbers, nearly, in the same places."""
    alike = numbers.shape == others.shape and numbers.dtype.kind in "biuf"
    return alike and np.allclose(numbers, others, rtol=0, atol=1e-3, equal_nan=True)


def _other_move(got: np.ndarray, picture: np.ndarray) -> str:
    """Where a picture was moved instead, and by which slip."""
    moves = {move: slip for slip, some in _slips(picture).items() for move in some}
    ends = (np.argwhere(ink).min(axis=0).tolist() for ink in (got, picture))
    (top, left), (old_top, old_left) = ends
    moves.setdefault((top - old_top, left - old_left), "")
    for move, slip in moves.items():
        rolled = np.roll(picture, move, axis=(0, 1))
        if np.array_equal(got, _moved(picture, *move)) or np.array_equal(got, rolled):
            return f"{_told(*move)}: {slip}" if slip else _told(*move)
    return "changed: is all ink there, and nothing else?"


def _slips(picture: np.ndarray) -> dict[str, list[tuple[int, ...]]]:
    """For each usual slip, the moves that it leads to, down and right."""
    ways, ink = _ways(picture), picture > 0
    down, right = (round(way) for way in ways)
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    box = [MIDDLE - (places[0] + places[-1]) / 2 for places in (rows, columns)]
    cuts = [tuple(cut(way) for way in ways) for cut in (math.floor, math.trunc, math.ceil)]
    return {
        "rows and columns are swapped": [(right, down)],
        "the wrong way": [(-down, -right)],
        "twice as far": [(2 * down, 2 * right)],
        "cut off, not rounded, or not to pixel 14": [*cuts, (down - 1, right - 1)],
        "by the middle of the ink's box": [
            tuple(cut(side) for side in box)
            for cut in (round, math.floor, math.ceil, lambda side: math.floor(side - 0.5))
        ],
        "each pixel counts alike, not by how bright it is": [
            tuple(round(way) for way in _ways(ink))
        ],
    }


def _pictures() -> list[np.ndarray]:
    """Two that stay inside the field, one below and right of the middle, one above and left; and one that doesn't."""
    low, high, wide = np.zeros((3, SIDE, SIDE), dtype=np.uint8)
    low[17:27, 12:16] = 30
    low[24:27, 9:25] = 255
    high[2:12, 4:9] = 240
    high[2:5, 4:19] = 100
    wide[20:27, 16:26] = 255
    wide[1:21, 3:5] = 100
    return [low, high, wide]


def _ways(picture: np.ndarray) -> tuple[float, float]:
    """How far down and how far right the centre of mass is from the middle."""
    rows, columns = np.indices(picture.shape)
    return (
        MIDDLE - float(np.average(rows, weights=picture)),
        MIDDLE - float(np.average(columns, weights=picture)),
    )


def _moved(picture: np.ndarray, down: int, right: int) -> np.ndarray:
    """A picture moved by whole pixels, none of which comes in again."""
    moved, rows = np.zeros_like(picture), np.arange(SIDE)
    inside = np.ix_(*(((rows - by >= 0) & (rows - by < SIDE)) for by in (down, right)))
    moved[inside] = np.roll(picture, (down, right), axis=(0, 1))[inside]
    return moved


def _told(down: int, right: int) -> str:
    """A move in words."""
    return f"moved {abs(down)} {'down' if down > 0 else 'up'} and {abs(right)} {'right' if right > 0 else 'left'}"
