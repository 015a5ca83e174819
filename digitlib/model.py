"""The network: normalise, flatten, then linear layers with ReLU between them. It returns logits."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

__all__ = ["MLP", "Normalize", "with_norm"]

MEAN, STD = 0.1307, 0.3081
"""Mean and standard deviation of MNIST's training pixels, in [0, 1]."""


class Normalize(nn.Module):
    """Check a batch ``(N, 28, 28)`` in [0, 1], then subtract a mean and divide by a standard deviation."""

    def __init__(self, mean: float = MEAN, std: float = STD):
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the normalised batch, same shape; ValueError for another shape or dtype."""
        if not isinstance(x, torch.Tensor) or x.dtype != torch.float32:
            kind = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
            raise ValueError(
                f"expected a float32 tensor in [0, 1], got {kind}; "
                "digitlib.data.scale(images) makes one"
            )
        if x.dim() != 3 or x.shape[1:] != (28, 28):
            raise ValueError(f"expected shape (N, 28, 28), got {tuple(x.shape)}")
        return (x - self.mean) / self.std

    def extra_repr(self) -> str:
        """The two constants, for ``print(model)``."""
        return f"mean={self.mean}, std={self.std}"


class MLP(nn.Sequential):
    """A multilayer perceptron: ``logits = W2 relu(W1 relu(W0 x + b0) + b1) + b2``.

    Args:
        hidden: widths of the hidden layers.
        activation: what stands between two linear layers.
        seed: decides the initial weights.
        outputs: 10, or 11 for a model that also learns what is no digit.

    Takes a float batch ``(N, 28, 28)`` in [0, 1] and returns logits ``(N, outputs)``.
    ValueError for anything else.

    >>> MLP(hidden=(512, 256))(torch.zeros(1, 28, 28)).shape
    torch.Size([1, 10])
    """

    def __init__(
        self,
        hidden: Sequence[int] = (512, 256),
        activation: type[nn.Module] = nn.ReLU,
        seed: int = 0,
        outputs: int = 10,
    ):
        widths = [28 * 28, *hidden]
        layers = [Normalize(), nn.Flatten()]  # (N, 28, 28) -> (N, 784)
        # The caller's random numbers stay as they were.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for n_in, n_out in pairwise(widths):
                layers += [nn.Linear(n_in, n_out), activation()]
            layers += [nn.Linear(widths[-1], outputs)]  # logits: no activation
        super().__init__(*layers)


def with_norm(model: MLP) -> nn.Sequential:
    """The layers of an MLP, and batch normalisation after each linear one but the last.

    While it trains, each number that such a layer passes on is measured in standard deviations from its mean over
    the batch, which so has to hold two images or more; afterwards, over the training. Source: Ioffe and Szegedy
    (2015), *Batch normalization: accelerating deep network training by reducing internal covariate shift*.
    """
    layers = []
    for layer in model:
        layers.append(layer)
        if isinstance(layer, nn.Linear) and layer is not model[-1]:
            layers.append(nn.BatchNorm1d(layer.out_features))
    return nn.Sequential(*layers)
