import os
import subprocess
import sys
import tracemalloc
import unicodedata
import warnings

import numpy as np
import pytest
from PIL import Image

from digitlib import data, folder
from digitlib.picture import read_grey, read_image
from digitlib.preprocess import prepare

NAMES = ("Über uns", "cat", "猫")  # as Unicode sorts them not


def picture(number=0, side=40):
    """A bright stroke, at another place for each number."""
    levels = np.zeros((side, side), dtype=np.uint8)
    levels[5 + number % 20 : 12 + number % 20, 8:30] = 200
    return Image.fromarray(levels)


def write(root, *names, side=40):
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number, side).save(path)
    return root


@pytest.fixture
def scans(tmp_path):
    """Three classes of two pictures, one of them further down."""
    return write(
        tmp_path / "my scans",
        *(f"{name}/{file}" for name in NAMES for file in ("b.png", "a/ü 1.JPG")),
    )


def test_a_folder_of_folders_is_read(scans):
    found = folder.read(str(scans))
    assert found.classes == tuple(sorted(NAMES)) == ("cat", "Über uns", "猫")
    assert found.labels.tolist() == [0, 0, 1, 1, 2, 2] and found.preparation == "picture"
    assert found.files == tuple(
        f"{name}/{file}" for name in sorted(NAMES) for file in ("a/ü 1.JPG", "b.png")
    )
    for file, image in zip(found.files, found.images, strict=True):
        np.testing.assert_array_equal(image, prepare(read_grey(scans / file), "picture"))


@pytest.mark.parametrize(
    ("asked", "kind"), [(None, "digit"), ("digit", "digit"), ("picture", "picture")]
)
def test_digits_are_prepared_as_digits_unless_told(tmp_path, asked, kind):
    write(
        tmp_path,
        *(f"{digit}/1.png" for digit in range(10)),
        *(f"{digit}/2.png" for digit in range(10)),
    )
    found = folder.read(tmp_path, preparation=asked)
    assert found.preparation == kind and found.classes == tuple("0123456789")
    how = {"digit": read_image, "picture": read_grey}[kind]
    np.testing.assert_array_equal(found.images[3], prepare(how(tmp_path / found.files[3]), kind))


def test_what_is_odd_is_said_once_and_the_rest_is_kept(scans):
    write(scans, "alone/1.png")
    (scans / "empty").mkdir()
    (scans / "broken").mkdir()
    for number in range(12):
        (scans / "broken" / f"{number:02}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Image.new("L", (30, 30)).save(scans / "cat" / "dark.png")
    (scans / "cat" / "notes\nof mine.txt").write_text("a cat")
    (scans / "cat" / ".DS_Store").write_text("hidden")
    write(scans, "__MACOSX/._b.png", "beside.png")
    with pytest.warns(folder.LeftOut) as told:
        found = folder.read(scans)
    assert len(told) == 1
    message = str(told[0].message)
    assert "\n" not in message and message.startswith(
        f"{scans}: 2 classes without a picture (broken, empty); "
    )
    first = ", ".join(f"broken/{number:02}.png" for number in range(10))
    assert f"12 pictures that can't be read ({first} and 2 more); " in message
    assert "1 picture without ink (cat/dark.png); " in message
    assert (
        "2 files beside the folders or not named as pictures are (beside.png, cat/notes of mine.txt); "
        in message
    )
    assert message.endswith("1 class of a single picture, which is for training (alone)")
    assert found.classes == ("alone", "cat", "Über uns", "猫")
    assert found.labels.tolist() == [0, 1, 1, 2, 2, 3, 3] and len(found.files) == 7


def test_what_pillow_warns_of_is_not_said(scans, monkeypatch):
    def warns(*_):
        warnings.warn("Corrupt EXIF data", stacklevel=1)
        return np.full((9, 9), 99, dtype=np.uint8)

    monkeypatch.setattr(folder.picture, "read", warns)
    assert len(folder.read(scans).images) == 6


def test_labels_follow_the_classes_that_are_given(scans):
    given = ("猫", "dog", "Über uns", "cat")
    found = folder.read(scans, given)
    assert found.classes == given and found.labels.tolist() == [0, 0, 2, 2, 3, 3]
    with pytest.raises(ValueError, match=r"folders out of cat, dog, got Über uns, 猫$"):
        folder.read(scans, ("cat", "dog"))
    (scans / "dog").mkdir()
    with pytest.warns(folder.LeftOut, match=r": 1 class without a picture \(dog\)$"):
        assert folder.read(scans, given).classes == given
    write(scans.parent / "one", "cat/1.png", "cat/2.png")
    assert folder.read(scans.parent / "one", ("cat", "dog")).labels.tolist() == [0, 0]


@pytest.mark.parametrize("given", [None, ("Über uns", "cat", "猫")])
def test_names_are_composed(tmp_path, given):
    spread = unicodedata.normalize("NFD", "Über uns")
    write(tmp_path, *(f"{name}/{n}.png" for name in (spread, "cat") for n in "12"))
    assert "Über uns" in folder.read(tmp_path, given).classes
    write(tmp_path, "Über uns/1.png")
    if len(list(tmp_path.iterdir())) < 3:
        pytest.skip("a file system that composes names itself")
    with pytest.raises(ValueError, match="another name for each class, got 'Über uns' twice"):
        folder.read(tmp_path, given)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "a folder of pictures for each class, or a pair of IDX files, got nothing"),
        (["1.png", "2.png"], "for each class, .*, got 2 files: 1.png, 2.png"),
        (["cat/1.png", "cat/2.png"], "pictures of two classes or more, got one, cat$"),
        ([".cat/1.png"], "got nothing"),
    ],
)
def test_too_little_is_an_error_that_says_what_was_found(tmp_path, names, message):
    write(tmp_path, *names)
    with pytest.raises(ValueError, match=message):
        folder.read(tmp_path)


def test_nothing_but_damage_is_an_error(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"got none; 2 classes without a picture .*dog/1\.png\)"):
        folder.read(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        folder.read(tmp_path / "nowhere")


def test_memory_holds_the_images_and_little_more(tmp_path):
    tmp_path = tmp_path / "many"
    write(tmp_path, *(f"{name}/{n:04}.png" for name in "ab" for n in range(750)), side=28)
    write(tmp_path.parent / "few", "a/1.png", "a/2.png", "b/1.png", "b/2.png", side=28)
    folder.read(tmp_path.parent / "few")  # what is imported at its first need
    tracemalloc.start()
    found = folder.read(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    # Python's table of the parts of all paths grows now and then, however many files are read here.
    table = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*pathlib*")])
    peak -= sum(part.size for part in table.statistics("filename"))
    tracemalloc.stop()
    assert found.images.nbytes == 1_500 * 784 <= peak < 1.4 * found.images.nbytes


def test_an_array_is_asked_for_once(monkeypatch):
    asked = []
    empty = np.empty
    monkeypatch.setattr(
        np, "empty", lambda shape, **how: asked.append(shape) or empty(shape, **how)
    )
    folder.gather(lambda place: np.full((3, 3), 9, dtype=np.uint8), 5, "picture")
    assert [shape for shape in asked if shape[0] == 5] == [(5, 28, 28)]


def test_a_warning_points_at_whoever_loads(scans):
    (scans / "empty").mkdir()
    with pytest.warns(folder.LeftOut) as told:
        data.load(scans)
    assert told[0].filename == __file__


CODE = "from digitlib import data; images = data.load('scans'); print(ascii(images.classes), ascii(images.files[0]))"


@pytest.mark.server
def test_names_are_right_where_the_language_has_no_letters_for_them(tmp_path):
    write(
        tmp_path,
        *(f"scans/{name}/ü.png" for name in ("ä ö", "cat")),
        *(f"scans/{name}/2.png" for name in ("ä ö", "cat")),
    )
    told = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    result = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tmp_path, env=told, capture_output=True, text=True
    )
    assert result.stderr == ""
    assert result.stdout == f"{('cat', 'ä ö')!a} 'cat/2.png'\n"


def test_of_given_classes_one_may_have_a_single_picture(tmp_path):
    """Nobody is to be told that it is for training, when it may be for asking a model."""
    write(tmp_path, "cat/1.png", "dog/1.png")
    assert folder.read(tmp_path, ["dog", "cat"]).labels.tolist() == [0, 1]


@pytest.mark.parametrize("parts", [("train", "test"), ("Train", "Val", "Test"), ("training",)])
def test_parts_of_a_set_are_no_classes(tmp_path, parts):
    for part in parts:
        for name in ("cat", "dog"):
            (tmp_path / part / name).mkdir(parents=True)
            Image.new("L", (28, 28), 99).save(tmp_path / part / name / "1.png")
    with pytest.raises(
        ValueError, match=rf"got the parts of a set, .*; name one of them, such as .*{max(parts)}"
    ):
        folder.read(tmp_path)
    with pytest.warns(folder.LeftOut, match="2 classes of a single picture"):
        assert folder.read(tmp_path / parts[0]).classes == ("cat", "dog")


def test_classes_may_be_called_like_parts(tmp_path):
    """Trains and tests, say, of which there are pictures."""
    for name in ("test", "train"):
        (tmp_path / name).mkdir()
        for i in range(2):
            Image.new("L", (28, 28), 99).save(tmp_path / name / f"{i}.png")
    assert folder.read(tmp_path).classes == ("test", "train")
