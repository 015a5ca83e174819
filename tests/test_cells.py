import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from digitlib.paper import blank, cells, straight, template

WAY = np.diag([10.0, 10, 1])


@pytest.fixture(scope="module")
def clean():
    return blank.draw(["camp", "rest"]).convert("L").resize((2970, 2100))


@pytest.fixture
def page(clean):
    return clean.copy()


def cut(page):
    return cells.cut(straight.flatten(page, WAY, rows=2))


def line(page, *points, width=8):
    ImageDraw.Draw(page).line([(10 * x, 10 * y) for x, y in points], 25, width)


def box(row, column):
    return template.boxes(2)[row, column]


def test_an_empty_sheet_has_empty_cells(page):
    found = cut(page)
    assert len(found) == 40 and all(cell.empty and not cell.lost for cell in found)


def test_a_sign_is_ink_on_white(page):
    left, top, right, bottom = box(1, 3)
    line(page, (left + 3, top + 3), (right - 3, bottom - 3))
    [cell] = [cell for cell in cut(page) if not cell.empty]
    assert (cell.row, cell.column, cell.crosses) == (1, 3, False)
    assert cell.ink.shape == (93, 87) and cell.ink.dtype == np.uint8
    assert cell.ink.min() < 30 and (cell.ink == 255).mean() > 0.8


def test_a_sign_that_overflows_is_whole_and_leaves_nothing_next_door(page):
    left, top, right, bottom = box(0, 7)
    line(page, (left + 3, top + 5), (right + 2, top + 8))
    line(page, (left + 6, top + 3), (left + 6, bottom + 1.5))
    [cell] = [cell for cell in cut(page) if not cell.empty]
    assert (cell.row, cell.column, cell.crosses) == (0, 7, True)
    _, columns = np.nonzero(cell.ink < 128)
    edge = (cells.BEYOND + template.CELL[0]) * straight.SCALE
    assert columns.max() > edge + 5


def test_two_signs_that_touch_keep_their_sides(page):
    left, top, right, _ = box(0, 7)
    line(page, (left + 2, top + 6), (right + 10, top + 6))
    line(page, (left + 2, top + 2), (left + 2, top + 10))
    line(page, (right + 10, top + 2), (right + 10, top + 10))
    found = [cell for cell in cut(page) if not cell.empty]
    assert [cell.column for cell in found] == [7, 8]
    assert all(cell.crosses and cell.parted for cell in found)


def dot(page, row, column):
    left, top, right, bottom = box(row, column)
    x, y = 5 * (left + right), 5 * (top + bottom)
    ImageDraw.Draw(page).ellipse((x - 5, y - 5, x + 5, y + 5), 25)


def ring(page, row, column, radius, right=0.0):
    left, top, end, bottom = box(row, column)
    x, y = 5 * (left + end) + 10 * right, 5 * (top + bottom)
    circle = x - 10 * radius, y - 10 * radius, x + 10 * radius, y + 10 * radius
    ImageDraw.Draw(page).ellipse(circle, outline=25, width=6)


def test_what_stands_alone_in_a_sign_stays_where_that_touches_another(page):
    """A ring with a dot is another sign than a ring."""
    for column, right in ((7, 1.2), (8, -1.2)):
        ring(page, 0, column, 5.4, right)
        dot(page, 0, column)
    found = [cell for cell in cut(page) if not cell.empty]
    assert [(cell.column, cell.parted) for cell in found] == [(7, True), (8, True)]
    for cell in found:
        assert (cell.ink[40:54, 37:51] < 128).sum() > 15


def test_a_cell_whose_ink_went_to_its_neighbour_says_so(page):
    """Nearly all of a sign hangs on to the next one, too little of it on its own side to be parted."""
    left, top, right, _ = box(0, 7)
    for across, down in ((2, 3), (2, 9), (9, 3)):
        line(page, (right + across, top + 2), (right + 11 - across, top + down))
    line(page, (right - 3, top + 6), (right + 9, top + 6))
    line(page, (left + 2, top + 2), (left + 2, top + 7))
    found = {cell.column: cell for cell in cut(page) if not cell.empty}
    assert list(found) == [7, 8] and found[7].parted and found[8].parted


def test_a_sign_alone_that_overflows_a_little_is_not_parted(page):
    left, top, right, _ = box(0, 7)
    line(page, (left + 2, top + 6), (right + 0.7, top + 6))
    line(page, (right + 4, top + 3), (right + 8, top + 9))
    found = [cell for cell in cut(page) if not cell.empty]
    assert [cell.column for cell in found] == [7, 8] and not any(cell.parted for cell in found)


def test_a_stroke_along_a_line_stays(page):
    left, top, _, bottom = box(0, 7)
    line(page, (left + 0.4, top + 3), (left + 0.4, bottom - 3))
    line(page, (left, top + 4), (left + 5, top + 4))
    [cell] = [cell for cell in cut(page) if not cell.empty]
    rows, _ = np.nonzero(cell.ink < 128)
    assert cell.column in (6, 7) and np.ptp(rows) > 32


def test_dust_is_no_sign(page):
    left, top, *_ = box(0, 0)
    line(page, (left + 6, top + 6), (left + 6.3, top + 6), width=3)
    assert all(cell.empty for cell in cut(page))


def test_level_lines_that_are_off_by_the_gap_between_rows_make_no_cell():
    """The upper side seems to be there then, and the upright ones are."""
    found = np.ones((2, 20, 4), bool)
    found[..., 3] = False
    flat = straight.Flat(np.zeros((1050, 1485), np.float32), found)
    assert all(cell.lost for cell in cells.cut(flat))
    assert flat.share == 0.5


def test_a_cell_without_lines_is_lost(page):
    left, top, right, bottom = (round(10 * side) for side in box(1, 10))
    page.paste(255, (left - 8, top - 8, right + 8, bottom + 8))
    assert [(cell.row, cell.column) for cell in cut(page) if cell.lost] == [(1, 10)]


def test_a_deep_shadow_is_no_ink(page):
    levels = np.array(page).astype(float)
    levels[:, 1200:] *= 0.5
    photo = Image.fromarray(levels.astype(np.uint8)).filter(ImageFilter.GaussianBlur(2))
    assert all(cell.empty for cell in cut(photo))
