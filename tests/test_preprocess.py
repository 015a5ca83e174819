import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from digitlib.classify import DigitClassifier
from digitlib.preprocess import (
    NoInk,
    as_drawing,
    centre_by_mass,
    crop,
    fit,
    preprocess,
    read_image,
    resample,
)
from drawings import STROKES, draw


def area_average(image, height, width):
    """The contract's step 4, pixel by pixel and with fractions of whole numbers."""
    result = np.zeros((height, width), dtype=np.uint8)
    rows, columns = image.shape
    for i in range(height):
        for j in range(width):
            total = 0
            for r in range(rows):
                for c in range(columns):
                    tall = min((i + 1) * rows, (r + 1) * height) - max(
                        i * rows, r * height
                    )
                    wide = min((j + 1) * columns, (c + 1) * width) - max(
                        j * columns, c * width
                    )
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
            (levels.sum(axis=1 - axis) * np.arange(28)).sum() / levels.sum()
            for axis in (0, 1)
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
    np.testing.assert_array_equal(
        preprocess(ink > 127), preprocess((ink > 127) * np.uint8(255))
    )


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


def test_paper_is_turned_round():
    ink = draw(2)
    paper = Image.fromarray(255 - np.asarray(ink))
    np.testing.assert_array_equal(
        preprocess(read_image(paper)), preprocess(read_image(ink))
    )


@pytest.mark.parametrize("level", [0, 255])
def test_transparent_background(level):
    ink = np.asarray(draw(7))
    layered = np.dstack([np.full_like(ink, level)] * 3 + [ink])
    np.testing.assert_array_equal(
        preprocess(read_image(Image.fromarray(layered, "RGBA"))), preprocess(ink)
    )


def test_photo_is_turned_upright(tmp_path):
    turned = draw(7).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    turned.save(tmp_path / "photo.png", exif=exif)
    np.testing.assert_array_equal(
        preprocess(read_image(tmp_path / "photo.png")), preprocess(np.asarray(draw(7)))
    )


def test_noise_of_paper_and_jpeg_is_no_ink(tmp_path):
    grain = np.random.RandomState(0).randint(-12, 13, size=(200, 200))
    Image.fromarray((235 + grain).astype(np.uint8)).save(
        tmp_path / "paper.jpg", quality=60
    )
    with pytest.raises(NoInk):
        preprocess(read_image(tmp_path / "paper.jpg"))


def test_files_that_are_no_pictures(tmp_path):
    (tmp_path / "note.txt").write_text("a 4")
    with pytest.raises(ValueError, match="expected a picture"):
        read_image(tmp_path / "note.txt")
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_image(tmp_path / "nowhere.png")


def test_two_specks_are_no_ink():
    specks = np.zeros((1000, 1000), dtype=np.uint8)
    specks[0, 0] = specks[-1, -1] = 255
    with pytest.raises(NoInk, match="too few bright pixels"):
        preprocess(specks)


def test_a_dim_photo():
    paper = np.where(np.asarray(draw(7)) > 127, 20, 110).astype(np.uint8)
    sharp = np.asarray(draw(7)) > 127
    assert np.array_equal(read_image(Image.fromarray(paper)) > 0, sharp)


def test_sixteen_bits_a_pixel():
    levels = 257 * (255 - np.asarray(draw(2)).astype(np.uint16))
    np.testing.assert_array_equal(
        preprocess(read_image(Image.fromarray(levels))), preprocess(np.asarray(draw(2)))
    )


def test_an_open_file():
    buffer = io.BytesIO()
    draw(3).save(buffer, "PNG")
    np.testing.assert_array_equal(read_image(buffer), read_image(draw(3)))


def photo_of(ink, light, grain=4):
    """A camera's picture, RGB, of dark ink on paper: ``light`` is the paper's level at each place."""
    swallowed = np.asarray(ink.filter(ImageFilter.GaussianBlur(2))) / 255
    noise = np.random.RandomState(0).normal(scale=grain, size=swallowed.shape)
    levels = light * (1 - 0.75 * swallowed) + noise
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8)).convert("RGB")


def on_paper(digit, shape=(600, 800), at=(300, 180)):
    """A digit somewhere on a sheet that is larger than it."""
    sheet = Image.new("L", shape[::-1])
    sheet.paste(draw(digit, size=260, pen=18), at)
    return sheet


ACROSS = np.linspace(0, 1, 800)[None, :]
DOWN = np.linspace(0, 1, 600)[:, None]
LIGHTS = {
    "from the left": 230 - 150 * ACROSS + 0 * DOWN,
    "from a corner": 240 - 80 * ACROSS - 90 * DOWN,
    "a lamp in the middle": 230 - 420 * ((ACROSS - 0.5) ** 2 + (DOWN - 0.5) ** 2),
    "the shadow of a hand": 220 - 110 / (1 + np.exp(40 * (ACROSS + DOWN / 2 - 0.8))),
    "paper on a dark table": np.where((ACROSS > 0.2) & (DOWN < 0.85), 215.0, 60.0),
}


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("digit", STROKES)
def test_a_photo_under_uneven_light(digit, light):
    photo = photo_of(on_paper(digit), LIGHTS[light])
    drawing = read_image(photo)
    seen = preprocess(drawing).astype(float)
    drawn = preprocess(np.asarray(on_paper(digit))).astype(float)
    # Smoothed, and shifted by a pixel at most.
    assert abs(seen - drawn).mean() < 20
    assert DigitClassifier.load().classify(drawing).label == digit


def test_a_large_photo_is_read_at_a_bounded_size():
    light = np.kron(LIGHTS["from a corner"], np.ones((4, 4)))
    large = on_paper(3).resize((3200, 2400))
    drawing = read_image(photo_of(large, light))
    assert drawing.shape == (576, 768)


def test_uneven_paper_without_ink_is_blank():
    blank = photo_of(Image.new("L", (800, 600)), LIGHTS["from the left"], grain=6)
    with pytest.raises(NoInk):
        preprocess(read_image(blank))


@pytest.mark.parametrize("pen", [8, 22, 56])
@pytest.mark.parametrize("ink", [255, 90])
def test_a_flat_drawing_is_no_photo(pen, ink):
    drawing = np.asarray(draw(3, pen=pen)) // (255 // ink)
    for picture in (drawing, 255 - drawing):
        expected = np.where(drawing >= 32, drawing, 0)
        np.testing.assert_array_equal(
            read_image(Image.fromarray(picture.astype(np.uint8))), expected
        )


def test_a_redrawn_digit_is_no_photo(mnist):
    for image in mnist.images[:200].numpy():
        enlarged = Image.fromarray(image).resize((280, 280), Image.Resampling.BICUBIC)
        expected = np.where(np.asarray(enlarged) >= 32, enlarged, 0)
        np.testing.assert_array_equal(read_image(enlarged), expected)
