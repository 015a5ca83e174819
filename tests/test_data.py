import numpy as np
import pytest
import torch

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
