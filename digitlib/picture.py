"""A picture, a file, a scan or a photo, becomes a drawing: bright ink on dark, for :mod:`digitlib.preprocess`.

:mod:`digitlib.pixels` opens it, :mod:`digitlib.reading.ink` finds the ink. Where a model asks for whole pictures, a
picture is its grey levels, as they are.
"""

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from digitlib import pixels
from digitlib.reading import ink

__all__ = ["SUFFIXES", "is_hidden", "is_picture", "read", "read_grey", "read_image", "walk"]

SUFFIXES = frozenset(
    (
        ".avif", ".bmp", ".dib", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm",
        ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp",
    )
)  # fmt: skip
"""The endings, in small letters, of what is taken for a picture in a folder."""


def read_image(source: str | Path | BinaryIO | Image.Image) -> np.ndarray:
    """Read a picture as a drawing, bright on dark, uint8 ``(H, W)``.

    A photo is turned upright by its EXIF tag. What is ink is found by :func:`digitlib.reading.ink.find`, whatever the
    light, the ground and the colours are. Of several frames it is the first that isn't blank.

    Args:
        source: the path of a file, a file open for reading bytes, or a Pillow image.

    Returns:
        uint8 ``(H, W)``: the picture's own size, or for a larger one a longer side of 768 pixels; all 0 where nothing
        certain is found.

    Raises:
        FileNotFoundError, ValueError: no such file; not a picture of the formats that :mod:`digitlib.pixels` opens.
        OSError: the system refuses the file, as PermissionError has it.

    >>> from PIL import Image
    >>> paper = Image.new("L", (60, 80), 240)
    >>> paper.paste(20, (28, 10, 32, 70))  # a dark stroke
    >>> drawing = read_image(paper)
    >>> drawing.shape, drawing[40, 26:30].tolist()
    ((80, 60), [0, 0, 220, 220])
    """
    return _first(ink.find(*frame) for frame in pixels.frames(source, ink.LONGEST))


def read_grey(source: str | Path | BinaryIO | Image.Image) -> np.ndarray:
    """Read a picture as it is: its grey levels, uint8 ``(H, W)``, upright; transparent parts are dark.

    Of several frames it is the first that isn't dark everywhere.

    Args and errors are :func:`read_image`'s.

    >>> from PIL import Image
    >>> read_grey(Image.new("RGB", (3, 2), "white")).tolist()
    [[255, 255, 255], [255, 255, 255]]
    """
    return _first(pixels.greys(source))


def read(source: str | Path | BinaryIO | Image.Image, preparation: str) -> np.ndarray:
    """Read a picture for a preparation: :func:`read_image` for ``"digit"``, :func:`read_grey` for ``"picture"``.

    >>> from PIL import Image
    >>> white = Image.new("L", (28, 28), 255)
    >>> read(white, "digit").max().item()  # paper
    0
    >>> read(white, "picture").max().item()  # a bright picture
    255
    """
    return read_image(source) if preparation == "digit" else read_grey(source)


def walk(
    folder: str | Path,
    suffixes: Collection[str] | None = SUFFIXES,
    failed: Callable[[OSError], object] | None = None,
) -> Iterator[Path]:
    """The files in a folder and in the folders below it, in the order of their names.

    What is hidden, its name beginning with a dot, is passed by, and so is ``__MACOSX``, which an archive may bring
    along. Links are followed, but not up to a folder that holds this one, and no folder is entered twice.

    Args:
        folder: where to begin.
        suffixes: the endings of the files that are meant, in small letters, with their dot; None for every file.
        failed: called with the error of a folder that can't be read, after which the walk goes on; None to raise it.

    Raises:
        FileNotFoundError, NotADirectoryError, PermissionError: no such folder, or one that can't be read; when the
            walk comes to it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.PNG", "a.jpg", ".hidden.png", "notes.txt"):
    ...         (Path(folder) / name).touch()
    ...     [path.name for path in walk(folder)]
    ['a.jpg', 'b.PNG']
    """
    here = Path(os.path.realpath(folder))
    # What lies above it isn't its own: in a folder of one class, that would be the pictures of the others.
    entered = {str(here), *map(str, here.parents)}
    waiting = _inside(os.fspath(folder), failed)
    while waiting:
        path = waiting.pop()
        if os.path.isdir(path):
            if (real := os.path.realpath(path)) not in entered:
                entered.add(real)
                waiting += _inside(path, failed)
        elif suffixes is not None and os.path.splitext(path)[1].lower() not in suffixes:
            continue
        elif os.path.isfile(path) or os.path.islink(
            path
        ):  # a link to nothing will be complained of
            yield Path(path)


def _inside(folder: str, failed: Callable[[OSError], object] | None) -> list[str]:
    """What lies in a folder and isn't hidden, from the last name to the first; as text, which takes little memory."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        if failed is None:
            raise
        failed(error)
        return []
    names = sorted((name for name in names if not is_hidden(name)), reverse=True)
    return [os.path.join(folder, name) for name in names]


def is_hidden(name: str) -> bool:
    """Whether the name of a file or folder is one that :func:`walk` passes by.

    >>> is_hidden(".thumbnails"), is_hidden("1.png")
    (True, False)
    """
    return name.startswith(".") or name == "__MACOSX"


def is_picture(path: Path) -> bool:
    """Whether a file is taken for a picture in a folder, by the ending of its name.

    >>> is_picture(Path("1.PNG")), is_picture(Path("notes.txt"))
    (True, False)
    """
    return path.suffix.lower() in SUFFIXES


def _first(frames: Iterator[np.ndarray]) -> np.ndarray:
    """The first that isn't dark everywhere; where all are, the first."""
    first = next(frames)
    return first if first.any() else next((frame for frame in frames if frame.any()), first)
