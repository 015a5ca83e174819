"""How a function of the reader's own is marked: it is asked, and its answer compared with the right one.

Where they differ, :class:`~digitlib.checks.Bug` says in one line what was expected and what came, and, if the answer is
what a usual slip gives, which slip. An answer may be a number, text, a tensor, an array, or a tuple or list of those.
"""

import copy
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

import numpy as np
import torch

from digitlib.checks import Bug, as_bug
from digitlib.plain import one_line

__all__ = ["as_array", "ask", "compare", "mark"]

LONGEST = 60
"""How many characters of a value a line shows."""


def mark(
    function: Callable,
    arguments: tuple,
    expected: object,
    slips: Mapping[str, object] | None = None,
    *,
    within: float = 1e-5,
) -> None:
    """Ask a function and compare its answer.

    Args:
        function: the reader's own.
        arguments: what it is called with, as copies, so that it may change them.
        expected: the right answer.
        slips: for each usual slip, in words, the answer that it gives.
        within: how far numbers may be off, as a part of the largest one's size, and below a size of 1 as they are.

    Raises:
        Bug: another answer, or an error of the function.

    >>> from digitlib.checks import say
    >>> slips = {"the sum was not divided": 6.0}
    >>> say(mark, sum, ([1.0, 2.0, 3.0],), 2.0, slips)
    'fails: expected 2, got 6: the sum was not divided'
    """
    compare(ask(function, *arguments), expected, slips, within=within)


def ask(function: Callable, *arguments: object) -> Any:
    """What a function answers, asked with copies; an error of its own is a Bug of one line.

    >>> from digitlib.checks import say
    >>> say(ask, float, "four")
    "fails: expected an answer, got ValueError: could not convert string to float: 'four'"
    """
    with as_bug("an answer"):
        answer = function(*copy.deepcopy(arguments))
    if answer is None:
        raise Bug("expected an answer, got None: does the function return it?")
    return answer


def compare(
    got: object,
    expected: object,
    slips: Mapping[str, object] | None = None,
    *,
    within: float = 1e-5,
    what: str = "",
) -> None:
    """Compare an answer with the right one, as :func:`mark` does; ``what`` names it, such as ``"the recall"``.

    Raises:
        Bug: they differ in kind, in shape or in value.

    >>> from digitlib.checks import say
    >>> say(compare, torch.zeros(2, 3), torch.zeros(3, 2))
    'fails: expected shape (3, 2), got shape (2, 3)'
    >>> say(compare, 0.5, 0.25, what="the recall")
    'fails: expected the recall to be 0.25, got 0.5'
    """
    if _alike(got, expected, within):
        return
    for slip, answer in (slips or {}).items():
        if _alike(got, answer, within):
            raise Bug(f"{_differ(got, expected, what)}: {slip}")
    raise Bug(_differ(got, expected, what))


def as_array(value: object) -> np.ndarray:
    """A tensor, of any device and with a gradient or without, as an array; so are numbers, and lists of them.

    Raises:
        ValueError: rows of unequal length.

    >>> as_array(torch.ones(2, requires_grad=True))
    array([1., 1.], dtype=float32)
    """
    return np.asarray(value.detach().cpu() if isinstance(value, torch.Tensor) else value)


def _alike(got: object, expected: object, within: float) -> bool:
    """Whether two answers are the same, whatever keeps their numbers."""
    if isinstance(expected, str) or isinstance(got, str):
        return got == expected
    ours, theirs = _numbers(expected), _numbers(got)
    if ours is None or theirs is None:
        if not (isinstance(expected, tuple | list) and isinstance(got, tuple | list)):
            return False
        pairs = zip_longest(got, expected)
        return len(got) == len(expected) and all(_alike(a, b, within) for a, b in pairs)
    if ours.shape != theirs.shape or np.isnan(theirs).any() != np.isnan(ours).any():
        return False
    size = max(1.0, float(np.abs(ours[np.isfinite(ours)]).max(initial=0)))
    return bool(np.allclose(theirs, ours, rtol=0, atol=within * size, equal_nan=True))


def _numbers(value: object) -> np.ndarray | None:
    """A value as an array of numbers; None if it is none."""
    try:
        found = as_array(value)
    except ValueError:  # rows of unequal length
        return None
    return found.astype(float) if found.dtype.kind in "biuf" else None


def _differ(got: object, expected: object, what: str) -> str:
    """What was expected and what came."""
    ours, theirs = _numbers(expected), _numbers(got)
    if ours is not None and theirs is not None and ours.shape != theirs.shape:
        wanted, came = _shape(ours), _shape(theirs)
    else:
        wanted, came = _shown(expected), _shown(got)
    if wanted == came:
        wanted, came = (f"{type(value).__name__} {wanted}" for value in (expected, got))
    named = f"{what} to be " if what else ""
    return f"expected {named}{wanted}, got {came}"


def _shape(numbers: np.ndarray) -> str:
    """An array's shape in words; a number has none."""
    return f"shape {numbers.shape}" if numbers.shape else "a single number"


def _shown(value: object) -> str:
    """A value on one line, without more decimals than a reader compares."""
    numbers = _numbers(value)
    if isinstance(value, tuple) or (isinstance(value, list) and numbers is None):
        said = ", ".join(map(_shown, value))
    elif numbers is None:
        said = one_line(value)
    elif numbers.shape:
        said = one_line(np.array2string(numbers, precision=4, suppress_small=True, threshold=12))
    else:
        number = float(numbers)
        said = f"{number:.0f}" if number.is_integer() and abs(number) < 1e9 else f"{number:.4g}"
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
