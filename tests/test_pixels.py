import io
import os
import stat
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image, ImageSequence, features

from digitlib import DigitClassifier
from digitlib.picture import SUFFIXES, read_grey, read_image
from digitlib.pixels import FORMATS, frames, greys, size
from drawings import draw

PAPER = Image.fromarray(255 - np.asarray(draw(7, size=560).resize((280, 280))))
LEVELS = np.asarray(PAPER)


@pytest.fixture(scope="module")
def classifier():
    return DigitClassifier.load()


def saved(image, kind, **options):
    file = io.BytesIO()
    image.copy().save(file, kind, **options)  # a copy, since saving leaves marks in it
    file.seek(0)
    return file


def only(source, longest=None):
    [frame] = frames(source, longest)
    return frame


def test_every_ending_of_a_picture_is_of_a_format_that_is_opened():
    Image.init()
    kinds = {ending: kind for ending, kind in Image.registered_extensions().items()}
    assert {kinds[ending] for ending in SUFFIXES} <= set(FORMATS)
    assert {kind for kind in FORMATS if kind not in {kinds[ending] for ending in SUFFIXES}} == set()


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_is_read(classifier, kind):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("Pillow was built without AVIF")
    if kind == "QOI" and kind not in Image.SAVE:
        pytest.skip("this Pillow writes no QOI")
    file = saved(PAPER.convert("RGB"), kind)
    assert size(file) == (280, 280)
    assert classifier.classify(file).label == 7
    levels, alpha = only(file)
    assert (
        alpha is None and abs(levels.astype(int).reshape(280, 280, -1)[..., 0] - LEVELS).max() < 99
    )


@pytest.fixture
def called(tmp_path, monkeypatch):
    """A file that is there as soon as something starts Ghostscript."""
    mark = tmp_path / "called"
    for name in ("gs", "gswin64c", "gswin32c"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\ntouch {mark}\ncat >&2\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    return mark


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{} loop\n"


def test_no_picture_runs_a_program(classifier, tmp_path, called):
    (tmp_path / "7.png").write_bytes(EPS)
    with pytest.raises(OSError), Image.open(tmp_path / "7.png") as opened:
        opened.load()
    assert called.exists(), "the stand-in isn't the one that Pillow starts"
    called.unlink()
    for source in (tmp_path / "7.png", io.BytesIO(EPS)):
        for ask in (classifier.classify, read_grey, read_image, size):
            with pytest.raises(ValueError, match=r"expected a picture \(PNG, JPEG, …\), got"):
                ask(source)
    with Image.open(tmp_path / "7.png") as opened:
        for source in (opened, [PAPER, opened]):
            with pytest.raises(ValueError, match="got EPS, which isn't opened here"):
                classifier.probabilities(source)
    assert not called.exists()


def starts():
    """How files begin whose readers Pillow leaves to others, or which few people have tried to break."""
    yield "PDF", b"%PDF-1.7\n"
    yield "WMF", b"\xd7\xcd\xc6\x9a\x00\x00" + b"\x00\x00\x00\x00\x09\x00\x09\x00" + bytes(60)
    yield "EMF", b"\x01\x00\x00\x00" + bytes(36) + b" EMF" + bytes(60)
    yield "HDF5", b"\x89HDF\r\n\x1a\n" + bytes(60)
    yield "GRIB", b"GRIB\x00\x00\x00\x01" + bytes(60)
    yield "FITS", b"SIMPLE  =                    T" + b" " * 2850
    for kind in ("ICO", "PCX", "SGI", "DDS", "IM", "MSP", "SPIDER", "XBM", "ICNS"):
        mode = {"MSP": "1", "XBM": "1", "SPIDER": "F"}.get(kind, "RGB")
        image = PAPER.resize((32, 32)).convert(mode)
        yield kind, saved(image, kind).getvalue()


@pytest.mark.parametrize(("kind", "content"), list(starts()), ids=[kind for kind, _ in starts()])
def test_other_formats_are_refused_in_one_line(tmp_path, kind, content):
    (tmp_path / f"7.{kind}").write_bytes(content)
    with pytest.raises(ValueError, match=rf"^[^\n]*7\.{kind}: expected a picture[^\n]*$"):
        read_image(tmp_path / f"7.{kind}")


def test_a_picture_that_was_opened_elsewhere_may_be_copied(classifier):
    with Image.open(saved(PAPER.convert("RGB"), "ICO", sizes=[(128, 128)])) as icon:
        with pytest.raises(ValueError, match=r"got ICO, .* image\.copy\(\)"):
            classifier.classify(icon)
        assert classifier.classify(icon.copy()).label == 7


DEEP = {
    "I, 8 bits": PAPER.convert("I"),
    "I, a mask": Image.fromarray((LEVELS > 127).astype(np.int32)),
    "I, 24 bits": Image.fromarray(LEVELS.astype(np.int32) << 16),
    "I;16, 8 bits": Image.fromarray(LEVELS.astype(np.uint16)),
    "I;16, 10 bits": Image.fromarray(LEVELS.astype(np.uint16) * 4),
    "I;16, 12 bits": Image.fromarray(LEVELS.astype(np.uint16) * 16),
    "I;16, 14 bits": Image.fromarray(LEVELS.astype(np.uint16) * 64),
    "I;16, 16 bits": Image.fromarray(LEVELS.astype(np.uint16) * 257),
    "I;16B": Image.frombytes("I;16B", (280, 280), (LEVELS.astype(">u2") * 257).tobytes()),
    "F, to 1": Image.fromarray(LEVELS.astype(np.float32) / 255),
    "F, to 255": Image.fromarray(LEVELS.astype(np.float32)),
    "F, to 65,535": Image.fromarray(LEVELS.astype(np.float32) * 257),
    "F, overshooting": Image.fromarray(LEVELS.astype(np.float32) / 240 - 0.02),
}


@pytest.mark.parametrize("kind", DEEP)
def test_a_deep_picture_counts_by_its_range(classifier, kind):
    assert classifier.classify(DEEP[kind]).label == 7
    levels, alpha = only(DEEP[kind])
    expected = 255 * (LEVELS > 127) if "mask" in kind else LEVELS
    assert alpha is None and levels.dtype == np.float32 and levels.shape == LEVELS.shape
    assert abs(levels - expected).max() <= (22 if "overshooting" in kind else 4)


@pytest.mark.parametrize("kind", ["I;16, 12 bits", "I;16, 16 bits", "F, to 1", "F, to 255"])
@pytest.mark.parametrize("format", ["TIFF", "PNG"])
def test_a_deep_file(classifier, kind, format):
    if format == "PNG" and kind[0] == "F":
        with pytest.raises(OSError, match="cannot write mode F"):
            saved(DEEP[kind], format)
        return
    assert classifier.classify(saved(DEEP[kind], format)).label == 7


@given(st.integers(1, 2**31 - 1))
def test_no_level_is_above_white_and_the_highest_is_no_less_than_half(high):
    levels, _ = only(Image.fromarray(np.array([[0, high]], dtype=np.int32)))
    assert levels[0, 0] == 0 and levels[0, 1] <= 255
    assert levels[0, 1] > 255 / 256  # of 8 bits more than 1


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (np.float32([[0, np.nan]]), r"expected levels from 0 to [0-9,]+, got nan to nan"),
        (np.float32([[0, np.inf]]), "got 0.0 to inf"),
        (np.float32([[-9, 200]]), None),
        (np.float32([[-99, 200]]), "got -99.0 to 200.0"),
        (np.int32([[-1, 200]]), "got -1.0 to 200.0"),
    ],
)
def test_levels_that_none_can_show_are_told(tmp_path, levels, message):
    Image.fromarray(levels).save(tmp_path / "7.tif")
    if message is None:
        assert only(tmp_path / "7.tif")[0].min() == 0
        return
    with pytest.raises(ValueError, match=rf"7\.tif: .*{message}"):
        read_image(tmp_path / "7.tif")


COLOURED = [*("P", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "HSV", "LAB"), "PA"]


def in_mode(mode):
    """The picture in a mode, some of which can't be reached from grey."""
    start = PAPER if mode in ("1", "L", "LA", "La") else PAPER.convert("RGB")
    if mode in ("RGBa", "La"):
        start = start.convert({"RGBa": "RGBA", "La": "LA"}[mode])
    if mode == "PA":
        start = PAPER.convert("P")
    return start.convert(mode)


@pytest.mark.parametrize("mode", [*COLOURED, "1", "L", "LA", "La"])
def test_any_mode_is_read(classifier, mode):
    image = in_mode(mode)
    assert image.mode == mode
    assert classifier.classify(image).label == 7
    levels, alpha = only(image)
    assert alpha is None and levels.dtype == np.uint8
    if mode in ("RGB", "RGBA", "L", "LA"):  # all channels are alike
        np.testing.assert_array_equal(levels, LEVELS)


@pytest.mark.parametrize("mode", ["RGB", "P", "CMYK", "HSV"])
def test_colours_are_handed_on(mode):
    levels, alpha = only(Image.new("RGB", (5, 4), (255, 0, 0)).convert(mode))
    assert levels.shape == (4, 5, 3) and alpha is None
    assert (levels[..., 0] > 240).all() and (levels[..., 1:] < 20).all()


@pytest.mark.parametrize("mode", ["LA", "RGBA", "La", "RGBa"])
@pytest.mark.parametrize("longest", [None, 70])
def test_opacity_is_handed_on_and_what_is_transparent_weighs_nothing(mode, longest):
    shown = Image.new("LA", (280, 280), (255, 0))  # bright where nothing is seen
    shown.paste((40, 255), (0, 0, 150, 280))
    colours = "RGBA" if mode.startswith("RGB") else "LA"
    levels, alpha = only(shown.convert(colours).convert(mode), longest)
    assert levels.shape == alpha.shape == ((280, 280) if longest is None else (70, 70))
    assert alpha.dtype == np.float32 and set(np.unique(alpha)) <= {
        0,
        0.5,
        np.float32(127 / 255),
        np.float32(128 / 255),
        1,
    }
    assert abs(levels[alpha > 0].astype(int) - 40).max() <= 1


def test_a_transparent_colour_of_a_palette_or_of_grey_is_handed_on():
    for mode, colour in (("L", 255), ("P", 0), ("1", 255)):
        image = Image.new("L", (9, 9), 255).convert(mode)
        image.paste(0 if mode != "P" else 1, (0, 0, 4, 9))
        image.info["transparency"] = image.getpixel((8, 8)) if mode == "P" else colour
        _, alpha = only(saved(image, "PNG", transparency=image.info["transparency"]))
        assert alpha[0, 0] == 1 and alpha[0, 8] == 0


def many(*images, kind="GIF"):
    options = {} if kind in ("TIFF",) else {"duration": 100}
    options |= {"lossless": True} if kind == "WEBP" else {}
    return saved(
        images[0], kind, save_all=True, append_images=[one.copy() for one in images[1:]], **options
    )


WHITE = Image.new("L", (280, 280), 255)
MOVING = ["GIF", "PNG", "WEBP", "TIFF"]


@pytest.mark.parametrize("kind", MOVING)
@pytest.mark.parametrize("before", [0, 1, 4])
def test_the_first_frame_that_is_not_blank(classifier, kind, before):
    blank = [WHITE.point(lambda level, by=i: level - by) for i in range(before)]  # none as another
    file = many(*blank, PAPER, draw(3), kind=kind)
    assert classifier.classify(file).label == 7
    with Image.open(file) as image:
        for _ in range(1 if kind == "PNG" else 2):  # Pillow 12.3 finds few of a PNG's frames twice
            assert classifier.classify(image).label == 7
            assert image.tell() == 0


@pytest.mark.parametrize("kind", MOVING)
def test_a_moving_picture_without_ink_is_blank(classifier, kind):
    file = many(*[WHITE.point(lambda level, by=i: level - by) for i in range(20)], PAPER, kind=kind)
    assert classifier.classify(file).reason == "blank"  # no further than the tenth
    assert len(list(frames(file))) == 10


def test_of_an_opened_picture_the_frame_where_it_stands_is_meant(classifier):
    with Image.open(many(draw(3), PAPER, draw(2))) as image:
        assert [classifier.classify(one).label for one in ImageSequence.Iterator(image)] == [
            3,
            7,
            2,
        ]


def test_a_phones_second_picture_is_none(classifier):
    file = saved(WHITE, "MPO", save_all=True, append_images=[PAPER])
    assert classifier.classify(file).reason == "blank"


def test_of_a_large_picture_few_frames_are_looked_at(monkeypatch):
    file = many(WHITE, WHITE.point(lambda level: 250), PAPER, kind="TIFF")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2 * 280 * 280)
    assert len(list(frames(file))) == 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "shape", [(3000, 4000), (4000, 3000), (1536, 2000), (10, 9000), (1, 30_000)]
)
def test_a_large_picture_is_reduced_by_a_whole_number(kind, shape):
    if kind == "WEBP" and max(shape) > 16_383:
        pytest.skip("WebP ends there")
    file = saved(Image.new("L", shape[::-1], 99), kind)
    levels, _ = only(file, 1536)
    by = [
        factor for factor in range(1, 20) if levels.shape == tuple(-(-n // factor) for n in shape)
    ]
    assert len(by) == 1
    assert 1536 <= max(levels.shape) < 2 * 1536 and abs(levels.astype(int) - 99).max() <= 2


def test_a_callers_picture_keeps_its_size():
    with Image.open(saved(Image.new("L", (4000, 3000)), "JPEG")) as image:
        assert only(image, 1536)[0].shape == (1500, 2000)
        assert image.size == (4000, 3000)


def test_a_whole_picture_is_dark_where_it_is_transparent():
    shades, opacity = np.indices((256, 256)).astype(np.uint8)
    [grey] = greys(Image.fromarray(np.dstack([shades, opacity])))
    nearest = np.floor(shades * opacity.astype(float) / 255 + 0.5)
    np.testing.assert_array_equal(grey, nearest)


def test_a_whole_picture_of_sixteen_bits_keeps_its_nearest_levels():
    levels = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    [grey] = greys(Image.fromarray(levels))
    np.testing.assert_array_equal(grey, np.floor(levels / 257 + 0.5))


@pytest.mark.parametrize("tag", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("longest", [None, 100])
def test_upright_by_the_tag(tag, kind, longest):
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = tag
    file = saved(PAPER.resize((280, 200)), kind, exif=exif)
    with Image.open(file) as image:
        expected = ImageOps.exif_transpose(image).convert("L")
    if longest:
        expected = expected.reduce(2)
    levels, _ = only(file, longest)
    if kind == "WEBP":  # which knows no grey, and may have green where it is
        levels = np.asarray(Image.fromarray(levels).convert("L"))
    assert abs(levels.astype(int) - np.asarray(expected)).max() <= (20 if kind == "JPEG" else 3)


def test_a_picture_of_more_pixels_than_a_bound_is_told_and_no_warning_comes(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 70_000)  # below 78,400
    with warnings.catch_warnings(action="error"):
        with pytest.raises(ValueError, match="expected at most 70,000 pixels, got 280 x 280"):
            read_image(saved(PAPER, "PNG"))
        assert only(saved(PAPER, "JPEG"), 140)[0].shape == (140, 140)  # never unpacked at its size


@pytest.mark.parametrize("shape", [(5000, 5000), (1, 30_000), (30_000, 1)])
def test_large_and_thin_pictures_are_read(classifier, shape):
    assert classifier.classify(saved(Image.new("L", shape[::-1], 255), "PNG")).reason == "blank"


def png(width, height, *chunks):
    """A PNG in grey of these chunks, each of a name and its content, zipped where that is what belongs there."""
    head = b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n"
    for name, data in (head, *chunks, (b"IEND", b"")):
        check = zlib.crc32(name + data).to_bytes(4, "big")
        content += len(data).to_bytes(4, "big") + name + data + check
    return content


def pages(count):
    """A TIFF of so many blank pages, all of the same pixels."""
    tags = [
        (256, 30),
        (257, 30),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 0),
        (277, 1),
        (278, 30),
        (279, 900),
    ]
    page = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, level) for tag, level in tags
    )
    places = [8 + (len(page) + 4) * (number + 1) for number in range(count - 1)] + [0]
    body = b"".join(page + struct.pack("<I", place) for place in places)
    return b"II*\0" + struct.pack("<I", 8) + body + bytes(900)


BOMB = zlib.compress(bytes(100_000_000))
PIXELS = b"IDAT", zlib.compress(bytes(90))
BURSTING = {
    "a text": png(9, 9, (b"zTXt", b"x\0\0" + BOMB), PIXELS),
    "a text behind": png(9, 9, PIXELS, (b"zTXt", b"x\0\0" + BOMB)),
    "many texts": png(9, 9, *[(b"zTXt", b"x\0\0" + zlib.compress(bytes(900_000)))] * 99, PIXELS),
    "a profile": png(9, 9, (b"iCCP", b"x\0\0" + BOMB), PIXELS),
    "too many pixels": png(10_000, 10_000, (b"IDAT", BOMB)),
    "more than a number holds": png(2**31, 2**31, (b"IDAT", BOMB)),
    "half of what it says": png(9_000, 9_000, PIXELS)[:-20],
    "no pixels at all": b"P6 9000 9000 255\n",
    "a long number": b"P2 " + b"9" * 1_000_000,
}


@pytest.mark.parametrize("kind", BURSTING)
def test_what_bursts_is_refused_in_one_line(tmp_path, kind):
    (tmp_path / "7.png").write_bytes(BURSTING[kind])
    tracemalloc.start()
    for read in (read_image, read_grey):
        with pytest.raises(ValueError, match=r"^[^\n]*7\.png: expected [^\n]+$"):
            read(tmp_path / "7.png")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 70_000_000  # of what Python knows


def test_what_only_looks_as_if_is_read(tmp_path):
    """More than belongs there is left unread: pixels, frames, pages."""
    blank = many(*[WHITE.resize((30, 30)).point(lambda level, by=i: level - by) for i in (0, 9)])
    start, end = blank.getvalue()[:-1].rsplit(b"!\xf9", 1)
    endless = start + (b"!\xf9" + end) * 100_000 + b";"
    for content in (png(9, 9, (b"IDAT", BOMB)), pages(10_000), endless):
        assert len(list(frames(io.BytesIO(content)))) in (1, 10)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the system for the peak")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.server
def test_a_photo_of_twelve_megapixels_takes_less_than_400_megabytes(tmp_path, kind):
    photo = Image.effect_noise((400, 300), 60).resize((4000, 3000)).convert("RGB")
    photo.save(tmp_path / "photo", kind, **({"compress_level": 1} if kind == "PNG" else {}))
    # Of this process alone; what getrusage says, it may have from the one that started it.
    code = (
        "import sys; from digitlib.picture import read_image; read_image(sys.argv[1]); "
        "print(*[line for line in open('/proc/self/status') if line.startswith('VmHWM')])"
    )
    command = [sys.executable, "-c", code, tmp_path / "photo"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 30_000 < int(done.stdout.split()[1]) < 400_000  # kB
