import math

import numpy as np
import pytest
import torch
from sklearn.model_selection import KFold

from digitlib import evaluate
from digitlib.checks import say
from digitlib.exercises.counting import check_folds, check_interval


def tried(k, n):
    p = torch.linspace(0, 1, 1001)
    fits = p[(k / n - p).abs() <= 1.96 * (p * (1 - p) / n).sqrt()]
    return fits.min(), fits.max()


def tried_one_by_one(k, n):
    fits = []
    for step in range(1001):
        p = step / 1000
        if abs(k / n - p) <= 1.96 * math.sqrt(p * (1 - p) / n):
            fits.append(p)
    return [fits[0], fits[-1]]


def in_one_line(k, n):
    z = 1.96
    half = z * np.sqrt(k * (n - k) / n + z * z / 4)
    return np.array([k + z * z / 2 - half, k + z * z / 2 + half]) / (n + z * z)


def ends_left_out(k, n):
    p = np.arange(0.001, 1, 0.001, dtype=np.float32)
    fits = p[np.abs(k / n - p) < 1.96 * np.sqrt(p * (1 - p) / n)]
    return fits[0], fits[-1]


@pytest.mark.parametrize(
    "interval", [tried, tried_one_by_one, in_one_line, ends_left_out, evaluate.wilson]
)
def test_an_interval_that_is_one_passes(interval):
    assert say(check_interval, interval) == "passes"


def allowing(reach):
    """A function that keeps the shares p for which the found share is within reach."""

    def interval(k, n):
        p = torch.linspace(0, 1, 1001)
        fits = p[(k / n - p).abs() <= reach(p, k / n, n)]
        return fits.min(), fits.max()

    return interval


def of_the_textbooks(k, n):
    half = 1.96 * math.sqrt(k / n * (1 - k / n) / n)
    return max(0, k / n - half), min(1, k / n + half)


def of_agresti_and_coull(k, n):
    more, share = n + 1.96**2, (k + 1.96**2 / 2) / (n + 1.96**2)
    half = 1.96 * math.sqrt(share * (1 - share) / more)
    return share - half, share + half


def signed(sign):
    def interval(k, n):
        p = torch.linspace(0, 1, 1001)
        fits = p[sign * (k / n - p) <= 1.96 * (p * (1 - p) / n).sqrt()]
        return fits.min(), fits.max()

    return interval


def whether(k, n):
    p = torch.linspace(0, 1, 1001)
    fits = (k / n - p).abs() <= 1.96 * (p * (1 - p) / n).sqrt()
    return fits.min(), fits.max()


def nothing_fits(k, n):
    p = torch.linspace(0, 1, 1001)
    fits = p[(k - p).abs() <= 1.96 * (p * (1 - p) / n).sqrt()]
    return fits.min(), fits.max()


WRONG_RANGES = {
    "this is the found share's deviation": of_the_textbooks,
    "each share p that is tried has its own": allowing(
        lambda p, found, n: 1.96 * math.sqrt(found * (1 - found) / n)
    ),
    "this is 1 deviation to each side": allowing(lambda p, _, n: (p * (1 - p) / n).sqrt()),
    "a deviation is a root": allowing(lambda p, _, n: 1.96 * p * (1 - p) / n),
    "the deviation of one answer": allowing(lambda p, _, n: 1.96 * (p * (1 - p)).sqrt()),
    "n stands below the root": allowing(lambda p, _, n: 1.96 * (p * (1 - p)).sqrt() / n),
    "got 0.506, 1: this keeps every p above": signed(1),
    "got 0, 0.898: this keeps every p below": signed(-1),
    "these say whether a p fits": whether,
    "the lowest comes first": lambda k, n: tried(k, n)[::-1],
    "these are counts": lambda k, n: [n * end for end in tried(k, n)],
    "these are per cent": lambda k, n: [100 * end for end in tried(k, n)],
    "this is the share of the others": lambda k, n: tried(n - k, n),
    "expected 0.505, 0.8982, got 0.5": allowing(lambda p, _, n: 1.64 * (p * (1 - p) / n).sqrt()),
    "expected shape (2,), got a single number": lambda k, n: k / n,
    "expected 0.06592, 0.4301, got 0.506, 0.898": lambda k, n: tried(12, 16),
    "got 0.5003, 0.9029": of_agresti_and_coull,
    "got RuntimeError at `return fits.min(), fits.max()`": nothing_fits,
}


@pytest.mark.parametrize("slip", WRONG_RANGES)
def test_an_interval_that_is_none(slip):
    assert slip in say(check_interval, WRONG_RANGES[slip])


def by_split(n, k):
    asked = torch.arange(n).tensor_split(k)
    return [(torch.cat(asked[:i] + asked[i + 1 :]), run) for i, run in enumerate(asked)]


def by_ends(n, k):
    for i in reversed(range(k)):
        start, end = round(i * n / k), round((i + 1) * n / k)
        yield [*range(start), *range(end, n)], range(start, end)


def by_truths(n, k):
    of = torch.arange(n) * k // n
    return [(of != fold, of == fold) for fold in range(k)]


def by_sets(n, k):
    every, found = set(range(n)), ()
    for run in np.array_split(np.arange(n), k):
        found += ((every - set(run), set(run)),)
    return found


def by_library(n, k):
    return KFold(k).split(np.zeros(n))


@pytest.mark.parametrize("folds", [by_split, by_ends, by_truths, by_sets, by_library])
def test_a_cut_that_is_one_passes(folds):
    assert say(check_folds, folds) == "passes"


def leaving_out(cut):
    """A function that leaves out each of the runs that ``cut`` makes, in turn."""
    return lambda n, k: [
        ([place for place in range(n) if place not in list(run)], run) for run in cut(n, k)
    ]


def with_a_short_rest(n, k):
    return [range(i * (n // k), (i + 1) * (n // k)) for i in range(k)]


def with_a_long_rest(n, k):
    starts = range(0, k * (n // k), n // k)
    return [range(start, start + n // k) for start in starts[:-1]] + [range(starts[-1], n)]


def overlapping(n, k):
    return [range(run[0], min(run[-1] + 2, n)) for run in np.array_split(range(n), k)]


def from_one(n, k):
    return [run + 1 for run in np.array_split(range(n), k)]


def dealt(n, k):
    random = torch.Generator().manual_seed(0)
    return torch.randperm(n, generator=random).tensor_split(k)


def those_before(n, k):
    return [(range(asked[0]), asked) for _, asked in by_split(n, k)]


def not_joined(n, k):
    asked = torch.arange(n).tensor_split(k)
    return [(asked[:i] + asked[i + 1 :], run) for i, run in enumerate(asked)]


def that_stops_early(n, k):
    yield from by_split(n, k)[:1]
    raise KeyError("early")


WRONG_CUTS = {
    "got 0, 5, 10: their neighbours": leaving_out(lambda n, k: [range(i, n, k) for i in range(k)]),
    "expected a run of neighbours, got ": leaving_out(dealt),
    "expected 5 pairs from 12 places, got 4: runs of 3 are used up too soon": leaving_out(
        lambda n, k: torch.arange(n).chunk(k)
    ),
    "got never a question about 10, 11": leaving_out(with_a_short_rest),
    "differ by 1 at most, got 2, 2, 2, 2, 4": leaving_out(with_a_long_rest),
    "to be asked about once, got 3 2 times": leaving_out(overlapping),
    "got 12, which is none of them": leaving_out(from_one),
    "got those to be asked about first": lambda n, k: [pair[::-1] for pair in by_split(n, k)],
    "no place on both sides, got 0 in pair 1: a leak": lambda n, k: [
        (range(n), asked) for _, asked in by_split(n, k)
    ],
    "all 9 other places to learn from in pair 1, got 0": those_before,
    "got several: join them": not_joined,
    "got 3, 3, 3, 3, 0": leaving_out(
        lambda n, k: [np.arange(n)[i * -(-n // k) : (i + 1) * -(-n // k)] for i in range(k)]
    ),
    "expected pairs, the places to learn from": lambda n, k: [asked for _, asked in by_split(n, k)],
    "expected pairs, the places to learn from and those to be asked about, got float": (
        lambda n, k: [0.5, 0.5]
    ),
    "expected 5 pairs from 12 places, got 0": lambda n, k: [],
    "expected an answer, got TypeError": lambda n, k: 3,
    "got KeyError at `raise KeyError": that_stops_early,
    "expected 4 pairs from 23 places": lambda n, k: by_split(12, 5),
}


@pytest.mark.parametrize("slip", WRONG_CUTS)
def test_a_cut_that_is_none(slip):
    assert slip in say(check_folds, WRONG_CUTS[slip])
