"""The loss along one line: from a network's weights down the gradient that it has there, and a ball that rolls on it.

Of all the directions in which the weights may go, a gradient names one. Along it the loss is a curve, which can be
drawn, and gradient descent that keeps to it can be watched. Its first step is the network's own; the later ones
go by the part of the gradient that lies along the line.
"""

import copy
from collections.abc import Iterable

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

__all__ = ["Line"]


class Line:
    """A place on it is a number: how many times the first gradient has been taken off the weights.

    Args:
        model: where it begins; it is left as it is.
        x: a batch ``(N, 28, 28)``, in the precision of the model's weights.
        labels: ``(N,)``.

    >>> import torch
    >>> from digitlib.model import MLP
    >>> line = Line(MLP((16,), seed=0), torch.rand(8, 28, 28), torch.arange(8))
    >>> start, slope = line.at(0.0)
    >>> slope < 0 and line.at(0.01)[0] < start
    True
    >>> line.descend(rate=0.5, steps=2)[:2]  # the first step is as long as the rate
    [0.0, 0.5]
    """

    def __init__(self, model: nn.Module, x: torch.Tensor, labels: torch.Tensor) -> None:
        self.model, self.x, self.labels = copy.deepcopy(model), x, labels
        self.start = {name: w.detach() for name, w in self.model.named_parameters()}
        _, self.gradient = self._loss_and_gradient(self.start)
        self.square = sum(float(g.square().sum()) for g in self.gradient.values())

    def _loss_and_gradient(self, weights: dict) -> tuple[float, dict]:
        weights = {name: w.clone().requires_grad_() for name, w in weights.items()}
        loss = F.cross_entropy(functional_call(self.model, weights, (self.x,)), self.labels)
        gradients = torch.autograd.grad(loss, list(weights.values()))
        return loss.item(), dict(zip(weights, gradients, strict=True))

    def at(self, place: float) -> tuple[float, float]:
        """The loss there, and how fast it grows along the line, for each gradient's length of the way.

        The slope is a share of the one in the beginning, which is -1.
        """
        moved = {name: w - place * self.gradient[name] for name, w in self.start.items()}
        loss, gradient = self._loss_and_gradient(moved)
        along = sum(float((g * self.gradient[name]).sum()) for name, g in gradient.items())
        return loss, -along / self.square

    def curve(self, places: Iterable[float]) -> tuple[list[float], list[float]]:
        """The losses and the slopes at places."""
        losses, slopes = zip(*map(self.at, places), strict=True)
        return list(losses), list(slopes)

    def descend(self, rate: float, steps: int) -> list[float]:
        """The places that a ball comes to which always goes down the slope it stands on: ``steps + 1`` of them."""
        places = [0.0]
        for _ in range(steps):
            places.append(places[-1] - rate * self.at(places[-1])[1])
        return places
