"""Checks of the exercises on training: the loop over batches, the loss, and a step with momentum."""

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from torch.utils.data import DataLoader, TensorDataset

from digitlib.checks import Bug, as_bug
from digitlib.exercises.marking import ask, compare, mark
from digitlib.preprocess import SIDE

__all__ = ["check_cross_entropy", "check_epoch", "check_momentum"]

RATE, MOMENTUM = 0.5, 0.8


def check_epoch(epoch: Callable) -> None:
    """Check that a training loop learns as it should: one step down the gradient for each batch.

    Args:
        epoch: called with a model, a ``DataLoader`` of batches ``(x, y)`` and an optimizer of the model's weights; goes
            through the batches once. The images are float ``(B, 28, 28)``. What it returns is not looked at.

    It gets a small network, four batches of 25 and plain gradient descent. At each step of the optimizer, the
    gradients must be those of the batch's mean cross-entropy. Not seen: what a loop reports of itself. Taken for a
    bug: what changes gradients on purpose, such as clipping them, a penalty, smoothed labels, or several batches a
    step.

    Raises:
        Bug: the loop isn't written yet, or raises an error; ``step``, ``backward`` or ``zero_grad`` is missing or
            stands elsewhere; the steps go up; the gradients are another loss's; there are more steps or fewer than
            batches; or the weights move without the optimizer.

    >>> from digitlib.checks import say
    >>> def loop(model, batches, optimizer):
    ...     for x, y in batches:
    ...         F.cross_entropy(model(x), y).backward()
    ...         optimizer.step()
    >>> say(check_epoch, loop).partition("got ")[2]
    "the earlier batches' added to it: zero_grad() is missing"
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = nn.Flatten(), nn.Linear(SIDE * SIDE, 16), nn.ReLU(), nn.Linear(16, 10)
        examples = TensorDataset(torch.rand(100, SIDE, SIDE), torch.randperm(100) % 10)
        model, batches = nn.Sequential(*layers), DataLoader(examples, 25)
        known = list(batches)
        before, asked, optimizer = copy.deepcopy(model), [], _Noting(model.parameters(), lr=0.1)
        model.register_forward_hook(lambda *_: asked.append(1))
        with as_bug("the loop to go through"):
            epoch(model, batches, optimizer)
    if not asked:
        raise Bug(
            "expected the model to be asked about each batch, got no call: "
            "is it written yet, and does it ask the model handed in?"
        )
    steps, n = optimizer.steps, len(batches)
    if not steps and not all(map(torch.equal, model.parameters(), before.parameters())):
        raise Bug(
            "expected the optimizer's step() to move the weights, got them moved without it: use the one handed in"
        )
    if len(steps) != n:
        early = "ends early, or step() is in the wrong place" if steps else "never calls step()"
        why = early if len(steps) < n else "steps more than once for a batch"
        raise Bug(f"expected a step for each of {n} batches, got {len(steps)}: the loop {why}")
    earlier = torch.zeros_like(steps[0][1])
    for number, ((weights, noted), (x, y)) in enumerate(zip(steps, known, strict=True), 1):
        vector_to_parameters(weights, before.parameters())
        if found := _other_gradient(noted, earlier, before, x, y):
            raise Bug(f"expected the gradient of batch {number}'s mean loss, got {found}")
        earlier = noted


def check_cross_entropy(loss: Callable) -> None:
    """Check a function that computes the mean cross-entropy of a batch, from its scores.

    Args:
        loss: called with logits, float ``(B, C)``, and labels ``(B,)``; returns one number.

    It is asked about ordinary scores, then about some of 1000 and of -1000, whose powers of e no float holds. Not seen:
    whether a gradient flows through it.

    Raises:
        Bug: another number. Named are the sum or the logarithm of the mean in place of the mean, the largest
            probability in place of the label's, a missing logarithm or minus, a softmax over the batch, another base;
            and numbers that are lost because they are too large or too small.

    >>> from digitlib.checks import say
    >>> def most_probable(logits, labels):
    ...     return -logits.softmax(dim=1).amax(dim=1).log().mean()
    >>> say(check_cross_entropy, most_probable).rpartition(": ")[2]
    "this asks for the largest probability, not the label's"
    """
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0], [1.0, 1.5, -2.0], [0.5, -0.5, 0.0]])
    labels = torch.tensor([0, 2, 1, 1])
    p, rows = logits.softmax(dim=1), torch.arange(len(labels))
    given, right = p[rows, labels], F.cross_entropy(logits, labels)
    slips = {
        "this is the sum over the batch, not its mean": len(labels) * right,
        "this asks for the largest probability, not the label's": -p.amax(dim=1).log().mean(),
        "this is the probability itself, without a logarithm": given.mean(),
        "this is what the probability lacks of 1, without a logarithm": 1 - given.mean(),
        "the minus is missing": -right,
        "this is the logarithm of the mean, not the mean of the logarithms": -given.mean().log(),
        "the probabilities add up to 1 over the batch, not over a digit's scores": (
            -logits.softmax(dim=0)[rows, labels].log().mean()
        ),
        "this is the logarithm to base 2": right / math.log(2),
    }
    mark(loss, (logits, labels), right, slips)
    logits = torch.tensor([[1e3, 0.0, 0.0], [-1000.0, -1001.0, -999.0], [1e3, 1001.0, 999.0]])
    labels = torch.tensor([1, 0, 2])
    got, right = ask(loss, logits, labels), F.cross_entropy(logits, labels)
    if not torch.as_tensor(got).isfinite().all():
        raise Bug(
            f"expected the loss of large scores to be {right:.4g}, got {float(got)}: "
            "some power of e was more than a float holds, or came to 0 before the logarithm"
        )
    compare(got, right, what="the loss of large scores")


def check_momentum(step: Callable) -> None:
    """Check a function that takes one step of gradient descent with momentum.

    Args:
        step: called with a list of weights, a list of their gradients, a list of velocities, tensors of the same
            shapes, then the rate and the momentum. It changes the weights in place, and keeps the velocities, in place
            or as new tensors in the same list. What it returns is not looked at.

    It takes three steps from velocities of 0, and after each the weights must be where ``torch.optim.SGD`` has them;
    what it keeps as a velocity is its own affair. Not seen: what it would do if the rate changed on the way.

    Raises:
        Bug: weights elsewhere. Named are a velocity that isn't used or isn't kept, steps upwards, the new gradient
            counted by 1 - momentum only, the velocity of before, and Nesterov's form.

    >>> from digitlib.checks import say
    >>> def forgetful(weights, gradients, velocities, rate, momentum):
    ...     for weight, gradient, velocity in zip(weights, gradients, velocities):
    ...         velocity = momentum * velocity + gradient
    ...         weight -= rate * velocity
    >>> say(check_momentum, forgetful).rpartition("]: ")[2]
    'the velocity is not used, or not kept: `=` only gives a name to another tensor'
    """
    weights = [torch.tensor([1.0, 2.0]), torch.tensor([[3.0]])]
    gradients = torch.tensor([[2.0, -1.0, 1.0], [1.0, 1.5, -2.0], [-1.0, 2.0, 3.0]])
    velocities = [torch.zeros_like(weight) for weight in weights]
    right = nn.Parameter(parameters_to_vector(weights))
    optimizer = torch.optim.SGD([right], lr=RATE, momentum=MOMENTUM)
    paths = {slip: _path(right.detach(), gradients, rule) for slip, rule in SLIPS.items()}
    for number, gradient in enumerate(gradients):
        right.grad = gradient
        optimizer.step()
        parts = [gradient[:2].clone(), gradient[2:].view(1, 1).clone()]
        with as_bug("a step"):
            step(list(weights), parts, velocities, RATE, MOMENTUM)
        slips = {slip: path[number] for slip, path in paths.items()}
        got = parameters_to_vector(weights)
        compare(got, right, slips, what=f"the weights after step {number + 1}")


# For each usual slip: of the velocity and the gradient, the next velocity and what is taken off the weights.
SLIPS: dict[str, Callable] = {
    "the velocity is not used, or not kept: `=` only gives a name to another tensor": (
        lambda v, g: (v, g)
    ),
    "the steps go up": lambda v, g: (MOMENTUM * v - g, MOMENTUM * v - g),
    "the new gradient counts whole, not by 1 - momentum": lambda v, g: (
        [MOMENTUM * v + (1 - MOMENTUM) * g] * 2
    ),
    "no tensor is changed in place, as `-=` does, or the step goes by the velocity of before": (
        lambda v, g: (MOMENTUM * v + g, v)
    ),
    "this looks ahead, as Nesterov's momentum does": lambda v, g: (
        MOMENTUM * v + g,
        g + MOMENTUM * (MOMENTUM * v + g),
    ),
}


def _path(start: torch.Tensor, gradients: torch.Tensor, rule: Callable) -> list[torch.Tensor]:
    """Where weights are after each of these gradients, by another rule."""
    weights, velocity, path = start.clone(), torch.zeros_like(start), []
    for gradient in gradients:
        velocity, off = rule(velocity, gradient)
        weights = weights - RATE * off
        path.append(weights)
    return path


class _Noting(torch.optim.SGD):
    """Gradient descent that notes the weights and the gradients of each step, before it."""

    def __init__(self, *arguments: Any, **named: Any):
        super().__init__(*arguments, **named)
        self.steps: list[tuple[torch.Tensor, torch.Tensor]] = []

    def step(self, closure: Callable | None = None) -> Any:
        """Note, and step."""
        weights = [weight for group in self.param_groups for weight in group["params"]]
        gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
        noted = parameters_to_vector(weights).detach(), parameters_to_vector(gradients)
        self.steps.append(noted)
        return super().step(closure)


_Noting.__name__ = "SGD"  # as an error calls it


def _other_gradient(
    noted: torch.Tensor, earlier: torch.Tensor, model: nn.Module, x: torch.Tensor, y: torch.Tensor
) -> str:
    """What a step's gradient was in place of the batch's own; nothing where it was that."""

    def slope(loss: Callable) -> torch.Tensor:
        with torch.enable_grad():
            gradients = torch.autograd.grad(loss(model(x)), list(model.parameters()))
        return parameters_to_vector(gradients)

    def like(other: torch.Tensor) -> bool:
        return bool((noted - other).norm() <= 1e-3 * other.norm())

    right = slope(lambda z: F.cross_entropy(z, y))
    if like(right):
        return ""
    if not noted.any():
        return "none: backward() is missing, or comes after step(), or zero_grad() comes between"
    if like(-right):
        return "its opposite: the steps go up"
    if like(right + earlier):
        return "the earlier batches' added to it: zero_grad() is missing"
    if like(slope(lambda z: F.cross_entropy(z.softmax(1), y))):
        return "that of a softmax before cross_entropy, which has its own"
    if like(slope(lambda z: F.cross_entropy(z, y, reduction="sum"))):
        return f"that of a sum, {len(y)} times as long"
    angle = math.degrees(math.acos(float(F.cosine_similarity(noted, right, dim=0).clamp(-1, 1))))
    return f"one that points {angle:.0f} degrees away: are these its own images and labels?"
