"""The loss along a gradient."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from digitlib import data
from digitlib.book.slope import Line


def network():
    torch.manual_seed(0)
    layers = nn.Linear(784, 12), nn.ReLU(), nn.Linear(12, 10)
    return nn.Sequential(nn.Flatten(), *layers).double()


@pytest.fixture(scope="module")
def x(small):
    return data.scale(small.images[:64]).double()


@pytest.fixture(scope="module")
def line(small, x):
    return Line(network(), x, small.labels[:64])


def test_the_loss_is_that_of_moved_weights(line, small, x):
    model = network()
    loss = F.cross_entropy(model(x), small.labels[:64])
    loss.backward()
    assert line.at(0)[0] == pytest.approx(loss.item())
    with torch.no_grad():
        for weight in model.parameters():
            weight -= 0.7 * weight.grad
    assert line.at(0.7)[0] == pytest.approx(F.cross_entropy(model(x), small.labels[:64]).item())


def test_slopes_are_the_curves(line):
    assert line.at(0)[1] == pytest.approx(-1)
    for place in (0.3, 1.1, 2.9):
        (before, _), (after, _) = line.at(place - 1e-5), line.at(place + 1e-5)
        assert line.at(place)[1] == pytest.approx((after - before) / 2e-5 / line.square, abs=1e-4)


def test_small_steps_arrive_and_large_ones_do_not(line):
    small, large = (line.descend(rate, steps=30) for rate in (0.05, 50))
    losses, _ = line.curve(small)
    assert losses == sorted(losses, reverse=True)
    assert line.at(large[-1])[0] > losses[0]
