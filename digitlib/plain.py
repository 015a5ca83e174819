"""Plain things, whatever they were made of: Python's own numbers for files and JSON, and a line for a message."""

from collections.abc import Sequence
from dataclasses import fields

__all__ = ["listed", "make_plain", "one_line", "readable"]


def make_plain(record) -> None:
    """Turn what NumPy or PyTorch made of a record's numbers into Python's own, which files and JSON can hold."""
    for field in fields(record):
        object.__setattr__(record, field.name, _plain(getattr(record, field.name)))


def _plain(value):
    value = value.tolist() if hasattr(value, "tolist") else value
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value


def listed(names: Sequence[str], most: int = 10) -> str:
    """Names in a line; of many, the first ones and how many there are more."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def one_line(error: object) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split())


def readable(name: str) -> str:
    """A file's name as it was written, also where a locale such as C took its bytes for no letters.

    >>> readable("\\udcc3\\udca4.png")
    'ä.png'
    """
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, which no file's name brought in
        return name
