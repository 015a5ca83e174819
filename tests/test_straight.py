import numpy as np
import pytest
from PIL import Image

from digitlib.paper import blank, straight, template

SHIFT = np.array([[1, 0, 20], [0, 1, 30], [0, 0, 1.0]])


@pytest.fixture(scope="module")
def page():
    return blank.draw([f"name {i}" for i in range(10)]).convert("L").resize((2970, 2100))


def test_a_homography_is_found_again():
    way = np.array([[1.2, 0.1, 30], [-0.2, 0.9, 50], [0.0004, -0.0002, 1]])
    found = straight.homography(template.CORNERS, straight.moved(way, template.CORNERS))
    assert np.allclose(found, way, rtol=1e-6)


@pytest.mark.parametrize("off", [0.0, 2.0])
def test_lines_are_found_also_where_the_marks_are_a_little_wrong(page, off):
    way = np.diag([10.0, 10, 1])
    way[0, 2] = 10 * off / 3
    assert straight.flatten(page, way, rows=10).share > 0.95


def test_another_place_is_seen(page):
    """Half a cell to the right, and a row of ten read as the page of five."""
    way = np.diag([10.0, 10, 1])
    way[0, 2] = 62
    assert straight.flatten(page, way, rows=10).share < 0.55
    assert (
        straight.flatten(Image.new("L", (2970, 2100), 230), np.diag([10.0, 10, 1]), 10).share < 0.05
    )


def test_a_page_that_bows_is_laid_flat(page):
    x, y = np.meshgrid(np.arange(0, 2971, 110), np.arange(0, 2101, 100))
    u, v = x.astype(float), y + 40 * np.sin(np.pi * x / 2970)
    mesh = []
    for i, j in np.ndindex(x.shape[0] - 1, x.shape[1] - 1):
        four = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
        quad = tuple(float(side[place]) for place in four for side in (u, v))
        mesh.append(((x[i, j], y[i, j], x[i + 1, j + 1], y[i + 1, j + 1]), quad))
    bowed = page.transform(
        page.size, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC, fillcolor=255
    )
    flat = straight.flatten(bowed, np.diag([10.0, 10, 1]), rows=10)
    assert flat.share > 0.95


def test_what_the_photo_lacks_is_white():
    page = straight.render(Image.new("L", (297, 210), 90), SHIFT)
    assert page[0, 0] == 90 and page[-1, -1] == 255


def test_a_shadow_is_paper():
    levels = np.full((200, 300), 220, np.uint8)
    levels[:, 150:] = 90
    levels[80:120, 60:64] = 20
    dark = straight.darkness(levels)
    assert dark[100, 62] > 0.8 and dark[:, 140:160].max() < 0.2
