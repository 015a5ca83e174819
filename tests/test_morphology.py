"""Held against SciPy's own, on masks and grey levels of any shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from digitlib.reading import morphology

IMAGES = st.one_of(
    arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12))),
    arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))),
)
WIDTHS = st.sampled_from([1, 3, 5, 9, 31])


@given(image=IMAGES, width=WIDTHS)
def test_the_maximum_and_the_minimum_over_a_square(image, width):
    highest = ndimage.maximum_filter(image, width, mode="constant", cval=0)
    lowest = ndimage.minimum_filter(
        image, width, mode="constant", cval=np.invert(image.dtype.type(0))
    )
    np.testing.assert_array_equal(morphology.dilated(image, width), highest)
    np.testing.assert_array_equal(morphology.eroded(image, width), lowest)


@given(image=IMAGES, width=WIDTHS)
def test_a_closing_fills_and_an_opening_takes_away(image, width):
    closed, opened = morphology.closed(image, width), morphology.opened(image, width)
    assert closed.shape == opened.shape == image.shape
    assert (opened <= image).all() and (image <= closed).all()
    # Once more changes nothing.
    np.testing.assert_array_equal(morphology.closed(closed, width), closed)
    np.testing.assert_array_equal(morphology.opened(opened, width), opened)


@pytest.mark.parametrize("width", [3, 7])
def test_what_is_dark_along_the_rim_stays(width):
    page = np.full((20, 20), 200, dtype=np.uint8)
    page[:, 0] = 10  # the edge of a table
    page[8:10, 8:10] = 10  # ink
    closed = morphology.closed(page, width)
    assert (closed[:, 0] == 10).all() and (closed[:, 1:] == 200).all()


@given(mask=arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_an_outline_is_what_an_erosion_takes_away(mask):
    inner = ndimage.binary_erosion(mask)  # by a cross; outside is False
    np.testing.assert_array_equal(morphology.outline(mask), mask & ~inner)
