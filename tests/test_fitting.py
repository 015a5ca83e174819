from dataclasses import replace

import pytest
import torch
from torch import nn

from digitlib import data
from digitlib.engine import fitting
from digitlib.model import MLP, with_norm
from digitlib.train import Training, fit
from signs import Convolutions, striped


@pytest.fixture(scope="module")
def parts():
    return data.split(striped(5, 30), valid=25)


class Squeezing(nn.Module):
    """Returns a number for each image."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 1)

    def forward(self, x):
        return self.layer(x.flatten(1)).squeeze(1)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Flatten(), "expected a network with weights to learn"),
        (nn.Sequential(nn.Conv2d(3, 5, 28), nn.Flatten()), "expected a model that takes float"),
        (Squeezing(), r"got \(2,\)"),
        (MLP((8,), classes=7), r"got \(2, 7\)"),
        (MLP((8,), classes=5, none=True), "5 outputs for 5 classes, got one with 6"),
    ],
)
def test_a_network_that_does_not_fit_is_refused_in_a_line(parts, model, message):
    with pytest.raises(ValueError, match=message) as caught:
        fit(model, *parts, Training(epochs=1))
    assert "\n" not in str(caught.value).strip()


@pytest.mark.parametrize("outputs", [4, 8])
def test_a_teacher_of_other_classes_is_refused(parts, outputs):
    with pytest.raises(ValueError, match="the teacher: expected a model that returns"):
        fit(MLP((8,), classes=5), *parts, Training(distil=0.5), teacher=MLP((8,), classes=outputs))


def test_images_of_another_preparation_are_refused(parts):
    train, valid = parts
    with pytest.raises(ValueError, match="expected the same preparation"):
        fit(MLP((8,), classes=5), train, replace(valid, preparation="digit"))


@pytest.mark.parametrize("none", [False, True])
def test_a_trained_network_says_whether_it_can_say_none(parts, none):
    train, valid = parts
    if none:
        train = train.and_also(train.images[:9], torch.full((9,), 5))
    model = Convolutions(5 + none)
    model.none = not none
    fit(model, train, valid, Training(epochs=1))
    assert model.none is none


@pytest.mark.parametrize(
    ("model", "least"),
    [(MLP((8,)), 1), (with_norm(MLP((8,))), 2), (Convolutions(3), 2), (nn.BatchNorm2d(3), 2)],
)
def test_batch_normalisation_needs_two(model, least):
    assert fitting.fewest(model) == least
