import io
import warnings

import pytest
from PIL import Image, ImageDraw

from digitlib import data, folder, sheets
from digitlib.paper import template
from shell import run

NAMES = "camp,rest,water"
CLASSES = NAMES.split(",")


@pytest.fixture(scope="module")
def printed():
    """A sheet as a scanner has it, with a sign in each cell but the last of each row; one crosses its border."""
    page = Image.open(io.BytesIO(sheets.blank(CLASSES, ".png"))).convert("L").reduce(2)
    pen = ImageDraw.Draw(page)
    scale = page.width / template.PAGE[0]
    for row, column in ((row, column) for row in range(3) for column in range(19)):
        left, top, right, bottom = template.boxes(3)[row, column] * scale
        up = 3 * row * scale
        over = 3 * scale if (row, column) == (1, 4) else -12
        pen.line((left + 15, top + 15 + up, right + over, bottom - 15), 30, 4)
    return page


@pytest.fixture
def there(printed, tmp_path, monkeypatch):
    """A folder with two photos, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    printed.save("ada.png")
    (tmp_path / "more").mkdir()
    printed.transpose(Image.Transpose.ROTATE_180).save("more/bob.png")
    return tmp_path


def collect(capsys, *arguments, out="signs"):
    return run(capsys, "sheets", *arguments, "--names", NAMES, "--out", out)


def test_photos_become_a_folder_that_is_read_without_a_warning(there, capsys):
    code, output, errors = collect(capsys, "ada.png", "more/bob.png")
    assert (code, errors) == (0, [])
    assert output[:3] == [
        "ada.png: 57 cells taken, 3 empty, 0 lost",
        "  taken whole, though the ink crosses the border: rest 5",
        "  empty: 1 of camp, 1 of rest, 1 of water",
    ]
    assert output[6] == "wrote signs: 114 signs (camp 38, rest 38, water 38)"
    assert (
        output[7].startswith("to look them over, open ") and (there / "signs-look.html").is_file()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for preparation in ("digit", "picture"):
            found = folder.read("signs", preparation=preparation)
            assert len(found.images) == 114 and found.classes == tuple(CLASSES)
    assert found.files[:2] == ("camp/ada-01.png", "camp/ada-02.png")
    images = data.load("signs", preparation="digit")
    stems = [file.rpartition("-")[0].rpartition("/")[2] for file in images.files]
    assert set(stems) == {"ada", "bob"}
    assert sorted(path.name for path in there.iterdir()) == [
        "ada.png",
        "more",
        "signs",
        "signs-look.html",
    ]


def test_a_photo_that_cannot_be_read_is_told_and_the_rest_goes_on(there, capsys):
    Image.new("L", (400, 300), 200).save("wall.png")
    (there / "notes.jpg").write_text("no picture")
    code, output, errors = collect(capsys, "wall.png", "notes.jpg", "none.jpg", "ada.png")
    assert code == 2 and output[0].startswith("ada.png: 57 cells taken")
    assert errors == [
        "digitlib: wall.png: expected the four corner marks of a sheet, got none",
        "digitlib: notes.jpg: expected a picture (PNG, JPEG, …), got what Pillow can't read",
        "digitlib: none.jpg: no such file",
    ]
    assert (there / "signs" / "camp" / "ada-01.png").is_file()


def test_nothing_is_written_where_nothing_is_read(there, capsys):
    Image.new("L", (400, 300), 200).save("wall.png")
    code, output, errors = collect(capsys, "wall.png")
    assert (code, output) == (2, [])
    assert (
        errors[-1]
        == "digitlib: expected signs on one sheet at least, got none; nothing was written"
    )
    assert not (there / "signs").exists() and not (there / "signs-look.html").exists()


def test_a_folder_stays_as_it_is_unless_one_adds(there, capsys):
    assert collect(capsys, "ada.png")[0] == 0
    code, _, errors = collect(capsys, "more/bob.png")
    assert code == 2 and errors == [
        "digitlib: signs: expected a new folder; --add puts further sheets into one that is there"
    ]
    assert len(list((there / "signs").rglob("*.png"))) == 57
    assert collect(capsys, "more/bob.png", "--add")[0] == 0
    assert len(list((there / "signs").rglob("*.png"))) == 114
    code, _, errors = collect(capsys, "more/bob.png", "--add")
    assert code == 2
    assert errors == ["digitlib: signs: expected new photos, got bob, whose signs it has"]
    page = (there / "signs-look.html").read_text()
    assert "ada.png: " in page and "bob.png: " in page
    assert {path.name for path in there.iterdir()} == {
        "ada.png",
        "more",
        "signs",
        "signs-look.html",
    }


def test_one_adds_to_what_is_there_and_of_these_classes(there, capsys):
    code, _, errors = collect(capsys, "ada.png", "--add")
    assert code == 2 and errors == ["digitlib: signs: no such folder to add to"]
    (there / "signs" / "other").mkdir(parents=True)
    code, _, errors = collect(capsys, "ada.png", "--add")
    assert errors == ["digitlib: signs: expected folders out of camp, rest, water, got other"]


@pytest.mark.parametrize("name", ["more/ada.png", "more/ADA.png", "more/ada.jpg"])
def test_two_photos_of_one_name_do_not_overwrite_each_other(there, capsys, name):
    (there / name).write_bytes((there / "ada.png").read_bytes())
    code, _, errors = collect(capsys, "ada.png", name)
    assert code == 2 and errors[0].startswith(
        "digitlib: expected another name for each photo, got ada twice"
    )


def test_a_list_moves_signs_out(there, capsys):
    collect(capsys, "ada.png")
    (there / "drop.txt").write_text("camp/ada-01.png\nrest/ada-05.png\n")
    code, output, errors = run(capsys, "sheets", "--drop", "drop.txt", "--out", "signs")
    assert (code, errors) == (0, [])
    assert output == ["moved 2 out of signs into signs-dropped"]
    assert len(list((there / "signs").rglob("*.png"))) == 55
    assert (there / "signs-dropped" / "camp" / "ada-01.png").is_file()
    page = (there / "signs-look.html").read_text()
    assert "ada-05" not in page.partition("rest/ada")[2][:20] and "ada.png: " in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "drop.txt: expected a sign's file on each line, got an empty list"),
        (
            "camp/ada-02.png\ncamp/ada-20.png",
            "drop.txt: expected files in signs, got camp/ada-20.png",
        ),
        ("../ada.png", "drop.txt: expected files in signs, got ../ada.png"),
    ],
)
def test_a_wrong_list_moves_nothing(there, capsys, text, said):
    collect(capsys, "ada.png")
    (there / "drop.txt").write_text(text)
    code, _, errors = run(capsys, "sheets", "--drop", "drop.txt", "--out", "signs")
    assert code == 2 and errors == [f"digitlib: {said}"]
    assert len(list((there / "signs").rglob("*.png"))) == 57


@pytest.mark.parametrize("name", ["sheet.pdf", "sheet.png"])
def test_a_blank_sheet_is_written(there, capsys, name):
    code, output, errors = run(capsys, "sheets", "--blank", name, "--names", "camp,ᚠ")
    assert (code, errors) == (0, [])
    assert output[0] == f"wrote {name}: camp, ᚠ, 20 cells each, on A4"
    assert output[1].endswith("beside the rows of ᚠ: write the names yourself")
    assert (there / name).stat().st_size < 120_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "expected photos, --blank or --drop, one of the three"),
        (["a.jpg", "--blank", "b.pdf"], "expected photos, --blank or --drop, one of the three"),
        (["a.jpg"], "expected --names, the classes' names in the order of the sheet's rows"),
        (["a.jpg", "--names", "x,y"], "expected --out, the folder of the signs"),
        (
            ["--blank", "b.jpg", "--names", "x,y"],
            "expected a name that ends in .pdf or .png, got .jpg",
        ),
        (["--blank", "b.pdf", "--names", "x"], "expected 2 to 10 names of classes, got 1"),
        (["--drop", "none.txt", "--out", "signs"], "none.txt: No such file or directory"),
    ],
)
def test_bad_input_is_one_line(there, capsys, arguments, said):
    code, output, errors = run(capsys, "sheets", *arguments)
    assert (code, output, len(errors)) == (2, [], 1)
    assert said in errors[0]
