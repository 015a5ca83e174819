"""Held against SciPy's own, on masks of any shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from digitlib.reading.components import Components, filled, label, run_lengths

MASKS = arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14)))
EIGHT = np.ones((3, 3), dtype=int)


@given(mask=MASKS)
def test_components_are_numbered(mask):
    labels, n = label(mask)
    expected, m = ndimage.label(mask, EIGHT)
    assert n == m
    # The numbers may be others, the parts not.
    assert len({*zip(labels.ravel().tolist(), expected.ravel().tolist(), strict=True)}) == (
        n + (not mask.all())
    )


def test_a_long_way_round_is_one_component():
    spiral = np.zeros((101, 101), dtype=bool)
    spiral[::4] = True
    for row in range(0, 98, 4):
        spiral[row : row + 4, 100 if row % 8 == 0 else 0] = True
    assert label(spiral)[1] == 1


@given(mask=MASKS)
def test_holes_are_filled(mask):
    # A way out may go round corners.
    np.testing.assert_array_equal(filled(mask), ndimage.binary_fill_holes(mask, EIGHT))


@given(mask=MASKS)
def test_runs_stand_in_a_column(mask):
    expected = np.zeros(mask.shape, dtype=int)
    for x, column in enumerate(mask.T):
        labels, n = ndimage.label(column)
        for number in range(1, n + 1):
            expected[labels == number, x] = (labels == number).sum()
    np.testing.assert_array_equal(run_lengths(mask), expected)


@given(mask=MASKS)
def test_each_component_is_measured(mask):
    ink = np.arange(mask.size, dtype=float).reshape(mask.shape)
    found = Components.of(mask, ink)
    assert found.n == ndimage.label(ndimage.binary_dilation(mask, EIGHT), EIGHT)[1]
    for k in range(found.n):
        own = found.labels == k + 1
        y, x = np.nonzero(own)
        assert found.area[k] == own.sum()
        assert found.box[k].tolist() == [y.min(), x.min(), y.max(), x.max()]
        assert np.isclose(found.strength[k], ink[own].mean())
        assert found.size[k] == max(np.ptp(y), np.ptp(x)) + 1
    np.testing.assert_array_equal(found.mask(np.ones(found.n, dtype=bool)), mask)


def test_a_strokes_width():
    mask = np.zeros((60, 60), dtype=bool)
    mask[5:55, 20:26] = True
    [width] = Components.of(mask, mask.astype(float)).width
    assert 5 < width < 7


def test_gaps_lie_between_boxes():
    mask = np.zeros((40, 40), dtype=bool)
    mask[2:12, 2:12] = mask[2:12, 20:24] = mask[15:20, 15:20] = True
    found = Components.of(mask, mask.astype(float))
    assert found.gap(0).round(1).tolist() == [0, 9, 5.7]
    assert found.within(0).tolist() == [True, False, False]


def test_how_far_pixels_lie_from_a_straight_line():
    mask = np.zeros((60, 120), dtype=bool)
    mask[5:11, 5:115] = True  # a bar six pixels wide
    mask[30, 20:60] = mask[30:50, 20] = True  # an angle
    bar, angle = Components.of(mask, 1.0 * mask).spread
    assert bar == pytest.approx(np.arange(6).std()) and angle > 4
