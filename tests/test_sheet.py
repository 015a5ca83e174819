import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from digitlib.reading.sheet import find, otsu
from drawings import draw


def on_a_table(corners, table=(70, 50, 40), page=(230, 228, 220), size=(400, 600)):
    image = Image.new("RGB", size[::-1], table)
    ImageDraw.Draw(image).polygon(corners, fill=page)
    return np.moveaxis(np.asarray(image.filter(ImageFilter.GaussianBlur(1))), -1, 0)


@pytest.mark.parametrize(
    "corners",
    [
        [(100, 50), (400, 50), (400, 350), (100, 350)],
        [(120, 40), (430, 80), (400, 360), (90, 330)],  # askew
        [(150, 60), (400, 60), (480, 340), (80, 340)],  # seen from its foot
        [(300, 100), (420, 100), (420, 200), (300, 200)],  # a note
        [(60, -10), (500, -10), (500, 300), (60, 300)],  # cut off above
    ],
)
@pytest.mark.parametrize("dark", [False, True])
def test_a_sheet_is_found(corners, dark):
    planes = on_a_table(corners)
    found = find(255 - planes if dark else planes)
    assert found is not None
    x, y = np.transpose(corners)
    expected = [y.min(), x.min(), y.max(), x.max()]
    assert abs(np.array(found.box) - np.clip(expected, 0, None)).max() <= 8
    cut = found.cut(planes)
    assert abs(cut.astype(int) - np.array([230, 228, 220])[:, None, None]).max() < 8


LIGHT = np.linspace(250, 60, 600) * np.ones((400, 1))
NO_SHEETS = {
    "even": np.full((400, 600), 230.0),
    "a slope of light": LIGHT,
    "a shadow": np.where(np.arange(600) < 250, 230.0, 120.0) * np.ones((400, 1)),
    "a lamp": 230 - 150 * np.hypot(*(np.mgrid[:400, :600] - [[[200]], [[300]]])) / 360,
    "tiny": np.full((20, 20), 7.0),
}


@pytest.mark.parametrize("name", NO_SHEETS)
def test_light_makes_no_sheet(name):
    assert find(NO_SHEETS[name][None].astype(np.uint8)) is None


@pytest.mark.parametrize("pen", [20, 40, 56])
@pytest.mark.parametrize("digit", [0, 2, 3, 4, 5, 6, 7, 8, 9])
def test_a_digit_is_no_sheet(digit, pen):
    drawing = np.asarray(draw(digit, pen=pen))[None]
    for planes in (drawing, 255 - drawing):
        assert find(planes) is None


def test_paper_between_the_strokes_of_a_large_digit_is_no_sheet():
    strokes = Image.new("RGB", (300, 400), (240, 240, 236))
    ImageDraw.Draw(strokes).line([(30, 0), (20, 230), (300, 215)], (40, 40, 50), 36, "curve")
    # A 4 that fills its picture.
    ImageDraw.Draw(strokes).line([(220, 0), (200, 400)], (40, 40, 50), 36)
    assert find(np.moveaxis(np.asarray(strokes), -1, 0)) is None


def test_otsus_level_lies_between():
    level, apart = otsu(np.repeat([40, 200], [300, 100])[None])
    assert 40 < level < 200
    assert apart == 300 * 100 * 160**2  # n² times the variance between
    assert otsu(np.full((3, 3), 9))[1] == 0
