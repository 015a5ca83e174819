"""Numbers as Python has them, whatever made them: for records that files and JSON are to hold."""

from dataclasses import fields

__all__ = ["make_plain"]


def make_plain(record) -> None:
    """Turn what NumPy or PyTorch made of a record's numbers into Python's own, which files and JSON can hold."""
    for field in fields(record):
        object.__setattr__(record, field.name, _plain(getattr(record, field.name)))


def _plain(value):
    value = value.tolist() if hasattr(value, "tolist") else value
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value
