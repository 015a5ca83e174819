"""Checks of the exercises on splits: groups that stay on one side, and images that lie on both.

Neither looks at how a function does it, only at what it returns.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from digitlib.checks import Bug, as_bug
from digitlib.exercises.marking import ask, mark
from digitlib.preprocess import SIDE

__all__ = ["check_group_split", "check_shared"]

WRITERS = torch.tensor(
    [111, 104, 111, 130, 119, 104, 111, 126, 119, 108, 111, 130, 126, 104, 130, 119]
)
"""Who wrote each of 16 digits, in no order; one wrote a single digit. No number is a digit's place as well."""
COUNT = 2
"""How many of these six writers are held back."""
SEEDS = 60
"""Enough: by chance, one of the six is left out of so many draws less than once in a billion times."""


def check_group_split(split: Callable) -> None:
    """Check a function that splits by groups, such as who wrote each digit.

    Args:
        split: called with the groups' numbers ``(N,)``, how many groups to hold back, and a seed; returns the indices
            ``(n,)`` to train on and those held back, in any order, as tensors, arrays or lists.

    It is asked with many seeds. Each group must lie whole on one side and each digit in one part; the same seed must
    give the same split, and no group may always be spared. Not seen: whether some groups are held back more often than
    others. Taken for a bug: a seed that is set for the whole program.

    Raises:
        Bug: another split. Named are digits dealt in place of groups, digits lost or taken twice, parts that are
            swapped, a wrong number of groups, a seed that is ignored, and chance that no seed or a common one decides.

    >>> from digitlib.checks import say
    >>> def by_row(groups, count, seed):
    ...     chance = torch.Generator().manual_seed(seed)
    ...     order = torch.randperm(len(groups), generator=chance)
    ...     return order[count:], order[:count]
    >>> say(check_group_split, by_row).partition("got ")[2]
    'group 111 on both: are digits dealt out, and not groups?'
    """
    with _chance_kept() as state:
        before = state()
        found = [_held(split, WRITERS, COUNT, seed) for seed in range(SEEDS)]
        touched = state() != before
        again = [_held(split, WRITERS, COUNT, seed) for seed in range(10)]
        if again != found[:10]:
            raise Bug(
                "expected the same split for the same seed, got another: does the seed decide?"
            )
        if touched:
            raise Bug(
                "expected the program's own chance untouched, got it drawn from or set anew: "
                "the draw wants a generator of its own"
            )
        if len(set(found)) == 1:
            raise Bug(
                f"expected other groups for other seeds, got the same for {SEEDS}: the seed is ignored"
            )
        if spared := {*WRITERS.tolist()}.difference(*found):
            raise Bug(
                f"expected each group to be held back for some seed, got {max(spared)} for none"
            )
        # A part of one digit: there a list of indices is easily none any more.
        _held(split, torch.tensor([130, 104, 119]), 1, 0)


@contextmanager
def _chance_kept() -> Iterator[Callable[[], tuple[object, ...]]]:
    """Give a function that tells the state of all common random numbers; in the end they are as before."""

    def state() -> tuple[object, ...]:
        numpys = np.random.get_state(legacy=False)["state"]
        numbers = torch.get_rng_state().tolist(), numpys["key"].tolist(), numpys["pos"]
        return *numbers, random.getstate()

    ours, numpys = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            yield state
    finally:
        random.setstate(ours)
        np.random.set_state(numpys)


def _held(split: Callable, groups: torch.Tensor, count: int, seed: int) -> frozenset[int]:
    """The groups that a split holds back, after a look at whether it is one."""
    parts = ask(split, groups, count, seed)
    if not isinstance(parts, tuple | list) or len(parts) != 2:
        raise Bug(f"expected two parts, to train on and held back, got {type(parts).__name__}")
    n, numbers = len(groups), groups.tolist()
    train, held = (_indices(part, n) for part in parts)
    times = np.bincount([*train, *held], minlength=n)
    if (times != 1).any():
        raise Bug(
            f"expected each of {n} digits once, in one part, "
            f"got {(times == 0).sum()} in none and {(times > 1).sum()} more than once"
        )
    learned, chosen = ({numbers[index] for index in part} for part in (train, held))
    if both := learned & chosen:
        first = next(number for number in numbers if number in both)
        raise Bug(
            f"expected each group on one side, got group {first} on both: "
            "are digits dealt out, and not groups?"
        )
    if len(chosen) != count:
        why = "are digits counted, or is a group drawn twice, or a number that none has?"
        if len(learned) == count:
            why = "the two parts are swapped, those to train on come first"
        raise Bug(
            f"expected {count} of {len({*numbers})} groups held back, got {len(chosen)}: {why}"
        )
    return frozenset(chosen)


def _indices(part: object, n: int) -> list[int]:
    """A part's indices; Bug for what isn't a list of some."""
    with as_bug("a list of indices"):
        found = np.asarray(part)
    if found.dtype.kind == "b":
        raise Bug(
            "expected indices, got True and False: nonzero() gives the places of what is True"
        )
    if found.ndim != 1:
        raise Bug(
            f"expected indices of shape (n,), got {found.shape}: nonzero() gives (n, 1), "
            "squeeze(1) makes (n,) of it, squeeze() takes away each side of length 1"
        )
    if found.dtype.kind not in "iu" and len(found):
        raise Bug(f"expected indices, got {found.dtype}")
    if wrong := [int(index) for index in found if not 0 <= index < n]:
        raise Bug(f"expected indices from 0 to {n - 1}, got {wrong[0]}: a group's number?")
    return [int(index) for index in found]


def check_shared(shared: Callable) -> None:
    """Check a function that counts the images of one set that are, pixel for pixel, in another as well.

    Args:
        shared: called with the images asked about ``(M, 28, 28)`` and those known ``(N, 28, 28)``, both uint8 tensors;
            returns how many of the M are among the N.

    Some images come more than once, on either side, and some differ from another by one grey level or by the order of
    their pixels. Not seen: how long it takes with many.

    Raises:
        Bug: another count. Named are comparing place by place, by sums, nearly, or with a set or ``in``, which tensors
            don't answer by their pixels; counting pairs, different images, or those on the other side; and shares.

    >>> from digitlib.checks import say
    >>> def by_sum(asked, known):
    ...     sums = {image.sum().item() for image in known}
    ...     return sum(image.sum().item() in sums for image in asked)
    >>> say(check_shared, by_sum)
    'fails: expected 5, got 7: the sum of the pixels is compared, and others have the same'
    """
    a, b, c, d, e, f, *new = torch.randint(
        256, (9, SIDE, SIDE), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    nearly = e.clone()
    nearly[-1, -1] ^= 1
    asked = torch.stack([*new, b, a, a, a, c.T, d.flip(1), f, nearly])
    known = torch.stack([a, *[b] * 6, c, d, f, e])
    for ours, theirs in ((asked, known), (known[7:], asked)):
        count = _twins(ours, theirs).any(dim=1).sum()
        mark(shared, (ours, theirs), count, _shared_slips(ours, theirs))


def _twins(asked: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Which of those asked about is the same as which known one, ``(M, N)``."""
    return (asked[:, None] == known).all(dim=-1).all(dim=-1)


def _shared_slips(asked: torch.Tensor, known: torch.Tensor) -> dict[str, object]:
    """For each usual slip, what it counts."""
    pairs, sums = _twins(asked, known), known.sum(dim=(1, 2))
    count, least = pairs.any(dim=1).sum(), min(len(asked), len(known))
    different = asked[pairs.any(dim=1)].unique(dim=0)
    return {
        "each is compared with the one at its own place alone": pairs[:least, :least].diag().sum(),
        "the sum of the pixels is compared, and others have the same": torch.isin(
            asked.sum(dim=(1, 2)), sums
        ).sum(),
        "these are pairs, and who has two twins counts twice": pairs.sum(),
        "these are different images, and one that is asked about twice counts once": len(different),
        "those known are counted, not those asked about": pairs.any(dim=0).sum(),
        "one that differs by a grey level is taken for the same": count + 1,
        "none is found, as where a set tells tensors apart, which goes by object and not by pixels": 0,
        "`in` asks a tensor whether any pixel is alike": len(asked),
        "this is a share, a count was asked for": count / len(asked),
    }
