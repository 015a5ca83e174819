"""Checks of the exercises on a network that goes elsewhere: how it is asked, and whether two programs answer alike.

One asks a function of the reader's own with a small network that drops units at random while it trains; the other with
a few outputs whose differences can be told at sight.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from digitlib.checks import Bug, as_bug
from digitlib.exercises.marking import compare, mark
from digitlib.preprocess import SIDE

__all__ = ["check_answers", "check_compared"]

AT_ONCE = 4


def check_answers(answers: Callable) -> None:
    """Check a function that asks a network as a program elsewhere would: bytes in, an array of logits out.

    Args:
        answers: called with a network, from float ``(N, 28, 28)`` in [0, 1] to logits ``(N, C)``, an array of uint8
            ``(N, 28, 28)``, and how many images the network may be asked about at once; returns an array ``(N, C)``.

    It is asked about 7 images, about 8 and 1, and about none, 4 at once; in between the network trains or evaluates,
    and must be left as it was. Not seen: a network whose parts are not all in the same mode, or that lies on another
    device.

    Raises:
        Bug: other answers, another order, or no array; the network was asked while it trained, or about too many, or
            gradients were kept, or its mode was changed. Named are bytes that were not divided by 255, a softmax, and
            a last batch that was left out.

    >>> from digitlib.checks import say
    >>> def answers(network, images, batch):
    ...     network.eval()
    ...     with torch.no_grad():
    ...         parts = torch.from_numpy(images).float().split(batch)
    ...         return torch.cat([network(part) for part in parts]).numpy()
    >>> say(check_answers, answers).rpartition(": ")[2]
    'the bytes were not divided by 255'
    """
    asked: list[tuple[bool, int, bool]] = []
    network = _network(asked)
    random = np.random.default_rng(0)
    for n, trains in ((7, True), (8, False), (1, True), (0, False)):
        images = random.integers(0, 256, (n, SIDE, SIDE), dtype=np.uint8)
        right, slips = _right_and_slips(network, images)
        network.train(trains)
        asked.clear()
        with as_bug(f"answers about {n} images"), torch.random.fork_rng(devices=[]):
            got = answers(network, images.copy(), AT_ONCE)
        _check_asked(asked, n)
        if not isinstance(got, np.ndarray):
            raise Bug(f"expected an array of numpy, got {type(got).__name__}")
        _check_order(got, right)
        compare(got, right, slips)
        if {part.training for part in network.modules()} != {trains}:
            modes = ("evaluating", "training")
            raise Bug(f"expected the network to be left {modes[trains]}, as it was, got it changed")
        if not all(weight.requires_grad for weight in network.parameters()):
            raise Bug("expected the network's weights to be left learning, got them frozen")


def _network(asked: list[tuple[bool, int, bool]]) -> nn.Module:
    """A network for :func:`check_answers`; whenever it is asked it notes whether it trains, of how many, and whether
    gradients are kept, copies of it too."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        dropout = nn.Dropout(0.5)
        network = nn.Sequential(
            nn.Flatten(), nn.Linear(SIDE * SIDE, 16), nn.ReLU(), dropout, nn.Linear(16, 5)
        )

    def note(layer: nn.Module, _: tuple, output: torch.Tensor) -> None:
        asked.append((layer.training, len(output), output.requires_grad))

    dropout.register_forward_hook(note)
    return network


@torch.no_grad()
def _right_and_slips(
    network: nn.Module, images: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The right answers, and those of the usual slips; the network is left evaluating."""
    x = torch.from_numpy(images).float()
    network.eval()
    right = network(x / 255)
    full = len(x) // AT_ONCE * AT_ONCE
    slips = {
        "the bytes were not divided by 255": network(x),
        "these are probabilities, a softmax is last": right.softmax(1),
        "these are logarithms of probabilities": right.log_softmax(1),
        "these are names, not logits": right.argmax(1),
        "the last batch, which is not full, is left out": right[:full],
    }
    return right.numpy(), {slip: answer.numpy() for slip, answer in slips.items()}


def _check_asked(asked: list[tuple[bool, int, bool]], n: int) -> None:
    """A Bug for the way in which the network was asked about n images."""
    if n and not asked:
        raise Bug("expected the network handed in to be asked, got no call")
    if any(trains for trains, _, _ in asked):
        raise Bug("expected a network that evaluates, got it asked while it trains: eval() first")
    if any(keeps for _, _, keeps in asked):
        raise Bug("expected no gradients to be kept, got answers that keep them: torch.no_grad()")
    if (most := max((count for _, count, _ in asked), default=0)) > AT_ONCE:
        raise Bug(f"expected at most {AT_ONCE} images at once, got {most} of {n}")


def _check_order(got: np.ndarray, right: np.ndarray) -> None:
    """A Bug for the right answers in another order."""
    if got.shape == right.shape and not np.allclose(got, right, atol=1e-4):
        ours, theirs = (rows[rows[:, 0].argsort()] for rows in (right, got))
        if np.allclose(ours, theirs, atol=1e-4):
            raise Bug("expected the answers in the images' order, got them in another")


HERE = torch.tensor([[2.0, 1.0, 0.0], [0.5, 1.5, 1.0], [3.0, -1.0, 0.0], [0.0, 0.25, 2.0]])
THERE = torch.tensor([[2.0, 1.0, 0.0], [1.75, 1.5, 1.0], [3.0, -1.0, -0.5], [0.0, 0.25, 2.0]])


def check_compared(compared: Callable) -> None:
    """Check a function that compares what two programs answer to the same images.

    Args:
        compared: called with outputs ``(N, C)`` of one program and of the other, both float; returns the largest
            difference between two outputs, and the share of images, a part of 1, that both name alike.

    It is asked with either program first, and with one that answers ``nan`` to an image, all its outputs or one. There
    the difference is ``nan``, and that image has no name. Not seen: outputs that are infinite.

    Raises:
        Bug: other figures. Named are a mean in place of the largest, signs that were kept, a share of numbers in place
            of images, a count, the largest over the wrong dimension, and a ``nan`` that is passed over.

    >>> from digitlib.checks import say
    >>> def compared(here, there):
    ...     alike = here.argmax(dim=1) == there.argmax(dim=1)
    ...     return (here - there).abs().mean(), alike.double().mean()
    >>> say(check_compared, compared).rpartition(": ")[2]
    'a mean, in which one large difference is hidden'
    """
    for here, there in ((HERE, THERE), (THERE, HERE)):
        mark(compared, (here, there), (1.25, 0.75), _slips_of(here, there))
    broken, holed = HERE.clone(), HERE.clone()
    broken[0], holed[0, 0] = torch.nan, torch.nan
    for there in (broken, holed):
        for pair in ((HERE, there), (there, HERE)):
            naive = (pair[0].argmax(1) == pair[1].argmax(1)).double().mean().item()
            passed = "nan is passed over: no answer is no small difference"
            slips = {
                "an image answered with nan is said to be named alike": (torch.nan, naive),
                **{passed: (0.0, 0.75), f"{passed}, and no name": (0.0, naive)},
            }
            mark(compared, pair, (torch.nan, 0.75), slips)


def _slips_of(here: torch.Tensor, there: torch.Tensor) -> dict[str, tuple[float, float]]:
    """What the usual slips give in place of 1.25 and 0.75."""
    apart = here - there
    down = (here.argmax(0) == there.argmax(0)).double().mean().item()
    return {
        "a mean, in which one large difference is hidden": (apart.abs().mean().item(), 0.75),
        "without abs() a difference downwards is none": (apart.max().item(), 0.75),
        "a share of numbers, not of images": (1.25, (apart == 0).double().mean().item()),
        "a count of images, not a share": (1.25, 3.0),
        "the largest of each class, not of each image: dim=1": (1.25, down),
        "the two figures are swapped": (0.75, 1.25),
    }
