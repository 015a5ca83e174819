"""The sheet of :mod:`digitlib.paper.template` as a page to print: black and white alone, 300 dots to the inch.

The cells' lines are dotted, a sixth of a millimetre wide: a camera sees them as pale, a printer needs no shade of grey.
A name stands beside its row as far as the font has its letters; each row has its number in any case.
"""

import io
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitlib.paper import template

__all__ = ["DOTS", "draw", "encoded", "unprinted"]

DOTS = 300
"""To the inch."""
_MM = DOTS / 25.4
_GUIDE = (
    "One sign in each box, with a dark pen. Empty boxes do no harm. "
    "Photograph the whole page, all four corner marks in view."
)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def draw(names: Sequence[str]) -> Image.Image:
    """The page for classes of these names, of mode ``"1"``, 3508 x 2480 pixels.

    Raises:
        ValueError: names that :func:`digitlib.paper.template.check_names` refuses.

    >>> page = draw(["camp", "rest"])
    >>> page.mode, page.size
    ('1', (3508, 2480))
    """
    names = template.check_names(names)
    page = Image.new("L", (round(template.PAGE[0] * _MM), round(template.PAGE[1] * _MM)), 255)
    pen = ImageDraw.Draw(page)
    _marks(pen)
    for (x, y), black in zip(template.squares(), template.coded(names), strict=True):
        if black:
            _square(pen, x, y, 3.5, 0)
    _write(pen, "digitlib sheet", (26, 15), 60, 4.2)
    _write(pen, _GUIDE, (30, 195), 236, 4.2)
    for row, name in enumerate(names):
        middle = template.TOP + template.PITCH[1] * row + template.CELL[1] / 2
        _write(pen, f"{row + 1}", (9, middle), 5, 4.2)
        if _has(name):
            _write(pen, name, (15, middle), 19, 4.8)
    return Image.fromarray(_with_lines(np.array(page), len(names))).convert(
        "1", dither=Image.Dither.NONE
    )


def unprinted(names: Sequence[str]) -> list[str]:
    """The names for which the font lacks letters: their rows show a number alone.

    >>> unprinted(["camp", "rest"])
    []
    """
    return [name for name in names if not _has(name)]


def encoded(page: Image.Image, suffix: str) -> bytes:
    """A page as a file.

    Args:
        page: what :func:`draw` made.
        suffix: ``".pdf"`` or ``".png"``.

    Raises:
        ValueError: another suffix.

    >>> encoded(draw(["camp", "rest"]), ".pdf")[:5]
    b'%PDF-'
    """
    kinds = {".pdf": "PDF", ".png": "PNG"}
    if suffix.lower() not in kinds:
        raise ValueError(f"expected a name that ends in .pdf or .png, got {suffix or 'none'}")
    file = io.BytesIO()
    kind = kinds[suffix.lower()]
    if kind == "PDF":
        page.save(file, kind, resolution=DOTS)
    else:
        page.save(file, kind, dpi=(DOTS, DOTS), optimize=True)
    return file.getvalue()


def _square(pen: ImageDraw.ImageDraw, x: float, y: float, side: float, level: int) -> None:
    box = [round((middle + end * side / 2) * _MM) for end in (-1, 1) for middle in (x, y)]
    pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=level)


def _marks(pen: ImageDraw.ImageDraw) -> None:
    for place, (x, y) in enumerate(template.CORNERS):
        module = template.MARK / 7
        for modules, level in [(7, 0), (5, 255), (3, 0), *[(1, 255)] * (place == 0)]:
            _square(pen, x, y, modules * module, level)


def _with_lines(page: np.ndarray, rows: int) -> np.ndarray:
    """The cells' borders, two dots wide, two black after two white."""
    cells = template.boxes(rows)
    dots_down, dots_across = (np.arange(side) % 4 < 2 for side in page.shape)
    for row in cells:
        left, top, right, bottom = (
            round(float(side) * _MM) for side in (row[0, 0], row[0, 1], row[-1, 2], row[-1, 3])
        )
        for line in (top, bottom):
            page[line - 1 : line + 1, left:right][:, dots_across[left:right]] = 0
        for side in [*row[:, 0], row[-1, 2]]:
            line = round(side * _MM)
            page[top:bottom, line - 1 : line + 1][dots_down[top:bottom]] = 0
    return page


@lru_cache
def _font(height: float) -> Font:
    """Pillow's own, so many millimetres high; where Pillow lacks FreeType, it is of one size."""
    return ImageFont.load_default(height * _MM)


@lru_cache
def _has(name: str) -> bool:
    """Whether the font draws each letter otherwise than one that it lacks."""
    font = _font(4.8)
    try:
        missing = bytes(font.getmask("\U0010fffe"))
        return all(
            letter == " " or bytes(font.getmask(letter)) not in (b"", missing) for letter in name
        )
    except (UnicodeError, ValueError, OSError):
        return False


def _write(
    pen: ImageDraw.ImageDraw, text: str, place: tuple[float, float], width: float, height: float
) -> None:
    """Text that begins at a place, its middle there; smaller, then shorter, where it is wider than it may be."""
    room = width * _MM
    while pen.textlength(text, _font(height)) > room and height > 2.4:
        height -= 0.2
    font = _font(height)
    if pen.textlength(text, font) > room:
        while len(text) > 1 and pen.textlength(text + "...", font) > room:
            text = text[:-1]
        text += "..."
    x, y = (round(part * _MM) for part in place)
    box = pen.textbbox(
        (0, 0), "A", font
    )  # capitals stand in the middle, so that all names stand alike
    pen.text((x, y - (box[1] + box[3]) // 2), text, fill=0, font=font)
