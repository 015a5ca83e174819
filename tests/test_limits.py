"""What the app lets in, and what it refuses in a line."""

import asyncio
import base64
import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlib.classify import DigitClassifier
from digitlib.hosts import limits
from drawings import draw


def data_address(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def test_decode_gives_back_what_the_canvas_held():
    image = draw(2)
    np.testing.assert_array_equal(limits.decode(data_address(image)), np.asarray(image))
    np.testing.assert_array_equal(
        limits.decode(data_address(image.convert("RGBA"))), np.asarray(image)
    )


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_faint_noise_on_a_sheet_is_nothing(mode):
    """As some browsers add it to a canvas: four grey levels of 1 in the corners made a small 7 another digit."""
    paper = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(paper).line([(90, 60), (200, 60), (140, 240)], 0, 20, "curve")
    sheet = np.zeros((280, 280), np.uint8)
    sheet[60:124, 40:94] = 255 - np.asarray(paper.crop((90, 50, 210, 250)).resize((54, 64)))
    sheet[[5, 9, 268, 273], [5, 270, 12, 271]] = 1
    drawing = limits.decode(data_address(Image.fromarray(sheet).convert(mode)))
    assert DigitClassifier.load().classify(drawing).label == 7
    rows, columns = np.nonzero(drawing)
    assert rows.min() >= 60 and rows.max() < 124 and columns.min() >= 40 and columns.max() < 94
    np.testing.assert_array_equal(drawing[sheet > 7], sheet[sheet > 7])


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "hello",
        "data:image/png;base64,####",
        "data:image/png;base64,aGVsbG8=",
        "data:image/gif;base64,aGk=",
    ],
)
def test_what_is_no_drawing_is_refused(wrong):
    with pytest.raises(ValueError, match="expected a PNG"):
        limits.decode(wrong)


def png(*chunks):
    """A PNG of these chunks, each of a name and its content."""
    content = b"\x89PNG\r\n\x1a\n"
    for name, data in chunks:
        check = zlib.crc32(name + data).to_bytes(4, "big")
        content += len(data).to_bytes(4, "big") + name + data + check
    return content


def header(width, height):
    return b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)


BOMB = zlib.compress(bytes(50_000_000))


@pytest.mark.parametrize(
    "content",
    [
        png(header(100_000, 100_000)),  # more than Pillow takes
        png(header(2**31, 2**31)),
        png(header(9, 9), (b"iCCP", b"x\0\0" + BOMB), (b"IDAT", b"")),
        png(header(9, 9), (b"zTXt", b"x\0\0" + BOMB), (b"IDAT", b"")),
        png(header(9, 9), (b"IDAT", b"no zlib"), (b"IEND", b"")),
        png((b"IDAT", b"")),
        png(),
    ],
)
def test_a_drawing_that_bursts_is_refused_in_a_line(content):
    with pytest.raises(ValueError, match=r"^expected a PNG as data:[^\n]+$"):
        limits.decode("data:image/png;base64," + base64.b64encode(content).decode())


@pytest.mark.parametrize("said", [{}, {"content-length": "9"}])
def test_a_request_that_goes_on_and_on_is_cut_off(said):
    """By what it says of itself, or where it comes to the bound."""
    part = bytes(1_000_000)
    sent = []

    async def endless():
        sent.append(len(part))
        assert sum(sent) <= limits.BODY + len(part)
        return {"type": "http.request", "body": part, "more_body": True}

    async def reading(scope, receive, send):
        while (await receive())["type"] == "http.request":
            pass

    scope = {"type": "http", "path": "/gradio_api/queue/join"}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in said.items()]
    with ThreadPoolExecutor() as pool:  # Playwright's loop may go on in this thread
        pool.submit(asyncio.run, limits.Bounded(reading)(scope, endless, None)).result()
    assert sum(sent) == limits.BODY + len(part)


def test_a_canvas_too_large_is_refused():
    with pytest.raises(ValueError, match=r"at most 1,000 x 1,000 pixels, got 2000 x 1"):
        limits.decode(data_address(Image.new("L", (2000, 1))))


@pytest.mark.parametrize("preparation", ["digit", "picture"])
def test_a_picture_is_opened_once_its_header_is_fine(tmp_path, preparation):
    draw(7).save(tmp_path / "7.png")
    ink = limits.opened(tmp_path / "7.png", preparation)
    assert ink.dtype == np.uint8 and ink.ndim == 2 and ink.any()


def test_what_is_too_large_or_no_picture_is_refused_by_its_own_name(tmp_path):
    (tmp_path / "poem.png").write_text("a rose")
    with pytest.raises(ValueError, match=r"^poem\.png: expected a picture"):
        limits.opened(tmp_path / "poem.png", "digit")
    Image.new("1", (5001, 5000)).save(tmp_path / "wide.png")
    with pytest.raises(ValueError, match=r"^wide\.png: expected at most 25,000,000 pixels, got"):
        limits.opened(tmp_path / "wide.png", "digit")
    with pytest.raises(ValueError, match=r"^none\.png: no such file"):
        limits.opened(tmp_path / "none.png", "digit")
