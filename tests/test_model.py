from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from digitlib.model import CNN, MLP, Normalize, with_norm


@pytest.mark.parametrize(("hidden", "count"), [((), 7_850), ((64,), 50_890), ((512, 256), 535_818)])
def test_shapes_and_parameters(hidden, count):
    model = MLP(hidden)
    assert model(torch.rand(3, 28, 28)).shape == (3, 10)
    assert sum(parameter.numel() for parameter in model.parameters()) == count


def test_norm_stands_before_each_activation():
    kinds = [type(layer) for layer in with_norm(MLP((5, 4)))][2:]
    block = [nn.Linear, nn.BatchNorm1d, nn.ReLU]
    assert kinds == [*block, *block, nn.Linear]


def test_logits_come_out_of_a_linear_layer():
    assert isinstance(MLP()[-1], nn.Linear)


def test_the_seed_decides_and_the_callers_numbers_stay():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again, other = MLP(seed=1), MLP(seed=1), MLP(seed=2)
    assert torch.equal(torch.rand(3), expected)
    x = torch.rand(2, 28, 28)
    assert torch.equal(first(x), again(x))
    assert not torch.equal(first(x), other(x))


@pytest.mark.parametrize("network", [partial(MLP, (256, 256)), partial(CNN, (32, 64, 128))])
def test_the_seed_decides_in_threads_too(network):
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda seed: network(seed=seed), range(24)))
    for seed, model in enumerate(made):
        alone = network(seed=seed).parameters()
        assert all(map(torch.equal, model.parameters(), alone))


def test_a_layer_may_be_a_network_with_a_seed():
    model = MLP((784,), activation=lambda: nn.Sequential(nn.Unflatten(1, (28, 28)), MLP(())))
    assert [type(layer) for layer in model[3]] == [nn.Unflatten, MLP]


def test_without_activation_it_is_linear():
    model = MLP((32, 16), activation=nn.Identity)
    a, b = torch.rand(2, 1, 28, 28)
    torch.testing.assert_close(model((a + b) / 2), (model(a) + model(b)) / 2)


def test_normalize():
    assert Normalize(0.5, 2.0)(torch.ones(1, 28, 28)).unique().item() == 0.25


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (torch.zeros(28, 28, 3), r"\(N, 28, 28\), got \(28, 28, 3\)"),
        (torch.zeros(28, 28), r"got \(28, 28\)"),
        (torch.zeros(2, 1, 28, 28), r"got \(2, 1, 28, 28\)"),
        (torch.zeros(2, 28, 28, dtype=torch.uint8), "float32 .* got torch.uint8"),
        (torch.zeros(2, 28, 28, dtype=torch.float64), "got torch.float64"),
        (np.zeros((2, 28, 28)), "got ndarray"),
    ],
)
def test_wrong_input_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        MLP()(wrong)


@pytest.mark.parametrize(
    ("channels", "count"), [((8,), 15_778), ((16, 32, 64), 29_178), ((2, 2, 2, 2), 172)]
)
def test_shapes_and_parameters_of_one_that_convolves(channels, count):
    model = CNN(channels)
    assert model(torch.rand(3, 28, 28)).shape == (3, 10)
    assert sum(parameter.numel() for parameter in model.parameters()) == count


def test_its_seed_decides_and_it_may_learn_none_of_these():
    x = torch.rand(2, 28, 28)
    first, again, other = (CNN((4, 4), seed=seed).eval() for seed in (1, 1, 2))
    assert torch.equal(first(x), again(x)) and not torch.equal(first(x), other(x))
    model = CNN((4,), classes=3, none=True, normalize=Normalize(0.5, 0.5))
    assert model(x).shape == (2, 4) and model.none and model[0].mean == 0.5


@pytest.mark.parametrize("channels", [(), (0,), (8, 8, 8, 8, 8)])
def test_blocks_that_cannot_be(channels):
    with pytest.raises(ValueError, match=r"1 to 4 blocks, each at least 1, got \("):
        CNN(channels)


def test_some_of_its_layers_are_layers_in_a_row():
    x, model = torch.rand(2, 28, 28), CNN((4,)).eval()
    assert type(model[:3]) is nn.Sequential and model[-1] is list(model)[-1]
    torch.testing.assert_close(model[3:](model[:3](x)), model(x))
