"""Some groups of images are chosen for validation, a writer's or a sheet's together, so that none lies on both sides.

The aim is a number of images with each class's fair share of it, as near as whole groups allow. It is that of
scikit-learn's ``StratifiedGroupKFold``, for a single part of any size.
"""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

__all__ = ["choose", "numbered"]

# Orders in which groups are tried; the choice that comes nearest is taken.
TRIES = 10


def numbered(groups: Iterable[Hashable]) -> np.ndarray:
    """The groups by number, int64 ``(N,)``, in the order in which they come up.

    >>> numbered(["Ada", "Bob", "Ada"]).tolist()
    [0, 1, 0]
    """
    numbers: dict[Hashable, int] = {}
    found = [numbers.setdefault(_plain(group), len(numbers)) for group in _plain(groups)]
    return np.array(found, dtype=np.int64)


def _plain(value: Any) -> Any:
    """Python's own numbers, for a tensor's are each another thing though they be the same."""
    return value.tolist() if hasattr(value, "tolist") else value


def choose(
    labels: np.ndarray, groups: np.ndarray, classes: int, valid: int, seed: int = 0
) -> np.ndarray:
    """Choose whole groups for validation.

    A group with an image of none of the classes, or with all that there are of one class, stays in training.

    Args:
        labels: whole numbers ``(N,)``, 0 to C - 1, or C for none of the classes.
        groups: int64 ``(N,)``, as :func:`numbered` gives them.
        classes: C.
        valid: how many images to aim at, at least 1 and fewer than there are of the classes.
        seed: in which order groups are tried; the same seed gives the same choice on every machine.

    Returns:
        booleans ``(N,)``: what is for validation, at least one group.

    Raises:
        ValueError: one group alone, or each of them would leave training without a class.

    >>> labels, writers = np.array([0, 1] * 6), np.repeat(np.arange(4), 3)
    >>> choose(labels, writers, classes=2, valid=6).reshape(4, 3).all(axis=1).sum().item()
    2
    """
    count = int(groups.max()) + 1
    if count < 2:
        raise ValueError("expected two groups or more, got one")
    table = np.zeros((count, classes + 1), dtype=np.int64)
    np.add.at(table, (groups, labels), 1)
    total = table.sum(axis=0)
    # Whole numbers, so that no rounding decides and every machine chooses alike.
    target = np.rint(total * valid / total[:classes].sum()).astype(np.int64)
    target[classes] = 0
    free = (table[:, classes] == 0) & ((table < total) | (total == 0))[:, :classes].all(axis=1)
    if not free.any():
        raise ValueError(
            "expected groups that training can spare, got none: each holds a class's only images, "
            "or images of none of them, and a class would be missing in training"
        )
    # RandomState, not default_rng: numpy promises that its stream never changes.
    random, nearest, best = np.random.RandomState(seed), None, np.zeros(count, dtype=bool)
    for _ in range(TRIES):
        order = random.permutation(np.flatnonzero(free))
        far, chosen = _search(table, target, total, valid, order)
        if nearest is None or far < nearest:
            nearest, best = far, chosen
        if far <= np.count_nonzero(target) ** 2:  # about one image a class, which rounding may cost
            break
    if not best.any():  # all are larger than what is aimed at
        best[min(order, key=lambda group: _far(table[group], target, valid))] = True
    return best[groups]


def _search(
    table: np.ndarray, target: np.ndarray, total: np.ndarray, valid: int, order: np.ndarray
) -> tuple[int, np.ndarray]:
    """Which groups to take, booleans: each is put in or taken out where that comes nearer, until none does.

    Also returned, first, is how far from the aim that is.
    """
    chosen = np.zeros(len(table), dtype=bool)
    taken, far, moved = np.zeros_like(target), _far(np.zeros_like(target), target, valid), True
    while moved:  # each move comes nearer, so there is an end
        moved = False
        for group in order:
            then = taken - table[group] if chosen[group] else taken + table[group]
            spared = ((then < total) | (total == 0)).all()  # of each class something to learn from
            if spared and (far_then := _far(then, target, valid)) < far:
                chosen[group] ^= True
                taken, far, moved = then, far_then, True
    return far, chosen


def _far(taken: np.ndarray, target: np.ndarray, valid: int) -> int:
    """How far from the aim: the square of each class, times the classes, and that of all images together."""
    classes = np.count_nonzero(target)
    return int(classes * np.square(taken - target).sum() + (taken.sum() - valid) ** 2)
