"""Images as tensors in memory, with names of classes: ``load``, ``split`` and, apart from both, ``load_test``.

``load("mnist")`` looks in the folder named by ``DIGITLIB_DATA_DIR``, then in the user's cache folder, then downloads
through torchvision. Where MNIST can't be had, :class:`digitlib.mnist.DatasetUnavailable` is raised; no other data set
is ever put in its place. ``load`` takes pictures of one's own too: a folder of them, files in MNIST's format, arrays.

A split is of indices, and those tell which images went where:

>>> labels = torch.tensor([0, 1] * 5)
>>> train, valid = split_indices(labels, valid=4)
>>> len(train), labels[valid].bincount().tolist()
(6, [2, 2])
"""

import hashlib
import os
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from digitlib import arrays, folder, idx, mnist
from digitlib import groups as grouping
from digitlib.plain import listed
from digitlib.preprocess import SIDE, check_preparation, preprocess
from digitlib.weights import DIGITS, are_digits, check_answers, noun, usual_preparation

__all__ = [
    "NAMES",
    "VALID_SIZE",
    "Images",
    "fingerprint",
    "known",
    "load",
    "load_test",
    "read_idx",
    "scale",
    "shared",
    "split",
    "split_indices",
    "valid_size",
]

VALID_SIZE = {"mnist": 5_000, "optdigits": 287}
"""How many digits of each data set the book keeps for validation."""

NAMES = ("mnist", "optdigits", "fashion-mnist", "kmnist", "emnist-letters")
"""The data sets that ``load`` knows by name; the book is about the first two."""

# The last fifth; neighbours in the file share a writer, so the end has other writers.
_OPTDIGITS_TEST = 360


@dataclass(frozen=True)
class Images:
    """Images, their labels, and what the labels mean.

    Attributes:
        images: uint8 ``(N, 28, 28)``, 0 is dark and 255 is ink.
        labels: int64 ``(N,)``, the index of each one's class, 0 to C - 1; in training also C, for "none of these".
        classes: the names of the C classes, by default the ten digits.
        preparation: how pictures became these images, and how a trained model's pictures will
            (:data:`digitlib.preprocess.PREPARATIONS`); by default ``"digit"`` for the ten digits and ``"picture"`` for
            any others.
        files: where each one's picture lies, relative to the folder that was loaded; None for what came otherwise.

    Raises:
        ValueError: another type or shape, a label of no class, names that are none, or another number of files.

    >>> images = torch.zeros(3, 28, 28, dtype=torch.uint8)
    >>> pets = Images(images, torch.tensor([0, 1, 0]), ("cat", "dog"))
    >>> len(pets[pets.labels == 0]), pets.noun, pets.preparation
    (2, 'pictures', 'picture')
    """

    images: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...] = DIGITS
    preparation: str = ""
    files: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        preparation = self.preparation or usual_preparation(self.classes)
        object.__setattr__(self, "preparation", preparation)
        object.__setattr__(self, "classes", check_answers(self.classes, preparation))
        if self.images.dtype != torch.uint8 or self.images.shape[1:] != (SIDE, SIDE):
            raise ValueError(
                f"expected uint8 images (N, {SIDE}, {SIDE}), got {self.images.dtype} {tuple(self.images.shape)}"
            )
        if self.labels.dtype != torch.int64 or self.labels.shape != self.images.shape[:1]:
            raise ValueError(
                f"expected int64 labels ({len(self.images)},), got {self.labels.dtype} {tuple(self.labels.shape)}"
            )
        n = len(self.classes)
        if len(self.labels) and not 0 <= self.labels.min() <= self.labels.max() <= n:
            raise ValueError(
                f"expected labels 0 to {n - 1}, or {n} for none of these, "
                f"got {int(self.labels.min())} to {int(self.labels.max())}"
            )
        if self.files is not None and len(self.files) != len(self.labels):
            raise ValueError(f"expected {len(self.labels)} files, got {len(self.files)}")

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Images({len(self):,} {self.noun} of {len(self.classes)} classes, preparation={self.preparation!r})"

    def __getitem__(self, indices: slice | torch.Tensor) -> "Images":
        """Those at ``indices``: a slice, or a tensor ``(M,)`` of positions or of booleans."""
        files = self.files
        if files is not None:
            files = tuple(files[i] for i in torch.arange(len(files))[indices].tolist())
        return replace(self, images=self.images[indices], labels=self.labels[indices], files=files)

    @property
    def noun(self) -> str:
        """What one calls them: ``"digits"``, or ``"pictures"``."""
        return f"{noun(self.classes)}s"

    @property
    def of_digits(self) -> bool:
        """Whether they are of the ten digits, prepared as such: only of these can programs draw more."""
        return are_digits(self.classes) and self.preparation == "digit"

    def and_also(self, images: torch.Tensor, labels: torch.Tensor) -> "Images":
        """These, and after them others of the same classes: uint8 ``(M, 28, 28)`` and int64 ``(M,)``; without files."""
        both = torch.cat([self.images, images]), torch.cat([self.labels, labels])
        return replace(self, images=both[0], labels=both[1], files=None)


def load(
    source: str | Path | np.ndarray | torch.Tensor = "mnist",
    labels: str | Path | np.ndarray | torch.Tensor | Sequence[int] | Sequence[str] | None = None,
    *,
    classes: Sequence[str] | None = None,
    preparation: str | None = None,
) -> Images:
    """Load every image that may be trained and validated on: a known set, or pictures of one's own.

    By a name, one of :data:`NAMES`: 60,000 digits of ``mnist``; 1,437 of ``optdigits``, scikit-learn's real 8 x 8
    digits, brought to 28 x 28 by :func:`digitlib.preprocess.preprocess`; ``fashion-mnist``, ``kmnist`` (ten hiragana)
    and ``emnist-letters`` (A to Z, turned upright). Nobody has yet run the download of these last three; their
    files were tried in torchvision's layout, gzipped and not.

    Or a folder, with a folder of pictures for each class: see :func:`digitlib.folder.read`. What can't be taken is
    left out, and said in one :class:`digitlib.folder.LeftOut`.

    Or the path of a file of images in MNIST's format, gzipped or not, or of a folder that holds one such pair, as the
    drawing pad exports it: see :mod:`digitlib.idx`.

    Or arrays: uint8 ``(N, 28, 28)`` are taken as they are; any others ``(N, H, W)``, whole numbers 0 to 255 or floats
    0 to 1, bright on dark, are prepared one by one.

    Args:
        source: a name, a path or an array. A text is a path where it names what is there or holds a slash.
        labels: of an array, ``(N,)``, whole numbers 0 to C - 1 or names; of a file of images, the file of its labels,
            where that isn't named after it. Nothing otherwise.
        classes: the names of the C classes; None for what the source says: the folders' names or the labels' names,
            sorted, and the ten digits where there are numbers alone.
        preparation: how pictures become images, or became them: one of :data:`digitlib.preprocess.PREPARATIONS`; None
            for what a file beside the images says, else ``"digit"`` where the classes are the ten digits, and
            ``"picture"`` for any others.

    Raises:
        digitlib.mnist.DatasetUnavailable: a known set can't be found or downloaded.
        FileNotFoundError: no such file or folder.
        ValueError: no data set has this name, or what was found isn't what is described here.

    >>> drawings = np.zeros((4, 50, 40))
    >>> drawings[:, 10:30, 5:20] = 0.8
    >>> pets = load(drawings, ["dog", "cat", "dog", "cat"])
    >>> pets.images.shape, pets.labels.tolist(), pets.classes
    (torch.Size([4, 28, 28]), [1, 0, 1, 0], ('cat', 'dog'))
    """
    if preparation is not None:
        check_preparation(preparation)
    names = None if classes is None else _named(classes)
    if not isinstance(source, str | Path):
        return _taken(arrays.read(source, labels, names, preparation))
    if name := known(source):
        if not labels is classes is preparation is None:
            raise ValueError(f"expected the name {name} alone, got labels, classes or preparation")
        of_optdigits = name == "optdigits"
        return _load_optdigits()[:-_OPTDIGITS_TEST] if of_optdigits else _load_mnist("train", name)
    path = Path(os.path.expanduser(source))
    # No text at all would be the folder that one is in.
    there = source != "" and path.exists()
    if isinstance(source, str) and not (there or {"/", os.sep} & set(source)):
        raise ValueError(_unknown(source) + "; or a folder or file that is there, or arrays")
    return _from_path(path, labels, names, preparation)


def load_test(name: str = "mnist") -> Images:
    """Load the test images of a known set: 10,000 of ``mnist``, 360 of ``optdigits``.

    For the one reading after all choices are made.

    Raises:
        digitlib.mnist.DatasetUnavailable: it can't be found or downloaded.
        ValueError: no known set has this name.

    >>> len(load_test("optdigits"))
    360
    """
    found = known(name)
    if found is None:
        raise ValueError(_unknown(name))
    if found == "optdigits":
        return _load_optdigits()[-_OPTDIGITS_TEST:]
    return _load_mnist("t10k", found)


def known(source: object) -> str | None:
    """Which of :data:`digitlib.data.NAMES` is meant, as torchvision or anybody else may write it; None for none.

    >>> known("FashionMNIST"), known("emnist_letters"), known("cats")
    ('fashion-mnist', 'emnist-letters', None)
    """
    if not isinstance(source, str):
        return None
    letters = _letters(source)
    return next((name for name in NAMES if letters == _letters(name)), None)


def _letters(name: str) -> str:
    return re.sub("[-_ ]", "", name).lower()


def valid_size(images: Images, name: str | None = None) -> int:
    """How many images to keep for validation: what the book keeps of its own sets, else a fifth.

    Of few images it is less than that: at most half of those that aren't the only one of their class.

    Args:
        images: all that are not for the test.
        name: of the set they are, if it has one.

    >>> images = load(np.ones((20, 28, 28), dtype=np.uint8), [0, 1] * 10)
    >>> valid_size(images), valid_size(images, "mnist")
    (4, 5000)
    """
    spare = int(shared(images).sum()) // 2
    return VALID_SIZE.get(known(name) or "", max(1, min(len(images) // 5, spare)))


def shared(images: Images) -> torch.Tensor:
    """Which images can be kept for validation, booleans ``(N,)``: of a class, and not the only one of theirs.

    >>> shared(load(np.ones((3, 28, 28), dtype=np.uint8), ["cat", "dog", "cat"])).tolist()
    [True, False, True]
    """
    counts = images.labels.bincount()
    return (counts[images.labels] > 1) & (images.labels < len(images.classes))


def read_idx(
    images_path: str | Path,
    labels_path: str | Path,
    classes: Sequence[str] = DIGITS,
    preparation: str | None = None,
) -> Images:
    """Read images from two files in MNIST's format, as :func:`load` does, for who knows that they are such.

    The format holds no names: of what isn't digits, say the classes, and how the images were prepared.

    Args:
        images_path: an IDX file of bytes, ``(N, 28, 28)``.
        labels_path: an IDX file of bytes, ``(N,)``, 0 to C - 1.
        classes, preparation: as :class:`Images` has them.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a file, a damaged one, or two that don't belong together.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as there:
    ...     paths = Path(there) / "images", Path(there) / "labels"
    ...     _ = paths[0].write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(784))
    ...     _ = paths[1].write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 1, 7]))
    ...     read_idx(*paths).labels
    tensor([7])
    """
    both = idx.read(images_path, (SIDE, SIDE)), idx.read(labels_path)
    return _whole(*both, labels_path, classes, preparation)


def split(
    images: Images, valid: int = 5_000, seed: int = 0, groups: Sequence[Hashable] | None = None
) -> tuple[Images, Images]:
    """Split images into a training and a validation set, stratified by label.

    Args:
        images: all that are not for the test; those of none of the classes are for training, and so is the only image
            of a class.
        valid: how many go into the validation set.
        seed: decides which; the same seed gives the same split on every machine.
        groups: N values, such as who wrote each: each value's images stay on one side. ``valid`` and the classes'
            shares are then met as nearly as whole groups allow.

    Returns:
        ``(train, valid)``: disjoint, together complete, each in the order of ``images``.

    Raises:
        ValueError: no class has two images; ``valid`` isn't between 1 and one less than there are in classes of two or
            more; ``groups`` are not N, or only one, or training can spare none of them.

    >>> images = load(np.ones((12, 28, 28), dtype=np.uint8), [0, 1] * 6)
    >>> train, valid = split(images, valid=4)
    >>> len(train), valid.labels.bincount().tolist()
    (8, [2, 2])
    >>> len(split(images, valid=4, groups=["Ada"] * 6 + ["Bob"] * 4 + ["Cem"] * 2)[1])
    4
    """
    count = len(images.classes)
    known = shared(images).nonzero().squeeze(1)
    if len(known) < 2:
        raise ValueError("expected a class of two images or more, got none")
    if groups is None:
        _, chosen = split_indices(images.labels[known], valid, seed)
        in_valid = torch.zeros(len(images), dtype=torch.bool)
        in_valid[known[chosen]] = True
        return images[~in_valid], images[in_valid]
    numbers = grouping.numbered(groups)
    if len(numbers) != len(images):
        raise ValueError(f"expected {len(images)} groups, one an image, got {len(numbers)}")
    if not 1 <= valid < len(known):
        raise ValueError(f"expected valid from 1 to {len(known) - 1}, got {valid}")
    chosen = torch.from_numpy(grouping.choose(images.labels.numpy(), numbers, count, valid, seed))
    return images[~chosen], images[chosen]


def split_indices(
    labels: torch.Tensor, valid: int = 5_000, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """The two index tensors behind :func:`split`, int64 and ascending."""
    labels = labels.numpy()
    if not 1 <= valid < len(labels):
        raise ValueError(f"expected valid from 1 to {len(labels) - 1}, got {valid}")
    classes, counts = np.unique(labels, return_counts=True)
    shares = counts * valid / len(labels)
    sizes = np.floor(shares).astype(int)
    # Largest remainders: the few places left go to the classes that are owed most.
    most_owed = np.argsort(sizes - shares, kind="stable")[: valid - sizes.sum()]
    sizes[most_owed] += 1
    # RandomState, not default_rng: numpy promises that its stream never changes.
    random = np.random.RandomState(seed)
    chosen = [
        random.permutation(np.flatnonzero(labels == label))[:size]
        for label, size in zip(classes, sizes, strict=True)
    ]
    in_valid = np.zeros(len(labels), dtype=bool)
    in_valid[np.concatenate(chosen)] = True
    parts = np.flatnonzero(~in_valid), np.flatnonzero(in_valid)
    return torch.from_numpy(parts[0]), torch.from_numpy(parts[1])


def fingerprint(*tensors: torch.Tensor) -> str:
    """Twelve hexadecimal digits that change when any of the numbers, or their order, does.

    >>> fingerprint(torch.tensor([1, 2])) == fingerprint(torch.tensor([2, 1]))
    False
    """
    total = hashlib.sha256()
    for tensor in tensors:
        numbers = tensor.detach().cpu().numpy()
        total.update(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes())
    return total.hexdigest()[:12]


def scale(images: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
    """Turn uint8 images ``(N, 28, 28)`` into the float32 batch in [0, 1] that a model takes.

    Args:
        images: the bytes.
        out: a float32 tensor of the same shape to write the batch into; a new one if None.

    Raises:
        ValueError: other images than bytes.

    >>> scale(torch.tensor([0, 51, 255], dtype=torch.uint8))
    tensor([0.0000, 0.2000, 1.0000])
    """
    if images.dtype != torch.uint8:
        raise ValueError(f"expected uint8 images, got {images.dtype}")
    return torch.div(images, 255, out=out)


def _named(classes: Sequence[str]) -> tuple[str, ...]:
    """Names in the order that labels count, each another however a keyboard writes it."""
    if not isinstance(classes, Sequence | np.ndarray):  # a set has no order, a generator ends
        raise ValueError(f"expected names of classes in their order, got {classes!r}")
    names = check_answers(classes, "picture")
    check_answers([folder.composed(name) for name in names], "picture")
    return names


def _unknown(name: str) -> str:
    return f"expected a data set out of {', '.join(NAMES)}, got {name!r}"


def _load_optdigits() -> Images:
    # Seconds of import, for this data set alone.
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.stack([preprocess(image / 16) for image in bunch.images])
    return Images(torch.from_numpy(images), torch.from_numpy(bunch.target.astype(np.int64)))


def _load_mnist(part: str, name: str) -> Images:
    """MNIST, or a set that comes as it does."""
    like, paths = mnist.LIKES[name], mnist.find(part, name)
    images, labels = idx.read(paths[0], (SIDE, SIDE)), idx.read(paths[1])
    if like.transposed:
        for start in range(0, len(images), 1000):  # in its place, without another copy of all
            some = images[start : start + 1000]
            some[:] = some.transpose(0, 2, 1).copy()
    return _whole(images, labels, paths[1], like.classes, like.preparation, like.first)


def _whole(
    images: np.ndarray,
    labels: np.ndarray,
    labels_path: str | Path,
    classes: Sequence[str],
    preparation: str | None,
    first: int = 0,
) -> Images:
    """The contents of two files, which must belong together, with labels from the first on."""
    if len(images) != len(labels):
        raise ValueError(
            f"{labels_path}: expected {len(images):,} labels, one an image, got {len(labels):,}"
        )
    last = first + len(classes) - 1
    if wrong := [label for label in np.unique(labels) if not first <= label <= last]:
        raise ValueError(f"{labels_path}: expected labels {first} to {last}, got {wrong[-1]}")
    both = torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64) - first)
    return Images(*both, tuple(classes), preparation or "")


def _taken(found: folder.Pictures) -> Images:
    both = torch.from_numpy(found.images), torch.from_numpy(found.labels)
    return Images(*both, found.classes, found.preparation, found.files)


def _from_path(
    path: Path, labels: object, classes: Sequence[str] | None, preparation: str | None
) -> Images:
    """What lies in a folder or a file of one's own."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    if labels is not None and not (path.is_file() and isinstance(labels, str | Path)):
        raise ValueError(
            f"{path}: expected labels only beside a file of images, as the path of their file"
        )
    pair = idx.pair_in(path) if path.is_dir() else None
    if path.is_file():
        pair = path, Path(str(labels)) if labels is not None else idx.labels_beside(path)
    if pair is None:
        return _taken(folder.read(path, classes, preparation))
    said = idx.classes_beside(pair[0])
    if classes is not None and tuple(said.get("classes", classes)) != tuple(classes):
        raise ValueError(
            f"{pair[0]}: expected images of {listed(classes)}, got those of {listed(said['classes'])}"
        )
    return read_idx(
        *pair, classes or said.get("classes", DIGITS), preparation or said.get("preparation")
    )
