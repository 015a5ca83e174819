"""Checks of the exercises on signs of one's own: who may judge whom, and which two are taken for each other.

One asks a function of the reader's own for folds of sheets in any order; the other for the pair of classes that is
mistaken most, where one direction alone, or the share of right answers, would name another.
"""

from collections import Counter
from collections.abc import Callable

import torch

from digitlib.checks import Bug
from digitlib.exercises.marking import as_array, ask, mark

__all__ = ["check_folds", "check_pair"]

# In any order, of any number; names of which one begins as another does.
_SHEETS = {
    4: ["ada", "bob", "cem", "ada", "bob", "cem", "dan", "eve", "dan", "cem", "eve", "ada"],
    3: ["s10", "s1", "s2", "s1", "s10", "s3", "s2", "s2", "s4", "s5", "s4", "s6", "s6", "s6", "s7"],
    2: ["left", "right", "left"],
}


def check_folds(folds: Callable) -> None:
    """Check a function that deals pictures into folds so that no sheet is in two of them.

    Args:
        folds: called with the sheet of each picture, a list of N names, and how many folds there are to be, 2 or more
            and at most as many as sheets; returns N whole numbers from 0, the fold of each picture.

    Asked of 12 pictures of 5 sheets into 4 folds, of 15 of 8 into 3, and of 3 of 2 into 2. Any sheet may be in any
    fold, as long as no fold has two sheets more than another. Not seen: folds whose numbers of pictures are unlike.

    Raises:
        Bug: not a number for each picture, a sheet in two folds, a fold that is left empty, too many folds, or one with
            two sheets more than another.

    >>> from digitlib.checks import say
    >>> def folds(sheets, parts):
    ...     return [place % parts for place in range(len(sheets))]
    >>> say(check_folds, folds)
    "fails: expected each sheet in one fold, got the pictures of 'ada' in folds 0 and 3"
    """
    for parts, sheets in _SHEETS.items():
        got = as_array(ask(folds, sheets, parts))
        if got.shape != (len(sheets),) or got.dtype.kind not in "iu":
            kind = f"{got.dtype} {got.shape}"
            raise Bug(f"expected {len(sheets)} whole numbers, one a picture, got {kind}")
        _check_whole(sheets, got.tolist())
        _check_dealt(dict(zip(sheets, got.tolist(), strict=True)), parts)


def _check_whole(sheets: list[str], numbers: list[int]) -> None:
    """A Bug for a sheet in two folds."""
    found: dict[str, int] = {}
    for sheet, number in zip(sheets, numbers, strict=True):
        first = found.setdefault(sheet, number)
        if number != first:
            raise Bug(
                f"expected each sheet in one fold, got the pictures of {sheet!r} in folds "
                f"{min(first, number)} and {max(first, number)}"
            )


def _check_dealt(fold_of: dict[str, int], parts: int) -> None:
    """A Bug for folds that are not those asked for, or not of about as many sheets."""
    if not set(fold_of.values()) <= set(range(parts)):
        raise Bug(f"expected folds 0 to {parts - 1}, got {sorted(set(fold_of.values()))}")
    counts = [Counter(fold_of.values())[number] for number in range(parts)]
    if min(counts) == 0:
        raise Bug(f"expected a sheet in each of {parts} folds, got none in fold {counts.index(0)}")
    if max(counts) > min(counts) + 1:
        raise Bug(
            f"expected folds of about as many sheets, got {max(counts)} in one and {min(counts)} in another"
        )


# Of 3 classes: 0 is called 2 four times, 1 is called 2 three times and 2 is called 1 twice.
_IS = torch.tensor([0] * 20 + [1] * 8 + [2] * 6)
_CALLED = torch.tensor([0] * 16 + [2] * 4 + [1] * 5 + [2] * 3 + [2] * 4 + [1] * 2)


def check_pair(pair: Callable) -> None:
    """Check a function that finds the two classes that are most often taken for each other.

    Args:
        pair: called with what each picture is and what it was called, int64 tensors ``(N,)``, and the number of
            classes; returns the two classes, the lower one first, and how many pictures of one were called the other.

    Asked twice, the second time with the classes' numbers turned round. One pair has the most mistakes in one
    direction, another in both together. Not seen: what is done of two pairs with equally many.

    Raises:
        Bug: another pair or number. Named are the right answers counted along, and one direction alone.

    >>> from digitlib.checks import say
    >>> def pair(labels, called, classes):
    ...     counts = torch.zeros(classes, classes)
    ...     counts.index_put_((labels, called), torch.tensor(1.0), accumulate=True)
    ...     i, j = divmod(int(counts.fill_diagonal_(0).argmax()), classes)
    ...     return min(i, j), max(i, j), counts[i, j]
    >>> say(check_pair, pair).rpartition(": ")[2]
    'one direction alone, where the other counts too'
    """
    for turned in (False, True):
        labels, called = (2 - each if turned else each for each in (_IS, _CALLED))
        low, high = (0, 1) if turned else (1, 2)
        most = (2, 2) if turned else (0, 0)
        slips = {
            "one direction alone, where the other counts too": (0, 2, 4),
            "the right answers are counted along": (*most, 16),
            "the right answers are counted along, and twice": (*most, 32),
            "of the right pair one direction alone": (low, high, 3),
            "the higher one is first": (high, low, 5),
        }
        mark(pair, (labels, called, 3), (low, high, 5), slips)
