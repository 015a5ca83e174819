import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlib.reading.components import Components
from digitlib.reading.ruling import forms, printed
from drawings import draw


def ruled(slope=0.0, every=50, width=2, size=(480, 640), upright=False):
    """Lines across a page, black on nothing."""
    image = Image.new("L", size[::-1])
    brush = ImageDraw.Draw(image)
    height, across = size
    for y in range(-height, 2 * height, every):
        brush.line((0, y - slope * across / 2, across, y + slope * across / 2), 255, width)
    if upright:
        for x in range(30, across, every):
            brush.line((x, 0, x, height), 255, width)
    return np.asarray(image) > 0


@pytest.mark.parametrize("slope", [0, 0.03, -0.1, 0.17])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_ruled_lines_are_found(slope, width):
    lines = ruled(slope, width=width)
    found = printed(lines)
    assert found[lines].mean() > 0.97
    assert not (found & ~lines).any()


def test_squared_paper_is_found():
    lines = ruled(upright=True, every=40)
    assert (printed(lines)[lines]).mean() > 0.97


@pytest.mark.parametrize("digit", range(10))
def test_writing_is_no_line_and_loses_little_where_lines_cross_it(digit):
    sheet = Image.new("L", (640, 480))
    sheet.paste(draw(digit, size=330, pen=20), (150, 70))
    ink = np.asarray(sheet) > 127
    assert not printed(ink).any()
    lines = ruled()
    found = printed(ink | lines)
    assert found[lines & ~ink].mean() > 0.9
    assert found[ink].mean() < 0.03


def test_small_pictures_have_no_lines():
    assert not printed(np.ones((28, 28), dtype=bool)).any()
    assert not printed(np.zeros((1, 500), dtype=bool)).any()


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("pen", [3, 20])
def test_a_digit_is_no_form(digit, pen):
    ink = np.asarray(draw(digit, size=330, pen=pen)) > 127
    assert not forms(Components.of(ink, 200.0 * ink)).any()


def test_the_figures_of_a_display_are_no_form():
    eight = Image.new("L", (200, 300))
    for box in ((60, 40, 140, 150), (60, 150, 140, 260)):
        ImageDraw.Draw(eight).rectangle(box, outline=255, width=3)
    ink = np.asarray(eight) > 0
    assert not forms(Components.of(ink, 200.0 * ink)).any()
