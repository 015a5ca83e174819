"""The signs of chapter 13: the program that draws them, and the photos on which they are."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

import sheets as bench
import trail
from digitlib import data, sheets
from digitlib.book import signs as shipped
from digitlib.files import write_folder
from idx import idx


@pytest.mark.parametrize("draw", trail.HANDS.values())
@pytest.mark.parametrize("name", trail.NAMES)
def test_a_sign_is_ink_on_dark_and_the_same_again(draw, name):
    first, again, other = (draw(np.random.RandomState(seed), name, writer=3) for seed in (0, 0, 1))
    assert first.dtype == np.uint8 and first.shape == (trail.SIDE, trail.SIDE)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert 0.02 < (first > 127).mean() < 0.4
    edge = np.concatenate([first[[0, -1]].ravel(), first[:, [0, -1]].ravel()])
    assert not edge.any()


@pytest.mark.parametrize("draw", trail.HANDS.values())
def test_no_other_sign_is_drawn(draw):
    with pytest.raises(ValueError, match=r"expected a sign out of camp, ford, .* got 'rest'"):
        draw(np.random.RandomState(0), "rest", writer=0)


def test_a_writer_keeps_the_habits():
    assert trail.writer_of(5) == trail.writer_of(5) != trail.writer_of(6)


def test_left_is_right_in_a_mirror():
    """Of a writer who neither leans nor turns, on average."""
    upright = [n for n in range(40) if abs(trail.writer_of(n).slant) < 0.05]
    left, right = (
        np.mean([trail.draw(np.random.RandomState(n), name, n) for n in upright], axis=0)
        for name in ("left", "right")
    )
    assert np.corrcoef(left[:, ::-1].ravel(), right.ravel())[0, 1] > 0.8
    assert np.corrcoef(left.ravel(), right.ravel())[0, 1] < 0.6


SHEETS = [(hand, number) for hand in shipped.SHEETS for number in range(len(shipped.SHEETS[hand]))]
ALIKE = 0.08  # so much likelier another sign may seem: a writer's are much alike


@pytest.mark.parametrize(("hand", "number"), SHEETS)
def test_every_cell_of_a_photo_is_read_and_in_its_place(hand, number):
    """A reader that took each cell for its neighbour would be found out: of nearly all the likest is their own."""
    photo = shipped.photos(hand)[number]
    found = sheets.read(photo, shipped.NAMES)
    assert len(found.taken) == len(shipped.NAMES) * sheets.COLUMNS
    truths = trail.truths(hand, number)
    likeness = bench.likeness(truths, found.taken)
    own, best = likeness.diagonal(), likeness.max(axis=1)
    assert own.min() > 0.8 and (best - own).max() < ALIKE
    assert (own == best).mean() > 0.94


def test_the_photos_are_of_the_sheets_that_the_program_fills_in():
    """One of them, taken again."""
    again = Image.open(io.BytesIO(trail.good("other", 0))).convert("L")
    with Image.open(shipped.photos("other")[0]) as photo:
        kept = np.asarray(photo.convert("L"))
    assert np.abs(kept.astype(int) - np.asarray(again)).mean() < 2


def test_the_photos_are_small_and_no_others_lie_there():
    names = [photo.name for hand in shipped.SHEETS for photo in shipped.photos(hand)]
    there = sorted(path.name for path in shipped.FOLDER.iterdir())
    assert there == names and len(names) == 11
    assert sum(path.stat().st_size for path in shipped.FOLDER.iterdir()) < 500_000
    assert shipped.NAMES == trail.NAMES


def test_the_signs_of_a_photo_are_read_as_a_folder(tmp_path):
    photo = shipped.photos("other")[0]
    files = sheets.pictures(sheets.read(photo, shipped.NAMES), photo.stem)
    write_folder(files, tmp_path / "cells")
    cells = data.load(tmp_path / "cells", preparation="digit")
    assert cells.classes == shipped.NAMES
    assert cells.labels.bincount().tolist() == [20] * 8
    assert cells.files[0] == "camp/sheet-09-01.png"


def test_no_other_hand_is_known():
    with pytest.raises(ValueError, match="expected a hand out of first, other, got 'third'"):
        shipped.photos("third")


@pytest.fixture
def folder(tmp_path):
    """Two sheets' files."""
    for photo in shipped.photos("other")[:2]:
        found = sheets.pictures(sheets.read(photo, shipped.NAMES), photo.stem)
        write_folder(found, tmp_path / photo.stem)
        for name, content in found.items():
            (tmp_path / "signs" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "signs" / name).write_bytes(content)
    return tmp_path / "signs"


def test_signs_are_loaded_with_their_sheets(folder):
    signs, numbers = shipped.load(folder)
    assert (signs.classes, signs.preparation) == (shipped.NAMES, "digit")
    assert numbers.bincount().tolist() == [160, 160]
    names = {file.rpartition("/")[2][:8] for file in np.array(signs.files)[numbers == 1]}
    assert names == {"sheet-10"}


def test_one_sheet_can_not_be_held_back(folder):
    with pytest.raises(ValueError, match="expected signs on 2 sheets or more, got 1"):
        shipped.load(folder.with_name("sheet-09"))


def test_files_that_say_no_sheet_are_named(folder):
    odd = folder / "camp" / "odd.png"
    (folder / "camp" / "sheet-09-01.png").rename(odd)
    with pytest.raises(ValueError, match=r"expected a sign's file as .* got camp.odd\.png"):
        shipped.load(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        shipped.load(tmp_path / "nowhere")


def export(folder, count, classes=("camp", "rest")):
    """What the pad exports, of one writer."""
    folder.mkdir()
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 8:20, 8:12] = 200
    (folder / "drawings-images-idx3-ubyte").write_bytes(idx(images))
    (folder / "drawings-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % 2))
    names = {"classes": classes, "preparation": "digit"}
    (folder / "drawings-classes.json").write_text(json.dumps(names))


def test_what_several_have_drawn_on_the_pad_is_joined(tmp_path):
    """A folder for each writer, with the export in it; an empty one is none's."""
    export(tmp_path / "ada", 6)
    export(tmp_path / "bob", 4)
    (tmp_path / "photos").mkdir()
    signs, numbers = shipped.load(tmp_path)
    assert numbers.tolist() == [0] * 6 + [1] * 4
    assert signs.labels.tolist() == [0, 1] * 5 and signs.classes == ("camp", "rest")


def test_exports_lie_beside_nothing_else(tmp_path):
    export(tmp_path / "ada", 6)
    (tmp_path / "camp").mkdir()
    (tmp_path / "camp" / "bob-1.png").touch()
    with pytest.raises(ValueError, match=r"what a pad has exported, got something else in camp"):
        shipped.load(tmp_path)


def test_of_strangers_one_sheet_will_do_and_its_signs_keep_their_numbers(folder):
    signs, numbers = shipped.load(folder.with_name("sheet-09"), shipped.NAMES, least=1)
    assert numbers.unique().tolist() == [0] and len(signs) == 160
    for name in shipped.NAMES[:3]:
        shutil.rmtree(folder.with_name("sheet-09") / name)
    signs, _ = shipped.load(folder.with_name("sheet-09"), shipped.NAMES, least=1)
    assert signs.labels.unique().tolist() == [3, 4, 5, 6, 7]


def test_writers_have_the_same_names(tmp_path):
    export(tmp_path / "ada", 6)
    export(tmp_path / "bob", 4, ("camp", "well"))
    message = "expected the same names of all writers, got camp, rest and camp, well"
    with pytest.raises(ValueError, match=message):
        shipped.load(tmp_path)


def test_one_export_can_not_be_held_back(tmp_path):
    export(tmp_path / "ada", 6)
    for folder in (tmp_path, tmp_path / "ada"):
        with pytest.raises(ValueError, match="expected signs on 2 sheets or more, got 1"):
            shipped.load(folder)
