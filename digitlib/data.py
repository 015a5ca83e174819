"""Digits as tensors in memory: ``load``, ``split`` and, apart from both, ``load_test``.

``load("mnist")`` looks in the folder named by ``DIGITLIB_DATA_DIR``, then in the user's cache folder, then downloads
through torchvision. Every file is checked by its MD5. Where MNIST cannot be had, :class:`DatasetUnavailable` is raised;
no other data set is ever put in its place.
"""

import hashlib
import math
import os
import shutil
import socket
import tempfile
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import numpy as np
import platformdirs
import torch

from digitlib.preprocess import preprocess

__all__ = [
    "NAMES",
    "VALID_SIZE",
    "DatasetUnavailable",
    "Digits",
    "cache_folder",
    "fingerprint",
    "folders",
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

_MD5 = {  # of the uncompressed files; torchvision's own are of the gzipped ones
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}

# The last fifth; neighbours in the file share a writer, so the end has other writers.
_OPTDIGITS_TEST = 360


class DatasetUnavailable(RuntimeError):
    """MNIST is neither on this machine nor to be downloaded."""


@dataclass(frozen=True)
class Digits:
    """Images and their labels.

    Attributes:
        images: uint8 ``(N, 28, 28)``, 0 is dark and 255 is ink.
        labels: int64 ``(N,)``, 0 to 9; in training also 10, for what is no digit.
    """

    images: torch.Tensor
    labels: torch.Tensor

    def __post_init__(self):
        if self.images.dtype != torch.uint8 or self.images.shape[1:] != (28, 28):
            raise ValueError(
                f"expected uint8 images (N, 28, 28), got {self.images.dtype} {tuple(self.images.shape)}"
            )
        if self.labels.dtype != torch.int64 or self.labels.shape != self.images.shape[:1]:
            raise ValueError(
                f"expected int64 labels ({len(self.images)},), got {self.labels.dtype} {tuple(self.labels.shape)}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices) -> "Digits":
        """The digits at ``indices``: a slice, or a tensor ``(M,)`` of positions or of booleans."""
        return Digits(self.images[indices], self.labels[indices])


def load(name: str = "mnist") -> Digits:
    """Load every digit that may be trained and validated on: 60,000 of ``mnist``, 1,437 of ``optdigits``.

    ``optdigits`` are scikit-learn's real 8 x 8 digits, brought to 28 x 28 by :func:`digitlib.preprocess.preprocess`.

    Raises:
        DatasetUnavailable: MNIST can't be found or downloaded.
        ValueError: no data set has this name.
    """
    return _load_mnist("train") if _known(name) == "mnist" else _load_optdigits()[:-_OPTDIGITS_TEST]


def load_test(name: str = "mnist") -> Digits:
    """Load the test digits: 10,000 of ``mnist``, 360 of ``optdigits``. For the one reading after all choices are made.

    Raises as :func:`load` does.
    """
    return _load_mnist("t10k") if _known(name) == "mnist" else _load_optdigits()[-_OPTDIGITS_TEST:]


def read_idx(images_path: str | Path, labels_path: str | Path) -> Digits:
    """Read digits from two files in MNIST's format, such as the drawing pad exports.

    Args:
        images_path: an IDX file of bytes, ``(N, 28, 28)``.
        labels_path: an IDX file of bytes, ``(N,)``, 0 to 9.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a file, a damaged one, or two that don't belong together.
    """
    images = _read_array(Path(images_path), (28, 28))
    labels = _read_array(Path(labels_path), ())
    if len(images) != len(labels):
        raise ValueError(
            f"{labels_path}: expected {len(images):,} labels, one an image, got {len(labels):,}"
        )
    if len(labels) and labels.max() > 9:
        raise ValueError(f"{labels_path}: expected labels 0 to 9, got {labels.max()}")
    return Digits(torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64)))


def split(digits: Digits, valid: int = 5_000, seed: int = 0) -> tuple[Digits, Digits]:
    """Split digits into a training and a validation set, stratified by label.

    Args:
        digits: all digits that are not test digits.
        valid: how many go into the validation set.
        seed: decides which; the same seed gives the same split on every machine.

    Returns:
        ``(train, valid)``: disjoint, together complete, each in the order of ``digits``.

    Raises:
        ValueError: ``valid`` isn't between 1 and ``len(digits) - 1``.
    """
    train_indices, valid_indices = split_indices(digits.labels, valid, seed)
    return digits[train_indices], digits[valid_indices]


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


def cache_folder() -> Path:
    """The user's cache folder for downloaded data; ``XDG_CACHE_HOME`` moves it on Linux.

    Raises:
        RuntimeError: the user has no home folder.
    """
    # An older platformdirs leaves a ~ that it can't expand; pathlib doesn't.
    return Path(platformdirs.user_cache_dir("digitlib", appauthor=False)).expanduser()


def folders() -> list[Path]:
    """Where MNIST is looked for: the folder that ``DIGITLIB_DATA_DIR`` names, then the cache; either may be missing."""
    found = []
    if named := os.environ.get("DIGITLIB_DATA_DIR"):
        # os.path leaves a ~ without a home as it is; absolute, so that a message says where a relative one led.
        found.append(Path(os.path.abspath(os.path.expanduser(named))))
    with suppress(RuntimeError):  # who has no home has no cache folder
        found.append(cache_folder())
    return found


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"expected a data set out of {', '.join(NAMES)}, got {name!r}")
    return name


def _load_optdigits() -> Digits:
    # Seconds of import, for this data set alone.
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.stack([preprocess(image / 16) for image in bunch.images])
    return Digits(torch.from_numpy(images), torch.from_numpy(bunch.target.astype(np.int64)))


def _load_mnist(part: str) -> Digits:
    names = [f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"]
    raw = _find(names)
    return read_idx(raw / names[0], raw / names[1])


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


def _find(names: list[str]) -> Path:
    """The folder that holds these raw files, sound; downloads them if there is none."""
    tried = []
    for folder in folders():
        raw = folder / "MNIST" / "raw"
        faults = [fault for name in names if (fault := _fault(raw / name, _MD5[name]))]
        if not faults:
            return raw
        tried += faults
        for fault in faults:
            if not fault.endswith(_ABSENT):
                message = f"{fault}; looking elsewhere, then fetching it again"
                warnings.warn(message, stacklevel=4)
    try:
        return _download(cache_folder())
    except (OSError, RuntimeError, HTTPException) as error:
        tried.append("download: " + " ".join(str(error).split()))
    raise DatasetUnavailable(
        _WAYS_OUT.format(tried="\n".join(f"  - {line}" for line in tried))
    ) from None


_WAYS_OUT = """MNIST is not to be had. Tried:
{tried}
Three ways out:
  1. connect to the internet and run this again (the files go to the cache folder),
  2. set DIGITLIB_DATA_DIR to a folder with MNIST/raw/train-images-idx3-ubyte and its three siblings,
  3. use scikit-learn's small set of real digits: load("optdigits"), or DIGITLIB_DATASET=optdigits for the book."""


_ABSENT = ": not there"


def _fault(path: Path, md5: str) -> str | None:
    """What is wrong with a file, or None."""
    try:
        if not path.is_file():
            return f"{path}{_ABSENT}"
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "md5").hexdigest()
    except OSError as error:  # in a folder that may not be entered, even the question
        return f"{path}: {error.strerror}"
    return None if found == md5 else f"{path}: damaged (expected MD5 {md5}, got {found})"


def _download(folder: Path) -> Path:
    """Download all four files into ``folder``; a file appears there sound and whole, or not at all."""
    from torchvision.datasets import MNIST  # seconds of import, for a download alone

    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch, _impatient():
        MNIST(scratch, download=True)
        for name, md5 in _MD5.items():
            fetched = Path(scratch) / "MNIST" / "raw" / name
            if fault := _fault(fetched, md5):
                raise RuntimeError(fault)
            shutil.move(fetched, raw / name)  # a rename: scratch lies on the same disk
    return raw


@contextmanager
def _impatient(seconds: float = 30.0):
    """Give up on a network that swallows what is sent; torchvision itself would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
