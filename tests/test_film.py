"""What a network is like along its training."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from digitlib import data, evaluate
from digitlib.book.film import film


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.ReLU(), nn.Linear(12, 10))


@pytest.fixture(scope="module")
def taken(small):
    model = network()
    return film(model, small[:500], small[500:800], small.images[:1], 0.1, (0, 1, 2, 9)), model


def test_it_begins_before_the_first_step(taken, small):
    first = taken[0][0]
    logits = evaluate.logits(network(), small.images[500:800])
    assert first.step == 0
    assert first.valid_loss == pytest.approx(F.cross_entropy(logits, small.labels[500:800]).item())
    assert torch.equal(first.weights, network()[1].weight)


def test_each_moment_is_the_network_then(taken, small):
    moments, model = taken
    last = moments[-1]
    assert [moment.step for moment in moments] == [0, 1, 2, 9]
    assert torch.equal(last.weights, model[1].weight)
    logits = evaluate.logits(model, small.images[500:800])
    assert (last.confusion == evaluate.confusion(logits, small.labels[500:800])).all()
    assert last.ours.sum().item() == pytest.approx(1)
    assert not torch.equal(moments[1].weights, moments[2].weights)


def test_one_step_is_gradient_descents(small):
    few = small[:100]  # one batch, so that the order doesn't matter
    model = network()
    F.cross_entropy(model(data.scale(few.images)), few.labels).backward()
    weight = model[1].weight
    _, after = film(network(), few, few, few.images[:1], 0.5, (0, 1))
    assert torch.allclose(after.weights, weight - 0.5 * weight.grad, atol=1e-6)
