import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from digitlib import calibrate
from digitlib.checks import say
from digitlib.exercises.trusting import check_temperature, check_threshold


def one_by_one(sure, right, most):
    for limit in sure.unique():
        if (~right[sure >= limit]).double().mean() <= most:
            return limit
    return torch.inf


def halfway_in_numpy(sure, right, most):
    sure, right = sure.numpy(), right.numpy()
    steps = np.unique(sure)
    kept = [step for step in steps if 1 - right[sure >= step].mean() <= most]
    if not kept:
        return 2.0
    below = steps[steps < kept[0]]
    return (kept[0] + below.max()) / 2 if len(below) else 0


def by_plain_lists(sure, right, most):
    pairs = sorted(zip(sure.tolist(), right.tolist(), strict=True), reverse=True)
    lowest, wrong = float("inf"), 0
    for n, (limit, is_right) in enumerate(pairs, 1):
        wrong += not is_right
        last_of_its_kind = n == len(pairs) or pairs[n][0] != limit
        if last_of_its_kind and wrong / n <= most:
            lowest = limit
    return lowest


def in_32_bits(sure, right, most):
    return one_by_one(sure.float(), right, most)


@pytest.mark.parametrize("choose", [one_by_one, halfway_in_numpy, by_plain_lists, in_32_bits])
def test_a_threshold_passes(choose):
    assert say(check_threshold, choose) == "passes"


def sorted_by(share, *, up=False, which=-1, more=0):
    """A threshold chosen from the answers in order, by what counts as the share of wrong ones."""

    def threshold(sure, right, most):
        order = sure.argsort(descending=not up)
        wrong = ~right[order]
        given = torch.arange(1, len(wrong) + 1)
        places = share(wrong, given, most).nonzero()[:, 0]
        if not len(places):
            return torch.inf
        place = min(places[which] + more, torch.tensor(len(wrong) - 1))
        return sure[order][place]

    return threshold


def of_the_given(wrong, given, most):
    return wrong.cumsum(0) / given <= most


WRONG_THRESHOLDS = {
    "the share is of all answers": sorted_by(lambda w, n, most: w.cumsum(0) <= most * len(w)),
    "sorted from the least sure up": sorted_by(of_the_given, up=True),
    "stops at the first excess": sorted_by(
        lambda w, n, most: (w.cumsum(0) / n > most).cumsum(0) == 0
    ),
    "stops at the first wrong answer": sorted_by(lambda w, n, most: w.cumsum(0) == 0),
    "right and wrong are swapped": sorted_by(lambda w, n, most: of_the_given(~w, n, most)),
    "less than the share": sorted_by(lambda w, n, most: w.cumsum(0) / n < most),
    "one too many": sorted_by(of_the_given, more=1),
    "the highest such threshold": sorted_by(of_the_given, which=0),
    "equally sure pass together": sorted_by(of_the_given),
    "none was to pass": lambda *asked: min(one_by_one(*asked), asked[0].max()),
    "got 9, by the threshold 0.998: a grid may step over": lambda sure, right, most: next(
        t for t in np.linspace(0, 1, 1001) if (~right[sure >= t]).double().mean() <= most
    ),
    "got ValueError": lambda sure, right, most: max([s for s in sure if s < 0]),
    "expected one number, got": lambda sure, right, most: sure,
}


@pytest.mark.parametrize("slip", WRONG_THRESHOLDS)
def test_a_wrong_threshold_is_told(slip):
    assert slip in say(check_threshold, WRONG_THRESHOLDS[slip])


def test_no_slip_is_named_where_the_threshold_is_none_of_the_answers():
    assert say(check_threshold, lambda sure, *_: sure.quantile(0.25)).endswith("0.9967")


def test_a_number_that_fits_the_example_passes_no_other():
    assert "of 3 answers to pass" in say(check_threshold, lambda *asked: 1 - 11 / 4096)


def fitted(loss, tried=None):
    """A temperature looked for among some."""
    tried = torch.linspace(0.05, 5, 496) if tried is None else tried

    def temperature(logits, labels):
        return tried[torch.stack([loss(logits, labels, t) for t in tried]).argmin()]

    return temperature


def cross_entropy(logits, labels, t):
    return F.cross_entropy(logits / t, labels)


def by_hand(logits, labels, t):
    powers = np.exp(logits.numpy() / float(t))
    shares = powers / powers.sum(axis=1, keepdims=True)
    return torch.tensor(-np.log(shares[np.arange(len(labels)), labels]).mean())


def by_descent(logits, labels):
    t = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.LBFGS([t], max_iter=100)

    def closure():
        optimizer.zero_grad()
        loss = cross_entropy(logits, labels, t)
        loss.backward()
        return loss

    optimizer.step(closure)
    return t


@pytest.mark.parametrize(
    "temperature",
    [
        fitted(cross_entropy),
        fitted(cross_entropy, torch.linspace(-3, 3, 301).exp2()),
        fitted(by_hand),
        by_descent,
        calibrate.temperature,
        lambda logits, labels: calibrate.temperature(logits.float(), labels) + 0.01,
    ],
)
def test_a_temperature_passes(temperature):
    assert say(check_temperature, temperature) == "passes"


WRONG_TEMPERATURES = {
    "multiplied by it, and not divided": fitted(lambda z, y, t: F.cross_entropy(z * t, y)),
    "a softmax stands before": fitted(lambda z, y, t: F.cross_entropy((z / t).softmax(1), y)),
    "needs one below 1": fitted(cross_entropy, torch.linspace(1, 5, 401)),
    "got 0.05 for both": fitted(lambda z, y, t: ((z / t).argmax(1) != y).double().mean()),
    "and on the labels?": fitted(lambda z, y, t: cross_entropy(z, z.argmax(1), t)),
    "expected 2.551, got 4": fitted(cross_entropy, torch.tensor([0.25, 0.5, 1, 4])),
    "expected 2.551, got 2.412": fitted(
        lambda z, y, t: ((z / t).softmax(1) - F.one_hot(y, 5)).square().mean(),
        torch.linspace(-3, 3, 1201).exp2(),
    ),
    "expected 0.4502, got": fitted(cross_entropy, torch.arange(0.1, 5, 0.1)),
    "got nan": lambda logits, labels: float("nan"),
    "expected one number, got": lambda logits, labels: logits,
}


@pytest.mark.parametrize("slip", WRONG_TEMPERATURES)
def test_a_wrong_temperature_is_told(slip):
    assert slip in say(check_temperature, WRONG_TEMPERATURES[slip])
