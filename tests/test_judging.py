import pytest
import torch

from digitlib import evaluate
from digitlib.checks import say
from digitlib.exercises.judging import check_confusion, check_precision_recall


def by_loop(said, labels, classes):
    counts = [[0] * classes for _ in range(classes)]
    for answer, label in zip(said.tolist(), labels.tolist(), strict=True):
        counts[label][answer] += 1
    return counts


def by_index(said, labels, classes):
    counts = torch.zeros(classes, classes)
    return counts.index_put_((labels, said), torch.ones(len(said)), accumulate=True)


def of_the_package(said, labels, classes):
    return evaluate.confusion(torch.nn.functional.one_hot(said, classes), labels)


@pytest.mark.parametrize("count", [by_loop, by_index, of_the_package])
def test_a_confusion_matrix_that_is_one_passes(count):
    assert say(check_confusion, count) == "passes"


WRONG_TABLES = {
    "rows and columns are swapped": lambda said, labels, n: by_index(labels, said, n),
    "these are shares, counts were": lambda said, labels, n: by_index(said, labels, n) / len(said),
    "a pair that comes again is counted once": lambda said, labels, n: torch.zeros(n, n).index_put_(
        (labels, said), torch.ones(len(said))
    ),
    r"expected shape (4, 4), got shape (3, 3)": lambda said, labels, n: by_index(said, labels, 3),
    "expected an answer, got IndexError": lambda said, labels, n: by_index(said, labels, 2),
}


@pytest.mark.parametrize("slip", WRONG_TABLES)
def test_a_confusion_matrix_that_is_none(slip):
    assert slip in say(check_confusion, WRONG_TABLES[slip])


def both(said, labels, digit):
    found = ((said == digit) & (labels == digit)).sum()
    return found / (said == digit).sum(), found / (labels == digit).sum()


def never_divided_by_nothing(said, labels, digit):
    found = ((said == digit) & (labels == digit)).sum().item()
    called, there = (said == digit).sum().item(), (labels == digit).sum().item()
    return (found / called if called else 0.0), (found / there if there else 0.0)


@pytest.mark.parametrize("measure", [both, never_divided_by_nothing])
def test_precision_and_recall_pass(measure):
    assert say(check_precision_recall, measure) == "passes"


def accuracy(said, labels, digit):
    right = ((said == digit) == (labels == digit)).float().mean()
    return right, right


def divides_plain_numbers(said, labels, digit):
    found = ((said == digit) & (labels == digit)).sum().item()
    return found / (said == digit).sum().item(), found / (labels == digit).sum().item()


WRONG_SHARES = {
    "precision and recall are swapped": lambda *asked: both(*asked)[::-1],
    "this counts what was rightly not called so": accuracy,
    "shares of all answers": lambda said, labels, digit: (
        [((said == digit) & (labels == digit)).float().mean()] * 2
    ),
    "got ZeroDivisionError": divides_plain_numbers,
    "expected nan or 0 for a class never seen, got TypeError": lambda *asked: (
        both(*asked) if asked[2] < 3 else (None, 0.0)
    ),
    "expected nan or 0 for a class never seen, got 1": lambda *asked: (
        both(*asked) if asked[2] < 3 else (1.0, 1.0)
    ),
    "expected 0.5, 1, got 50, 100": lambda *asked: tuple(100 * share for share in both(*asked)),
}


@pytest.mark.parametrize("slip", WRONG_SHARES)
def test_precision_and_recall_that_are_none(slip):
    assert slip in say(check_precision_recall, WRONG_SHARES[slip])
