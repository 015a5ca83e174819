import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from digitlib.checks import say
from digitlib.exercises.scoring import check_forward, check_one_of_three


def by_slices(x, layers):
    for weights, biases in layers[:-1]:
        x = (x @ weights.T + biases).relu()
    weights, biases = layers[-1]
    return x @ weights.T + biases


def in_numpy_one_by_one(x, layers):
    scores = []
    for image in x.double().numpy():
        for number, (weights, biases) in enumerate(layers):
            if number:
                image = np.maximum(image, 0)
            image = weights.numpy() @ image + biases.numpy()
        scores.append(list(image))
    return scores


def in_modules(x, layers):
    modules = []
    for weights, biases in layers:
        layer = nn.Linear(*weights.T.shape)
        layer.weight.data, layer.bias.data = weights, biases
        modules += [layer, nn.ReLU()]
    return nn.Sequential(*modules[:-1])(x)


def in_place(x, layers):
    for weights, biases in layers[:-1]:
        x = F.linear(x, weights, biases).relu_()
    return x.mm(layers[-1][0].t()).add_(layers[-1][1])


@pytest.mark.parametrize("forward", [by_slices, in_numpy_one_by_one, in_modules, in_place])
def test_a_forward_pass_that_is_one_passes(forward):
    assert say(check_forward, forward) == "passes"


def looped(before="x", after="x", end="x"):
    """A pass whose layers take ``before`` and hand on ``after``; ``end`` is done to the scores."""
    lines = (
        "def forward(x, layers):",
        "    images = x",
        "    for number, (W, b) in enumerate(layers):",
        "        last = number == len(layers) - 1",
        f"        x = {before}",
        "        x = x @ W.T + b",
        f"        x = {after}",
        f"    return {end}",
    )
    exec("\n".join(lines), found := {})
    return found["forward"]


BENT = "x if last else x.relu()"
WRONG_PASSES = {
    "there is no ReLU": looped(),
    "a ReLU is last, and no score is below 0": looped(after="x.relu()"),
    "a ReLU is before the first layer too": looped(before="x.relu()"),
    "a ReLU is behind the first layer alone": looped(after="x if number else x.relu()"),
    "the biases are forgotten": looped(after="x - b if last else (x - b).relu()"),
    "the biases are added behind the ReLU": looped(after="x if last else (x - b).relu() + b"),
    "there is no ReLU, and the matrices lie": (
        lambda x, layers: looped()(x, [(W.T, b) for W, b in layers])
    ),
    "so x @ W.T": lambda x, layers: by_slices(x, [(W.T, b) for W, b in layers]),
    "a softmax is last": looped(after=BENT, end="x.softmax(dim=1)"),
    "asked about the images, and not": looped(before="images", after=BENT),
    "the last layer is left out": lambda x, layers: by_slices(x, layers[:-1]).relu(),
    "got shape (4,)": looped(after=BENT, end="x.amax(dim=1)"),
    "expected an answer, got AttributeError": lambda x, layers: x @ layers.T,
    "expected shape (4, 5), got": lambda x, layers: by_slices(x, [*layers, *layers][:3])[:, :2],
}


@pytest.mark.parametrize("slip", WRONG_PASSES)
def test_a_forward_pass_that_is_none(slip):
    assert slip in say(check_forward, WRONG_PASSES[slip])


def counted(second=-2.0, late=-1.0, sign=1.0, end=0.0):
    """Two units count the strokes, and the second is silent until there are two."""
    W2 = sign * torch.tensor([[1.0, second]])
    return lambda: (torch.ones(2, 3), torch.tensor([0.0, late]), W2, torch.tensor([end]))


def each_against_the_others():
    W1 = (2 * np.eye(3) - 1).tolist()
    return [W1, np.zeros(3), nn.Parameter(torch.ones(3)), 0]


def with_decimals():
    return 0.1 * torch.ones(2, 3), torch.tensor([0, -0.1]), torch.tensor([[0.3, -0.6]]), [0.0]


@pytest.mark.parametrize(
    "design", [counted(), counted(-3.0, -0.9), each_against_the_others, with_decimals]
)
def test_weights_that_tell_one_stroke_pass(design):
    assert say(check_one_of_three, design) == "passes"


def two_halves():
    """The chapter's two units, which don't look at the middle."""
    W1 = torch.tensor([[1.0, 0, -1], [-1, 0, 1]])
    return W1, torch.zeros(2), torch.ones(1, 2), torch.zeros(1)


def on_its_side():
    W1, *others = counted()()
    return W1.T, *others


WRONG_WEIGHTS = {
    "the middle and the right, got 1: further strokes must take": counted(-1.0),
    "ink at the middle and the right, got 2: no unit is silent at one way": counted(0.0, 0.0),
    "right, got -1: the signs are the other way round": counted(sign=-1.0),
    "a blank page, got 1": counted(end=1.0),
    "ink at the middle, got 0": two_halves,
    "expected W1 of shape (H, 3), got (3, 2): a row is for a unit": on_its_side,
    "expected b1 of shape (2,), got (3,)": lambda: (torch.ones(2, 3), torch.zeros(3), 0, 0),
    "expected W2 of shape (1, 2), got (2, 1)": lambda: (
        *counted()()[:2],
        torch.ones(2, 1),
        torch.zeros(1),
    ),
    "expected W1, b1, W2 and b2, got Tensor": lambda: torch.ones(2, 3),
    "expected W1, b1, W2 and b2, got int": lambda: 3,
    "expected numbers, got": lambda: (["a"], 0, 0, 0),
}


@pytest.mark.parametrize("slip", WRONG_WEIGHTS)
def test_weights_that_do_not(slip):
    assert slip in say(check_one_of_three, WRONG_WEIGHTS[slip])
