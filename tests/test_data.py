import gzip

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digitlib import data
from idx import idx


def test_unknown_name():
    with pytest.raises(ValueError, match=r"mnist, optdigits, .*, got 'cifar10'; or a folder"):
        data.load("cifar10")
    with pytest.raises(ValueError, match=r"mnist, optdigits, .*, got 'cifar10'$"):
        data.load_test("cifar10")


def test_optdigits(small):
    assert len(small) == 1437 and len(data.load_test("optdigits")) == 360
    assert small.labels.unique().tolist() == list(range(10))
    assert small.images.amax() == 255


def test_mnist(mnist):
    assert len(mnist) == 60_000
    assert mnist.labels.bincount().tolist() == [
        5923,
        6742,
        5958,
        6131,
        5842,
        5421,
        5918,
        6265,
        5851,
        5949,
    ]


@pytest.mark.parametrize("valid", [10, 143, 287, 1000])
@pytest.mark.parametrize("seed", [0, 7])
def test_split_is_disjoint_complete_and_stratified(small, valid, seed):
    train, held = data.split_indices(small.labels, valid, seed)
    assert sorted(train.tolist() + held.tolist()) == list(range(len(small)))
    assert len(held) == valid
    fair = small.labels.bincount() * valid / len(small)
    assert (small.labels[held].bincount(minlength=10) - fair).abs().max() < 1
    for part, indices in zip(data.split(small, valid, seed), (train, held), strict=True):
        assert torch.equal(part.images, small.images[indices])


def test_split_is_the_same_everywhere(small):
    train, valid = data.split_indices(small.labels, 287)
    assert (data.fingerprint(train), data.fingerprint(valid)) == (
        "76c9f40f404c",
        "902cdfaadf24",
    )
    assert data.fingerprint(data.split_indices(small.labels, 287, seed=1)[1]) != "902cdfaadf24"


def test_split_of_mnist_is_the_same_everywhere(mnist):
    train, valid = data.split_indices(mnist.labels)
    assert (data.fingerprint(train), data.fingerprint(valid)) == (
        "a505b37fac64",
        "08fcbe0571f9",
    )
    assert data.fingerprint(mnist.images, mnist.labels) == "d18cfd466eb1"


@pytest.mark.parametrize("valid", [0, -1, 1437, 5000])
def test_split_refuses_impossible_sizes(small, valid):
    with pytest.raises(ValueError, match=f"from 1 to 1436, got {valid}"):
        data.split(small, valid)


def test_fingerprint_notices_order():
    assert data.fingerprint(torch.tensor([1, 2])) != data.fingerprint(torch.tensor([2, 1]))


def test_digits_refuses_wrong_shapes():
    with pytest.raises(ValueError, match=r"uint8 images \(N, 28, 28\), got torch.float32"):
        data.Images(torch.zeros(3, 28, 28), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"int64 labels \(3,\), got torch.int64 \(2,\)"):
        data.Images(torch.zeros(3, 28, 28, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64))


def test_scale():
    levels, memory = torch.tensor([0, 255], dtype=torch.uint8), torch.empty(2)
    assert data.scale(levels).tolist() == [0.0, 1.0]
    assert data.scale(levels, out=memory) is memory and memory.tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match=r"got torch\.float32"):
        data.scale(torch.zeros(1))


def test_a_fingerprint_changes_with_any_number():
    one, other = torch.zeros(3), torch.zeros(3)
    assert data.fingerprint(one, one) == data.fingerprint(one, other)
    other[2] = 1e-9
    assert data.fingerprint(one, one) != data.fingerprint(one, other)


@pytest.fixture
def pair(small, tmp_path):
    """Two files such as the drawing pad exports."""
    paths = tmp_path / "images", tmp_path / "labels"
    for path, array in zip(paths, (small.images[:5], small.labels[:5]), strict=True):
        path.write_bytes(idx(array.numpy()))
    return paths


def test_idx_files_are_read(pair, small):
    digits = data.read_idx(*pair)
    assert torch.equal(digits.images, small.images[:5])
    assert torch.equal(digits.labels, small.labels[:5])
    pair[0].write_bytes(idx(np.zeros((0, 28, 28))))
    pair[1].write_bytes(idx(np.zeros(0)))
    assert len(data.read_idx(*map(str, pair))) == 0


@pytest.mark.parametrize(
    ("which", "content", "message"),
    [
        (0, b"", "begins with 0x00000803, got nothing"),
        (0, b"\x89PNG\r\n\x1a\n" + bytes(99), "begins with 0x00000803, got 0x89504e47"),
        (0, idx(np.zeros(5)), "begins with 0x00000803, got 0x00000801"),
        (0, bytes([0, 0, 8, 3]), "begins with 0x00000803"),
        (0, idx(np.zeros((5, 8, 8))), r"entries of \(28, 28\), got \[8, 8\]"),
        (0, idx(np.zeros((5, 28, 28)))[:-3], "3,920 bytes after its header, got 3,917"),
        (
            0,
            idx(np.zeros((5, 28, 28))) + b"!",
            "3,920 bytes after its header, got 3,921",
        ),
        (0, idx(np.zeros((4, 28, 28))), "expected 4 labels, one an image, got 5"),
        (1, idx(np.zeros((5, 28, 28))), "begins with 0x00000801, got 0x00000803"),
        (1, idx(np.zeros(6)), "expected 5 labels, one an image, got 6"),
        (1, idx(np.array([0, 1, 2, 3, 10])), "expected labels 0 to 9, got 10"),
    ],
)
def test_damaged_idx_files_are_refused(pair, which, content, message):
    pair[which].write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        data.read_idx(*pair)
    name = pair[1] if "labels" in message else pair[which]
    assert str(caught.value).startswith(f"{name}: ")


def test_a_missing_idx_file_is_named(pair):
    pair[1].unlink()
    with pytest.raises(FileNotFoundError, match="labels: no such file"):
        data.read_idx(*pair)


@pytest.mark.parametrize("others", [0, 7])
def test_what_belongs_to_no_class_is_for_training(small, others):
    images = small.and_also(small.images[:others], torch.full((others,), 10))
    train, valid = data.split(images, valid=287, seed=0)
    plain_train, plain_valid = data.split(small, valid=287, seed=0)
    assert torch.equal(valid.images, plain_valid.images)
    assert (train.labels == 10).sum() == others and len(train) == len(plain_train) + others


def test_idx_files_of_other_classes_are_told_their_names(pair, small):
    names = tuple("abcdefghijkl")
    found = data.read_idx(*pair, names, "digit")
    assert (found.classes, found.preparation) == (names, "digit")
    with pytest.raises(ValueError, match="expected labels 0 to 1, got"):
        data.read_idx(*pair, ("no", "yes"))


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_of_no_class_are_refused(small, label):
    labels = torch.full((5,), label)
    with pytest.raises(ValueError, match="expected labels 0 to 1, or 2 for none of these"):
        data.Images(small.images[:5], labels, ("no", "yes"))


def test_preparation_follows_the_classes(small):
    assert small.preparation == "digit" and small.of_digits and small.noun == "digits"
    other = data.Images(small.images, small.labels, tuple("abcdefghij"))
    assert other.preparation == "picture" and not other.of_digits and other.noun == "pictures"
    assert other[:3].classes == other.classes and other[:3].preparation == "picture"


@pytest.fixture
def scans(tmp_path):
    """Two classes of five pictures of one's own."""
    for name in ("cat", "dog"):
        (tmp_path / "scans" / name).mkdir(parents=True)
        for number in range(5):
            levels = np.full((40, 30), 40 * number + 9, dtype=np.uint8)
            Image.fromarray(levels).save(tmp_path / "scans" / name / f"{number}.png")
    return tmp_path / "scans"


def test_files_follow_their_images(scans):
    images = data.load(scans)
    assert images.files[:2] == ("cat/0.png", "cat/1.png") and images.classes == ("cat", "dog")
    expected = [(images.files[i], images.labels[i]) for i in (7, 2, 2)]
    some = images[torch.tensor([7, 2, 2])]
    assert list(zip(some.files, some.labels, strict=True)) == expected
    assert images[8:].files == ("dog/3.png", "dog/4.png") and images[[1]].files == ("cat/1.png",)
    assert images[images.labels == 1].files == images.files[5:]
    assert images[:0].files == ()
    for part in data.split(images, valid=4):
        for file, image in zip(part.files, part.images, strict=True):
            assert torch.equal(image, images.images[images.files.index(file)])
    assert images.and_also(images.images, images.labels).files is None
    with pytest.raises(ValueError, match="expected 10 files, got 1"):
        data.Images(images.images, images.labels, images.classes, files=("cat/1.png",))


def test_a_folder_is_meant_by_a_path_or_by_what_is_there(scans, monkeypatch):
    monkeypatch.chdir(scans.parent)
    monkeypatch.setenv("HOME", str(scans.parent))
    monkeypatch.setenv("USERPROFILE", str(scans.parent))
    for source in ("scans", "./scans", "scans/", str(scans), scans, "~/scans"):
        assert data.load(source).files[0] == "cat/0.png"
    scans.rename("mnist")
    assert data.load("./mnist").classes == ("cat", "dog")
    with pytest.raises(FileNotFoundError, match="scans: no such file or folder"):
        data.load("./scans")
    with pytest.raises(
        ValueError, match=r"expected a data set out of .*, got 'scans'; or a folder"
    ):
        data.load("scans")


def test_a_pair_of_files_is_loaded_by_its_images_or_its_folder(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, array in (
        ("my-images-idx3-ubyte", small.images),
        ("my-labels-idx1-ubyte", small.labels),
    ):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx(array[:5].numpy())))
    (tmp_path / "other").mkdir()
    for source in ("my-images-idx3-ubyte.gz", tmp_path / "my-images-idx3-ubyte.gz", tmp_path, "."):
        found = data.load(source)
        assert torch.equal(found.images, small.images[:5]) and found.of_digits
        assert torch.equal(found.labels, small.labels[:5]) and found.files is None
    (tmp_path / "my-classes.json").write_text(
        '{"classes": ["a", "b", "c", "d", "e", "f"], "preparation": "digit"}', encoding="utf-8"
    )
    found = data.load(tmp_path)
    assert (found.classes, found.preparation) == (tuple("abcdef"), "digit")
    with pytest.raises(ValueError, match="expected images of u, v, w, x, y, z, got those of a, b"):
        data.load(tmp_path, classes=tuple("uvwxyz"))
    labels = tmp_path / "my-labels-idx1-ubyte.gz"
    labels.rename(tmp_path / "elsewhere")
    found = data.load("my-images-idx3-ubyte.gz", tmp_path / "elsewhere")
    assert torch.equal(found.labels, small.labels[:5])
    (tmp_path / "my-classes.json").unlink()
    with pytest.raises(ValueError, match="expected labels 0 to 1, got"):
        data.load("my-images-idx3-ubyte.gz", "elsewhere", classes=("a", "b"))


@pytest.mark.parametrize(
    ("source", "labels", "told", "message"),
    [
        ("optdigits", [1], {}, "expected the name optdigits alone"),
        ("optdigits", None, {"classes": ["a", "b"]}, "expected the name optdigits alone"),
        ("scans", [1, 2], {}, "labels only beside a file of images"),
        ("scans", None, {"preparation": "photo"}, "preparation out of digit, picture, got 'photo'"),
        ("scans/cat/1.png", None, {}, "name with images-idx3, or the file of labels"),
        ("scans/cat/1.png", [1], {}, "labels only beside a file of images, as the path"),
        ("scans/cat", None, {}, "folder of pictures for each class, .* got 5 files"),
        (np.zeros((2, 28, 28)), "labels", {}, "labels"),
    ],
)
def test_what_does_not_fit_together_is_refused(scans, monkeypatch, source, labels, told, message):
    monkeypatch.chdir(scans.parent)
    with pytest.raises(ValueError, match=message):
        data.load(source, labels, **told)


def test_arrays_are_loaded(noise):
    labels = ["cat", "dog"] * 10
    images = data.load(noise, labels)
    assert images.images.numpy().base is not None and images.preparation == "picture"
    images.images[0, 0, 0] ^= 1
    assert noise[0, 0, 0] == images.images[0, 0, 0]  # the same memory
    assert torch.equal(
        data.load(images.images, images.labels, classes=("cat", "dog")).images, images.images
    )
    assert data.load(noise[:, :20], labels, preparation="digit").preparation == "digit"


def test_the_only_picture_of_a_class_is_for_training(noise):
    images = data.load(noise, ["alone", *["cat", "dog"] * 9, "lonely"])
    for seed in range(5):
        train, valid = data.split(images, valid=17, seed=seed)
        assert len(valid) == 17 and {0, 3} <= set(train.labels.tolist())
    with pytest.raises(ValueError, match="from 1 to 17, got 18"):
        data.split(images, valid=18)
    one_each = data.load(noise, list("abcdefghijklmnopqrst"))
    with pytest.raises(ValueError, match="a class of two images or more, got none"):
        data.split(one_each, valid=1)


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=80),
    st.integers(0, 2**32 - 1),
    st.floats(0.02, 0.98),
)
def test_any_split_is_disjoint_complete_fair_and_the_same_again(labels, seed, share):
    labels = torch.tensor(labels)
    numbers = torch.arange(len(labels), dtype=torch.uint8)
    images = data.Images(
        numbers[:, None, None].expand(-1, 28, 28),
        labels,
        tuple("abcde"),
        files=tuple(map(str, numbers.tolist())),
    )
    counts = labels.bincount(minlength=5)
    often = counts[labels] > 1
    valid = max(1, int(share * often.sum()))
    if valid >= often.sum():
        return
    train, held = data.split(images, valid, seed)
    assert sorted(int(file) for part in (train, held) for file in part.files) == numbers.tolist()
    assert len(held) == valid
    for part in (train, held):
        places = torch.tensor([int(file) for file in part.files])
        assert torch.equal(part.images[:, 5, 5].long(), numbers[places].long())
        assert torch.equal(part.labels, labels[places])
    fair = torch.where(counts > 1, counts, 0) * valid / often.sum()
    assert (held.labels.bincount(minlength=5) - fair).abs().max() < 1
    assert data.split(images, valid, seed)[1].files == held.files


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abcdef")), min_size=4, max_size=60),
    st.integers(0, 9),
)
def test_any_group_lies_on_one_side(written, seed):
    labels = torch.tensor([label for label, _ in written])
    images = data.Images(
        torch.zeros(len(labels), 28, 28, dtype=torch.uint8), labels, ("x", "y", "z"),
        files=tuple(f"{i} {who}" for i, (_, who) in enumerate(written)),
    )  # fmt: skip
    try:
        train, valid = data.split(images, 2, seed, groups=[who for _, who in written])
    except ValueError as error:
        assert "expected" in str(error)
        return
    assert sorted(train.files + valid.files) == sorted(images.files) and valid.files
    sides = [{file.split()[1] for file in part.files} for part in (train, valid)]
    assert not sides[0] & sides[1]
    assert set(train.labels.tolist()) == set(labels.tolist())


@pytest.mark.parametrize(
    ("groups", "valid", "message"),
    [
        (["a"] * 20, 5, "two groups or more, got one"),
        (["a", "b"], 5, "expected 20 groups, one an image, got 2"),
        (list(range(20)), 20, "from 1 to 19, got 20"),
        (["a", "b"] * 10, 5, "a class would be missing in training"),
    ],
)
def test_groups_that_do_not_fit_are_refused(noise, groups, valid, message):
    images = data.load(noise, ["cat", "dog"] * 10)
    with pytest.raises(ValueError, match=message):
        data.split(images, valid, groups=groups)


def test_what_is_none_of_these_stays_in_training_with_its_group(noise):
    images = data.load(noise, ["cat", "cat", "dog", "dog"] * 5).and_also(
        torch.from_numpy(noise[:4]), torch.full((4,), 2)
    )
    train, valid = data.split(images, 8, groups=[*range(10), *range(10), *range(4)])
    assert (train.labels == 2).sum() == 4 and len(valid) == 8


def test_a_fifth_is_kept_of_what_is_not_the_books(small, noise):
    assert data.valid_size(small, "optdigits") == 287 and data.valid_size(small, "kmnist") == 287
    assert data.valid_size(data.load(noise[:2], [0, 1])) == 1


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ({"a", "b"}, "names of classes in their order"),
        ((name for name in "ab"), "names of classes in their order"),
        (["a\u0308", "ä"], "each another, none empty, got 'ä' twice"),
    ],
)
def test_names_of_classes_have_an_order_and_differ(classes, message):
    with pytest.raises(ValueError, match=message):
        data.load(np.ones((2, 28, 28), dtype=np.uint8), [0, 1], classes=classes)


def test_no_text_is_not_the_folder_that_one_is_in(scans, monkeypatch):
    monkeypatch.chdir(scans)
    with pytest.raises(ValueError, match=r"expected a data set out of mnist, .*got ''"):
        data.load("")


@pytest.mark.parametrize(
    ("counts", "size"), [([1] * 20 + [3, 3], 3), ([1, 2], 1), ([1, 1], 1), ([5, 5], 2)]
)
def test_a_fifth_is_kept_if_there_is_so_much_to_spare(counts, size):
    labels = np.repeat(np.arange(len(counts)), counts)
    names = [f"{number:02}" for number in range(len(counts))]
    images = data.load(np.ones((len(labels), 28, 28), dtype=np.uint8), labels, classes=names)
    assert data.valid_size(images) == size


@pytest.mark.parametrize(
    ("written", "name"),
    [
        *((name, name) for name in data.NAMES),
        ("MNIST", "mnist"),
        ("FashionMNIST", "fashion-mnist"),
        ("fashion_mnist", "fashion-mnist"),
        ("EMNIST letters", "emnist-letters"),
        ("emnist", None),
        ("./mnist", None),
        (3, None),
        (None, None),
    ],
)
def test_a_set_is_known_however_its_name_is_written(written, name):
    assert data.known(written) == name


def test_a_name_written_otherwise_is_the_same_set(small):
    assert len(data.load("OptDigits")) == len(small)
    assert data.valid_size(small, "OptDigits") == data.valid_size(small, "optdigits") == 287


def test_images_are_shown_in_a_line(small):
    assert repr(small) == "Images(1,437 digits of 10 classes, preparation='digit')"
