"""The sheet that one fills in by hand: an A4 page, lying, with a row of twenty cells for each of two to ten classes.

All places are millimetres from the page's upper left corner, to the right and down. Every sheet has the same grid; a
sheet for fewer classes has fewer rows. Four marks of concentric squares stand near its corners, as in a QR code
(ISO/IEC 18004); the upper left one has a hole in its middle, so that each photo says where up is. Between the upper two
stand 24 squares, black for 1: how many rows there are, 12 bits of a checksum of their names, and 8 of a checksum of
both. A sheet so says by itself if it was printed for other names, or for the same ones in another order.
"""

import unicodedata
import zlib
from collections.abc import Sequence

import numpy as np

__all__ = [
    "BITS",
    "CELL",
    "COLUMNS",
    "CORNERS",
    "LEFT",
    "MARK",
    "PAGE",
    "PITCH",
    "ROWS",
    "TOP",
    "boxes",
    "check_names",
    "coded",
    "decoded",
    "names_code",
    "squares",
]

PAGE = (297.0, 210.0)
"""Width and height."""
ROWS = 10
"""The most rows, one for each class."""
COLUMNS = 20
"""How many cells a row has."""
LEFT = 36.0
"""Where the first cell of each row begins."""
TOP = 26.0
"""Where the first row begins."""
CELL = (12.4, 13.6)
"""A cell's width and height, from the middle of one line to that of the next."""
PITCH = (12.4, 16.0)
"""How far a cell begins from its neighbours: those of a row share a line, rows stand apart."""
MARK = 12.0
"""The side of a mark: a black frame, a white one, a black square, of 1, 1 and 3 sevenths."""
CORNERS = np.array([(15.0, 15.0), (282.0, 15.0), (282.0, 195.0), (15.0, 195.0)])
"""The marks' middles, clockwise; the first has the hole."""
BITS = 24
"""How many squares stand between the upper marks."""

# The middle of the first square, and how far it is from the next.
_FIRST, _STEP = (120.0, 15.0), 4.5
# In the checksum, so that another grid would be another code.
_VERSION = b"sheet 1"
# What no file system takes, or only some.
_FORBIDDEN = frozenset('<>:"/\\|?*')
_LONGEST = 60


def check_names(names: Sequence[str]) -> tuple[str, ...]:
    """The classes' names, composed as :func:`unicodedata.normalize` has it, each fit to be a folder's.

    Raises:
        ValueError: fewer than two or more than ten; one twice, capitals or not; one that is empty, hidden, longer than
            60 letters, or has a character that no folder's name may have everywhere.

    >>> check_names([" camp", "rest "])
    ('camp', 'rest')
    >>> check_names(["camp", "Camp"])
    Traceback (most recent call last):
        ...
    ValueError: expected another name for each class, got Camp twice
    """
    found = tuple(unicodedata.normalize("NFC", name.strip()) for name in names)
    if not 2 <= len(found) <= ROWS:
        raise ValueError(f"expected 2 to {ROWS} names of classes, got {len(found)}")
    seen: set[str] = set()
    for name in found:
        odd = not _FORBIDDEN.isdisjoint(name) or not name.isprintable() or name.endswith(".")
        if odd or not name or name[0] == "." or name == "__MACOSX" or len(name) > _LONGEST:
            raise ValueError(f"expected names that a folder can have, got {name!r}")
        if name.casefold() in seen:
            raise ValueError(f"expected another name for each class, got {name} twice")
        seen.add(name.casefold())
    return found


def boxes(rows: int) -> np.ndarray:
    """The cells' sides, left, top, right and bottom, float64 ``(rows, 20, 4)``.

    >>> boxes(10).shape, boxes(2)[0, 0].tolist()
    ((10, 20, 4), [36.0, 26.0, 48.4, 39.6])
    """
    row, column = np.mgrid[0:rows, 0:COLUMNS]
    left, top = LEFT + PITCH[0] * column, TOP + PITCH[1] * row
    return np.stack([left, top, left + CELL[0], top + CELL[1]], axis=-1)


def squares() -> np.ndarray:
    """The middles of the code's squares, float64 ``(24, 2)``; each is 3.5 wide.

    >>> squares()[0].tolist()
    [120.0, 15.0]
    """
    return np.stack([_FIRST[0] + _STEP * np.arange(BITS), np.full(BITS, _FIRST[1])], axis=-1)


def names_code(names: Sequence[str]) -> int:
    """A checksum of the names in their order, 0 to 4095.

    >>> names_code(["camp", "rest"]) == names_code(["rest", "camp"])
    False
    """
    return zlib.crc32("\n".join(names).encode()) & 0xFFF


def coded(names: Sequence[str]) -> np.ndarray:
    """The code of a sheet for these names, booleans ``(24,)``.

    >>> coded(["camp", "rest"])[:4].astype(int).tolist()  # two rows
    [0, 0, 1, 0]
    """
    said = len(names) << 12 | names_code(names)
    return _bits(said << 8 | _sum(said))


def decoded(bits: np.ndarray) -> tuple[int, int] | None:
    """How many rows a code says there are, and its checksum of their names; None where it is no code of a sheet.

    >>> decoded(coded(["camp", "rest"])) == (2, names_code(["camp", "rest"]))
    True
    >>> decoded(~coded(["camp", "rest"])) is None
    True
    """
    whole = int("".join("01"[int(bit)] for bit in bits), 2)
    said, check = whole >> 8, whole & 0xFF
    rows = said >> 12
    if check != _sum(said) or not 2 <= rows <= ROWS:
        return None
    return rows, said & 0xFFF


def _sum(said: int) -> int:
    return zlib.crc32(_VERSION + said.to_bytes(2, "big")) & 0xFF


def _bits(number: int) -> np.ndarray:
    return np.array([number >> place & 1 for place in range(BITS)][::-1], dtype=bool)
