"""Photographs of filled-in sheets become signs, each with its class: the first step to a model of one's own signs.

A sheet is a page that :func:`blank` makes; people write into its cells, and photograph it. :func:`read` finds the sheet
in a photo, whichever way up it is, and cuts it up. It would rather refuse a photo than misplace a cell: the code
between the upper marks has to fit the names, and the printed lines have to lie where they should.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from digitlib import pixels
from digitlib.paper import blank as page
from digitlib.paper import cells, marks, straight, template
from digitlib.paper.cells import Cell
from digitlib.paper.template import COLUMNS, check_names
from digitlib.plain import readable

__all__ = [
    "COLUMNS",
    "Cell",
    "NotASheet",
    "Sheet",
    "blank",
    "check_names",
    "path_of",
    "pictures",
    "read",
    "stem_of",
    "unprinted",
]

LONGEST = 2000
"""A photo's longer side is looked at in so many pixels at least, where it has them, and twice as many at most."""
SEEN = 0.6
"""The part of the printed lines, of the upright and of the level ones, that must be seen where they should be."""

# A mark shows where the mean of its black parts is so much darker than that of its white ones, of 255.
_CONTRAST = 30
# So much darker than the paper, of 1, is a black square of the code.
_BLACK = 0.36


class NotASheet(ValueError):
    """A photo can't be read as a sheet; one line says what was found.

    >>> issubclass(NotASheet, ValueError)
    True
    """


@dataclass(frozen=True)
class Sheet:
    """A sheet that was read.

    Attributes:
        names: of its classes, row by row.
        cells: row by row, twenty each.
        seen: the part of the printed lines that was seen where they should be.

    >>> Sheet(("camp", "rest"), (Cell(0, 0, None),), 1.0).taken
    []
    """

    names: tuple[str, ...]
    cells: tuple[Cell, ...]
    seen: float

    @property
    def taken(self) -> list[Cell]:
        """The cells in which something is written."""
        return [cell for cell in self.cells if cell.ink is not None]


def blank(names: Sequence[str], suffix: str = ".pdf") -> bytes:
    """A sheet to print, as a file.

    Args:
        names: of two to ten classes.
        suffix: ``".pdf"`` or ``".png"``.

    Raises:
        ValueError: names that can't be folders', or another suffix.

    >>> blank(["camp", "rest"])[:5]
    b'%PDF-'
    """
    return page.encoded(page.draw(names), suffix)


def unprinted(names: Sequence[str]) -> list[str]:
    """The names whose letters the page's font lacks; their rows show a number alone.

    >>> unprinted(["camp", "\\u16a0"])
    ['ᚠ']
    """
    return page.unprinted(names)


def read(photo: str | Path | BinaryIO | Image.Image, names: Sequence[str]) -> Sheet:
    """Read a photographed sheet.

    Args:
        photo: the path of a file, a file open for reading bytes, or a Pillow image.
        names: of the classes, as the sheet was printed for.

    Raises:
        NotASheet: no sheet is found, it was printed for other names, or its lines don't lie where they should.
        ValueError: names that can't be folders'; not a picture.
        FileNotFoundError, OSError: as :func:`digitlib.pixels.frames` raises them.

    >>> printed = page.draw(["camp", "rest"]).convert("L").resize((1754, 1240)).transpose(Image.Transpose.ROTATE_180)
    >>> sheet = read(printed, ["camp", "rest"])
    >>> len(sheet.cells), len(sheet.taken), sheet.seen
    (40, 0, 1.0)
    """
    names = check_names(names)
    levels, _ = next(pixels.frames(photo, LONGEST))
    grey = np.floor(levels if levels.ndim == 2 else levels.min(axis=2)).astype(np.uint8)
    image = Image.fromarray(grey)
    way, dark = _placed(image, grey, names)
    flat = straight.flatten(image, way, len(names), dark)
    if flat.share < SEEN:
        raise NotASheet(
            f"expected a flat page, its printed lines in their places, got {flat.share:.0%} of them there"
        )
    return Sheet(names, tuple(cells.cut(flat)), flat.share)


def pictures(sheet: Sheet, stem: str) -> dict[str, bytes]:
    """The signs of a sheet as PNG files, by their paths with slashes: ``NAME/STEM-NN.png``, NN the cell, from 01.

    :func:`digitlib.files.write_folder` writes them, and :func:`digitlib.data.load` reads the folder. ``digitlib
    sheets`` takes the photo's name for the stem, so that a sign's file says on which sheet it was.

    >>> ink = np.zeros((93, 87), np.uint8)
    >>> list(pictures(Sheet(("camp", "rest"), (Cell(1, 0, ink), Cell(1, 1, None)), 1.0), "ada"))
    ['rest/ada-01.png']
    """
    return {
        path_of(sheet, cell, stem): _png(cell.ink) for cell in sheet.cells if cell.ink is not None
    }


def path_of(sheet: Sheet, cell: Cell, stem: str) -> str:
    """Where :func:`pictures` puts the sign of a cell.

    >>> path_of(Sheet(("camp", "rest"), (), 1.0), Cell(1, 0, None), "ada")
    'rest/ada-01.png'
    """
    return f"{sheet.names[cell.row]}/{stem}-{cell.column + 1:02}.png"


def stem_of(file: str | Path) -> str:
    """The stem in the name of a sign's file, as :func:`pictures` makes it: on which sheet the sign was.

    Raises:
        ValueError: another name.

    >>> stem_of("rest/ada-01.png")
    'ada'
    """
    found = re.fullmatch(r"(.+)-\d+", Path(file).stem)
    if not found:
        raise ValueError(
            f"expected a sign's file as digitlib sheets names it, such as camp/ada-07.png, got {readable(file)}"
        )
    return found[1]


def _png(ink: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(ink).save(file, "PNG")
    return file.getvalue()


def _placed(
    image: Image.Image, grey: np.ndarray, names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """The homography from the page to the photo, of the first four marks beside which a sheet's code stands.

    Also returned is how dark each place of that page is.
    """
    middles, sides = marks.find(grey)
    marked = False
    for points in marks.corners(middles, sides):
        for turn in range(4):
            way = straight.homography(template.CORNERS, np.roll(points, turn, axis=0))
            if not _is_marked(grey, way):
                continue
            marked = True
            dark = straight.darkness(straight.render(image, way))
            if said := template.decoded(_code(dark)):
                _check(said, names)
                return way, dark
    if marked:
        raise NotASheet(
            "expected a sheet's code between its upper marks, got none that can be read"
        )
    count = "none" if not len(middles) else f"{len(middles)} marks that make no sheet"
    if 0 < len(middles) < 4:
        count = f"{len(middles)}"
    raise NotASheet(f"expected the four corner marks of a sheet, got {count}")


def _check(said: tuple[int, int], names: tuple[str, ...]) -> None:
    """NotASheet where a sheet was printed for other names."""
    rows, code = said
    if rows != len(names):
        raise NotASheet(f"expected a sheet for {len(names)} names, got one for {rows}")
    if code != template.names_code(names):
        raise NotASheet(
            "expected a sheet for these names in this order, got one for others, or in another order"
        )


def _levels(grey: np.ndarray, way: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The photo's levels at places ``(..., 2)`` on the page."""
    there = np.floor(straight.moved(way, places)).astype(int)
    x, y = (there[..., axis].clip(0, side - 1) for axis, side in enumerate(grey.shape[::-1]))
    return grey[y, x].astype(float)


def _is_marked(grey: np.ndarray, way: np.ndarray) -> bool:
    """Whether all four marks look as they should, with the hole in the first."""
    module = template.MARK / 7
    steps = np.arange(-3, 4) * module
    grid = np.stack(np.meshgrid(steps, steps), axis=-1)
    ring = np.abs(grid).max(axis=-1).round(3) / module
    black = (np.round(ring) == 3) | (np.round(ring) <= 1)
    holes = []
    for middle in template.CORNERS:
        seen = _levels(grey, way, middle + grid)
        dark, light = seen[black].mean(), seen[~black].mean()
        around = seen[(np.round(ring) == 1)].mean()
        if light - dark < _CONTRAST or light - seen[np.round(ring) == 3].mean() < _CONTRAST:
            return False
        holes.append((seen[3, 3] - around) / (light - dark))
    return bool(holes[0] == max(holes) and holes[0] > 0.2 + max(holes[1:]))


def _code(page: np.ndarray) -> np.ndarray:
    """The squares between the upper marks, booleans ``(24,)``: black where any place near one is, for paper bends."""
    x, y = (template.squares()[:, :, None] * straight.SCALE).astype(int).transpose(1, 0, 2)
    y = y + np.arange(-22, 23, 3)
    near = [page[y + down, x + right] for down in (-4, 0, 4) for right in (-4, 0, 4)]
    return np.mean(near, axis=0).max(axis=1) > _BLACK
