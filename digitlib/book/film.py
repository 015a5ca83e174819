"""A training as a film: what a network of one hidden layer is like after some of its first steps, and later ones.

What a reader runs to and fro in the third chapter. Everything happens in the beginning, so that is where the pictures
lie close together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from digitlib import evaluate
from digitlib.data import Images, scale

__all__ = ["MOMENTS", "Moment", "film"]

MOMENTS = (0, 1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 632)
"""Steps after which a picture is taken; the last are eight epochs of 10,000 images, in batches of 128."""

_BATCH = 128


@dataclass(frozen=True)
class Moment:
    """What the network is like after so many steps.

    Attributes:
        step: gradient steps so far.
        train_loss, valid_loss: the mean cross-entropy of an image, in nats, of all images and none moving.
        confusion: validation images ``(C, C)``: a row for what one is, a column for what the network says.
        ours: probabilities ``(C,)`` of the one image that is followed.
        weights: of the first layer, ``(hidden, pixels)``.
    """

    step: int
    train_loss: float
    valid_loss: float
    confusion: np.ndarray
    ours: torch.Tensor
    weights: torch.Tensor


def film(
    model: nn.Sequential,
    learned: Images,
    valid: Images,
    ours: torch.Tensor,
    rate: float,
    moments: Sequence[int] = MOMENTS,
) -> list[Moment]:
    """Train by plain gradient descent, and look at the network now and then. The model is left trained.

    Args:
        model: a flattening, a linear layer, and what follows.
        learned, valid: images ``(N, 28, 28)``, to learn from and to measure on.
        ours: the image that is followed, uint8 ``(1, 28, 28)``.
        rate: the learning rate.
        moments: the steps after which to look, rising.

    >>> from torch import nn
    >>> from digitlib import data
    >>> digits = data.load("optdigits")
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))
    >>> taken = film(model, digits[:1000], digits[1000:], digits.images[:1], 0.1, MOMENTS[:8])
    >>> taken[-1].step, taken[-1].confusion.sum().item(), taken[-1].weights.shape
    (48, 437, torch.Size([16, 784]))
    >>> isinstance(taken[-1], Moment), taken[-1].train_loss < taken[0].train_loss
    (True, True)
    """
    examples = TensorDataset(scale(learned.images), learned.labels)
    order = torch.Generator().manual_seed(0)
    batches = DataLoader(examples, _BATCH, shuffle=True, generator=order)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    taken, step = [_moment(model, learned, valid, ours, 0)], 0
    while step < moments[-1]:
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            step += 1
            if step in moments:
                taken.append(_moment(model, learned, valid, ours, step))
            if step == moments[-1]:
                break
    return taken


def _moment(
    model: nn.Sequential, learned: Images, valid: Images, ours: torch.Tensor, step: int
) -> Moment:
    seen, asked = (evaluate.logits(model, images.images) for images in (learned, valid))
    weights = model[1].weight
    assert isinstance(weights, torch.Tensor)  # which mypy can't know of a layer
    return Moment(
        step,
        F.cross_entropy(seen, learned.labels).item(),
        F.cross_entropy(asked, valid.labels).item(),
        evaluate.confusion(asked, valid.labels),
        evaluate.logits(model, ours).softmax(dim=1)[0],
        weights.detach().clone(),
    )
