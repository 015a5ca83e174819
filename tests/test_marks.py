import numpy as np
import pytest
from PIL import Image

from digitlib.paper import blank, marks, template


@pytest.fixture(scope="module")
def page():
    return blank.draw(["camp", "rest"]).convert("L").reduce(2)


def nearest(found, places):
    return [np.hypot(*(found - place).T).min() for place in places]


@pytest.mark.parametrize("degrees", [0, 13, 45, 90, 200])
def test_marks_are_found_however_a_page_is_turned(page, degrees):
    turned = page.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=90)
    middles, sides = marks.find(np.asarray(turned))
    angle = np.radians(degrees)
    away = template.CORNERS * page.width / 297 - np.array(page.size) / 2
    x, y = away.T
    there = np.stack(
        [x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)], 1
    )
    there += np.array(turned.size) / 2
    assert max(nearest(middles, there)) < 2.5
    four = marks.corners(middles, sides)[0]
    assert max(nearest(four, there)) < 2.5


def test_a_shadow_changes_nothing(page):
    levels = np.array(page)
    levels[:, 700:] = levels[:, 700:] * 0.4
    assert len(marks.find(levels)[0]) >= 4


@pytest.mark.parametrize("level", [0, 128, 255])
def test_nothing_is_found_on_even_paper(level):
    middles, sides = marks.find(np.full((300, 400), level, np.uint8))
    assert middles.shape == (0, 2) and sides.shape == (0,)
    assert marks.corners(middles, sides) == []


def test_four_of_unlike_sizes_or_in_a_row_are_no_corners():
    places = np.array([(0, 0), (1000, 0), (1000, 700), (0, 700.0)])
    assert len(marks.corners(places, np.full(4, 45.0))) == 1
    assert marks.corners(places, np.array([45.0, 45, 45, 120])) == []
    assert marks.corners(places, np.full(4, 5.0)) == []
    row = np.array([(0, 0), (300, 0), (600, 0), (900, 0.0)])
    assert marks.corners(row, np.full(4, 45.0)) == []
