"""The four files of MNIST and of its likes: looked for on this machine, or downloaded through torchvision.

Each set lies in a folder of torchvision's layout, ``FashionMNIST/raw/…``, its files gzipped or not. MNIST's own are
checked by their MD5. Nobody has run the download of the other three yet: their files were tried from a folder.
"""

import gzip
import hashlib
import os
import shutil
import socket
import tempfile
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import platformdirs

from digitlib import idx
from digitlib.plain import one_line

__all__ = ["LIKES", "DatasetUnavailable", "Like", "cache_folder", "find", "folders"]

_MD5 = {  # of the uncompressed files; torchvision's own are of the gzipped ones
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


@dataclass(frozen=True)
class Like:
    """A set of images that comes as MNIST does.

    Attributes:
        folder: where it lies, which is also what torchvision calls its class.
        classes: the names of its classes.
        preparation: what a drawing for a model of them needs (:data:`digitlib.preprocess.PREPARATIONS`).
        prefix: what its files' names begin with.
        test: what they call the test images.
        split: what torchvision's class is told besides, if anything.
        first: the label of the first class.
        transposed: whether its images lie on their side, mirrored.

    >>> Like("KMNIST", ("o", "ki"), "picture").names("train")
    ('train-images-idx3-ubyte', 'train-labels-idx1-ubyte')
    """

    folder: str
    classes: tuple[str, ...]
    preparation: str
    prefix: str = ""
    test: str = "t10k"
    split: str | None = None
    first: int = 0
    transposed: bool = False

    def names(self, part: str) -> tuple[str, str]:
        """The names of the images' and the labels' file of a part, ``"train"`` or ``"t10k"``, the test images."""
        start = self.prefix + {"train": "train", "t10k": self.test}[part]
        return f"{start}-images-idx3-ubyte", f"{start}-labels-idx1-ubyte"


LIKES = {
    "mnist": Like("MNIST", tuple("0123456789"), "digit"),
    # A shirt on a photo fills the field, and its size in it is part of what it is.
    "fashion-mnist": Like(
        "FashionMNIST",
        (
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
            "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ),
        "picture",
    ),
    # Each was cut out of a page as a whole field and fills it to its edges; the digits' way would leave a drawing
    # two fifths smaller in each direction than anything that a model has learned.
    "kmnist": Like("KMNIST", tuple("おきすつなはまやれを"), "picture"),
    # Cropped, fitted and centred as digits are, only with a margin of 2 pixels rather than 4: a letter drawn small in
    # a corner must come to the middle, and then it is a sixth smaller than what a model has learned.
    "emnist-letters": Like(
        "EMNIST",
        tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "digit",
        prefix="emnist-letters-",
        test="test",
        split="letters",
        first=1,
        transposed=True,
    ),
}  # fmt: skip
"""MNIST, and the sets that come as it does, by the names that :func:`digitlib.data.load` knows."""


class DatasetUnavailable(RuntimeError):
    """A set of images, which is named, is neither on this machine nor to be downloaded.

    >>> issubclass(DatasetUnavailable, RuntimeError)
    True
    """


def cache_folder() -> Path:
    """The user's cache folder for downloaded data; ``XDG_CACHE_HOME`` moves it on Linux.

    Raises:
        RuntimeError: the user has no home folder.

    >>> cache_folder().is_absolute()
    True
    """
    # An older platformdirs leaves a ~ that it can't expand; pathlib doesn't.
    return Path(platformdirs.user_cache_dir("digitlib", appauthor=False)).expanduser()


def folders() -> list[Path]:
    """Where data are looked for: the folder that ``DIGITLIB_DATA_DIR`` names, then the cache; either may be missing.

    >>> all(folder.is_absolute() for folder in folders())
    True
    """
    found = []
    if named := os.environ.get("DIGITLIB_DATA_DIR"):
        # os.path leaves a ~ without a home as it is; absolute, so that a message says where a relative one led.
        found.append(Path(os.path.abspath(os.path.expanduser(named))))
    with suppress(RuntimeError):  # who has no home has no cache folder
        found.append(cache_folder())
    return found


def find(part: str, name: str = "mnist") -> tuple[Path, Path]:
    """Where the images and the labels of a part lie, sound; they are downloaded if they lie nowhere.

    Args:
        part: ``"train"`` or ``"t10k"``, the test images.
        name: of :data:`LIKES`.

    Raises:
        DatasetUnavailable: neither is possible; says what was tried.

    >>> find("train", "cifar10")
    Traceback (most recent call last):
    ValueError: expected a set out of mnist, fashion-mnist, kmnist, emnist-letters, got 'cifar10'
    """
    if name not in LIKES:
        raise ValueError(f"expected a set out of {', '.join(LIKES)}, got {name!r}")
    like = LIKES[name]
    names = like.names(part)
    raw = _folder(like, names)
    images, labels = (idx.there(raw / name) or raw / name for name in names)
    return images, labels


def _folder(like: Like, names: Sequence[str]) -> Path:
    """The folder that holds these raw files, sound."""
    tried = []
    for folder in folders():
        raw = folder / like.folder / "raw"
        faults = [fault for name in names if (fault := _fault(raw / name, _md5(like, name)))]
        if not faults:
            return raw
        tried += faults
        for fault in faults:
            if not fault.endswith(_ABSENT):
                message = f"{fault}; looking elsewhere, then fetching it again"
                warnings.warn(message, stacklevel=5)
    try:
        return _download(like, cache_folder())
    except (OSError, RuntimeError, HTTPException) as error:
        tried.append(f"download: {one_line(error)}")
    lines = "\n".join(f"  - {line}" for line in tried)
    book = ", or DIGITLIB_DATASET=optdigits for the book" if like.folder == "MNIST" else ""
    raise DatasetUnavailable(
        _WAYS_OUT.format(folder=like.folder, file=like.names("train")[0], tried=lines, book=book)
    ) from None


_WAYS_OUT = """{folder} is not to be had. Tried:
{tried}
Three ways out:
  1. connect to the internet and run this again (the files go to the cache folder),
  2. set DIGITLIB_DATA_DIR to a folder with {folder}/raw/{file} and its three siblings,
  3. use scikit-learn's small set of real digits: load("optdigits"){book}."""


_ABSENT = ": not there"


def _md5(like: Like, name: str) -> str | None:
    """The checksum of a file, for MNIST's own."""
    return _MD5[name] if like.folder == "MNIST" else None


def _fault(path: Path, md5: str | None) -> str | None:
    """What is wrong with a file, gzipped or not, or None."""
    try:
        there = idx.there(path)
        if there is None:
            return f"{path}{_ABSENT}"
        if md5 is None:
            return None
        with gzip.open(there) if there.suffix == ".gz" else there.open("rb") as file:
            found = hashlib.file_digest(file, "md5").hexdigest()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        return f"{path}.gz: damaged ({error})"
    except OSError as error:  # in a folder that may not be entered, even the question
        return f"{path}: {error.strerror}"
    return None if found == md5 else f"{there}: damaged (expected MD5 {md5}, got {found})"


def _download(like: Like, folder: Path) -> Path:
    """Download all four files into ``folder``, where they appear sound and whole, or nothing does."""
    raw = folder / like.folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)  # before the download, not after it
    try:
        _fetch(like, folder, raw)
    finally:
        with suppress(OSError):  # of a folder that has something in it
            raw.rmdir()
            raw.parent.rmdir()
    return raw


def _fetch(like: Like, folder: Path, raw: Path) -> None:
    """Download all four files, and move them to where they belong if all are sound."""
    from torchvision import datasets  # seconds of import, for a download alone

    with tempfile.TemporaryDirectory(dir=folder) as scratch, _impatient():
        more = {"split": like.split} if like.split else {}
        getattr(datasets, like.folder)(scratch, download=True, **more)
        names = *like.names("train"), *like.names("t10k")
        there = Path(scratch) / like.folder / "raw"
        for name in names:
            if fault := _fault(there / name, _md5(like, name)):
                raise RuntimeError(fault)
        for name in names:
            shutil.move(there / name, raw / name)  # a rename: scratch lies on the same disk


@contextmanager
def _impatient(seconds: float = 30.0) -> Iterator[None]:
    """Give up on a network that swallows what is sent; torchvision itself would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
