"""The sheets of the chapter that teaches a network one's own signs: photos that a program filled in and took.

``benchmarks/trail.py`` made them, and nobody wrote. A sheet is one writer's. The first eight are of one kind of hand,
the last three of another, drawn by other means. :mod:`digitlib.sheets` reads them as any photos.

>>> from digitlib import sheets
>>> sheet = sheets.read(photos("first")[0], NAMES)
>>> len(sheet.taken), len(photos("other"))
(160, 3)
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from digitlib import data, groups, idx
from digitlib.sheets import stem_of

__all__ = ["FOLDER", "NAMES", "SHEETS", "load", "photos"]

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


def load(
    folder: str | Path, classes: Sequence[str] | None = None, least: int = 2
) -> tuple[data.Images, torch.Tensor]:
    """Signs, and on whose sheet each is.

    Args:
        folder: as ``digitlib sheets`` makes it; or one that holds a folder for each writer, and in this what the pad
            has exported.
        classes: the names of the signs; None for those that the folder has.
        least: how many sheets there must be.

    Returns:
        the signs, cropped to their ink and centred, and int64 ``(N,)``, the sheets numbered from 0.

    Raises:
        ValueError: fewer sheets, files that don't say on which they were, exports of unlike classes, or some folders
            with an export and some without.
        FileNotFoundError: no such folder.

    >>> from digitlib import sheets
    >>> from digitlib.files import write_folder
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = sheets.read(photos("other")[0], NAMES)
    ...     write_folder(sheets.pictures(found, "ada"), f"{folder}/signs")
    ...     try:
    ...         load(f"{folder}/signs")
    ...     except ValueError as error:
    ...         print(error)
    expected signs on 2 sheets or more, got 1; of one alone none can be held back
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and any(path.iterdir()))
    exports = [path for path in inside if idx.pair_in(path)]
    if 0 < len(exports) < len(inside):
        other = next(path.name for path in inside if path not in exports)
        raise ValueError(
            f"expected in each folder what a pad has exported, got something else in {other}"
        )
    if exports:
        cells, sheets = _joined([data.load(path, classes=classes) for path in exports])
    else:
        cells = data.load(folder, classes=classes, preparation="digit")
        sheets = groups.numbered(stem_of(file) for file in cells.files or ())
    if (count := len(np.unique(sheets)) or 1) < least:
        raise ValueError(
            f"expected signs on {least} sheets or more, got {count}; of one alone none can be held back"
        )
    return cells, torch.from_numpy(sheets)


def _joined(writers: list[data.Images]) -> tuple[data.Images, np.ndarray]:
    """What several have drawn, and who each."""
    signs = writers[0]
    for other in writers[1:]:
        if (other.classes, other.preparation) != (signs.classes, signs.preparation):
            raise ValueError(
                f"expected the same names of all writers, got {', '.join(signs.classes)} and {', '.join(other.classes)}"
            )
        signs = signs.and_also(other.images, other.labels)
    return signs, np.repeat(np.arange(len(writers)), [len(each) for each in writers])
