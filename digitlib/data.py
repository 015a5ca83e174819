"""Images as tensors in memory, with names of classes: ``load``, ``split`` and, apart from both, ``load_test``.

``load("mnist")`` looks in the folder named by ``DIGITLIB_DATA_DIR``, then in the user's cache folder, then downloads
through torchvision. Where MNIST can't be had, :class:`digitlib.mnist.DatasetUnavailable` is raised; no other data set
is ever put in its place.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from digitlib import mnist
from digitlib.preprocess import SIDE, preprocess
from digitlib.weights import DIGITS, are_digits, check_answers, noun

__all__ = [
    "NAMES",
    "VALID_SIZE",
    "Images",
    "fingerprint",
    "load",
    "load_test",
    "read_idx",
    "scale",
    "split",
    "split_indices",
]

VALID_SIZE = {"mnist": 5_000, "optdigits": 287}
"""How many digits of each data set the book keeps for validation."""

NAMES = tuple(VALID_SIZE)
"""The data sets that ``load`` knows."""

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

    Raises:
        ValueError: another type or shape, a label of no class, or names that are none.
    """

    images: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...] = DIGITS
    preparation: str = ""

    def __post_init__(self) -> None:
        preparation = self.preparation or ("digit" if are_digits(self.classes) else "picture")
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

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices: slice | torch.Tensor) -> "Images":
        """Those at ``indices``: a slice, or a tensor ``(M,)`` of positions or of booleans."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    @property
    def noun(self) -> str:
        """What one calls them: ``"digits"``, or ``"pictures"``."""
        return f"{noun(self.classes)}s"

    @property
    def of_digits(self) -> bool:
        """Whether they are of the ten digits, prepared as such: only of these can programs draw more."""
        return are_digits(self.classes) and self.preparation == "digit"

    def and_also(self, images: torch.Tensor, labels: torch.Tensor) -> "Images":
        """These, and after them others of the same classes: uint8 ``(M, 28, 28)`` and int64 ``(M,)``."""
        both = torch.cat([self.images, images]), torch.cat([self.labels, labels])
        return replace(self, images=both[0], labels=both[1])


def load(name: str = "mnist") -> Images:
    """Load every digit that may be trained and validated on: 60,000 of ``mnist``, 1,437 of ``optdigits``.

    ``optdigits`` are scikit-learn's real 8 x 8 digits, brought to 28 x 28 by :func:`digitlib.preprocess.preprocess`.

    Raises:
        digitlib.mnist.DatasetUnavailable: MNIST can't be found or downloaded.
        ValueError: no data set has this name.
    """
    return _load_mnist("train") if _known(name) == "mnist" else _load_optdigits()[:-_OPTDIGITS_TEST]


def load_test(name: str = "mnist") -> Images:
    """Load the test digits: 10,000 of ``mnist``, 360 of ``optdigits``. For the one reading after all choices are made.

    Raises as :func:`load` does.
    """
    return _load_mnist("t10k") if _known(name) == "mnist" else _load_optdigits()[-_OPTDIGITS_TEST:]


def read_idx(
    images_path: str | Path,
    labels_path: str | Path,
    classes: Sequence[str] = DIGITS,
    preparation: str | None = None,
) -> Images:
    """Read images from two files in MNIST's format, such as the drawing pad exports.

    The format holds no names: of what isn't digits, say the classes, and how the images were prepared.

    Args:
        images_path: an IDX file of bytes, ``(N, 28, 28)``.
        labels_path: an IDX file of bytes, ``(N,)``, 0 to C - 1.
        classes, preparation: as :class:`Images` has them.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a file, a damaged one, or two that don't belong together.
    """
    images = _read_array(Path(images_path), (SIDE, SIDE))
    labels = _read_array(Path(labels_path), ())
    if len(images) != len(labels):
        raise ValueError(
            f"{labels_path}: expected {len(images):,} labels, one an image, got {len(labels):,}"
        )
    if len(labels) and labels.max() >= len(classes):
        raise ValueError(
            f"{labels_path}: expected labels 0 to {len(classes) - 1}, got {labels.max()}"
        )
    whole = torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64))
    return Images(*whole, tuple(classes), preparation or "")


def split(images: Images, valid: int = 5_000, seed: int = 0) -> tuple[Images, Images]:
    """Split images into a training and a validation set, stratified by label.

    Args:
        images: all that are not for the test; those of none of the classes are for training.
        valid: how many go into the validation set.
        seed: decides which; the same seed gives the same split on every machine.

    Returns:
        ``(train, valid)``: disjoint, together complete, each in the order of ``images``.

    Raises:
        ValueError: ``valid`` isn't between 1 and one less than there are of the classes.
    """
    known = (images.labels < len(images.classes)).nonzero().squeeze(1)
    _, chosen = split_indices(images.labels[known], valid, seed)
    in_valid = torch.zeros(len(images), dtype=torch.bool)
    in_valid[known[chosen]] = True
    return images[~in_valid], images[in_valid]


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
    """Twelve hexadecimal digits that change when any of the numbers, or their order, does."""
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
    """
    if images.dtype != torch.uint8:
        raise ValueError(f"expected uint8 images, got {images.dtype}")
    return torch.div(images, 255, out=out)


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"expected a data set out of {', '.join(NAMES)}, got {name!r}")
    return name


def _load_optdigits() -> Images:
    # Seconds of import, for this data set alone.
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.stack([preprocess(image / 16) for image in bunch.images])
    return Images(torch.from_numpy(images), torch.from_numpy(bunch.target.astype(np.int64)))


def _load_mnist(part: str) -> Images:
    return read_idx(*mnist.find(part))


def _read_array(path: Path, sides: tuple[int, ...]) -> np.ndarray:
    """The bytes of an IDX file, ``(N, *sides)``, after a header of 4-byte numbers: its kind, N and the sides."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    kind = 0x0801 + len(sides)  # bytes, and how many dimensions
    header = np.fromfile(path, dtype=">u4", count=2 + len(sides)).tolist()
    if len(header) < 2 + len(sides) or header[0] != kind:
        raise ValueError(
            f"{path}: expected an IDX file that begins with {kind:#010x}, got "
            + (f"{header[0]:#010x}" if header else "nothing")
        )
    if tuple(header[2:]) != sides:
        raise ValueError(f"{path}: expected entries of {sides}, got {header[2:]}")
    start, size = 4 * len(header), header[1] * math.prod(sides)
    found = path.stat().st_size - start
    if found != size:
        raise ValueError(f"{path}: expected {size:,} bytes after its header, got {found:,}")
    return np.fromfile(path, dtype=np.uint8, offset=start).reshape(-1, *sides)
