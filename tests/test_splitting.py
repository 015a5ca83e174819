import random

import numpy as np
import pytest
import torch

from digitlib.checks import say
from digitlib.exercises.splitting import check_group_split, check_shared


def held_back(groups, chosen):
    held = torch.isin(groups, torch.as_tensor(chosen))
    return (~held).nonzero().squeeze(1), held.nonzero().squeeze(1)


def of_tensors(groups, count, seed):
    names = groups.unique()
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    return held_back(groups, names[order[:count]])


def in_numpy(groups, count, seed):
    chosen = np.random.RandomState(seed).choice(np.unique(groups), count, replace=False)
    held = np.isin(groups, chosen)
    return [np.flatnonzero(~held), np.flatnonzero(held).astype(np.int32)]


def in_lists(groups, count, seed):
    names = sorted(set(groups.tolist()))
    chosen = random.Random(seed).sample(names, count)
    train, held = [], []
    for index, group in enumerate(groups):
        (held if group in chosen else train).insert(0, index)
    groups.zero_()
    return train, held


@pytest.mark.parametrize("split", [of_tensors, in_numpy, in_lists])
def test_a_split_by_groups_passes_and_chance_is_as_before(split):
    def chance():
        return torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[2]

    before = chance()
    assert say(check_group_split, split) == "passes"
    assert chance() == before


def by_row(groups, count, seed):
    order = torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed))
    return order[4:], order[:4]


def seeded_for_all(groups, count, seed):
    torch.manual_seed(seed)
    return held_back(groups, groups.unique()[torch.randperm(len(groups.unique()))[:count]])


def seeded_for_all_of_numpy(groups, count, seed):
    np.random.seed(seed)
    return held_back(groups, np.random.permutation(groups.unique())[:count])


def without_a_seed(groups, count, seed):
    return held_back(groups, groups.unique()[torch.randperm(len(groups.unique()))[:count]])


def from_a_row(groups, count, seed):
    """A group with many digits may come twice."""
    order = torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed))
    return held_back(groups, groups[order[:count]])


def from_numbers_that_none_has(groups, count, seed):
    order = torch.randperm(1000, generator=torch.Generator().manual_seed(seed))
    return held_back(groups, order[:count])


def spares_the_last(groups, count, seed):
    names = groups.unique()[: -1 if len(groups) > 3 else None]
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    return held_back(groups, names[order[:count]])


def squeezed(groups, count, seed):
    return tuple(part.unsqueeze(1).squeeze() for part in of_tensors(groups, count, seed))


def marks(groups, count, seed):
    held = torch.isin(groups, of_tensors(groups, count, seed)[1])
    return ~held, held


WRONG_SPLITS = {
    "on both: are digits dealt out, and not groups?": by_row,
    "got it drawn from or set anew: the draw wants a generator": seeded_for_all,
    "got it drawn from or set anew: the draw wants a generator of": seeded_for_all_of_numpy,
    "the same split for the same seed, got another": without_a_seed,
    "got the same for 60: the seed is ignored": lambda groups, count, seed: of_tensors(
        groups, count, 0
    ),
    "expected 2 of 6 groups held back, got 1: are digits": from_a_row,
    "expected 2 of 6 groups held back, got 0": from_numbers_that_none_has,
    "got 4: the two parts are swapped": lambda *asked: of_tensors(*asked)[::-1],
    "held back, got 3: are digits counted": lambda groups, count, seed: of_tensors(
        groups, count + 1, seed
    ),
    "for some seed, got 130 for none": spares_the_last,
    "digits once, in one part, got 2 in none and 0 more": lambda *asked: (
        of_tensors(*asked)[0][2:],
        of_tensors(*asked)[1],
    ),
    "got 0 in none and 4 more than once": lambda *asked: (
        range(16),
        of_tensors(*asked)[1][:4].repeat(1),
    ),
    "shape (n,), got (): nonzero() gives": squeezed,
    "got True and False: nonzero()": marks,
    "from 0 to 15, got 104: a group's number?": lambda groups, count, seed: (
        [0],
        groups.unique()[:2],
    ),
    "from 0 to 15, got -1": lambda *asked: ([0], [-1]),
    "expected indices, got float": lambda *asked: ([0.0], [1.0]),
    "expected a list of indices, got ValueError": lambda *asked: ([0], [[1], [2, 3]]),
    "to train on and held back, got Tensor": lambda *asked: of_tensors(*asked)[0],
}


@pytest.mark.parametrize("slip", WRONG_SPLITS)
def test_a_split_by_groups_that_is_none(slip):
    assert slip in say(check_group_split, WRONG_SPLITS[slip])


def by_bytes(asked, known):
    seen = {image.numpy().tobytes() for image in known}
    return sum(image.numpy().tobytes() in seen for image in asked)


def by_pairs(asked, known):
    return (asked[:, None] == known).flatten(2).all(dim=2).any(dim=1).sum()


def by_distance(asked, known):
    rows = (asked.float() / 255).flatten(1), (known.float() / 255).flatten(1)
    return (torch.cdist(*rows).amin(dim=1) == 0).sum().item()


def by_loops(asked, known):
    count = np.uint8(0)
    for image in asked:
        count += any(torch.equal(image, other) for other in known)
    return count


@pytest.mark.parametrize("shared", [by_bytes, by_pairs, by_distance, by_loops])
def test_a_count_of_shared_images_passes(shared):
    assert say(check_shared, shared) == "passes"


WRONG_COUNTS = {
    "at its own place alone": lambda asked, known: sum(map(torch.equal, asked, known)),
    "the sum of the pixels is compared": lambda asked, known: torch.isin(
        asked.sum(dim=(1, 2)), known.sum(dim=(1, 2))
    ).sum(),
    "these are pairs": lambda asked, known: sum(
        torch.equal(image, other) for image in asked for other in known
    ),
    "one that is asked about twice counts once": lambda asked, known: len(
        {image.numpy().tobytes() for image in asked} & {image.numpy().tobytes() for image in known}
    ),
    "those known are counted": lambda asked, known: by_bytes(known, asked),
    "taken for the same": lambda asked, known: (
        ((asked[:, None].float() - known).flatten(2).norm(dim=2) < 2).any(dim=1).sum()
    ),
    "none is found, as where a set": lambda asked, known: len({*asked} & {*known}),
    "`in` asks a tensor": lambda asked, known: sum(image in known for image in asked),
    "this is a share": lambda asked, known: by_bytes(asked, known) / len(asked),
    "got RuntimeError": lambda asked, known: sum(image in list(known) for image in asked),
    "expected a single number, got shape (11,)": lambda asked, known: torch.tensor(
        [by_bytes(image[None], known) for image in asked]
    ),
    "expected 1, got 5": lambda asked, known: 5,
}


@pytest.mark.parametrize("slip", WRONG_COUNTS)
def test_a_count_of_shared_images_that_is_none(slip):
    assert slip in say(check_shared, WRONG_COUNTS[slip])
