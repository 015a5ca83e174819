"""Lines that are printed across a page, ruled, squared, the margin, or across a form: the cells of a table, a comb.

Such a line is thin, straight and as long as the picture is wide or high. Lines are looked for as Hough and Duda did
(1972): each pixel of a thin stroke votes for the lines through it, by slope and height. What is wider than the line
itself where it lies, the writing that crosses it, stays.
"""

import numpy as np

from digitlib.reading.components import Components, run_lengths
from digitlib.reading.morphology import dilated

__all__ = ["forms", "printed"]

# Slopes that are looked for: up to a turn of 11 degrees.
SLOPES = np.linspace(-0.2, 0.2, 81)
# The least part of a line's way across that is seen at all, and seen thin: the rest is covered by writing.
SEEN, THIN = 0.85, 0.4
# A line that leaves the picture above or below has at least this part of the picture's width for its way.
INSIDE = 0.25
# Smaller pictures have no room for lines.
LEAST = 60
# A form is at least as large, in parts of the picture's longer side, and has so many upright lines; no digit has three.
FORM, UPRIGHT = 0.25, 3


def printed(mask: np.ndarray) -> np.ndarray:
    """The pixels of lines that go across a mask, level or upright or nearly so.

    Args:
        mask: where something stands out of the paper, booleans ``(H, W)``.

    >>> import numpy as np
    >>> mask = np.zeros((100, 120), dtype=bool)
    >>> mask[50:52] = mask[20:80, 60:70] = True  # a ruled line, and a stroke across it
    >>> lines = printed(mask)
    >>> lines[50, [0, 59, 65, 119]].tolist()
    [True, True, False, True]
    """
    if min(mask.shape) < LEAST:
        return np.zeros(mask.shape, dtype=bool)
    height, width = mask.shape
    return _across(mask, height // 40) | _across(mask.T, width // 40).T


def forms(components: Components) -> np.ndarray:
    """The pixels of lines that go across a component as :func:`printed` has it, if it is a row of cells.

    Args:
        components: of what stands out of the paper.

    >>> import numpy as np
    >>> mask = np.zeros((120, 400), dtype=bool)
    >>> mask[20:100, [40, 120, 200, 280]] = mask[100, 40:281] = True  # a comb of three teeth and a half
    >>> mask[30:90, 150:160] = True  # a 1
    >>> forms(Components.of(mask, 200.0 * mask))[60, [40, 155, 200]].tolist()
    [True, False, True]
    """
    found = np.zeros(components.labels.shape, dtype=bool)
    for k in np.flatnonzero(components.size > FORM * max(found.shape)):
        top, left, bottom, right = components.box[k]
        place = slice(top, bottom + 1), slice(left, right + 1)
        own = components.labels[place] == k + 1
        if min(own.shape) < LEAST:
            continue
        thick = int(components.size[k]) // 60
        level, upright = _across(own, thick), _across(own.T, thick).T
        if level.any() and _lines(upright) >= UPRIGHT:
            found[place] |= level | upright
    return found


def _lines(upright: np.ndarray) -> int:
    """How many lines these pixels are, pieces not counted that are less than half as high."""
    return int((2 * Components.of(upright, upright).height > len(upright)).sum())


def _across(mask: np.ndarray, thick: int) -> np.ndarray:
    """The pixels of lines from the left to the right, at most so thick, or three pixels."""
    height, width = mask.shape
    found = np.zeros(mask.shape, dtype=bool)
    runs = run_lengths(mask)
    thin = mask & (runs <= max(3, thick))
    if thin.sum() < INSIDE * THIN * width:
        return found
    here = np.stack([np.where(thin, runs, 0), np.where(mask, 1, 0)]).astype(np.uint8)
    # A line's own pixels, one above and one below it.
    runs_near, mask_near = (dilated(np.ascontiguousarray(part), 3) for part in here)
    columns = np.arange(width)
    for slope, middle in _candidates(thin):
        rows = np.round(middle + slope * (columns - width / 2)).astype(int)
        inside = (rows >= 0) & (rows < height)
        at, x = rows[inside], columns[inside]
        seen = runs_near[at, x]
        way = max(len(at), INSIDE * width)
        if (seen > 0).sum() < THIN * way or mask_near[at, x].sum() < SEEN * way:
            continue
        thick = int(np.median(seen[seen > 0]))
        for shift in range(-thick - 1, thick + 2):
            y = (at + shift).clip(0, height - 1)
            found[y, x] |= mask[y, x] & (runs[y, x] <= 1.5 * thick + 1)
    return found


def _candidates(thin: np.ndarray) -> list[tuple[float, int]]:
    """Slope, and height in the middle, of lines for which enough pixels vote, each the best of its neighbours."""
    height, width = thin.shape
    step = max(1, width // 200)
    y, x = np.nonzero(thin[:, ::step])
    x = step * x
    beyond = int(SLOPES[-1] * width) + 2
    votes = np.stack(
        [
            np.bincount(
                np.round(y - slope * (x - width / 2)).astype(int) + beyond,
                minlength=height + 2 * beyond,
            )
            for slope in SLOPES
        ]
    )
    bands = votes + np.roll(votes, 1, axis=1) + np.roll(votes, -1, axis=1)
    bands = np.minimum(bands, 65_535)
    best = bands.copy()
    for shift in (1, 2):
        best = np.maximum(best, np.maximum(np.roll(bands, shift, 1), np.roll(bands, -shift, 1)))
    best[1:-1] = np.maximum(best[1:-1], np.maximum(best[:-2], best[2:]))
    enough = (bands >= INSIDE * THIN * width / step) & (bands == best)
    return [(SLOPES[i], int(j) - beyond) for i, j in np.argwhere(enough)]
