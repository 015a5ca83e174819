import copy

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from digitlib import evaluate
from digitlib.checks import say
from digitlib.exercises.carrying import check_answers, check_compared


def in_parts(network, images, batch):
    trains = network.training
    network.eval()
    with torch.no_grad():
        parts = (torch.from_numpy(images) / 255).split(batch)
        answers = torch.cat([network(part) for part in parts])
    network.train(trains)
    return answers.numpy()


def one_by_one_from_a_copy(network, images, batch):
    asked = copy.deepcopy(network).eval()
    answers = np.empty((len(images), 5))
    with torch.inference_mode():
        for i, image in enumerate(images):
            answers[i] = asked.forward(torch.tensor(image[None].astype("float32") / 255))[0]
    return answers


def of_the_package(network, images, batch):
    return evaluate.outputs(network, torch.from_numpy(images), batch).numpy()


@pytest.mark.parametrize("answers", [in_parts, one_by_one_from_a_copy, of_the_package])
def test_a_network_asked_as_it_should_be_passes(answers):
    assert say(check_answers, answers) == "passes"


@torch.no_grad()
def evaluating(network, images, batch, work=lambda x: x):
    """Right, but that the mode is not put back; ``work`` spoils the answers."""
    network.eval()
    parts = (torch.from_numpy(images) / 255).split(batch)
    return work(torch.cat([network(part) for part in parts])).numpy()


@torch.no_grad()
def never_evaluating(network, images, batch):
    parts = (torch.from_numpy(images) / 255).split(batch)
    return torch.cat([network(part) for part in parts]).numpy()


def keeping_gradients(network, images, batch):
    asked = copy.deepcopy(network).eval()
    return asked(torch.from_numpy(images) / 255).detach().numpy()


def frozen(network, images, batch):
    network.requires_grad_(False)
    return of_the_package(network, images, batch)


@torch.no_grad()
def of_none_fails(network, images, batch):
    asked = copy.deepcopy(network).eval()
    x = torch.from_numpy(images) / 255
    parts = [asked(x[i : i + batch]) for i in range(0, len(x), batch)]
    return torch.cat(parts).numpy()


def shuffled(network, images, batch):
    x = torch.from_numpy(images)
    loader = DataLoader(x, batch, shuffle=True) if len(x) else [x]
    return torch.cat([evaluate.outputs(network, part) for part in loader]).numpy()


WRONG_ANSWERS = {
    "expected a network that evaluates, got it asked while it trains: eval() first": (
        never_evaluating
    ),
    "expected the network to be left training, as it was, got it changed": evaluating,
    "expected no gradients to be kept, got answers that keep them": keeping_gradients,
    "expected the network's weights to be left learning, got them frozen": frozen,
    "expected at most 4 images at once, got 7 of 7": (
        lambda network, images, batch: of_the_package(network, images, 100)
    ),
    "these are probabilities, a softmax is last": (
        lambda *asked: evaluating(*asked, lambda answers: answers.softmax(1))
    ),
    "these are logarithms of probabilities": (
        lambda *asked: evaluating(*asked, lambda answers: answers.log_softmax(1))
    ),
    "expected shape (7, 5), got shape (7,): these are names, not logits": (
        lambda *asked: evaluating(*asked, lambda answers: answers.argmax(1))
    ),
    "the bytes were not divided by 255": lambda network, images, batch: evaluating(
        network, images.astype("float32") * 255, batch
    ),
    "got shape (4, 5): the last batch, which is not full, is left out": (
        lambda network, images, batch: of_the_package(
            network, images[: len(images) // batch * batch], batch
        )
    ),
    "expected shape (1, 5), got shape (5,)": lambda *asked: of_the_package(*asked).squeeze(),
    "expected answers about 0 images, got ": (of_none_fails),
    "expected the answers in the images' order, got them in another": shuffled,
    "expected an array of numpy, got Tensor": lambda *asked: torch.tensor(of_the_package(*asked)),
    "expected the network handed in to be asked, got no call": (
        lambda network, images, batch: np.zeros((len(images), 5))
    ),
    "expected answers about 7 images, got ": lambda network, images, batch: evaluating(
        network, images.astype("float64"), batch
    ),
}


@pytest.mark.parametrize("slip", WRONG_ANSWERS)
def test_a_network_asked_otherwise(slip):
    assert slip in say(check_answers, WRONG_ANSWERS[slip])


def by_tensors(here, there):
    apart = (here - there).abs().amax(dim=1)
    alike = here.argmax(dim=1) == there.argmax(dim=1)
    return apart.max(), (alike & apart.isfinite()).float().mean()


def by_numpy(here, there):
    here, there = here.numpy(), there.numpy()
    whole = ~np.isnan(here + there).any(axis=1)
    alike = whole & (here.argmax(1) == there.argmax(1))
    return float(np.abs(here - there).max()), alike.sum() / len(alike)


def by_loop(here, there):
    largest, alike = 0.0, 0
    for a, b in zip(here.tolist(), there.tolist(), strict=True):
        apart = [abs(x - y) for x, y in zip(a, b, strict=True)]
        if any(number != number for number in apart):
            largest = float("nan")
            continue
        largest = largest if largest != largest else max(largest, *apart)
        alike += a.index(max(a)) == b.index(max(b))
    return [largest, alike / len(here)]


@pytest.mark.parametrize("compared", [by_tensors, by_numpy, by_loop])
def test_a_comparison_that_is_one_passes(compared):
    assert say(check_compared, compared) == "passes"


def names(here, there, dim=1):
    return (here.argmax(dim) == there.argmax(dim)).double().mean()


def apart(here, there):
    return (here - there).abs()


WRONG_COMPARISONS = {
    "a mean, in which one large difference is hidden": lambda here, there: (
        apart(here, there).mean(),
        names(here, there),
    ),
    "without abs() a difference downwards is none": lambda here, there: (
        (here - there).max(),
        names(here, there),
    ),
    "a share of numbers, not of images": lambda here, there: (
        apart(here, there).max(),
        (here == there).double().mean(),
    ),
    "a count of images, not a share": lambda here, there: (
        apart(here, there).max(),
        len(here) * names(here, there),
    ),
    "the largest of each class, not of each image: dim=1": lambda here, there: (
        apart(here, there).max(),
        names(here, there, dim=0),
    ),
    "the two figures are swapped": lambda here, there: by_tensors(here, there)[::-1],
    "an image answered with nan is said to be named alike": lambda here, there: (
        apart(here, there).max(),
        names(here, there),
    ),
    "nan is passed over: no answer is no small difference": lambda here, there: (
        apart(here, there).nan_to_num().max(),
        by_tensors(here, there)[1],
    ),
    "nan is passed over: no answer is no small difference, and no name": lambda here, there: (
        apart(here, there).nan_to_num().max(),
        names(here, there),
    ),
    "expected 1.25, 0.75, got 1.25, 75": lambda here, there: (
        apart(here, there).max(),
        100 * by_tensors(here, there)[1],
    ),
    "expected shape (2,), got a single number": names,
    "got 1.25, 0.75": lambda here, there: (1.25, 0.75),
}


@pytest.mark.parametrize("slip", WRONG_COMPARISONS)
def test_a_comparison_that_is_none(slip):
    assert slip in say(check_compared, WRONG_COMPARISONS[slip])
