"""What hidden units add to scores."""

import numpy as np
import pytest
import torch

from digitlib import data
from digitlib.book.parts import Parts
from digitlib.export import fold
from digitlib.model import MLP


@pytest.fixture(scope="module")
def model():
    return MLP(hidden=(16,), seed=3)


@pytest.fixture(scope="module")
def found(model, small):
    return Parts.of(fold(model), small.images[5])


def test_scores_are_the_networks(found, model, small):
    with torch.no_grad():
        expected = model(data.scale(small.images[[5]]))[0].numpy()
    np.testing.assert_allclose(found.scores, expected, atol=1e-4)


def test_a_silenced_unit_takes_its_part_along(found, model, small):
    unit = int(found.says.argmax())
    layers = fold(model)
    layers[0][0][unit], layers[0][1][unit] = 0, 0
    without = Parts.of(layers, small.images[5])
    np.testing.assert_allclose(found.scores - found.parts[:, unit], without.scores, atol=1e-5)
    assert np.abs(found.parts[:, unit]).max() > 0.1


def test_what_a_unit_hears_is_said_where_it_is_above_zero(found):
    assert (found.hears < 0).any() and (found.says[found.hears < 0] == 0).all()
    heard = found.hears > 0
    assert heard.any() and (found.says[heard] == found.hears[heard]).all()


def test_other_depths_are_refused():
    with pytest.raises(ValueError, match="expected two layers of weights, got 3"):
        Parts.of(fold(MLP(hidden=(8, 8))), np.zeros(784))
