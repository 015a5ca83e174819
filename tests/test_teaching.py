import numpy as np
import pytest
import torch

from digitlib import groups
from digitlib.checks import say
from digitlib.exercises.teaching import check_folds, check_pair


def by_numbers(sheets, parts):
    return groups.numbered(sheets) % parts


def by_names(sheets, parts):
    names = sorted(set(sheets))
    return [names.index(sheet) % parts for sheet in sheets]


def in_runs(sheets, parts):
    names = sorted(set(sheets), reverse=True)
    runs = np.array_split(names, parts)
    return torch.tensor([next(i for i, run in enumerate(runs) if s in run) for s in sheets])


@pytest.mark.parametrize("folds", [by_numbers, by_names, in_runs])
def test_folds_of_whole_sheets_pass(folds):
    assert say(check_folds, folds) == "passes"


WRONG_FOLDS = {
    "got the pictures of 'ada' in folds 0 and 3": lambda sheets, parts: [
        place % parts for place in range(len(sheets))
    ],
    "expected folds 0 to 3, got [0, 1, 2, 3, 4]": lambda sheets, parts: groups.numbered(sheets),
    "expected folds 0 to 3, got [1, 2, 3, 4]": lambda sheets, parts: 1 + by_numbers(sheets, parts),
    "expected a sheet in each of 4 folds, got none in fold 2": lambda sheets, parts: [
        by_numbers([sheet], parts)[0] + (sheet == "ada") + 3 * (sheet == "bob") for sheet in sheets
    ],
    "expected folds of about as many sheets, got 6 in one and 1 in another": (
        lambda sheets, parts: [min(n, parts - 1) for n in groups.numbered(sheets)]
    ),
    "expected 12 whole numbers, one a picture, got int64 (5,)": lambda sheets, parts: np.arange(
        len(set(sheets))
    ),
    "expected 12 whole numbers, one a picture, got float64 (12,)": (
        lambda sheets, parts: by_numbers(sheets, parts) / 2
    ),
}


@pytest.mark.parametrize("slip", WRONG_FOLDS)
def test_folds_that_are_none(slip):
    assert slip in say(check_folds, WRONG_FOLDS[slip])


def counted(labels, called, classes):
    counts = torch.zeros(classes, classes, dtype=torch.int64)
    counts.index_put_((labels, called), torch.tensor(1), accumulate=True)
    return counts


def largest(counts):
    i, j = divmod(int(counts.argmax()), len(counts))
    return i, j, counts[i, j]


def by_matrix(labels, called, classes):
    counts = counted(labels, called, classes)
    return largest((counts + counts.T).triu(1))


def by_loop(labels, called, classes):
    pairs = {}
    for a, b in zip(labels.tolist(), called.tolist(), strict=True):
        if a != b:
            key = min(a, b), max(a, b)
            pairs[key] = pairs.get(key, 0) + 1
    key = max(pairs, key=pairs.get)
    return [*key, pairs[key]]


@pytest.mark.parametrize("pair", [by_matrix, by_loop])
def test_the_pair_that_is_mistaken_most_passes(pair):
    assert say(check_pair, pair) == "passes"


def ordered(found):
    i, j, count = found
    return min(i, j), max(i, j), count


WRONG_PAIRS = {
    "one direction alone, where the other counts too": lambda *asked: ordered(
        largest(counted(*asked).fill_diagonal_(0))
    ),
    "the right answers are counted along": lambda *asked: largest(counted(*asked)),
    "the right answers are counted along, and twice": lambda *asked: largest(
        counted(*asked) + counted(*asked).T
    ),
    "of the right pair one direction alone": lambda *asked: (*by_matrix(*asked)[:2], 3),
    "the higher one is first": lambda *asked: (
        by_matrix(*asked)[1],
        by_matrix(*asked)[0],
        by_matrix(*asked)[2],
    ),
    "expected shape (3,), got shape (2,)": lambda *asked: by_matrix(*asked)[:2],
}


@pytest.mark.parametrize("slip", WRONG_PAIRS)
def test_a_pair_that_is_another(slip):
    assert slip in say(check_pair, WRONG_PAIRS[slip])
