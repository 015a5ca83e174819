import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from digitlib.preprocess import (
    PREPARATIONS,
    NoInk,
    as_drawing,
    centre_by_mass,
    crop,
    fit,
    prepare,
    preprocess,
    resample,
)
from drawings import draw


def area_average(image, height, width):
    """The contract's step 4, pixel by pixel and with fractions of whole numbers."""
    result = np.zeros((height, width), dtype=np.uint8)
    rows, columns = image.shape
    for i in range(height):
        for j in range(width):
            total = 0
            for r in range(rows):
                for c in range(columns):
                    tall = min((i + 1) * rows, (r + 1) * height) - max(i * rows, r * height)
                    wide = min((j + 1) * columns, (c + 1) * width) - max(j * columns, c * width)
                    if tall > 0 and wide > 0:
                        total += tall * wide * int(image[r, c])
            result[i, j] = (2 * total + rows * columns) // (2 * rows * columns)
    return result


@pytest.mark.parametrize("shape", [(7, 13), (20, 20), (1, 5), (31, 9), (8, 8)])
@pytest.mark.parametrize("size", [(5, 4), (20, 11), (1, 1)])
def test_resample_is_area_averaging(shape, size):
    image = np.random.RandomState(1).randint(256, size=shape).astype(np.uint8)
    np.testing.assert_array_equal(resample(image, *size), area_average(image, *size))


def test_halves_round_up():
    assert resample(np.array([[0, 1]], dtype=np.uint8), 1, 1) == 1
    assert resample(np.array([[2, 3]], dtype=np.uint8), 1, 1) == 3


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((100, 50), (20, 10)), ((3, 40), (2, 20)), ((1, 300), (1, 20))],
)
def test_fit_keeps_proportions(shape, expected):
    assert fit(np.full(shape, 255, dtype=np.uint8)).shape == expected


def test_crop_holds_all_ink():
    drawing = np.zeros((30, 40), dtype=np.uint8)
    drawing[5, 7] = drawing[20, 33] = 1
    assert crop(drawing).shape == (16, 27)


def test_mass_comes_to_pixel_14(noise):
    for ink in noise[:, :20, :15]:
        levels = centre_by_mass(ink).astype(float)
        centre = [
            (levels.sum(axis=1 - axis) * np.arange(28)).sum() / levels.sum() for axis in (0, 1)
        ]
        assert all(13.5 <= place <= 14.5 for place in centre)


def test_a_lopsided_image_stays_in_the_field():
    ink = np.zeros((20, 20), dtype=np.uint8)
    ink[0, 0] = 255
    assert centre_by_mass(ink)[8:, 8:].max() == 255
    assert centre_by_mass(ink).sum() == 255


@pytest.mark.parametrize("factor", [2, 3, 7])
def test_size_and_place_do_not_matter(factor):
    image = np.asarray(draw(7, size=60, pen=6))
    moved = np.zeros((900, 900), dtype=np.uint8)
    larger = image.repeat(factor, axis=0).repeat(factor, axis=1)
    moved[11 : 11 + len(larger), 300 : 300 + len(larger)] = larger
    np.testing.assert_array_equal(preprocess(image), preprocess(moved))


def test_mnist_comes_out_as_it_went_in(mnist):
    images = mnist.images[:2000].numpy()
    pairs = [(preprocess(image), image) for image in images]
    changed = [i for i, pair in enumerate(pairs) if not np.array_equal(*pair)]
    assert changed == [908]  # made 19 pixels high, not 20


def test_levels_as_floats_and_booleans():
    ink = np.asarray(draw(3))
    np.testing.assert_array_equal(preprocess(ink / 255), preprocess(ink))
    np.testing.assert_array_equal(preprocess(ink.astype(np.int64)), preprocess(ink))
    np.testing.assert_array_equal(preprocess(ink > 127), preprocess((ink > 127) * np.uint8(255)))


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (280, 280)])
def test_no_ink(shape):
    with pytest.raises(NoInk, match="0 everywhere"):
        preprocess(np.zeros(shape))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((28, 28, 3)), r"\(H, W\), got \(28, 28, 3\)"),
        (np.zeros((0, 28)), r"got \(0, 28\)"),
        (np.full((4, 4), 2.0), "from 0 to 1, got 2.0"),
        (np.full((4, 4), np.nan), "got nan"),
        (np.full((4, 4), -1), "from 0 to 255, got -1"),
        (np.array([["a"]]), "as numbers"),
    ],
)
def test_bad_drawings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        as_drawing(wrong)


PREPARED = st.sampled_from(PREPARATIONS)


@st.composite
def drawings(draw, longest=40):
    """Uint8 drawings of any shape, some of them nearly dark."""
    shape = draw(st.tuples(st.integers(1, longest), st.integers(1, longest)))
    levels = draw(st.sampled_from([(0, 255), (0, 1), (250, 255)]))
    return draw(arrays_of.arrays(np.uint8, shape, elements=st.integers(*levels)))


def tried(drawing, preparation="digit"):
    """The image, or that there is no ink."""
    try:
        return prepare(drawing, preparation).tolist()
    except NoInk:
        return "no ink"


@given(
    arrays_of.arrays(
        arrays_of.scalar_dtypes(),
        arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=30),
    ),
    PREPARED,
)
@example(np.array([[None]]), "digit")
def test_anything_becomes_an_image_or_a_plain_error(drawing, preparation):
    try:
        image = prepare(drawing, preparation)
    except ValueError as error:  # of which NoInk is one
        assert "expected" in str(error) and "\n" not in str(error)
    else:
        assert (image.dtype, image.shape) == (np.uint8, (28, 28)) and image.any()


@given(drawings())
def test_a_digit_fits_20_by_20_and_lies_as_near_the_middle_as_it_can(drawing):
    assume(tried(drawing) != "no ink")
    fitted, image = fit(crop(drawing)), preprocess(drawing)
    assert max(fitted.shape) == 20
    assert image.sum(dtype=int) == fitted.sum(dtype=int)
    for axis, side in enumerate(fitted.shape):
        mass, place = fitted.sum(axis=1 - axis, dtype=int), np.arange(side)
        offsets = [int(2 * (mass * (place + start - 14)).sum()) for start in range(28 - side + 1)]
        best = min(offsets, key=abs)
        found = int(2 * (image.sum(axis=1 - axis, dtype=int) * (np.arange(28) - 14)).sum())
        assert abs(found) == abs(best)


@given(drawings())
def test_a_picture_keeps_its_proportions_and_the_middle(drawing):
    assume(tried(drawing, "picture") != "no ink")
    image, (height, width) = prepare(drawing, "picture"), fit(drawing, 28).shape
    assert max(height, width) == 28
    top, left = (28 - height) // 2, (28 - width) // 2
    inside = image[top : top + height, left : left + width]
    assert np.array_equal(inside, fit(drawing, 28)) and image.sum() == inside.sum()


@given(drawings(), st.tuples(*[st.integers(0, 20)] * 4))
def test_what_does_not_touch_the_ink_changes_nothing(drawing, margins):
    top, bottom, left, right = margins
    assert tried(np.pad(drawing, ((top, bottom), (left, right)))) == tried(drawing)


@given(drawings(), st.integers(2, 5), PREPARED)
def test_a_drawing_as_many_times_as_large_is_the_same(drawing, factor, preparation):
    larger = drawing.repeat(factor, axis=0).repeat(factor, axis=1)
    assert tried(larger, preparation) == tried(drawing, preparation)


@given(drawings(), PREPARED)
def test_rows_and_columns_are_treated_alike(drawing, preparation):
    one, other = tried(drawing, preparation), tried(drawing.T, preparation)
    assert one == other == "no ink" or np.array_equal(np.transpose(one), other)


@given(drawings(), PREPARED)
def test_every_form_of_the_levels_is_the_same_drawing(drawing, preparation):
    for dtype in (np.int16, np.uint64):
        assert tried(drawing.astype(dtype), preparation) == tried(drawing, preparation)
    for dtype in (np.float16, np.float32, np.float64):
        shares = drawing.astype(dtype) / dtype(255)
        assert tried(shares, preparation) == tried(drawing, preparation)
    ink = drawing > 127
    assert tried(ink, preparation) == tried(255 * ink.astype(np.uint8), preparation)


@given(drawings())
def test_an_image_that_is_prepared_again_stays_as_it_is(drawing):
    assume(tried(drawing, "picture") != "no ink")
    picture = prepare(drawing, "picture")
    np.testing.assert_array_equal(prepare(picture, "picture"), picture)
    # A digit too, unless an edge of it was too faint to stay: then it is measured anew.
    assume(tried(drawing) != "no ink")
    fitted, digit = fit(crop(drawing)), preprocess(drawing)
    assume(crop(fitted).shape == fitted.shape)
    np.testing.assert_array_equal(preprocess(digit), digit)


@given(drawings(longest=8), st.integers(1, 9), st.integers(1, 9))
def test_resampling_any_image_is_area_averaging(image, height, width):
    np.testing.assert_array_equal(
        resample(image, height, width), area_average(image, height, width)
    )
