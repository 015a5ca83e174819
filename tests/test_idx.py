import gzip
import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digitlib import idx
from idx import idx as as_idx

SIDES = st.sampled_from([(), (1,), (28, 28), (3, 5)])


@st.composite
def contents(draw):
    """The sides of entries, an array of them, and whether it is zipped."""
    sides = draw(SIDES)
    count = draw(st.integers(0, 5))
    return sides, draw(arrays(np.uint8, (count, *sides))), draw(st.booleans())


def write(folder, array, zipped, name="a"):
    path = folder / name
    path.write_bytes(gzip.compress(as_idx(array)) if zipped else as_idx(array))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("idx")


@given(contents())
def test_what_was_written_is_read(folder, content):
    sides, array, zipped = content
    found = idx.read(write(folder, array, zipped), sides)
    assert found.dtype == np.uint8 and found.flags.writeable
    np.testing.assert_array_equal(found, array)


@given(contents(), st.data())
def test_a_file_cut_short_is_an_error(folder, content, data):
    sides, array, zipped = content
    path = write(folder, array, zipped)
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(ValueError, match="expected"):
        idx.read(path, sides)


@given(contents(), st.data())
def test_a_changed_header_is_an_error(folder, content, data):
    """And asks for no memory, whatever it claims."""
    sides, array, zipped = content
    whole = bytearray(as_idx(array))
    place = data.draw(st.integers(0, 4 * (2 + len(sides)) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    path = folder / "a"
    path.write_bytes(gzip.compress(bytes(whole)) if zipped else whole)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="expected"):
            idx.read(path, sides)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@given(contents(), st.data())
def test_a_damaged_gzip_file_is_an_error_or_the_same(folder, content, data):
    sides, array, _ = content
    path = write(folder, array, zipped=True)
    whole = bytearray(path.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    try:
        found = idx.read(path, sides)
    except ValueError as error:
        assert str(error).startswith(f"{path}: expected")
    else:  # a name or a date changed, which gzip keeps too
        np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("zipped", [False, True])
def test_memory_holds_the_result_alone(tmp_path, zipped):
    array = np.random.RandomState(0).randint(256, size=(4_000, 28, 28)).astype(np.uint8)
    path = write(tmp_path, array, zipped)
    tracemalloc.start()
    found = idx.read(path, (28, 28))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.nbytes <= peak < found.nbytes + 1_000_000


def test_more_than_a_header_says_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(as_idx(np.zeros(3)) + b"!"))
    with pytest.raises(ValueError, match="expected 3 bytes after its header, got more"):
        idx.read(path)


@pytest.mark.parametrize(
    "images", ["t-images-idx3-ubyte", "images.idx3", "t-images-idx3-ubyte (1)"]
)
@pytest.mark.parametrize("both", [("", ""), (".gz", ".gz"), ("", ".gz"), (".gz", "")])
def test_labels_lie_beside_their_images(tmp_path, images, both):
    labels = images.replace("images-idx3", "labels-idx1").replace("images.idx3", "labels.idx1")
    paths = tmp_path / (images + both[0]), tmp_path / (labels + both[1])
    for path in (*paths, tmp_path / "other.txt", tmp_path / ".h-images-idx3-ubyte"):
        path.touch()
    assert idx.labels_beside(str(paths[0])) == paths[1]
    assert idx.pair_in(str(tmp_path)) == paths


def test_a_pair_is_found_or_named(tmp_path):
    assert idx.pair_in(tmp_path) is None
    for name in ("images-idx3-ubyte", "images-idx3-ubyte.gz", "labels-idx1-ubyte", "x-images-idx3"):
        (tmp_path / name).touch()
    assert [path.name for path in idx.pair_in(tmp_path)] == [
        "images-idx3-ubyte",
        "labels-idx1-ubyte",
    ]
    (tmp_path / "x-labels-idx1").touch()
    with pytest.raises(
        ValueError, match="one pair of IDX files, got images-idx3-ubyte, x-images-idx3"
    ):
        idx.pair_in(tmp_path)
    with pytest.raises(ValueError, match="expected a name with images-idx3"):
        idx.labels_beside(tmp_path / "mine")
    (tmp_path / "x-labels-idx1").unlink()
    with pytest.raises(FileNotFoundError, match="x-labels-idx1: no such file, the labels of x-im"):
        idx.labels_beside(tmp_path / "x-images-idx3")


@pytest.mark.parametrize("end", ["", " (1)"])
@pytest.mark.parametrize("zipped", ["", ".gz"])
def test_the_pads_third_file_is_found(tmp_path, end, zipped):
    said = {"classes": ["ä", "猫"], "preparation": "picture", "more": 1}
    file = tmp_path / f"drawings-classes{end}.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    images = tmp_path / f"drawings-images-idx3-ubyte{end}{zipped}"
    assert idx.classes_beside(images) == {"classes": ["ä", "猫"], "preparation": "picture"}
    assert idx.classes_beside(tmp_path / "images-idx3") == {}
    for wrong in ("", "[]", '{"classes": "ab"}', '{"preparation": 1}', "[" * 100_000):
        file.write_text(wrong)
        with pytest.raises(ValueError, match=r"drawings-classes.*json: expected"):
            idx.classes_beside(images)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('{"classes": ["a", "a"]}', "a-classes.json: .*'a' twice"),
        ('{"classes": [1, 2]}', "a-classes.json: expected names of classes"),
        ('{"classes": []}', "a-classes.json: expected at least two names"),
        ('{"preparation": "photo"}', "a-classes.json: expected a preparation"),
    ],
)
def test_what_cannot_be_names_is_an_error_that_names_the_file(tmp_path, said, message):
    (tmp_path / "a-classes.json").write_text(said)
    with pytest.raises(ValueError, match=message):
        idx.classes_beside(tmp_path / "a-images-idx3-ubyte")


def test_an_editors_mark_before_the_names_is_passed_over(tmp_path):
    (tmp_path / "a-classes.json").write_text('{"classes": ["a", "b"]}', encoding="utf-8-sig")
    assert idx.classes_beside(tmp_path / "a-images-idx3-ubyte") == {"classes": ["a", "b"]}
