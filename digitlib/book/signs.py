"""The sheets of the chapter that teaches a network one's own signs: photos that a program filled in and took.

``benchmarks/trail.py`` made them, and nobody wrote. A sheet is one writer's. The first eight are of one kind of hand,
the last three of another, drawn by other means. :mod:`digitlib.sheets` reads them as any photos.

>>> from digitlib import sheets
>>> sheet = sheets.read(photos("first")[0], NAMES)
>>> len(sheet.taken), len(photos("other"))
(160, 3)
"""

from pathlib import Path

__all__ = ["FOLDER", "NAMES", "SHEETS", "photos"]

FOLDER = Path(__file__).with_name("sheets")
"""Where the photos lie."""

NAMES = ("camp", "ford", "hut", "left", "path", "right", "spring", "well")
"""The signs: a row of twenty cells of each on each sheet, in this order."""

SHEETS = {
    "first": tuple(f"sheet-{number:02}.webp" for number in range(1, 9)),
    "other": tuple(f"sheet-{number:02}.webp" for number in range(9, 12)),
}
"""The photos' names, by kind of hand."""


def photos(hand: str) -> list[Path]:
    """The photos of a kind of hand, one of :data:`SHEETS`, in their order.

    Raises:
        ValueError: no such hand.

    >>> [photo.name for photo in photos("other")]
    ['sheet-09.webp', 'sheet-10.webp', 'sheet-11.webp']
    """
    if hand not in SHEETS:
        raise ValueError(f"expected a hand out of {', '.join(SHEETS)}, got {hand!r}")
    return [FOLDER / name for name in SHEETS[hand]]
