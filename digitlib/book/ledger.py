"""The ledger: every figure of the book that comes from training, with how it was measured.

``ledger.json`` holds, for each data set, entries by name. Three kinds:

- a **value**: ``value``, ``tolerance``, ``n``, ``seed``, ``command``, and ``spread``, the smallest and largest value
  over several seeds. A run agrees when it comes within the tolerance, which is what the same seed gives over numbers of
  threads and kinds of processor, doubled, and never under one digit in n; ``processors`` holds the lowest and the
  highest for each kind tried.
- a **mean** over several ``seeds`` or ``folds``, with their range as ``spread``, its width as ``tolerance``; it takes
  too long to measure again in a chapter, so it is recorded alone. :func:`digitlib.book.ledger.mean_of` makes it.
- an **inequality**: ``at_least``, the claim; with ``value``, what was measured, ``seed``, ``command`` and ``spread``.
  A run agrees when it reaches the claim.

Each says its ``date`` and ``versions``. A share of n digits has its 95 % ``interval``, which an ``effective`` n below n
widens where some of the answers are about the same digit; a figure of stored weights,
which no seed changes, has their files' checksums as ``weights`` in place of a spread.

Notebooks that aren't the book's keep a file of their own, a :class:`digitlib.book.ledger.Ledger`.

A figure of the ledger, measured again, and one that is something else:

>>> import os
>>> from unittest import mock
>>> from digitlib.accuracy import Accuracy
>>> from digitlib.book import ledger
>>> entry = ledger.entries("mnist")["validate.accuracy"]
>>> measured, other = (Accuracy.from_value(value, entry["n"]) for value in (entry["value"], 0.5))
>>> ledger.agrees(entry, measured.value, measured.n), ledger.agrees(entry, other.value, other.n)
(True, False)
>>> with mock.patch.dict(os.environ, DIGITLIB_DATASET="mnist", DIGITLIB_CHECK="1"):
...     print(ledger.claim("validate.accuracy", measured).partition(" *")[2])
...     try:
...         ledger.claim("validate.accuracy", other)
...     except ledger.NotReproduced as error:
...         print(str(error).partition(",")[0])
(recorded; this run agrees)*
validate.accuracy on mnist: measured 0.5
"""

import json
import math
import os
import platform
from datetime import date
from pathlib import Path

import torch

from digitlib import data, mnist
from digitlib.accuracy import Share, percent, total
from digitlib.book.entries import LEDGER, entries, share
from digitlib.book.source import Sentence
from digitlib.files import write_whole

__all__ = [
    "Ledger",
    "NotReproduced",
    "agrees",
    "choose_dataset",
    "claim",
    "mean_of",
    "measured_now",
    "recorded",
    "uncompared",
    "write",
]

# What was chosen last. In the environment it would look like a demand the next time.
_chosen = "mnist"


class NotReproduced(AssertionError):
    """A measured value and the ledger disagree."""


def choose_dataset() -> str:
    """Choose the data set for the book, aloud: MNIST, or where it can't be had, scikit-learn's small real digits.

    ``DIGITLIB_DATASET`` decides where it is set. Where it isn't, the choice is remembered until the next one, so that
    the ledger speaks of the same digits; asked again, it may choose otherwise.

    Returns:
        its name.

    Raises:
        digitlib.mnist.DatasetUnavailable: MNIST was demanded by ``DIGITLIB_DATASET`` and can't be had.
        ValueError: another name was demanded, of a data set that isn't there.

    >>> import os
    >>> from unittest import mock
    >>> from digitlib.book import ledger
    >>> with mock.patch.dict(os.environ, DIGITLIB_DATASET="optdigits"):
    ...     name = ledger.choose_dataset()
    Data set: optdigits, 1,437 digits
    """
    global _chosen
    demanded = os.environ.get("DIGITLIB_DATASET")
    name = demanded or "mnist"
    try:
        count = len(data.load(name))
    except mnist.DatasetUnavailable as error:
        if demanded:
            raise
        print(f"{error}\nThis run takes the third: its figures differ from the text's.")
        name = "optdigits"
        count = len(data.load(name))
    _chosen = name
    print(f"Data set: {name}, {count:,} digits")
    return name


def claim(name: str, measured: float | Share, unit: str = "", digits: int = 1) -> Sentence:
    """Compare a measured value with the ledger and return the figure to show, with its doubt and the verdict.

    Args:
        name: the entry's name, such as ``"train.accuracy"``.
        measured: a number, or a :class:`~digitlib.accuracy.Share`, which is told in per cent, with its interval and n.
        unit: what a number is: ``"%"`` or ``"points"``, both hundredths; any other word, such as ``"times"``, follows
            it; by default it stands alone.
        digits: of a share, and of hundredths, so many after the point.

    Where the two agree, the figure is the recorded one, with the range over seeds where there is one, and says so; it
    is the same on every machine. Where they don't, both are shown, except under ``DIGITLIB_CHECK=1``. Under
    ``DIGITLIB_RECORD``, the path of a file, nothing is compared: what was measured is appended there, a line of JSON,
    and shown.

    Raises:
        NotReproduced: the two disagree, under ``DIGITLIB_CHECK=1``; says both.
        KeyError: the ledger has no such entry.
    """
    dataset = os.environ.get("DIGITLIB_DATASET") or _chosen
    now = _measured(measured)
    if os.environ.get("DIGITLIB_RECORD"):
        return _noted(name, now, unit, digits)
    entry = entries(dataset).get(name)
    if entry is None:
        raise KeyError(f"the ledger has no entry {name!r} for {dataset}")
    return _compared(f"{name} on {dataset}", entry, now, " digits", unit, digits)


def uncompared(name: str, measured: float | Share, unit: str = "", digits: int = 1) -> Sentence:
    """The figure of a measured value, as :func:`claim` shows it, of what the ledger knows nothing of.

    For a chapter that a reader runs on pictures of their own. The arguments are :func:`claim`'s; the name is not used.

    >>> from digitlib.accuracy import Accuracy
    >>> from digitlib.book import ledger
    >>> ledger.uncompared("signs.strangers", Accuracy(97, 100))
    **97.0 %** (91.5 to 99.0) of 100 *(this run)*
    """
    return Sentence(f"{_told(_measured(measured), unit, digits)} *(this run)*")


def recorded(name: str, unit: str = "", digits: int = 1) -> Sentence:
    """A figure that takes too long to measure again where it is told, always of MNIST.

    ``unit`` and ``digits`` are as for :func:`digitlib.book.ledger.claim`.

    Raises:
        KeyError: the ledger has no such entry.

    >>> from digitlib.book import ledger
    >>> ledger.recorded("design.relu-gain", "points")
    **at least 5.0 points**, measured 6.5; 5 seeds: 6.1 to 6.5 *(recorded)*
    """
    return Sentence(_told(entries("mnist")[name], unit, digits) + " *(recorded)*")


def measured_now() -> dict:
    """The ``date`` and the ``versions`` of a figure that is measured now.

    >>> from digitlib.book import ledger
    >>> now = ledger.measured_now()
    >>> list(now), list(now["versions"])
    (['date', 'versions'], ['python', 'torch'])
    """
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    return {"date": str(date.today()), "versions": versions}


def mean_of(parts: list[Share], n: int, over: str, command: str) -> dict:
    """The entry of a mean with its range, measured now.

    Args:
        parts: what came out each time, seed 0 first.
        n: how many digits were asked about; over seeds they are the same each time, over folds others.
        over: ``"seeds"`` or ``"folds"``.
        command: what measures it again.

    >>> from digitlib.accuracy import Accuracy
    >>> from digitlib.book import ledger
    >>> entry = ledger.mean_of([Accuracy(97, 100), Accuracy(99, 100)], 100, "seeds", "python mine.py")
    >>> entry["value"], entry["spread"], entry["seeds"]
    (0.98, [0.97, 0.99], 2)
    """
    values = [part.value for part in parts]
    return {
        "value": total(parts).value,
        "n": n,
        "tolerance": max(values) - min(values),
        "spread": [min(values), max(values)],
        over: len(parts),
        "seed": 0,
        "command": command,
        **measured_now(),
    }


def write(ledger: dict[str, dict[str, dict]]) -> None:
    """Write the entries of all data sets, ``{dataset: {name: entry}}``, whole or not at all; adds their intervals.

    Into a ledger beside the book's:

    >>> import json
    >>> import tempfile
    >>> from pathlib import Path
    >>> from unittest import mock
    >>> from digitlib.book import ledger
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "mine.json"
    ...     with mock.patch.object(ledger, "LEDGER", file):
    ...         ledger.write({"mine": {"right": {"value": 0.98, "n": 1000}}})
    ...     written = json.loads(file.read_text())["mine"]["right"]
    >>> [round(end, 3) for end in written["interval"]]
    [0.969, 0.987]
    """
    for part in ledger.values():
        _add_intervals(part)
    write_whole(LEDGER, _as_json(ledger))


def agrees(entry: dict, value: float, n: int | None) -> bool:
    """Whether a measured value confirms an entry.

    Args:
        entry: the ledger's.
        value: what was measured.
        n: on how many digits, or None where that is not known; the entry's own, but for an inequality's.
    """
    if "at_least" in entry:
        return value >= entry["at_least"]
    return n == entry["n"] and abs(value - entry["value"]) <= entry["tolerance"] + 1e-12


class Ledger:
    """A ledger of your own, for notebooks of your own: a JSON file of entries by name, as in the book's.

    A figure is recorded the first time that a notebook runs, and compared whenever it runs again. Take its entry out of
    the file, and it is recorded anew.

    Args:
        path: the file's, from the notebook's folder; it need not be there yet.

    Attributes:
        path: the same.

    >>> import os
    >>> import tempfile
    >>> from pathlib import Path
    >>> from unittest import mock
    >>> from digitlib.accuracy import Accuracy
    >>> from digitlib.book.ledger import Ledger
    >>> with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, DIGITLIB_CHECK=""):
    ...     figures = Ledger(Path(folder) / "figures.json")
    ...     for right in (97, 97, 90):
    ...         figures.claim("signs.right", Accuracy(right, 100))
    **97.0 %** (91.5 to 99.0) of 100 *(recorded now)*
    **97.0 %** (91.5 to 99.0) of 100 *(recorded; this run agrees)*
    **90.0 %** (82.6 to 94.5) of 100 *(this run; recorded: 97.00 % ± 1 on 100)*
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def entries(self) -> dict[str, dict]:
        """What is recorded, by name; nothing where there is no file yet.

        Raises:
            ValueError: what is there is no such file.
        """
        if not self.path.exists():
            return {}
        try:
            found = json.loads(self.path.read_bytes())
        except ValueError as error:
            raise ValueError(f"{self.path}: expected a ledger in JSON, got {error}") from None
        if not isinstance(found, dict):
            kind = type(found).__name__
            raise ValueError(f"{self.path}: expected entries by name, got a {kind}")
        for name, entry in found.items():
            if not _is_entry(entry):
                raise ValueError(
                    f"{self.path}: expected value, n and tolerance or at_least for {name!r}, "
                    f"got {str(entry)[:60]}"
                )
        return found

    def claim(
        self,
        name: str,
        measured: float | Share,
        unit: str = "",
        digits: int = 1,
        tolerance: float | None = None,
    ) -> Sentence:
        """Compare a measured value with what was recorded, or record it, and return the figure to show.

        Args:
            name: the entry's name, of your choice.
            measured, unit, digits: as for :func:`digitlib.book.ledger.claim`.
            tolerance: how far from what is recorded a run may lie, as a part of 1 for a share, or in the value's own
                unit. By default the entry's own, which is written as one of n, or a hundredth of a number that is no
                share.

        What agrees, what doesn't and ``DIGITLIB_RECORD`` are as there.

        Raises:
            NotReproduced: the two disagree, under ``DIGITLIB_CHECK=1``; says both.
            KeyError: there is no such entry, under ``DIGITLIB_CHECK=1``.
            ValueError: a value to record that is no finite number; or the file is no ledger.
            FileNotFoundError: no folder to write the file into.
        """
        now = _measured(measured)
        if os.environ.get("DIGITLIB_RECORD"):
            return _noted(name, now, unit, digits)
        entry = self.entries().get(name)
        if entry is None:
            if _checking():
                raise KeyError(f"{self._lacks(name)}: run it once without DIGITLIB_CHECK=1")
            entry = self._record(name, now, tolerance)
            return Sentence(_told(entry, unit, digits) + " *(recorded now)*")
        if tolerance is not None:
            entry["tolerance"] = tolerance
        return _compared(f"{name} in {self.path.name}", entry, now, "", unit, digits)

    def recorded(self, name: str, unit: str = "", digits: int = 1) -> Sentence:
        """A figure that is told here and measured elsewhere, in another notebook for instance.

        Raises:
            KeyError: there is no such entry.
            ValueError: the file is no ledger.
        """
        entry = self.entries().get(name)
        if entry is None:
            raise KeyError(f"{self._lacks(name)}: run what measures it")
        return Sentence(_told(entry, unit, digits) + " *(recorded)*")

    def _record(self, name: str, now: dict, tolerance: float | None) -> dict:
        """Write an entry, and return it."""
        value, n = now["value"], now["n"]
        if not math.isfinite(value):
            raise ValueError(f"{name}: expected a finite number to record, got {value}")
        if tolerance is None:
            tolerance = 1 / n if n else abs(value) / 100
        entry = {**now, "tolerance": tolerance, **measured_now()}
        found = self.entries() | {name: entry}
        _add_intervals(found)
        write_whole(self.path, _as_json(found))
        return entry

    def _lacks(self, name: str) -> str:
        return f"{self.path.name} has no entry {name!r}"


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or "value" not in entry:
        return False
    return "at_least" in entry or {"n", "tolerance"} <= set(entry)


def _checking() -> bool:
    return os.environ.get("DIGITLIB_CHECK") == "1"


def _measured(measured: float | Share) -> dict:
    """An entry's ``value`` and ``n``, and the ``effective`` n of a share whose examples belong together."""
    if isinstance(measured, Share):
        effective = {"effective": measured.effective} if measured.effective else {}
        return {"value": measured.value, "n": measured.n, **effective}
    return {"value": float(measured), "n": None}


def _noted(name: str, now: dict, unit: str, digits: int) -> Sentence:
    """What was measured, appended to the file of ``DIGITLIB_RECORD``, and shown."""
    with open(os.environ["DIGITLIB_RECORD"], "a", encoding="utf-8") as file:
        file.write(json.dumps({"name": name, **now}) + "\n")
    return Sentence(_told(now, unit, digits))


def _compared(title: str, entry: dict, now: dict, things: str, unit: str, digits: int) -> Sentence:
    """The figure of an entry and what was measured now; where both are counted, of so many ``things``."""
    value = now["value"]
    if agrees(entry, value, now["n"]):
        told = "%" if now["n"] else unit
        mine, recorded_one = (_number(each, told, digits) for each in (value, entry["value"]))
        # Who checks wants the same line everywhere; who reads wants their own figure too, where it is another.
        run = "this run" if mine == recorded_one or _checking() else f"this run, {mine},"
        return Sentence(f"{_told(entry, unit, digits)} *(recorded; {run} agrees)*")
    if _checking():
        raise NotReproduced(f"{title}: measured {value:.6g}, {_expectation(entry, things)}")
    was = _was(entry, things, unit, digits)
    return Sentence(f"{_told(now, unit, digits)} *(this run; recorded: {was})*")


def _add_intervals(part: dict[str, dict]) -> None:
    for entry in part.values():
        if entry.get("n"):
            entry["interval"] = share(entry).interval


def _as_json(ledger: dict) -> bytes:
    return (json.dumps(ledger, indent=1, sort_keys=True) + "\n").encode()


def _expectation(entry: dict, things: str) -> str:
    if "at_least" in entry:
        return f"recorded: at least {entry['at_least']:.6g}"
    counted = f" on {entry['n']:,}{things}" if entry["n"] else ""
    return f"recorded: {entry['value']:.6g} ± {entry['tolerance']:.2g}{counted}"


def _was(entry: dict, things: str, unit: str, digits: int) -> str:
    """What was recorded, in the figure's own unit, with a digit more than the figure, so that the difference shows."""
    if "at_least" in entry:
        return f"at least {_number(entry['at_least'], unit, digits)}"
    unit = "%" if entry["n"] else unit
    counted = f" on {entry['n']:,}{things}" if entry["n"] else ""
    either_way = (100 if unit in HUNDREDTHS else 1) * entry["tolerance"]
    return f"{_number(entry['value'], unit, digits + 1)} ± {either_way:.2g}{counted}"


HUNDREDTHS = ("%", "points")


def _told(entry: dict, unit: str, digits: int) -> str:
    """A figure, bold, and its doubt: the interval of a share, the claim of an inequality, the range over seeds."""
    value, n = entry["value"], entry.get("n")
    if "at_least" in entry:
        least = _number(entry["at_least"], unit, digits)
        text = f"**at least {least}**, measured {_bare(value, unit, digits)}"
    elif n:
        unit = "%"
        low, high = share(entry).interval
        text = f"**{percent(value, digits)}** ({_bare(low, '%', digits)} to {_bare(high, '%', digits)}) of {n:,}"
    else:
        text = f"**{_number(value, unit, digits)}**"
    if "spread" in entry:
        [over] = {"seeds", "folds"} & set(entry)
        ends = [_bare(end, unit, digits) for end in entry["spread"]]
        text += f"; {entry[over]} {over}: {' to '.join(ends)}"
    return text


def _number(value: float, unit: str, digits: int) -> str:
    """A value with its unit."""
    return f"{_bare(value, unit, digits)} {unit}".rstrip()


def _bare(value: float, unit: str, digits: int) -> str:
    """A value without its unit: hundredths to so many digits, all else to three figures."""
    if unit in HUNDREDTHS:
        return f"{100 * value:.{digits}f}"
    return f"{float(f'{value:.3g}'):,.10g}"


if __name__ == "__main__":  # for the Makefile: messages to the terminal, the choice out
    import contextlib
    import sys

    with contextlib.redirect_stdout(sys.stderr):
        chosen = choose_dataset()
    print(chosen)
