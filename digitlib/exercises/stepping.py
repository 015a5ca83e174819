"""Checks of the exercises on training: the loop over batches, and the step that it takes."""

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
from digitlib.preprocess import SIDE

__all__ = ["check_epoch"]


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
