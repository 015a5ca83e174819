"""The project to hand in: the example on its page passes, and each usual fault is named in a line."""

import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from digitlib import data, export
from digitlib.exercises import project
from digitlib.exercises.project import LARGEST, SECTIONS, mark_project, save_parts
from digitlib.model import MLP
from how_to import BY_HAND, agree, executed, in_text, run

BOOK = Path(__file__).parents[1] / "book"
EXAMPLE = BOOK / "handed-in"
PAGE = (BOOK / "project.md").read_text(encoding="utf-8")
STEPS = list(project._STEPS)


@pytest.fixture
def folder(tmp_path):
    """The example, to be spoilt."""
    shutil.copytree(EXAMPLE, tmp_path / "ada")
    return tmp_path / "ada"


def parts_of(folder):
    with np.load(folder / "parts.npz") as arrays:
        return dict(arrays)


def change(folder, **arrays):
    """Put other arrays into the parts; None takes one out."""
    parts = parts_of(folder) | arrays
    kept = {name: array for name, array in parts.items() if array is not None}
    np.savez_compressed(folder / "parts.npz", **kept)


def rewrite(folder, old, new):
    """Put something else in a place of the report."""
    report = folder / "report.md"
    text = report.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    report.write_text(text.replace(old, new), encoding="utf-8")


def test_the_example_passes():
    assert mark_project(EXAMPLE) == dict.fromkeys(STEPS, "passes")


def test_the_examples_parts_are_what_the_page_says():
    digits = data.load("optdigits")
    rest, test = digits[:1200], digits[1200:]
    train, valid = data.split(rest, valid=400)
    found = parts_of(EXAMPLE)
    for name, part in (("train", train), ("valid", valid), ("test", test)):
        np.testing.assert_array_equal(found[f"{name}_images"], part.images)
        np.testing.assert_array_equal(found[f"{name}_labels"], part.labels)


LINE = "valid: 98.2 % (96.4 to 99.1) of 400"
EXPECTED = f'expected "{LINE}", got '


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("valid: 100.0 % (99.5 to 100.0) of 800", "100.0 %, which is that of train"),
        ("valid: 98.2 %", "no interval behind it, from its lower to its upper end in brackets"),
        (
            "valid: 98.2 % (97.1 to 99.0) of 400",
            "97.1 to 99.0, which is the interval of 800 images, as many as train has",
        ),
    ],
)
def test_a_figure_that_the_model_does_not_give_fails(folder, line, said):
    rewrite(folder, LINE, line)
    assert mark_project(folder)["figures"] == f"fails: {EXPECTED}{said}"


def test_a_part_may_be_named_in_full(folder):
    rewrite(folder, f"- {LINE}", "**Validation part:** 98.25% (96.4-99.1) of 400")
    assert mark_project(folder)["figures"] == "passes"


@pytest.mark.parametrize("line", ["", "valid: 0.982", "98.2 % (96.4 to 99.1) of 400"])
def test_a_figure_that_is_missing_is_not_there_yet(folder, line):
    rewrite(folder, f"- {LINE}", line)
    assert mark_project(folder)["figures"].startswith('not yet: no line such as "valid: 83.0 %')


def test_a_second_line_must_hold_as_well(folder):
    rewrite(folder, f"- {LINE}", f"- {LINE}\n- valid: 99.0 % (97.4 to 99.6) of 400")
    assert mark_project(folder)["figures"] == f"fails: {EXPECTED}99.0 %"


def test_a_leak_fails(folder):
    parts = parts_of(folder)
    parts["valid_images"][:3] = parts["train_images"][:3]
    change(folder, valid_images=parts["valid_images"])
    found = mark_project(folder)["apart"]
    assert (
        found
        == "fails: expected train and valid to share no image, got 3 of 400 in valid that are in train"
    )


def test_a_leak_into_the_drawer_fails(folder):
    parts = parts_of(folder)
    parts["test_images"][5] = parts["valid_images"][7]
    change(folder, test_images=parts["test_images"])
    assert "valid and test to share no image, got 1 of 237" in mark_project(folder)["apart"]


def test_a_project_may_do_without_a_drawer(folder):
    change(folder, test_images=None, test_labels=None)
    marks = mark_project(folder)
    assert marks["figures"] == "passes"
    assert marks["failures"] == "fails: expected failures out of valid 0 to 399, got test 88"


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"train_images": None}, "expected train_images"),
        ({"classes": None}, "expected classes"),
        ({"valid_labels": np.zeros(399, int)}, "got: expected int64 labels (400,)"),
        ({"valid_labels": np.full(400, 12)}, "got: expected labels 0 to 9"),
        ({"valid_images": np.zeros((400, 28, 28))}, "got: expected uint8 images"),
        (
            {"valid_labels": np.arange(400) % 9},
            "expected images of every class in valid, got none of 9",
        ),
        ({"valid_labels": np.arange(400) % 11}, "expected valid to hold the classes alone"),
        ({"classes": np.array([object()])}, "expected parts.npz as save_parts writes it"),
    ],
)
def test_parts_that_are_none_fail_and_the_rest_waits(folder, arrays, said):
    change(folder, **arrays)
    marks = mark_project(folder)
    assert marks["parts"].startswith("fails: ") and said in marks["parts"]
    assert marks["apart"] == marks["weights"] == "not yet: waits for parts"
    assert marks["figures"] == "not yet: waits for weights"
    assert marks["sections"] == marks["pictures"] == "passes"


def test_a_file_that_holds_no_parts_fails(folder):
    (folder / "parts.npz").write_bytes(b"no archive")
    assert mark_project(folder)["parts"].startswith("fails: expected parts.npz as save_parts")


def test_a_size_that_is_not_named_fails(folder):
    rewrite(folder, "800 are to learn from", "the most are to learn from")
    expected = 'fails: expected "Split" to name the size of train, 800, got no such number'
    assert mark_project(folder)["sizes"] == expected


def test_weights_that_do_not_load_fail(folder):
    (folder / "weights.safetensors").write_bytes(b"\x80\x04 a pickle")
    marks = mark_project(folder)
    assert marks["weights"].startswith("fails: expected weights.safetensors to load, got: expected")
    assert str(folder) not in marks["weights"]
    assert marks["learned"] == marks["failures"] == "not yet: waits for weights"


def test_no_model_or_two_or_a_large_one(folder):
    file = folder / "weights.safetensors"
    shutil.copy(file, folder / "other.safetensors")
    expected = "fails: expected one model's file, got other.safetensors, weights.safetensors"
    assert mark_project(folder)["weights"] == expected
    (folder / "other.safetensors").unlink()
    with file.open("r+b") as opened:
        opened.truncate(LARGEST + 1)
    expected = "fails: expected at most 5,000,000 bytes of weights, got 5,000,001"
    assert mark_project(folder)["weights"] == expected
    file.unlink()
    assert mark_project(folder)["weights"] == "not yet: no file named .safetensors or .onnx"


def small(folder, model, classes=data.DIGITS):
    """Write a model's file in place of the example's."""
    part = data.load("optdigits")[:40]
    valid = data.Images(part.images, part.labels % len(classes), tuple(classes), "digit")
    export.export_weights(model, folder / "weights.safetensors", valid, "some", {})


def test_a_model_of_other_classes_fails(folder):
    small(folder, MLP((4,), classes=2), ("cat", "dog"))
    assert mark_project(folder)["weights"].startswith(
        "fails: expected images of the model's classes, cat, dog, got 0, 1, 2"
    )


def test_a_model_that_has_not_learned_fails(folder):
    small(folder, MLP((4,), seed=1))
    found = mark_project(folder)["learned"]
    assert re.fullmatch(
        r"fails: expected valid to be named better than by naming the commonest class, 10.\d %, got .* of 400",
        found,
    )


def test_a_model_in_onnx_is_asked_too(folder):
    model = export.load_model(folder / "weights.safetensors")
    digits = data.load("optdigits")[:400]
    (folder / "weights.safetensors").unlink()
    export.export_onnx(model, folder / "model.onnx", digits, "optdigits", {})
    assert mark_project(folder) == dict.fromkeys(STEPS, "passes")


FIRST = "test 88: 1 → 9, and"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "test 87: 1 → 9, and",
            "expected images that the model names wrongly, got test 87, rightly named",
        ),
        ("test 88: 1 → 7, and", 'expected "test 88: 1 → 9", got "1 → 7, and'),
        ("test 88: 7 → 9, and", 'expected "test 88: 1 → 9", got "7 → 9, and'),
        ("test 88: 1 → 99, and", 'expected "test 88: 1 → 9", got "1 → 99, and'),
        (
            "test 237: 1 → 9, and",
            "expected failures out of valid 0 to 399 or test 0 to 236, got test 237",
        ),
        (
            "train 3: 1 → 9, and",
            "expected failures out of valid 0 to 399 or test 0 to 236, got train 3",
        ),
    ],
)
def test_a_failure_that_is_none_fails(folder, line, said):
    rewrite(folder, FIRST, line)
    found = mark_project(folder)["failures"]
    assert found.startswith("fails: ") and said in found


@pytest.mark.parametrize("line", ["It", "test 10: 8 → 5, and", "digit 88: 1 → 9, and"])
def test_fewer_than_three_failures_are_not_enough_yet(folder, line):
    rewrite(folder, FIRST, line)
    assert mark_project(folder)["failures"] == 'not yet: 2 of 3 lines such as "valid 17: 4 → 9"'


def test_a_failure_may_be_written_in_other_ways(folder):
    rewrite(folder, f"- {FIRST}", "1. **test 88**: 1 -> 9:")
    assert mark_project(folder)["failures"] == "passes"


def test_a_picture_must_be_there(folder):
    picture = folder / "failures.png"
    picture.write_bytes(b"no picture")
    assert mark_project(folder)["pictures"].startswith("fails: expected failures.png to be a pic")
    picture.unlink()
    expected = "fails: expected the picture failures.png in the folder, got none"
    assert mark_project(folder)["pictures"] == expected
    shutil.copy(EXAMPLE / "failures.png", folder.parent)
    rewrite(folder, "(failures.png)", "(../failures.png)")
    assert mark_project(folder)["pictures"].startswith("fails: expected the picture ../failures")
    rewrite(folder, "![", "[")
    assert mark_project(folder)["pictures"].startswith("not yet: no picture")


@pytest.mark.parametrize("title", SECTIONS)
def test_each_heading_is_asked_for(folder, title):
    rewrite(folder, f"## {title}\n", "")
    expected = f'not yet: no heading "## {title}" in report.md'
    marks = mark_project(folder)
    assert marks["sections"] == expected
    waiting = {"Split": "sizes", "Measured": "figures", "Failures": "failures"}
    assert {step for step, mark in marks.items() if mark == expected} >= {
        "sections",
        waiting.get(title, "sections"),
    }


def test_a_heading_alone_is_not_enough_yet(folder):
    report = folder / "report.md"
    text = report.read_text(encoding="utf-8")
    text = re.sub(r"(?<=## Data card\n).*?(?=## Split)", "\nDigits.\n\n", text, flags=re.DOTALL)
    report.write_text(text, encoding="utf-8")
    assert mark_project(folder)["sections"] == 'not yet: 1 words below "Data card"'


def test_an_empty_folder_fails_nowhere(tmp_path):
    marks = mark_project(tmp_path)
    assert list(marks) == STEPS and all(mark.startswith("not yet: ") for mark in marks.values())


def test_an_archive_is_marked_as_its_folder(folder, tmp_path):
    """With the folder around it, and what a Mac adds."""
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"Project of Ada/{path.name}")
            archive.writestr(f"__MACOSX/Project of Ada/{path.name}", b"something")
    assert mark_project(tmp_path / "ada.zip") == dict.fromkeys(STEPS, "passes")


def test_what_is_no_archive_fails(tmp_path):
    (tmp_path / "ada.zip").write_bytes(b"Rar!")
    marks = mark_project(tmp_path / "ada.zip")
    assert set(marks.values()) == {"fails: expected a folder or a zip, got: File is not a zip file"}
    with pytest.raises(FileNotFoundError):
        mark_project(tmp_path / "bob.zip")


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(folder, tmp_path, monkeypatch):
    shutil.make_archive(str(tmp_path / "large"), "zip", folder)
    monkeypatch.setattr(project, "_UNPACKED", 200_000)
    marks = mark_project(tmp_path / "large.zip")
    assert re.fullmatch(
        r"fails: expected a folder or a zip, got: 2\d\d,\d{3} bytes when it is unpacked, more than 200,000",
        marks["parts"],
    )
    assert "1,139,188 bytes when it is unpacked" in mark_project(folder)["parts"]


def test_parts_of_different_classes_are_not_saved(tmp_path):
    images, labels = torch.zeros(2, 28, 28, dtype=torch.uint8), torch.tensor([0, 1])
    pets = data.Images(images, labels, ("cat", "dog"))
    with pytest.raises(ValueError, match="expected parts of the same classes"):
        save_parts(tmp_path, pets, data.Images(images, labels, ("dog", "cat")))
    save_parts(tmp_path, pets, pets)
    assert set(parts_of(tmp_path)) == {
        *("train_images", "train_labels", "valid_images", "valid_labels"),
        *("classes", "preparation"),
    }


@pytest.mark.server
def test_what_one_types_says_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(in_text(PAGE), tmp_path)
    marks = mark_project("ada")
    shutil.copy(EXAMPLE / "report.md", "ada")
    assert mark_project("ada")["sections"] == "passes" != marks["sections"]


def test_a_class_is_marked_as_the_page_says(folder, tmp_path, monkeypatch):
    [block] = [block for block in in_text(PAGE) if block.word == BY_HAND]
    shown = in_text(PAGE)[-1]
    shutil.make_archive(str(tmp_path / "inbox" / "ada"), "zip", folder)
    with zipfile.ZipFile(tmp_path / "inbox" / "bob.zip", "w") as archive:
        archive.writestr("notes.txt", "soon")
    monkeypatch.chdir(tmp_path)
    assert agree(executed(block.text, tmp_path, {}), shown.text)
    head, *rows = Path("marks.csv").read_text(encoding="utf-8").splitlines()
    assert head.split(",") == ["who", *STEPS] and len(rows) == 2


def test_the_page_names_each_step_and_each_heading():
    steps = PAGE.partition("## What marks it\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", steps, re.MULTILINE) == STEPS
    held = PAGE.partition("## What the report must hold\n")[2].partition("\n## ")[0]
    assert [row for row in re.findall(r"^\| ([^|]+) \|", held, re.MULTILINE)][2:] == list(SECTIONS)
    rubric = PAGE.partition("## The rubric\n")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\| ", rubric, re.MULTILINE)) == 12  # ten, two points each
