"""Checks of the exercises on doubt: the threshold below which a model refuses, and the temperature that mends a boast.

Each asks a function of the reader's own with few answers, made so that the usual slips can be told apart.
"""

from collections.abc import Callable
from math import isclose
from typing import Any

import torch
from torch.nn import functional as F

from digitlib import calibrate
from digitlib.checks import Bug, as_bug
from digitlib.exercises.marking import ask, compare

__all__ = ["check_temperature", "check_threshold"]

# From the surest answer to the least sure: of the first twelve a fourth is wrong, and of any more it's a larger share.
RIGHT = torch.tensor([1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1]).bool()
MOST = 0.25


def check_threshold(threshold: Callable) -> None:
    """Check a function that chooses how sure a model must be, for its answers to be wrong seldom enough.

    Args:
        threshold: called with how sure each answer is ``(N,)``, in any order, whether it was right, booleans ``(N,)``,
            and the largest share of wrong ones that is allowed; returns the lowest threshold such that, of the answers
            that are at least so sure, no larger share is wrong. Where there is none, it returns more than the surest
            answer has, such as ``inf``.

    What counts is which answers a threshold lets through, so it may lie anywhere between two of them. They are close to
    each other, and some equally sure.

    Raises:
        Bug: it lets others through. Named are a share of all answers in place of those given, the order turned round,
            stopping at the first excess, right and wrong swapped, "less than" for "at most", one answer too many, and
            equally sure answers that were parted.

    >>> from digitlib.checks import say
    >>> def threshold(sure, right, most):
    ...     order = sure.argsort(descending=True)
    ...     wrong = (~right[order]).cumsum(0)
    ...     return sure[order][wrong <= most * len(sure)][-1]
    >>> say(check_threshold, threshold).rpartition(": ")[2]
    'the share is of all answers, where those that are given count'
    """
    n = len(RIGHT)
    # So close that a grid of thresholds parts few, and exact in any type of number.
    steps = 1 - torch.arange(n).double() / 4096
    mixed = torch.randperm(n, generator=torch.Generator().manual_seed(0))
    _let_through(threshold, steps[mixed], RIGHT[mixed], MOST, 12, _usual_slips())
    most_sure = {"none was to pass, as even the surest is wrong: return `inf`": 1}
    _let_through(threshold, steps[:3], torch.tensor([False, True, False]), 0.125, 0, most_sure)
    _let_through(threshold, steps[:4], torch.ones(4).bool(), 0.0, 4, {})
    tied, right = steps[[0, 1, 1, 1, 2]], torch.tensor([True, True, True, False, False])
    parted = {"answers that are equally sure pass together, or none of them": 4}
    _let_through(threshold, tied, right, 0.125, 1, parted)


def _usual_slips() -> dict[str, int]:
    """How many of the answers each slip lets through."""
    wrong, given = (~RIGHT).cumsum(0), torch.arange(1, len(RIGHT) + 1)
    share = wrong / given
    turned = (~RIGHT.flip(0)).cumsum(0) / given

    def last(kept: torch.Tensor) -> int:
        return int(kept.nonzero().max()) + 1 if kept.any() else 0

    return {
        "the share is of all answers, where those that are given count": last(
            wrong / len(RIGHT) <= MOST
        ),
        "sorted from the least sure up, where the surest are given first": (
            len(RIGHT) + 1 - last(turned <= MOST)
        ),
        "it stops at the first excess, though with more answers the share falls again": int(
            (share > MOST).nonzero().min()
        ),
        "it stops at the first wrong answer": int(wrong.nonzero().min()),
        "right and wrong are swapped, or no threshold was found": last(1 - share <= MOST),
        "less than the share was asked for, where it may be as much": last(share < MOST),
        "one too many: a threshold passes what is as sure as it is, too": last(share <= MOST) + 1,
        "that is the highest such threshold": 1,
    }


def _let_through(
    threshold: Callable,
    sure: torch.Tensor,
    right: torch.Tensor,
    most: float,
    expected: int,
    slips: dict[str, int],
) -> None:
    """Compare how many answers a threshold passes: those are the surest, so the number says which."""
    chosen = _one_number(ask(threshold, sure, right, most))
    passed = int((sure >= chosen).sum())
    if passed == expected:
        return
    why = "".join(f": {slip}" for slip, number in slips.items() if number == passed)
    if chosen not in sure and passed:  # then its number says little of how it came about
        stepped_over = ": a grid may step over the lowest, so try the values in `sure`"
        why = stepped_over if passed < expected else ""
    raise Bug(
        f"expected {expected} of {len(sure)} answers to pass where {most:g} may be wrong, "
        f"got {passed}, by the threshold {chosen:.4g}{why}"
    )


def _one_number(value: Any) -> float:
    """An answer as a number; tensors and arrays of one element are one."""
    with as_bug("one number"):
        return float(value.item() if hasattr(value, "item") else value)


def check_temperature(temperature: Callable) -> None:
    """Check a function that fits a temperature: the one under which the labels are most probable.

    Args:
        temperature: called with logits ``(N, C)`` and labels ``(N,)``; returns the number by which the logits are to be
            divided for the least cross-entropy. It may be off by two hundredths, or by a fiftieth where it is above 1.

    It is asked about a model that boasts, whose temperature is 2.55, and one that is too modest, whose is 0.45.

    Raises:
        Bug: another number. Named are multiplying in place of dividing, a second softmax, looking above 1 alone, and
            what doesn't depend on the temperature, such as the share of right answers.

    >>> from digitlib.checks import say
    >>> say(check_temperature, lambda logits, labels: 1 / calibrate.temperature(logits, labels))
    'fails: expected 2.551, got 0.392: the logits are multiplied by it, and not divided'
    """
    random = torch.Generator().manual_seed(4)
    honest = 2 * torch.randn(300, 5, generator=random, dtype=torch.double)
    labels = torch.multinomial(honest.softmax(dim=1), 1, generator=random)[:, 0]
    models = 2.55 * honest, 0.45 * honest
    found = [_one_number(ask(temperature, logits, labels)) for logits in models]
    right = [calibrate.temperature(logits, labels) for logits in models]
    if isclose(*found, rel_tol=0.02):
        raise Bug(
            f"expected {right[0]:.4g} for a model that boasts and {right[1]:.4g} for a modest one, got "
            f"{found[0]:.4g} for both: does what it makes small hang on the temperature, and on the labels?"
        )
    for logits, got, expected in zip(models, found, right, strict=True):
        slips = {
            "the logits are multiplied by it, and not divided": 1 / expected,
            "a softmax stands before cross_entropy, which has its own": _after_softmax(
                logits, labels
            ),
        }
        if expected < 1:
            slips["a model that is too modest needs one below 1"] = 1.0
        compare(got, expected, slips, within=0.02)


def _after_softmax(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The temperature that seems the best if softmax is taken twice."""
    tried = torch.linspace(-5, 5, 501).exp2().tolist()
    losses = [F.cross_entropy((logits / t).softmax(dim=1), labels).item() for t in tried]
    return tried[losses.index(min(losses))]
