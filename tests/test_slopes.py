import numpy as np
import pytest
import torch
from torch.nn import functional as F

from digitlib.checks import say
from digitlib.exercises.slopes import check_backward, check_slope


def slopes(dz, dh, x, h, through):
    da = dh * through
    return x.T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)


def of_the_chapter(x, y, h, p, W2):
    dz = (p - y) / len(x)
    return slopes(dz, dz @ W2.T, x, h, h > 0)


def digit_by_digit(x, y, h, p, W2):
    four = [np.zeros((x.shape[1], h.shape[1])), np.zeros(h.shape[1]), np.zeros(W2.shape), 0.0]
    for seen, label, said, share in zip(x, y, h, p, strict=True):
        dz = share - label
        da = np.where(said == 0, 0, W2 @ dz)
        parts = np.outer(seen, da), da, np.outer(said, dz), dz
        four = [whole + part / len(x) for whole, part in zip(four, parts, strict=True)]
    return four


def by_tensors_in_place(*batch):
    x, y, h, p, W2 = (torch.tensor(part) for part in batch)
    p.sub_(y).div_(x.shape[0])
    da = (p @ W2.mT).masked_fill_(h <= 0, 0)
    return x.mT @ da, da.sum(0), torch.einsum("nh,nc->hc", h, p), p.sum(0)


def by_the_loss(x, y, h, p, W2):
    """PyTorch's own, from the scores that give these probabilities."""
    x, y, h, p, W2 = (torch.tensor(part) for part in (x, y, h, p, W2))
    W1, b1 = torch.zeros(x.shape[1], h.shape[1]).double(), torch.zeros(h.shape[1]).double()
    b2, W2 = torch.zeros(y.shape[1]).double(), W2.clone()
    asked = [weight.requires_grad_() for weight in (W1, b1, W2, b2)]
    hidden = h + (h > 0) * (x @ W1 + b1)  # as far as ReLU is straight
    start = (p.log() - h @ W2).detach()
    F.cross_entropy(start + hidden @ W2 + b2, y).backward()
    return [weight.grad for weight in asked]


def in_32_bits(*batch):
    return of_the_chapter(*(part.astype(np.float32) for part in batch))


@pytest.mark.parametrize(
    "back", [of_the_chapter, digit_by_digit, by_tensors_in_place, by_the_loss, in_32_bits]
)
def test_the_way_back_passes(back):
    assert say(check_backward, back) == "passes"


def way_back(start=None, through=None, end=None):
    """The way back with one of its lines another."""

    def back(x, y, h, p, W2):
        dz = start(p, y) if start else (p - y) / len(x)
        dh = dz @ W2.T
        da = through(h, dh) if through else dh * (h > 0)
        four = x.T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)
        return end(x, da, h, dz, four) if end else four

    return back


WRONG_WAYS = {
    "b2 to be": way_back(start=lambda p, y: p / len(p)),
    "the sign is turned": way_back(start=lambda p, y: (y - p) / len(p)),
    "n times too large": way_back(start=lambda p, y: p - y),
    "divided by 100, whatever n is": way_back(start=lambda p, y: (p - y) / 100),
    "divided by the number of all scores": way_back(start=lambda p, y: (p - y) / p.size),
    "divided by n twice": way_back(end=lambda x, da, h, dz, four: (*four[:3], dz.mean(axis=0))),
    "b1 to be [": way_back(through=lambda h, dh: dh * (h > 1)),
    "ReLU is missing, or lets 0 pass": way_back(through=lambda h, dh: dh),
    "as `h >= 0` does": way_back(through=lambda h, dh: dh * (h >= 0)),
    "multiplied by h, where only counts": way_back(through=lambda h, dh: dh * h),
    "not where the slope is": way_back(through=lambda h, dh: np.maximum(dh, 0)),
    "b2 to be shape (3,), got shape (4, 3): not summed": way_back(
        end=lambda x, da, h, dz, four: (*four[:3], dz)
    ),
    "b1 to be shape (6,), got shape (4, 6): not summed": way_back(
        end=lambda x, da, h, dz, four: (four[0], da, *four[2:])
    ),
    "the wrong side: `axis=0` runs over the digits": way_back(
        end=lambda x, da, h, dz, four: (four[0], da.sum(axis=1), *four[2:])
    ),
    "`axis=0` is missing": way_back(end=lambda x, da, h, dz, four: (*four[:3], dz.sum())),
    "W2 to be shape (6, 3), got shape (3, 6): turned on its side": way_back(
        end=lambda x, da, h, dz, four: (*four[:2], dz.T @ h, four[3])
    ),
    "W1 to be shape (5, 6), got shape (6, 5): turned on its side": way_back(
        end=lambda x, da, h, dz, four: (da.T @ x, *four[1:])
    ),
    "got W2, b2, W1, b1: another order": way_back(end=lambda *parts: parts[4][2:] + parts[4][:2]),
    "expected four: the slopes of W1, b1, W2 and b2, got 2": way_back(
        end=lambda *parts: parts[4][:2]
    ),
    "got ndarray": way_back(end=lambda *parts: parts[4][0]),
    "got ValueError at `": lambda x, y, h, p, W2: (p - y) @ W2,
}


@pytest.mark.parametrize("slip", WRONG_WAYS)
def test_a_wrong_way_back_is_told(slip):
    assert slip in say(check_backward, WRONG_WAYS[slip])


def test_an_axis_left_standing_is_no_slope_of_a_bias():
    kept = way_back(end=lambda x, da, h, dz, four: (*four[:3], dz.sum(axis=0, keepdims=True)))
    assert "b2 to be shape (3,), got shape (1, 3)" in say(check_backward, kept)


POINTS = np.linspace(-4, 4, 9)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def by_product(a):
    return sigmoid(a) * (1 - sigmoid(a))


def by_quotient(a):
    return np.exp(-a) / (1 + np.exp(-a)) ** 2


def by_loop(a):
    return [float(sigmoid(one) * sigmoid(-one)) for one in a]


def by_autograd(a):
    a = torch.tensor(a, requires_grad=True)
    a.sigmoid().sum().backward()
    return a.grad


@pytest.mark.parametrize("slope", [by_product, by_quotient, by_loop, by_autograd])
def test_a_derivative_passes(slope):
    assert say(check_slope, slope, sigmoid, POINTS) == "passes"


@pytest.mark.parametrize(
    ("slope", "function", "points"),
    [
        (lambda x: torch.where(x > 0, 1.0, 0.01), F.leaky_relu, torch.tensor([-2.0, 1.0, 3.0])),
        (torch.sigmoid, F.softplus, torch.linspace(-3, 3, 7)),
        (lambda x: 1 - np.tanh(x) ** 2, np.tanh, [0, 1, 2]),
        (lambda x: 3 * x**2, lambda x: x**3, [1, 100, 10_000]),
        (lambda x: 1 / x, np.log, [1e-2, 1.0, 1e6]),
        (lambda x: np.zeros(len(x)), lambda x: 0 * x + 5, [1, 2]),
    ],
    ids=["leaky", "softplus", "tanh", "cube", "log", "constant"],
)
def test_other_functions_pass(slope, function, points):
    assert say(check_slope, slope, function, points) == "passes"


WRONG_SLOPES = {
    ": the sign is turned": lambda a: -by_product(a),
    ": that is the function itself": sigmoid,
    "would be right if it were given what the function puts out": lambda a: a * (1 - a),
    ": that is the slope at what the function puts out": lambda a: by_product(sigmoid(a)),
    ": a factor of 0.5 is missing": lambda a: 2 * by_product(a),
    "as the slope at -4, got 0.982": lambda a: 1 - sigmoid(a),
    "expected 0.25 as the slope at 0, got 0.26": lambda a: by_product(a) + 0.01 * (a == 0),
    "as the slope at -4, got nan": lambda a: np.where(a < -3, np.nan, by_product(a)),
    "expected a slope for each of 9 points, got shape ()": lambda a: by_product(a).mean(),
    "expected a number for each point": lambda a: "a slope",
    "expected an answer, got": lambda a: by_product(a) @ np.ones(3),
}


@pytest.mark.parametrize("slip", WRONG_SLOPES)
def test_a_wrong_derivative_is_told(slip):
    assert slip in say(check_slope, WRONG_SLOPES[slip], sigmoid, POINTS)


def test_a_function_that_takes_less_than_it_puts_out_hides_no_line():
    """The logarithm of a logarithm below 0 isn't a number, and no error either."""
    line = say(check_slope, lambda x: 1 / x + x, np.log, [0.1, 0.5, 3])
    assert line == "fails: expected 0.3333 as the slope at 3, got 3.333"


@pytest.mark.parametrize("points", [[], 3.0, [[1.0, 2.0]]])
def test_points_that_are_none(points):
    with pytest.raises(ValueError, match=r"expected points \(N,\)"):
        check_slope(by_product, sigmoid, points)


def test_a_function_that_gives_no_value_for_each_point():
    with pytest.raises(ValueError, match="expected a value of the function for each point"):
        check_slope(by_product, lambda a: sigmoid(a).sum(), POINTS)


def test_slopes_that_are_nearly_alike_are_told_with_more_digits():
    def nearly(x):
        return (np.tanh(x + 1e-4) - np.tanh(x)) / 1e-4

    line = say(check_slope, nearly, np.tanh, [0.5, 1])
    ours, theirs = line.split()[2], line.split()[-1]
    assert ours != theirs and f"{float(ours):.3g}" == f"{float(theirs):.3g}"
