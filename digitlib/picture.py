"""A picture, a file, a scan or a photo, becomes a drawing: bright ink on dark, for :mod:`digitlib.preprocess`.

The ground is what lies along the border, and ink is what differs from it, bright or dark. A photo under uneven light is
read another way: the paper's level is estimated at each place. Where a model asks for whole pictures, a picture is its
grey levels, as they are.
"""

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFilter

from digitlib import pixels

__all__ = ["SUFFIXES", "is_hidden", "is_picture", "read", "read_grey", "read_image", "walk"]

SUFFIXES = frozenset(
    (
        ".avif", ".bmp", ".dib", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm",
        ".pgm", ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp",
    )
)  # fmt: skip
"""The endings, in small letters, of what is taken for a picture in a folder."""

# Of a larger picture as many pixels are enough, on its longer side.
LONGEST = 1536
# Grey levels, of 255, by which paper and JPEG may differ from their background.
NOISE = 32
# The longer side at which a photo under uneven light is read, and the side under which no picture is taken for one.
PHOTO, NO_PHOTO = 768, 100
# On such a photo, the part of the light that full ink swallows at least: a pencil.
FAINT = 0.35


def read_image(source: str | Path | BinaryIO | Image.Image) -> np.ndarray:
    """Read a picture as a drawing, bright on dark, uint8 ``(H, W)``.

    A photo is turned upright by its EXIF tag. Transparent parts become the background: black behind bright ink,
    white behind dark ink. The border's median is the ground; what differs from it by 32 levels or more is ink, bright
    or dark, whichever there is more of.

    Where the ground itself differs so much, the picture is taken for a photo under uneven light, of dark ink on paper:
    the paper's level is estimated at each place, and ink is what is darker by an eighth or more, the darkest as strong
    as ink can be. Such a photo comes back with a longer side of at most 768 pixels.

    Args:
        source: the path of a file, a file open for reading bytes, or a Pillow image.

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
    return _first(_ink(*frame) for frame in pixels.frames(source, LONGEST))


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


def _ink(levels: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """Ink, uint8 ``(H, W)``, of levels and opacity as :mod:`digitlib.pixels` reads them."""
    if levels.ndim == 3:
        levels = np.asarray(Image.fromarray(levels).convert("L"))
    grey = levels.astype(np.float32)
    if alpha is None and max(grey.shape) < NO_PHOTO:
        return _ink_on_ground(grey)
    if alpha is None:
        photo = _working_size(grey)
        return _ink_on_paper(photo) if _unevenly_lit(photo) else _ink_on_ground(grey)
    background = 0 if (grey * alpha).sum() > 127 * alpha.sum() else 255
    return _ink_on_ground(background + (grey - background) * alpha)


def _ink_on_ground(grey: np.ndarray) -> np.ndarray:
    """Ink, uint8 ``(H, W)``: what differs from the border's median."""
    bright = grey - _ground(grey)
    bright[abs(bright) < NOISE] = 0
    ink = -bright if bright.sum(dtype=np.float64) < 0 else bright
    return np.floor(ink.clip(min=0) + 0.5).astype(np.uint8)


def _ground(grey: np.ndarray) -> float:
    """The median of the border."""
    border = np.sort(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    # As np.median has it, whose checks take longer than a small picture's border.
    return (border[(len(border) - 1) // 2] + border[len(border) // 2]) / 2


def _working_size(grey: np.ndarray) -> np.ndarray:
    """The picture, float32, its longer side at most ``PHOTO`` pixels, smoothed so that single pixels don't matter."""
    height, width = grey.shape
    long = max(height, width, PHOTO)
    size = max(1, width * PHOTO // long), max(1, height * PHOTO // long)
    small = Image.fromarray(grey.astype(np.float32)).resize(size, Image.Resampling.BOX)
    small = Image.fromarray(np.asarray(small).round().astype(np.uint8))
    return np.asarray(small.filter(ImageFilter.BoxBlur(1)), dtype=np.float32)


def _unevenly_lit(photo: np.ndarray) -> bool:
    """Whether the ground differs from place to place, be the ink dark or bright."""
    ground = _ground(photo)
    if ground < 128 and (abs(photo - ground) < 2).mean() > 0.5:
        return False  # bright ink, however thick, on a ground that no camera took
    return all(
        (abs(paper - ground) >= NOISE).mean() > 0.005
        for paper in (_closed(photo), -_closed(-photo))
    )


def _ink_on_paper(photo: np.ndarray) -> np.ndarray:
    """Ink, uint8 ``(H, W)``, dark on paper under uneven light: the part of the light that it swallows.

    The strongest comes out as 255. Faint marks (folds, grain, ruled lines) count only close to strong ink.
    """
    paper = _closed(photo).clip(min=1)
    ink = 1 - photo / paper
    # Where there is little light, grain is a large part of it.
    weak = (ink >= NOISE / 255) & (paper - photo >= NOISE / 2)
    if not weak.any():
        return np.zeros(photo.shape, dtype=np.uint8)
    full = max(np.quantile(ink[weak], 0.95), FAINT)
    near = _widest(weak & (ink >= full / 2), 2 * (max(photo.shape) // 100) + 1)
    strength = np.where(weak & near, ink / full, 0).clip(max=1)
    return np.floor(255 * strength + 0.5).astype(np.uint8)


def _closed(image: np.ndarray) -> np.ndarray:
    """An image ``(H, W)`` in which what is dark and narrower than a third of the longer side is filled.

    Morphological closing (Serra, 1982) with a square that may reach beyond the border: slopes of light, the edges of
    wide shadows and what is dark along the border stay as they are.
    """
    half = max(image.shape) // 6
    around = np.pad(image, half, constant_values=-np.inf)
    filled = -_widest(-_widest(around, 2 * half + 1), 2 * half + 1)
    return filled[half : half + image.shape[0], half : half + image.shape[1]]


def _widest(image: np.ndarray, width: int) -> np.ndarray:
    """The maximum over a square of odd ``width`` around each pixel; what lies outside does not count."""
    lowest = False if image.dtype == bool else -np.inf
    for _ in range(2):
        half = width // 2
        image = np.pad(image.T, ((half, half), (0, 0)), constant_values=lowest)
        covered = 1
        while covered < width:  # a maximum over 1, 2, 4, … rows
            step = min(covered, width - covered)
            image = np.maximum(image[:-step], image[step:])
            covered += step
    return image
