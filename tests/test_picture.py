import io
from tempfile import SpooledTemporaryFile, TemporaryFile

import numpy as np
import pytest
from PIL import Image, ImageFilter

from digitlib.classify import DigitClassifier
from digitlib.picture import SUFFIXES, read_image, walk
from digitlib.preprocess import (
    NoInk,
    preprocess,
)
from drawings import STROKES, draw


def test_paper_is_turned_round():
    ink = draw(2)
    paper = Image.fromarray(255 - np.asarray(ink))
    np.testing.assert_array_equal(preprocess(read_image(paper)), preprocess(read_image(ink)))


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
    Image.fromarray((235 + grain).astype(np.uint8)).save(tmp_path / "paper.jpg", quality=60)
    with pytest.raises(NoInk):
        preprocess(read_image(tmp_path / "paper.jpg"))


def test_files_that_are_no_pictures(tmp_path):
    (tmp_path / "note.txt").write_text("a 4")
    with pytest.raises(ValueError, match="expected a picture"):
        read_image(tmp_path / "note.txt")
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_image(tmp_path / "nowhere.png")


@pytest.mark.parametrize("kind", [io.BytesIO, TemporaryFile, SpooledTemporaryFile])
def test_what_has_no_name_is_called_by_none(kind):
    with kind() as upload, pytest.raises(ValueError, match=r"^expected a picture \(PNG"):
        upload.write(b"a 4")
        upload.seek(0)
        read_image(upload)


def test_more_pixels_than_pillow_takes_are_told(tmp_path, monkeypatch):
    draw(7).save(tmp_path / "7.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000)
    with pytest.raises(ValueError, match=r"7\.png: expected at most 1,000 pixels, got more"):
        read_image(tmp_path / "7.png")


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
    """Its ink keeps its levels. What a writer's pen left beside it, faint and apart, is no part of it."""
    for image in mnist.images[:200].numpy():
        enlarged = np.asarray(Image.fromarray(image).resize((280, 280), Image.Resampling.BICUBIC))
        read = read_image(Image.fromarray(enlarged))
        np.testing.assert_array_equal(read[read > 0], enlarged[read > 0])
        lost = enlarged[(read == 0) & (enlarged >= 16)]
        assert lost.sum() < 0.04 * enlarged.sum()


def made(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_folder_is_walked_in_the_order_of_names(tmp_path):
    made(
        tmp_path,
        "b.png",
        "a/2.PNG",
        "a/10.jpeg",
        "a.png/x.tif",
        "ä ö/ü.webp",
        "c.txt",
        ".git/d.png",
    )
    made(tmp_path, ".e.png", "__MACOSX/._b.png")
    found = [path.relative_to(tmp_path).as_posix() for path in walk(str(tmp_path))]
    assert found == ["a/10.jpeg", "a/2.PNG", "a.png/x.tif", "b.png", "ä ö/ü.webp"]
    everything = [path.name for path in walk(tmp_path, None)]
    assert everything == ["10.jpeg", "2.PNG", "x.tif", "b.png", "c.txt", "ü.webp"]
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in SUFFIXES)


def test_links_are_followed_but_not_in_circles(tmp_path):
    made(tmp_path, "a/1.png", "b/2.png")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "a" / "to b").symlink_to(tmp_path / "b")
    (tmp_path / "c.png").symlink_to(tmp_path / "nowhere.png")
    found = [path.relative_to(tmp_path).as_posix() for path in walk(tmp_path)]
    assert found == ["a/1.png", "a/to b/2.png", "c.png"]


def test_a_link_to_what_is_above_is_not_followed(tmp_path):
    """In the folder of one class it would bring the pictures of all others."""
    made(tmp_path, "a/1.png", "b/2.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "top").symlink_to("/")
    assert [path.name for path in walk(tmp_path / "a")] == ["1.png"]


def test_what_the_system_refuses_is_not_said_to_be_no_picture(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", refused)
    with pytest.raises(PermissionError, match=r"Permission denied: 'secret.png'"):
        read_image("secret.png")


def test_too_large_a_picture_is_said_to_be(tmp_path, monkeypatch):
    draw(7).save(tmp_path / "7.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match=r"7.png: expected at most [0-9,]+ pixels, got more"):
        read_image(tmp_path / "7.png")


def test_only_a_folder_is_walked(tmp_path):
    made(tmp_path, "a.png")
    with pytest.raises(NotADirectoryError):
        list(walk(tmp_path / "a.png"))
    with pytest.raises(FileNotFoundError):
        list(walk(tmp_path / "nowhere"))


@pytest.mark.parametrize("error", [IndexError, RuntimeError, KeyError, EOFError, SyntaxError])
def test_whatever_pillow_raises_is_one_error_with_the_files_name(monkeypatch, tmp_path, error):
    """As its readers of AVIF and QOI do of damaged files."""
    draw(7).save(tmp_path / "7.png")

    def damaged(self):
        raise error("bad")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", damaged)
    with pytest.raises(ValueError, match=r"7\.png: expected a picture"):
        read_image(tmp_path / "7.png")
    with (tmp_path / "7.png").open("rb") as file, pytest.raises(ValueError, match=r"7\.png: "):
        read_image(file)


@pytest.mark.parametrize("side", [1, 28, 99, 100, 101])
def test_a_small_picture_is_read_the_same_in_any_mode(side):
    """Grey as it is takes a shorter way than colour does."""
    grey = Image.fromarray(
        np.random.RandomState(side).randint(256, size=(side, side)).astype(np.uint8)
    )
    expected = read_image(grey)
    np.testing.assert_array_equal(read_image(grey.convert("RGB")), expected)
    np.testing.assert_array_equal(read_image(grey.convert("RGBA")), expected)
