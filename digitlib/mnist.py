"""The four files of MNIST: looked for on this machine, checked by their MD5, or downloaded through torchvision."""

import hashlib
import os
import shutil
import socket
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

import platformdirs

from digitlib.plain import one_line

__all__ = ["DatasetUnavailable", "cache_folder", "find", "folders"]

_MD5 = {  # of the uncompressed files; torchvision's own are of the gzipped ones
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


class DatasetUnavailable(RuntimeError):
    """MNIST is neither on this machine nor to be downloaded."""


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


def find(part: str) -> tuple[Path, Path]:
    """Where the images and the labels of a part lie, sound; they are downloaded if they lie nowhere.

    Args:
        part: ``"train"`` or ``"t10k"``, the test digits.

    Raises:
        DatasetUnavailable: neither is possible; says what was tried.
    """
    names = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
    raw = _folder(names)
    return raw / names[0], raw / names[1]


def _folder(names: Sequence[str]) -> Path:
    """The folder that holds these raw files, sound."""
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
                warnings.warn(message, stacklevel=5)
    try:
        return _download(cache_folder())
    except (OSError, RuntimeError, HTTPException) as error:
        tried.append(f"download: {one_line(error)}")
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
def _impatient(seconds: float = 30.0) -> Iterator[None]:
    """Give up on a network that swallows what is sent; torchvision itself would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
