"""Checks of the exercises on exams: the range of shares that a count allows, and a set cut into long runs."""

from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np
import torch

from digitlib.accuracy import wilson
from digitlib.checks import Bug, as_bug
from digitlib.exercises.marking import ask, mark

__all__ = ["check_folds", "check_interval"]


def check_interval(interval: Callable) -> None:
    """Check a function that says which true shares a count allows, as Wilson's interval does.

    Args:
        interval: called with how many were wrong and how many were asked about; returns the lowest and the highest
            share, as parts of 1.

    It is asked about sixteen answers and about twenty, and may be off by 0.002, so that shares may be tried in steps
    of a thousandth. Not seen: steps that are too wide for an exam of thousands.

    Raises:
        Bug: another range. Named are the deviation of the share found in the place of that of a share tried; one that
            lacks its root, its n or its 1.96; a distance with its sign; the ends swapped; and counts, per cent, or the
            share of the others.

    >>> from digitlib.checks import say
    >>> def of_the_textbooks(k, n):
    ...     half = 1.96 * (k / n * (1 - k / n) / n) ** 0.5
    ...     return k / n - half, k / n + half
    >>> say(check_interval, of_the_textbooks).rpartition(": ")[2]
    "this is the found share's deviation; each share p that is tried has its own"
    """
    first = 12, 16
    mark(interval, first, wilson(*first), _slips(*first), within=0.002)
    for count, n in ((3, 16), (0, 20), (1, 20), (20, 20)):
        mark(interval, (count, n), wilson(count, n), within=0.002)


def check_folds(folds: Callable) -> None:
    """Check a function that cuts a set into runs of neighbours and leaves each out once.

    Args:
        folds: called with how many examples there are, n, and how many runs, k; returns or yields k pairs, of the
            places to learn from and of those to be asked about: whole numbers from 0 to n - 1, or a truth for each
            place. The order doesn't matter.

    Raises:
        Bug: another cut. Named are runs that aren't runs, but every k-th place or places dealt at random; too few runs,
            as ``torch.chunk`` may give; the other runs not joined; places that are never asked about, or more than
            once; all that is left over in one run; places on both sides, or on neither; and the two sides swapped.

    >>> from digitlib.checks import say
    >>> def every_kth(n, k):
    ...     for start in range(k):
    ...         asked = range(start, n, k)
    ...         yield [place for place in range(n) if place not in asked], asked
    >>> say(check_folds, every_kth).partition("got ")[2]
    '0, 5, 10: their neighbours, perhaps by the same writer, are learned from'
    """
    for n, k in ((12, 5), (23, 4), (9, 3)):
        pairs = _pairs(ask(folds, n, k), n)
        wrong = _unlike(pairs, n, k)
        if wrong and not _unlike([pair[::-1] for pair in pairs], n, k):
            wrong = "the places to learn from first, got those to be asked about first"
        if wrong:
            raise Bug(f"expected {wrong}")


def _slips(count: int, n: int) -> dict[str, object]:
    """The ranges that usual slips give."""
    share, steps = count / n, torch.linspace(0, 1, 10_001, dtype=torch.double)
    low, high = wilson(count, n)

    def fitting(reach: torch.Tensor | float) -> tuple[float, float]:
        fits = steps[(share - steps).abs() <= reach]
        return fits.min().item(), fits.max().item()

    variance = steps * (1 - steps)
    return {
        "this is the found share's deviation; each share p that is tried has its own": fitting(
            1.96 * (share * (1 - share) / n) ** 0.5
        ),
        "this is 1 deviation to each side, 1.96 were asked for": fitting((variance / n).sqrt()),
        "a deviation is a root": fitting(1.96 * variance / n),
        "the deviation of one answer; that of n is smaller": fitting(1.96 * variance.sqrt()),
        "n stands below the root": fitting(1.96 * variance.sqrt() / n),
        "this keeps every p above the share found: mind the distance's sign": (low, 1),
        "this keeps every p below the share found: mind the distance's sign": (0, high),
        "these say whether a p fits; keep the p that do": (0, 1),
        "the lowest comes first": (high, low),
        "these are counts, shares were asked for": (n * low, n * high),
        "these are per cent, parts of 1 were asked for": (100 * low, 100 * high),
        "this is the share of the others": (1 - high, 1 - low),
    }


Pair = tuple[list[int], list[int]]


def _pairs(answer: Any, n: int) -> list[Pair]:
    """An answer as pairs of sorted places, to learn from and to be asked about.

    Raises:
        Bug: it isn't made of pairs of whole numbers, or a generator raises an error.
    """
    with as_bug("an answer"):
        parts = list(answer)
    try:
        return [(_places(learned, n), _places(asked, n)) for learned, asked in parts]
    except (TypeError, ValueError):
        raise Bug(
            "expected pairs, the places to learn from and those to be asked about, "
            f"got {type(parts[0]).__name__ if parts else 'none'}"
        ) from None


def _places(part: Any, n: int) -> list[int]:
    """Places in order."""
    places = list(part)
    if any(np.ndim(place) for place in places):
        raise Bug("expected a side's places in one list or tensor, got several: join them")
    found = np.asarray(places)
    if found.dtype == bool and found.shape == (n,):
        found = found.nonzero()[0]
    if (found != found.astype(int)).any():
        raise ValueError("expected whole numbers")
    return sorted(found.astype(int).tolist())


def _unlike(pairs: list[Pair], n: int, k: int) -> str:
    """What was expected of a cut and isn't so; nothing where all is."""
    if len(pairs) != k:
        longest = -(-n // k)
        soon = len(pairs) == -(-n // longest)
        why = f": runs of {longest} are used up too soon" if soon else ""
        return f"{k} pairs from {n} places, got {len(pairs)}{why}"
    for _, asked in pairs:
        if asked and asked[-1] - asked[0] >= len(set(asked)):
            some = ", ".join(map(str, asked[:4])) + (", …" if len(asked) > 4 else "")
            return f"a run of neighbours, got {some}: their neighbours, perhaps by the same writer, are learned from"
    counts = Counter(chain.from_iterable(asked for _, asked in pairs))
    every = f"each place from 0 to {n - 1} to be asked about once"
    if twice := [place for place in counts if counts[place] > 1]:
        return f"{every}, got {twice[0]} {counts[twice[0]]} times"
    if beyond := counts.keys() - range(n):
        return f"{every}, got {min(beyond)}, which is none of them"
    if lost := [place for place in range(n) if place not in counts]:
        return f"{every}, got never a question about {', '.join(map(str, lost))}"
    sizes = [len(asked) for _, asked in pairs]
    if max(sizes) > min(sizes) + 1:
        return f"runs whose lengths differ by 1 at most, got {', '.join(map(str, sizes))}"
    return _badly_learned(pairs, n)


def _badly_learned(pairs: list[Pair], n: int) -> str:
    """What was expected of the places to learn from and isn't so; nothing where all is."""
    for number, (learned, asked) in enumerate(pairs, 1):
        if both := set(learned) & set(asked):
            return f"no place on both sides, got {min(both)} in pair {number}: a leak"
        others = [place for place in range(n) if place not in asked]
        if learned != others:
            return (
                f"all {len(others)} other places to learn from in pair {number}, got {len(learned)}"
            )
    return ""
