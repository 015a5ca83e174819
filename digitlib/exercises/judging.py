"""Checks of the exercises on what answers are worth: the confusion matrix, and precision with recall.

Each asks a function of the reader's own with a few answers whose figures can be counted by hand.
"""

import math
from collections.abc import Callable

import torch

from digitlib.checks import Bug, as_bug
from digitlib.exercises.marking import ask, mark

__all__ = ["check_confusion", "check_precision_recall"]

ANSWERS = torch.tensor([0, 1, 1, 2, 2, 2, 0, 1, 0, 0])
LABELS = torch.tensor([0, 1, 2, 2, 2, 1, 0, 1, 2, 2])


def check_confusion(confusion: Callable) -> None:
    """Check a function that counts a confusion matrix: a row for what it is, a column for what was said.

    Args:
        confusion: called with answers ``(N,)``, labels ``(N,)``, both of whole numbers, and the number of classes C;
            returns counts ``(C, C)``, as a tensor, an array or lists.

    One class is never the label and never said, so its row and column must be there, all zeros.

    Raises:
        Bug: other counts. Named are rows and columns swapped, shares in place of counts, and a pair that comes twice
            being counted once.

    >>> from digitlib.checks import say
    >>> def turned(said, labels, classes):
    ...     counts = torch.zeros(classes, classes)
    ...     for answer, label in zip(said, labels):
    ...         counts[answer, label] += 1
    ...     return counts
    >>> say(check_confusion, turned).rpartition(": ")[2]
    'rows and columns are swapped, a row is for what it is'
    """
    pairs = 4 * LABELS + ANSWERS
    counts = pairs.bincount(minlength=16).view(4, 4)
    slips = {
        "rows and columns are swapped, a row is for what it is": counts.T,
        "these are shares, counts were asked for": counts / len(pairs),
        "these are shares of a row, counts were asked for": (
            counts / counts.sum(dim=1, keepdim=True).clamp(min=1)
        ),
        "a pair that comes again is counted once": counts.clamp(max=1),
    }
    mark(confusion, (ANSWERS, LABELS, 4), counts, slips)


def check_precision_recall(measure: Callable) -> None:
    """Check a function that gives one class's precision and recall.

    Args:
        measure: called with answers ``(N,)``, labels ``(N,)`` and a class; returns precision and recall, as parts of 1.

    It is also asked about a class that is never said and never the label. There it may return 0 or ``nan``, but not
    raise an error.

    Raises:
        Bug: other figures. Named are the two swapped, and accuracy in their place, and shares of all answers.

    >>> from digitlib.checks import say
    >>> def accuracies(said, labels, digit):
    ...     right = ((said == digit) == (labels == digit)).double().mean()
    ...     return right, right
    >>> say(check_precision_recall, accuracies).rpartition(": ")[2]
    'this counts what was rightly not called so, too'
    """
    said, labels = ANSWERS, LABELS
    for digit in range(3):
        called, is_it = said == digit, labels == digit
        both = (called & is_it).sum().item()
        precision, recall = both / called.sum().item(), both / is_it.sum().item()
        right = (called == is_it).double().mean().item()
        slips = {
            "precision and recall are swapped": (recall, precision),
            "this counts what was rightly not called so, too": (right, right),
            "shares of all answers, not of those called so and of those that are": (
                both / len(said),
                both / len(said),
            ),
        }
        mark(measure, (said, labels, digit), (precision, recall), slips)
    for figure in ask(measure, said, labels, 3):
        with as_bug("nan or 0 for a class never seen"):
            found = float(figure)
        if not (found == 0 or math.isnan(found)):
            raise Bug(f"expected nan or 0 for a class never seen, got {found:.4g}")
