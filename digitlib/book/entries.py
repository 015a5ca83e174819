"""What the ledger holds, read in this one place, without torch: for the book's pages and the cards."""

import json
from pathlib import Path

from digitlib.accuracy import Accuracy

__all__ = ["LEDGER", "entries", "share"]

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


def share(entry: dict) -> Accuracy:
    """The share that an entry of so many digits tells, with its interval; wider where digits were asked about often.

    Raises:
        KeyError: it is no share of anything.

    >>> from digitlib.book.entries import share
    >>> print(share({"value": 0.98, "n": 1000}))
    98.0 % (96.9 to 98.7) of 1,000
    >>> print(share({"value": 0.98, "n": 1000, "effective": 250.0}))
    98.0 % (95.4 to 99.1) of 1,000
    """
    return Accuracy.from_value(entry["value"], entry["n"], entry.get("effective"))
