"""The connected components of a mask, and what is measured of each.

Rows are cut into runs, runs of neighbouring rows that touch are joined, all in numpy: a picture of 768 by 576 takes
some milliseconds, however many components it has.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from digitlib.reading.morphology import dilated, outline

__all__ = ["Components", "filled", "label", "run_lengths"]


def label(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the components of a mask, corners touching too.

    Args:
        mask: booleans ``(H, W)``.

    Returns:
        for each pixel its component's number, from 1, or 0 outside the mask, ``(H, W)``; and how many there are.

    >>> import numpy as np
    >>> labels, n = label(np.array([[1, 0, 0, 1], [0, 1, 0, 1]], dtype=bool))
    >>> labels.tolist(), n
    ([[1, 0, 0, 2], [0, 1, 0, 2]], 2)
    """
    rows, starts, ends = _runs(mask)
    if not len(rows):
        return np.zeros(mask.shape, dtype=np.int64), 0
    one, other = _touching(rows, starts, ends, mask.shape[1])
    roots = np.arange(len(rows))
    while (roots[one] != roots[other]).any():
        low, high = np.minimum(roots[one], roots[other]), np.maximum(roots[one], roots[other])
        np.minimum.at(roots, high, low)
        while (roots[roots] != roots).any():
            roots = roots[roots]
    _, numbers = np.unique(roots, return_inverse=True)
    return _painted(mask.shape, rows, starts, ends, numbers + 1), int(numbers.max()) + 1


def run_lengths(mask: np.ndarray) -> np.ndarray:
    """For each pixel of a mask how many of it stand in line above and below it, itself among them; 0 outside.

    >>> import numpy as np
    >>> run_lengths(np.array([[1, 0], [1, 1]], dtype=bool)).tolist()
    [[2, 0], [2, 1]]
    """
    columns, starts, ends = _runs(mask.T)
    return _painted(mask.T.shape, columns, starts, ends, ends - starts).T


def filled(mask: np.ndarray) -> np.ndarray:
    """A mask ``(H, W)`` with its holes filled: what no way leads out of, round corners either.

    >>> import numpy as np
    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
    >>> filled(ring).all().item()
    True
    """
    labels, _ = label(np.pad(~mask, 1, constant_values=True))
    return (labels != labels[0, 0])[1:-1, 1:-1]


def _runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, start and end of each run of a mask, row by row."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    return rows, starts, np.nonzero(steps == -1)[1]


def _touching(
    rows: np.ndarray, starts: np.ndarray, ends: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of runs, one above the other, that touch."""
    row = width + 2
    place = rows * row
    first = np.searchsorted(place + ends, place - row + starts, side="left")
    last = np.searchsorted(place + starts, place - row + ends, side="right")
    count = np.maximum(last - first, 0)
    below = np.repeat(np.arange(len(rows)), count)
    since = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return below, np.repeat(first, count) + since


def _painted(
    shape: tuple[int, ...],
    rows: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    values: np.ndarray,
) -> np.ndarray:
    """An image with a value for each run, 0 elsewhere."""
    steps = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
    steps[rows, starts] = values
    steps[rows, ends] -= values  # never where another begins
    return np.cumsum(steps, axis=1)[:, :-1]


@dataclass(frozen=True)
class Components:
    """The components of a mask, each pixel and its neighbours counting as connected across a gap of one.

    Attributes:
        labels: the number of each pixel's component, from 1, or 0, ``(H, W)``.
        ink: how strong the ink is at each pixel, ``(H, W)``.
        n: how many components there are.

    >>> import numpy as np
    >>> mask = np.zeros((20, 20), dtype=bool)
    >>> mask[2:12, 3:5] = mask[15, 15] = True
    >>> found = Components.of(mask, 100.0 * mask)
    >>> found.n, found.area.tolist(), found.size.tolist(), found.touches.tolist()
    (2, [20, 1], [10, 1], [False, False])
    """

    labels: np.ndarray
    ink: np.ndarray
    n: int

    @classmethod
    def of(cls, mask: np.ndarray, ink: np.ndarray) -> "Components":
        """The components of a mask; ``ink`` as above."""
        labels, n = label(dilated(mask, 3))
        return cls(np.where(mask, labels, 0), ink, n)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum of values ``(H, W)`` over each component."""
        y, x, number = self._places
        return np.bincount(number, values[y, x], minlength=self.n)

    @cached_property
    def _places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, column and component, from 0, of each pixel that has one."""
        y, x = np.nonzero(self.labels)
        return y, x, self.labels[y, x] - 1

    @cached_property
    def area(self) -> np.ndarray:
        """Pixels."""
        return np.bincount(self._places[2], minlength=self.n)

    @cached_property
    def strength(self) -> np.ndarray:
        """The mean of the ink."""
        return self.sums(self.ink) / self.area

    @cached_property
    def width(self) -> np.ndarray:
        """The width of the stroke, as if it were one: an area by half its outline's length."""
        return 2 * self.area / self.sums(outline(self.labels > 0)).clip(min=1)

    @cached_property
    def box(self) -> np.ndarray:
        """First row, first column, last row, last column: ``(n, 4)``."""
        y, x, number = self._places
        height, width = self.labels.shape
        box = np.tile([height, width, -1, -1], (self.n, 1))
        for side, (least, value) in enumerate(
            [(np.minimum, y), (np.minimum, x), (np.maximum, y), (np.maximum, x)]
        ):
            least.at(box[:, side], number, value)
        return box

    @cached_property
    def height(self) -> np.ndarray:
        """Rows from the first to the last."""
        return self.box[:, 2] - self.box[:, 0] + 1

    @cached_property
    def breadth(self) -> np.ndarray:
        """Columns from the first to the last."""
        return self.box[:, 3] - self.box[:, 1] + 1

    @cached_property
    def size(self) -> np.ndarray:
        """The longer of both."""
        return np.maximum(self.height, self.breadth)

    @cached_property
    def spread(self) -> np.ndarray:
        """How far the pixels lie from the straight line along each component, their standard deviation."""
        y, x, number = self._places

        def mean(values: np.ndarray) -> np.ndarray:
            return np.bincount(number, values, minlength=self.n) / self.area

        down, right = y - mean(y)[number], x - mean(x)[number]
        yy, xx, xy = mean(down * down), mean(right * right), mean(down * right)
        across = (yy + xx) / 2 - np.sqrt((yy - xx) ** 2 / 4 + xy**2)
        spread: np.ndarray = np.sqrt(across.clip(min=0))
        return spread

    @cached_property
    def touches(self) -> np.ndarray:
        """Whether it comes as near to the rim as one pixel."""
        height, width = self.labels.shape
        first, last = self.box[:, :2].min(axis=1), [height, width] - self.box[:, 2:]
        return (first <= 1) | (last.min(axis=1) <= 2)

    def mask(self, which: np.ndarray) -> np.ndarray:
        """The pixels ``(H, W)`` of the components for which ``which`` ``(n,)`` is true."""
        return np.concatenate([[False], which])[self.labels]

    def gap(self, main: int) -> np.ndarray:
        """How far each component's box lies from that of one of them, in pixels; 0 where they overlap."""
        top, left, bottom, right = self.box.T
        down = np.maximum(top[main] - bottom, top - bottom[main])
        across = np.maximum(left[main] - right, left - right[main])
        return np.hypot(down.clip(min=0), across.clip(min=0))

    def within(self, main: int) -> np.ndarray:
        """Whether each component's box lies within that of one of them."""
        first, last = self.box[:, :2], self.box[:, 2:]
        inside: np.ndarray = (first >= first[main]).all(axis=1) & (last <= last[main]).all(axis=1)
        return inside
