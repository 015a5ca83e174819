"""Plain things, whatever they were made of: Python's own numbers for files and JSON, and a line for a message."""

from collections.abc import Sequence
from dataclasses import Field, fields
from pathlib import PurePath
from typing import Any, ClassVar, Protocol
from unicodedata import category

__all__ = ["listed", "make_plain", "one_line", "readable", "shown"]

# Unicode's categories of control characters, and of the ends of lines and paragraphs.
_RULES = ("Cc", "Zl", "Zp")


class _Record(Protocol):
    """Of any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def make_plain(record: _Record) -> None:
    """Turn what NumPy or PyTorch made of a record's numbers into Python's own, which files and JSON can hold.

    Args:
        record: a dataclass, frozen or not; it is changed in place. Arrays, tensors and lists become tuples.

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> @dataclass(frozen=True)
    ... class Found:
    ...     share: float
    ...     places: tuple[int, ...]
    >>> found = Found(np.float32(0.5), np.arange(3))
    >>> make_plain(found)
    >>> found
    Found(share=0.5, places=(0, 1, 2))
    """
    for field in fields(record):
        object.__setattr__(record, field.name, _plain(getattr(record, field.name)))


def _plain(value: Any) -> Any:
    value = value.tolist() if hasattr(value, "tolist") else value
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value


def listed(names: Sequence[str], most: int = 10) -> str:
    """Names in a line; of many, the first ones and how many there are more.

    >>> listed(["ash", "beech", "oak", "yew"], most=2)
    'ash, beech and 2 more'
    """
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def one_line(error: object) -> str:
    """What an error says, on one line; of the system's own, which file it is about and what is wrong with that.

    >>> one_line(ValueError("expected a file,\\n    got a folder"))
    'expected a file, got a folder'
    >>> one_line(PermissionError(13, "Permission denied", "secret.png"))
    'secret.png: Permission denied'
    """
    if isinstance(error, OSError) and isinstance(error.filename, str) and error.strerror:
        error = f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


def shown(name: str) -> str:
    """A file's name for a line of text: :func:`readable`, with what would end the line or rule the terminal escaped.

    >>> shown("a\\nb  c.png")
    'a\\\\nb  c.png'
    """
    return "".join(
        ascii(letter)[1:-1] if category(letter) in _RULES else letter for letter in readable(name)
    )


def readable(name: str | PurePath) -> str:
    """A file's name or path as it was written, also where a locale such as C took its bytes for no letters.

    >>> readable("\\udcc3\\udca4.png")
    'ä.png'
    """
    name = str(name)
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, which no file's name brought in
        return name
