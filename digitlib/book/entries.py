"""What the ledger holds, read in this one place, without torch: for the book's pages and the cards."""

import json
from pathlib import Path

__all__ = ["LEDGER", "entries"]

LEDGER = Path(__file__).with_name("ledger.json")
"""The ledger's file."""


def entries(dataset: str) -> dict[str, dict]:
    """The ledger's entries for one data set, by name.

    Raises:
        KeyError: the ledger has no data set of this name.

    >>> from digitlib.book.entries import entries
    >>> entry = entries("mnist")["validate.accuracy"]
    >>> entry["n"], entry["value"] > 0.97
    (5000, True)
    """
    return json.loads(LEDGER.read_text(encoding="utf-8"))[dataset]
