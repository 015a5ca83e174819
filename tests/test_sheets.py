import io
import re

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw

import sheets as bench
from digitlib import sheets
from digitlib.paper import template

NAMES = ("camp", "rest", "water")
PLAIN = {"longest": 1400, "turned": 7.0, "pitch": 12.0, "yaw": -9.0, "curl": 0.004}


def drawn(seed=0, empty=0.0, **scene):
    return bench.draw(seed, NAMES, bench.Scene(**(PLAIN | scene)), empty=empty, alike=False)


def counts(drawn):
    return dict(bench.compared(drawn, sheets.read(drawn.photo, NAMES)))


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_every_cell_is_read_whichever_way_up_the_photo_is(quarter):
    assert counts(drawn(quarter, quarter=quarter)) == {"right": 60}


@pytest.mark.parametrize(
    "scene",
    [{"shadow": (0.5, 0.003)}, {"pitch": 22, "yaw": 20}, {"longest": 1200}, {"curl": 0.012}],
)
def test_every_cell_is_read_in_a_hard_photo(scene):
    assert counts(drawn(5, **scene)) == {"right": 60}


@pytest.mark.parametrize("curl", [0.022, 0.028])
def test_a_page_that_bows_much_is_read_or_refused_but_not_misread(curl):
    """Of some only the upright lines are found, of others not even the code."""
    made = drawn(10504, curl=curl, turned=0, pitch=0, yaw=0)
    try:
        assert "wrong" not in counts(made)
    except sheets.NotASheet as error:
        assert "expected a flat page" in str(error) or "expected a sheet's code" in str(error)


def test_empty_cells_are_empty():
    photo = drawn(6, empty=0.5)
    assert counts(photo) == {"right": 60}
    taken = len(sheets.read(photo.photo, NAMES).taken)
    assert taken == photo.truths.any((2, 3)).sum() < 45


def test_a_photo_is_turned_by_its_tag_and_may_be_in_colour_or_a_file(tmp_path):
    photo = drawn(7).photo
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    photo.convert("RGB").rotate(90, expand=True).save(tmp_path / "a.jpg", exif=exif, quality=95)
    found = sheets.read(tmp_path / "a.jpg", NAMES)
    assert len(found.taken) == 60 and found.names == NAMES


def refusal(photo, names=NAMES):
    with pytest.raises(sheets.NotASheet) as told:
        sheets.read(photo, names)
    return str(told.value)


def test_other_names_are_told():
    photo = drawn(8).photo
    assert refusal(photo, NAMES[:2]) == "expected a sheet for 2 names, got one for 3"
    assert refusal(photo, NAMES[::-1]).startswith("expected a sheet for these names in this order")


@pytest.mark.parametrize("what", ["cut", "thumb"])
def test_a_missing_corner_is_told(what):
    scene = {"crop": 0.1} if what == "cut" else {"thumb": True}
    said = refusal(drawn(9, **scene).photo)
    assert re.fullmatch("expected the four corner marks of a sheet, got [23]", said)


@pytest.mark.parametrize("what", sorted(bench.nothings()))
def test_something_else_is_refused(what):
    assert refusal(bench.nothings()[what]).startswith("expected ")


@pytest.fixture
def page():
    file = io.BytesIO(sheets.blank(NAMES, ".png"))
    return Image.open(file).convert("L").reduce(2)


def place(page, *millimetres):
    return [round(part * page.width / template.PAGE[0]) for part in millimetres]


def test_marks_without_a_code_are_no_sheet(page):
    page.paste(255, place(page, 110, 10, 240, 20))
    assert (
        refusal(page)
        == "expected a sheet's code between its upper marks, got none that can be read"
    )


def test_marks_and_a_code_without_lines_are_no_sheet(page):
    page.paste(255, place(page, 30, 24, 292, 188))
    assert "expected a flat page, its printed lines in their places, got " in refusal(page)


def test_a_mirrored_photo_is_refused(page):
    assert refusal(page.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).startswith("expected ")


def test_names_are_checked_before_a_photo_is_opened():
    with pytest.raises(ValueError, match="expected 2 to 10 names"):
        sheets.read("nowhere.jpg", ["camp"])
    with pytest.raises(FileNotFoundError, match="no such file"):
        sheets.read("nowhere.jpg", NAMES)


def test_a_thumb_over_cells_loses_them_by_name(page):
    box = place(page, 120, 24, 150, 60)
    ImageDraw.Draw(page).ellipse(box, fill=120)
    lost = [cell for cell in sheets.read(page, NAMES).cells if cell.lost]
    assert lost and {cell.row for cell in lost} <= {0, 1}
    assert all(6 <= cell.column <= 9 for cell in lost)


def test_the_truths_of_the_bench_tell_cells_apart():
    """A reader that took each cell for its neighbour would be found out."""
    made = drawn(10)
    found = sheets.read(made.photo, NAMES)
    moved = tuple(
        sheets.Cell(cell.row, cell.column, found.cells[number - 1].ink)
        for number, cell in enumerate(found.cells)
    )
    wrong = bench.compared(made, sheets.Sheet(NAMES, moved, 1.0))
    assert wrong == {"wrong": 60}
    assert np.isfinite(made.truths).all()


def test_a_signs_file_says_on_which_sheet_it_was():
    made = drawn(11)
    files = sheets.pictures(sheets.read(made.photo, NAMES), "sheet-2 of ada-1")
    assert {sheets.stem_of(file) for file in files} == {"sheet-2 of ada-1"}


@pytest.mark.parametrize("file", ["camp/ada.png", "camp/-1.png", "camp/ada-.png", "ada-7/x.png"])
def test_another_file_says_no_sheet(file):
    with pytest.raises(ValueError, match=r"expected a sign's file as .* got " + file):
        sheets.stem_of(file)
