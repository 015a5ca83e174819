"""A file, or a Pillow image, becomes levels and opacity; and no picture runs a program.

Only the formats of a list are opened, :data:`FORMATS`. Pillow knows more, but for some of them it starts another
program (Ghostscript, for EPS), and others few people have tried to break. A Pillow image that someone else opened from
such a file is refused as well.

Levels are uint8 or float32, 0 to 255: ``(H, W)`` where all channels are equal, else ``(H, W, 3)``, red, green, blue.
Opacity is float32 ``(H, W)``, 0 to 1, or None where all is opaque. Both are upright, by the EXIF tag.

A picture has at most ``PIL.Image.MAX_IMAGE_PIXELS`` pixels, 89 million, and takes up to ten bytes for each; a JPEG may
have twice as many, since it is unpacked at a part of its size. Of several frames no more are looked at than
ten, or than have so many pixels together.
"""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageFile

__all__ = ["FORMATS", "frames", "greys", "size"]

Source = str | Path | BinaryIO | Image.Image
"""The path of a file, a file open for reading bytes, or a Pillow image."""
Pixels = tuple[np.ndarray, np.ndarray | None]
"""Levels and opacity."""
Read = TypeVar("Read")

FORMATS = (
    *("PNG", "JPEG", "GIF", "WEBP", "BMP", "DIB", "TIFF", "PPM", "JPEG2000", "QOI"),
    *(["AVIF"] if find_spec("PIL.AvifImagePlugin") else []),
    "TGA",  # the last, since such a file has no mark at its beginning
)
"""What is opened, by Pillow's names: what cameras, scanners, screens and browsers write, and a few plain ones."""

# What Pillow calls a JPEG with more than one picture in it, as phones write it.
_OPENED = {*FORMATS, "MPO"}
# Of one picture so many frames are looked at.
_FRAMES = 10
# By the tag of EXIF, what turns a picture upright.
_TURNS = dict(
    zip(
        range(2, 9),
        (
            Image.Transpose.FLIP_LEFT_RIGHT,
            Image.Transpose.ROTATE_180,
            Image.Transpose.FLIP_TOP_BOTTOM,
            Image.Transpose.TRANSPOSE,
            Image.Transpose.ROTATE_270,
            Image.Transpose.TRANSVERSE,
            Image.Transpose.ROTATE_90,
        ),
        strict=True,
    )
)
# How many bits the whole numbers of a deep picture may have.
_DEPTHS = (1, 8, 10, 12, 14, 16, 24, 31)


class _Odd(ValueError):
    """What is wrong with a picture that can be read."""


def frames(source: Source, longest: int | None = None) -> Iterator[Pixels]:
    """The frames of a picture, each as levels and opacity; of most pictures there is one.

    A GIF, an animated PNG, WebP or AVIF and a TIFF of several pages have more. A JPEG counts as one: what else lies in
    it is a map of its light, or what another lens saw.

    Deep modes count by their real range. Whole numbers (``I``, ``I;16``) have 1, 8, 10, 12, 14, 16, 24 or 31 bits, as
    few as hold the highest: what a camera of 12 bits wrote into 16 has white at 4,095. Floats end at 1 or at one of
    those ranges, likewise, but may overshoot it by an eighth, or lie as far below 0, as a resized picture does.

    Args:
        source: the path of a file, a file open for reading bytes, or a Pillow image. Of a Pillow image the frame where
            it stands is the first, and it stands there again in the end.
        longest: a picture whose longer side is twice as many pixels or more is reduced by a whole number, so that as
            many are left at least; None to leave it as it is.

    Raises:
        FileNotFoundError, ValueError: no such file; not a picture of a format on the list, or a damaged one.
        OSError: the system refuses the file, as PermissionError has it.

    >>> levels, alpha = next(frames(Image.new("RGB", (3, 2), "orange")))
    >>> levels.shape, levels[0, 0].tolist(), alpha
    ((2, 3, 3), [255, 165, 0], None)
    >>> [(levels, _)] = frames(Image.new("I;16", (3072, 2), 4095), longest=1000)
    >>> levels.shape, levels.max().item()
    ((1, 1024), 255.0)
    """
    return _frames(source, lambda image: _pixels(image, longest), longest)


def greys(source: Source) -> Iterator[np.ndarray]:
    """The frames of a picture as grey levels, uint8 ``(H, W)``, transparent parts dark.

    Whole numbers of deep modes have 16 bits here. ``source`` and errors are those of :func:`frames`.

    >>> [grey] = greys(Image.new("RGB", (2, 1), "orange"))
    >>> grey.tolist()
    [[173, 173]]
    """
    return _frames(source, _grey)


def size(source: str | Path | BinaryIO) -> tuple[int, int]:
    """The width and height of a picture in a file, of whose pixels none is unpacked; errors as :func:`frames` has them.

    >>> import io
    >>> file = io.BytesIO()
    >>> Image.new("L", (30, 20)).save(file, "PNG")
    >>> size(file)
    (30, 20)
    """
    with _told(source), _open(source) as image:
        return image.size


def _frames(
    source: Source, read: Callable[[Image.Image], Read], longest: int | None = None
) -> Iterator[Read]:
    """What ``read`` makes of each frame, one after the other."""
    with _image(source) as image:
        start, number = image.tell(), 0
        while not number or _further(source, image, start + number, number):
            with _told(source):
                # Someone else's picture stays as large as it is.
                if longest is not None and image is not source:
                    _draft(image, longest)
                _check(image)
                found = read(image)
            yield found
            number += 1


@contextmanager
def _image(source: Source) -> Iterator[Image.Image]:
    """A Pillow image, which in the end stands where it stood; or the one in a file, which is then closed."""
    if isinstance(source, Image.Image):
        start = source.tell()
        try:
            yield source
        finally:
            if source.tell() != start:
                source.seek(start)
    else:
        with _told(source):
            image = _open(source)
        with image:
            yield image


@contextmanager
def _told(source: object) -> Iterator[None]:
    """Whatever Pillow raises becomes one line that says what is wrong with a picture."""
    name = source if isinstance(source, str | Path) else getattr(source, "name", None)
    # What has no name, as an upload that a server keeps in memory, or a number for one is the picture in question.
    said = f"{name}: " if isinstance(name, str | Path) else ""
    try:
        yield
    except FileNotFoundError:
        raise FileNotFoundError(f"{said}no such file") from None
    except _Odd as error:
        raise ValueError(f"{said}{error}") from None
    except Image.DecompressionBombError:
        raise ValueError(f"{said}expected at most {_most():,} pixels, got more") from None
    # What Pillow's readers raise about damage has no common root but this.
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:  # of the system, not of the picture
            where = (str(name),) if said else ()
            raise type(error)(error.errno, error.strerror, *where) from None
        got = "what Pillow can't read"
        if Path(said.removesuffix(": ")).suffix.lower() in (".heic", ".heif"):
            got = "HEIC, which Pillow can't read: have your telephone send it as JPEG"
        raise ValueError(f"{said}expected a picture (PNG, JPEG, …), got {got}") from None


def _open(source: str | Path | BinaryIO) -> ImageFile.ImageFile:
    with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
        return Image.open(source, formats=FORMATS)


def _most() -> int:
    """How many pixels a picture may have."""
    return Image.MAX_IMAGE_PIXELS or 2**31


def _check(image: Image.Image) -> None:
    """Of what is asked before a single pixel is unpacked."""
    if isinstance(image, ImageFile.ImageFile) and image.format not in _OPENED:
        raise _Odd(
            f"expected a picture (PNG, JPEG, …), got {image.format}, which isn't opened here; "
            "hand in a copy of it, image.copy()"
        )
    if 0 in image.size:
        raise _Odd(f"expected at least one pixel, got {image.size[::-1]}")
    if math.prod(image.size) > _most():
        width, height = image.size
        raise _Odd(f"expected at most {_most():,} pixels, got {width:,} x {height:,}")


def _further(source: Source, image: Image.Image, place: int, number: int) -> bool:
    """Go on to a frame, and say whether it is there, and to be looked at."""
    together = (number + 1) * math.prod(image.size)
    if number >= _FRAMES or together > _most() or image.format == "MPO":
        return False
    with _told(source):
        try:
            image.seek(place)
        except EOFError:
            return False
    return True


def _draft(image: Image.Image, longest: int) -> None:
    """Have a JPEG unpacked at a half, a quarter or an eighth of its size, which takes less time and memory."""
    factor = max(image.size) // longest
    if factor > 1 and isinstance(image, ImageFile.ImageFile):
        image.draft(None, (max(1, image.width // factor), max(1, image.height // factor)))


def _upright(image: Image.Image, tag: int | None) -> Image.Image:
    turn = _TURNS.get(tag or 1)
    return image if turn is None else image.transpose(turn)


def _pixels(image: Image.Image, longest: int | None) -> Pixels:
    """Levels and opacity of the frame where an image stands."""
    image.load()  # before the tag is asked for: of some files Pillow turns the picture itself
    tag = image.getexif().get(ExifTags.Base.Orientation)
    if image.mode[0] in "IF":
        top = _top(image)
        deep = _reduced(image if image.mode in "IF" else image.convert("I"), longest)
        levels = np.asarray(_upright(deep, tag), dtype=np.float32) * np.float32(255 / top)
        return levels.clip(0, 255), None
    levels = np.asarray(_upright(_reduced(_plain(image), longest), tag))
    if levels.ndim == 2:
        return levels, None
    alpha = None
    if levels.shape[2] in (2, 4):
        levels, alpha = levels[..., :-1], levels[..., -1]
        alpha = None if alpha.min() == 255 else alpha.astype(np.float32) / 255
    if (levels == levels[..., :1]).all():
        levels = levels[..., 0]
    return np.ascontiguousarray(levels), alpha


def _plain(image: Image.Image) -> Image.Image:
    """An image in one of the modes L, LA, RGB and RGBA."""
    mode = "L" if image.mode in ("1", "L", "LA", "La") else "RGB"
    mode += "A" * image.has_transparency_data
    return image if image.mode == mode else image.convert(mode)


def _reduced(image: Image.Image, longest: int | None) -> Image.Image:
    """An image at a whole part of its size; what is transparent weighs nothing in what it is averaged with."""
    factor = max(image.size) // longest if longest else 1
    if factor < 2:
        return image
    weighed = {"LA": "La", "RGBA": "RGBa"}.get(image.mode)
    if weighed is None:
        return image.reduce(factor)
    return image.convert(weighed).reduce(factor).convert(image.mode)


def _top(image: Image.Image) -> int:
    """The highest level that a deep image can have, by those that it has."""
    levels = np.asarray(image)
    low, high = float(levels.min()), float(levels.max())  # NaN if any is
    slack = 1.125 if levels.dtype.kind == "f" else 1
    top = next((2**bits - 1 for bits in _DEPTHS if high <= slack * (2**bits - 1)), None)
    if top is None or low < (1 - slack) * top:
        raise _Odd(f"expected levels from 0 to {2 ** _DEPTHS[-1] - 1:,}, got {low} to {high}")
    return top


def _grey(image: Image.Image) -> np.ndarray:
    """Grey levels of the frame where an image stands, transparent parts dark."""
    image.load()
    tag = image.getexif().get(ExifTags.Base.Orientation)
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip to 8
        shown = (np.asarray(image, dtype=np.float32) / 257).clip(0, 255)
        grey = Image.fromarray(np.floor(shown + 0.5).astype(np.uint8))
    elif image.has_transparency_data:
        shades, opacity = image.convert("LA").split()
        grey = Image.new("L", image.size)
        grey.paste(shades, mask=opacity)  # to the nearest level
    else:
        grey = image.convert("L")
    return np.array(_upright(grey, tag))
