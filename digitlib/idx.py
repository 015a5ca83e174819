"""MNIST's file format, IDX: arrays of bytes after a header that says their sizes, gzipped or not.

A header is a row of 4-byte numbers, the highest byte first: ``0x0803`` (8 for bytes, 3 for the dimensions) or
``0x0801``, then how many entries there are, then their sides. A file is taken whole or refused: what its header claims
is held against the file before memory is asked for, and the memory asked for is that of the result alone.

Images and labels lie in two files, whose names differ in ``images-idx3`` and ``labels-idx1``. Beside a pair may lie
what the drawing pad writes for other classes than digits, ``…-classes.json``, which tells their names and how the
drawings were prepared: ``{"classes": ["cat", "dog"], "preparation": "picture"}``.
"""

import gzip
import json
import math
import os
import re
import zlib
from io import BufferedReader
from pathlib import Path

import numpy as np

from digitlib.plain import listed
from digitlib.weights import DIGITS, check_answers

__all__ = ["classes_beside", "labels_beside", "pair_in", "read", "there"]

# What DEFLATE makes of a byte at most (RFC 1951): 258 bytes of a code of two bits.
_MOST_FROM_A_BYTE = 1032

_IMAGES = re.compile(r"images([-.])idx3")


def read(path: str | Path, sides: tuple[int, ...] = ()) -> np.ndarray:
    """Read a file of bytes, gzipped or not, which its first bytes tell.

    Args:
        path: the file.
        sides: what each entry is: ``(28, 28)`` for images, ``()`` for labels.

    Returns:
        uint8 ``(N, *sides)``.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a file, or a damaged one.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels-idx1-ubyte"
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     read(path).tolist()
    [7, 2, 1]
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    size = path.stat().st_size
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not zipped:
            return _read(path, file, sides, size, size)
        try:
            with gzip.open(file) as unzipped:
                return _read(path, unzipped, sides, 0, size * _MOST_FROM_A_BYTE)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path}: expected a whole gzip file, got {error}") from None


def _read(
    path: Path, file: BufferedReader | gzip.GzipFile, sides: tuple[int, ...], least: int, most: int
) -> np.ndarray:
    """What :func:`read` gives, of a file that holds at least and at most so many bytes."""
    kind = 0x0801 + len(sides)  # bytes, and how many dimensions
    start = file.read(4 * (2 + len(sides)))
    header = np.frombuffer(start[: len(start) // 4 * 4], dtype=">u4").tolist()
    if len(header) < 2 + len(sides) or header[0] != kind:
        raise ValueError(
            f"{path}: expected an IDX file that begins with {kind:#010x}, got "
            + (f"{header[0]:#010x} in {len(start)} bytes" if header else "nothing")
        )
    if tuple(header[2:]) != sides:
        raise ValueError(f"{path}: expected entries of {sides}, got {header[2:]}")
    size = header[1] * math.prod(sides)
    expected = f"{path}: expected {size:,} bytes after its header, got "
    if not least <= len(start) + size <= most:
        raise ValueError(expected + (f"{least - len(start):,}" if least else "a file too small"))
    array = np.empty((header[1], *sides), dtype=np.uint8)
    if (found := _fill(array, file)) != size:
        raise ValueError(f"{expected}{found:,}")
    if file.read(1):
        raise ValueError(f"{expected}more")
    return array


def _fill(array: np.ndarray, file: BufferedReader | gzip.GzipFile) -> int:
    """Read bytes into an array until it is full or the file ends, and return how many there were."""
    free, found = array.reshape(-1).data, 0
    while got := file.readinto(free[found : found + 2**16]):
        found += got
    return found


def labels_beside(images_path: str | Path) -> Path:
    """The file of labels that belongs to a file of images: beside it, ``images-idx3`` replaced by ``labels-idx1``.

    Of that name, or of the one with ``.gz`` or without it, the first that is there.

    Raises:
        ValueError: the name holds no ``images-idx3``.
        FileNotFoundError: there is none of these files.

    >>> labels_beside("nowhere/train-images-idx3-ubyte.gz")
    Traceback (most recent call last):
    FileNotFoundError: nowhere/train-labels-idx1-ubyte.gz: no such file, the labels of train-images-idx3-ubyte.gz
    """
    path = Path(images_path)
    if not _IMAGES.search(path.name):
        raise ValueError(
            f"{path}: expected a name with images-idx3, or the file of labels, got neither"
        )
    named = path.with_name(_IMAGES.sub(r"labels\1idx1", path.name))
    if (found := there(named)) is None:
        raise FileNotFoundError(f"{named}: no such file, the labels of {path.name}")
    return found


def there(path: Path) -> Path | None:
    """A file, or what it is called gzipped or not; None if there is neither.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "labels.gz").touch()
    ...     there(Path(folder) / "labels").name
    'labels.gz'
    """
    bare = path.with_name(path.name.removesuffix(".gz"))
    names = path, bare, bare.with_name(f"{bare.name}.gz")
    return next((name for name in names if name.is_file()), None)


def pair_in(folder: str | Path) -> tuple[Path, Path] | None:
    """The images' and the labels' file of the one pair that lies in a folder, not below it; None for no pair.

    Raises:
        FileNotFoundError: no such folder.
        ValueError: there are several, and they are named.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("drawings-images-idx3-ubyte", "drawings-labels-idx1-ubyte", "mine.png"):
    ...         (Path(folder) / name).touch()
    ...     [path.name for path in pair_in(folder)]
    ['drawings-images-idx3-ubyte', 'drawings-labels-idx1-ubyte']
    """
    pairs = []
    for name in sorted(os.listdir(folder)):
        path = Path(folder) / name
        if name.startswith(".") or not _IMAGES.search(name) or not path.is_file():
            continue
        labels = there(path.with_name(_IMAGES.sub(r"labels\1idx1", name)))
        # A file that lies there gzipped and not is one.
        if labels and not (name.endswith(".gz") and path.with_suffix("").is_file()):
            pairs.append((path, labels))
    if len(pairs) > 1:
        names = listed([images.name for images, _ in pairs])
        raise ValueError(f"{folder}: expected one pair of IDX files, got {names}; name one of them")
    return pairs[0] if pairs else None


def classes_beside(images_path: str | Path) -> dict:
    """What ``…-classes.json`` beside a file of images says, as :class:`digitlib.data.Images` names it.

    Returns:
        ``classes``, and ``preparation`` where it is told; nothing where there is no such file.

    Raises:
        ValueError: it says something else.

    >>> classes_beside("nowhere/drawings-images-idx3-ubyte")
    {}
    """
    path = Path(images_path)
    first, found, rest = path.name.removesuffix(".gz").partition("-images-idx3")
    # A browser that has a file of that name counts: "drawings-classes (1).json".
    file = path.with_name(f"{first}-classes{rest.removeprefix('-ubyte')}.json")
    if not (found and file.is_file()):
        return {}
    try:
        said = json.loads(file.read_text(encoding="utf-8-sig"))  # an editor may have put its mark
    except (ValueError, RecursionError):
        said = None
    known = {"classes": list, "preparation": str}
    if not isinstance(said, dict) or not all(
        isinstance(said.get(name, kind()), kind) for name, kind in known.items()
    ):
        raise ValueError(f'{file}: expected {{"classes": […], "preparation": …}} as JSON')
    try:
        check_answers(said.get("classes", DIGITS), said.get("preparation", "digit"))
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    return {name: said[name] for name in known if name in said}
