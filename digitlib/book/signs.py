"""The signs of chapter 13: cells of paper with eight signs of a trail, which nobody wrote. A program did.

They lie in one picture beside this file, 16 grey levels, as ``benchmarks/trail.py`` made it: a row of twenty cells for
each sign of each sheet. A sheet is one writer's. The first eight sheets are of one kind of hand, the last three of
another, drawn by other means. :func:`unpack` lays them out as ``digitlib sheets`` does photographed ones.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as scratch:
...     first, other = unpack(scratch)
...     cells = sorted(first.glob("*/*.png"))
...     print(len(cells), cells[0].relative_to(scratch).as_posix())
1280 first/camp/sheet-01-01.png
"""

from pathlib import Path

from PIL import Image

__all__ = ["CELLS", "FILE", "NAMES", "SHEETS", "SIDE", "unpack"]

FILE = Path(__file__).with_suffix(".png")
"""Where the cells lie."""

NAMES = ("camp", "ford", "hut", "left", "path", "right", "spring", "well")
"""The signs: a row of cells of each on each sheet, in this order."""

SHEETS = {"first": 8, "other": 3}
"""How many sheets there are of each kind of hand."""

CELLS = 20
"""How many cells of each sign a sheet has."""

SIDE = 36
"""Pixels on each side of a cell."""


def unpack(folder: str | Path) -> tuple[Path, Path]:
    """Write the cells as pictures: ``FOLDER/first/NAME/sheet-WW-NN.png``, and below ``FOLDER/other`` the other hand's.

    Args:
        folder: is made if it isn't there; what lies there under the same names is written over.

    Returns:
        The folders of the first hand and of the other.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as scratch:
    ...     _, other = unpack(scratch)
    ...     print(sorted({file.stem[:8] for file in other.glob("well/*.png")}))
    ['sheet-01', 'sheet-02', 'sheet-03']
    """
    picture = Image.open(FILE).convert("L")
    rows = (
        (hand, name, sheet)
        for hand, sheets in SHEETS.items()
        for sheet in range(1, sheets + 1)
        for name in NAMES
    )
    for row, (hand, name, sheet) in enumerate(rows):
        place = Path(folder) / hand / name
        place.mkdir(parents=True, exist_ok=True)
        for column in range(CELLS):
            box = (column * SIDE, row * SIDE, (column + 1) * SIDE, (row + 1) * SIDE)
            picture.crop(box).save(place / f"sheet-{sheet:02}-{column + 1:02}.png")
    first, other = (Path(folder) / hand for hand in SHEETS)
    return first, other
