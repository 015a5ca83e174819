import pytest
import torch
from PIL import Image

from digitlib import data
from digitlib.accuracy import Share
from digitlib.commands import preparing
from digitlib.commands.preparing import Trial
from folders import make
from idx import idx


@pytest.mark.parametrize(
    ("kind", "preparation"), [("strokes", "digit"), ("bars", "picture"), ("dots", "picture")]
)
def test_a_trial_finds_whether_the_place_is_what_tells(kind, preparation, tmp_path):
    make(kind, 8, 15, tmp_path)
    images, trial = preparing.read_better(str(tmp_path))
    assert trial.preparation == images.preparation == preparation
    assert len(images) == 120 and trial.whole.n == trial.cropped.n
    # What reads as blank, as bars at the rim may, can't be cropped.
    assert 30 <= trial.whole.n <= 48
    assert (trial.whole.value > trial.cropped.value) == (preparation == "picture")


def test_a_large_folder_is_tried_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr(preparing, "MOST", 50)
    make("dots", 5, 20, tmp_path)
    cropped = data.load(tmp_path, preparation="digit")
    assert preparing.try_both(tmp_path, cropped).whole.n == 25


def test_digits_are_not_tried(tmp_path):
    for name in data.DIGITS:
        (tmp_path / name).mkdir()
        for i in range(2):
            image = Image.new("L", (30, 30))
            image.putpixel((15, 9 + i), 255)
            image.save(tmp_path / name / f"{i}.png")
    images, trial = preparing.read_better(str(tmp_path))
    assert trial is None and images.of_digits


def test_pictures_without_ink_are_taken_whole(tmp_path, capsys):
    """Grey all over, which is ground and nothing else."""
    for name, level in (("dark", 60), ("bright", 200)):
        (tmp_path / name).mkdir()
        for i in range(3):
            Image.new("L", (30, 30), level + i).save(tmp_path / name / f"{i}.png")
    images, trial = preparing.read_better(str(tmp_path))
    assert trial is None and (len(images), images.preparation) == (6, "picture")
    assert capsys.readouterr().err == ""


def test_nothing_to_read_is_said_once(tmp_path):
    with pytest.raises(ValueError, match="expected a folder of pictures for each class"):
        preparing.read_better(str(tmp_path))


def test_a_pair_of_files_is_no_folder_of_pictures(tmp_path):
    assert preparing.is_folder(str(tmp_path)) and not preparing.is_folder("mnist")
    for name, array in (("images-idx3", torch.ones(1, 28, 28)), ("labels-idx1", torch.ones(1))):
        (tmp_path / f"x-{name}-ubyte").write_bytes(idx(array.numpy()))
    assert not preparing.is_folder(str(tmp_path))


def test_a_trial_says_what_it_showed():
    shares = Share(30, 40), Share(12, 40)
    assert str(Trial("digit", *shares)) == (
        "pictures are taken cropped to their ink and centred: of 40 in a trial 30 were named right cropped, 12 whole"
    )
    assert str(Trial("picture", *shares)).startswith("pictures are taken whole: of 40 ")


@pytest.mark.parametrize("counts", [[1, 2], [1, 1, 1, 3], [1] * 10 + [3, 3]])
def test_of_very_few_pictures_there_is_a_small_trial_or_none(tmp_path, counts):
    make("strokes", len(counts), max(counts), tmp_path)
    for folder, n in zip(sorted(tmp_path.iterdir()), counts, strict=True):
        for file in sorted(folder.iterdir())[n:]:
            file.unlink()
    images, trial = preparing.read_better(str(tmp_path))
    assert len(images) == sum(counts) and images.preparation == (
        trial.preparation if trial else "digit"
    )
    train, valid = data.split(images, data.valid_size(images))
    assert len(valid) >= 1 and set(train.labels.tolist()) == set(range(len(counts)))
