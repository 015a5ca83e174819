"""The networks: the book's own, of linear layers with ReLU between them, and one that convolves first.

Each begins with its normalisation, takes float ``(N, 28, 28)`` in [0, 1] and returns logits.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from threading import RLock
from typing import Any

import torch
from torch import nn

from digitlib.preprocess import SIDE

__all__ = ["CNN", "MLP", "Normalize", "with_norm"]

MEAN, STD = 0.1307, 0.3081
"""Mean and standard deviation of MNIST's training pixels, in [0, 1]."""

_GENERATOR = RLock()  # a layer may be a network that is seeded, too


class Normalize(nn.Module):
    """Check a batch ``(N, 28, 28)`` in [0, 1], then subtract a mean and divide by a standard deviation.

    Args:
        mean, std: of the pixels in [0, 1]; by default those of MNIST's training images.

    >>> import torch
    >>> Normalize(0.5, 0.25)(torch.ones(2, 28, 28)).unique()
    tensor([2.])
    >>> Normalize()(torch.ones(2, 784))
    Traceback (most recent call last):
        ...
    ValueError: expected shape (N, 28, 28), got (2, 784)
    """

    def __init__(self, mean: float = MEAN, std: float = STD):
        super().__init__()
        self.mean, self.std = mean, std

    @classmethod
    def of(cls, images: torch.Tensor) -> "Normalize":
        """By the mean and the standard deviation of all pixels of uint8 images ``(N, 28, 28)``, to four decimals.

        ValueError for no images, or where all pixels are alike, so that there is no deviation to divide by.
        """
        if not len(images):
            raise ValueError("expected images, got none")
        # Counts of the 256 levels: as floats, all pixels would need four times their memory.
        counts = torch.bincount(images.flatten(), minlength=256).double()
        share, level = counts / counts.sum(), torch.arange(256) / 255
        mean = float((share * level).sum())
        std = float((share * (level - mean) ** 2).sum().sqrt())
        if not round(std, 4):
            raise ValueError(f"expected images that differ, got {len(images)} of one grey level")
        return cls(round(mean, 4), round(std, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the normalised batch, same shape; ValueError for another shape or dtype."""
        if not isinstance(x, torch.Tensor) or x.dtype != torch.float32:
            kind = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
            raise ValueError(
                f"expected a float32 tensor in [0, 1], got {kind}; "
                "digitlib.data.scale(images) makes one"
            )
        if x.dim() != 3 or x.shape[1:] != (SIDE, SIDE):
            raise ValueError(f"expected shape (N, {SIDE}, {SIDE}), got {tuple(x.shape)}")
        return (x - self.mean) / self.std

    def extra_repr(self) -> str:
        """The two constants, for ``print(model)``."""
        return f"mean={self.mean}, std={self.std}"


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Within it random numbers come from a seed; the caller's stay as they were."""
    # All threads share PyTorch's generator, and a network's weights shouldn't hang on what another thread makes.
    with _GENERATOR, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


class MLP(nn.Sequential):
    """A multilayer perceptron: ``logits = W2 relu(W1 relu(W0 x + b0) + b1) + b2``.

    Args:
        hidden: widths of the hidden layers.
        activation: what stands between two linear layers.
        seed: decides the initial weights.
        classes: how many logits; ten, unless other things than digits are named.
        none: whether one output more is learned, the score of "none of these".
        normalize: what comes first; MNIST's own constants if None.

    Takes a float batch ``(N, 28, 28)`` in [0, 1] and returns logits ``(N, classes)``.
    ValueError for anything else.

    >>> MLP(hidden=(512, 256))(torch.zeros(1, 28, 28)).shape
    torch.Size([1, 10])
    """

    def __init__(
        self,
        hidden: Sequence[int] = (512, 256),
        activation: type[nn.Module] = nn.ReLU,
        seed: int = 0,
        classes: int = 10,
        none: bool = False,
        normalize: Normalize | None = None,
    ):
        widths = [SIDE * SIDE, *hidden]
        layers = [normalize or Normalize(), nn.Flatten()]  # (N, 28, 28) -> (N, 784)
        with _seeded(seed):  # the caller's random numbers stay as they were
            for n_in, n_out in pairwise(widths):
                layers += [nn.Linear(n_in, n_out), activation()]
            # logits: no activation
            layers += [nn.Linear(widths[-1], classes + none)]
        super().__init__(*layers)
        self.none = none


def with_norm(model: MLP) -> nn.Sequential:
    """The layers of an MLP, and batch normalisation after each linear one but the last.

    While it trains, each number that such a layer passes on is measured in standard deviations from its mean over
    the batch, which so has to hold two images or more; afterwards, over the training. Source: Ioffe and Szegedy
    (2015), *Batch normalization: accelerating deep network training by reducing internal covariate shift*.

    >>> [type(layer).__name__ for layer in with_norm(MLP(hidden=(64,)))]
    ['Normalize', 'Flatten', 'Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    """
    layers = []
    for layer in model:
        layers.append(layer)
        if isinstance(layer, nn.Linear) and layer is not model[-1]:
            layers.append(nn.BatchNorm1d(layer.out_features))
    network = nn.Sequential(*layers)
    # PyTorch's types know tensors and modules alone.
    network.none = model.none  # type: ignore[assignment]
    return network


class CNN(nn.Sequential):
    """A convolutional network: blocks of filters, pooling, batch normalisation and ReLU, then a linear layer.

    A filter is a window of 3 x 3 with a weight for each number under it, the same ones wherever it lies, and a pooling
    keeps the largest of each 2 x 2 answers: so each block halves height and width.

    Args:
        channels: how many filters each block has, of one to four blocks.
        seed: decides the initial weights.
        classes: how many logits; ten, unless other things than digits are named.
        none: whether one output more is learned, the score of "none of these".
        normalize: what comes first; MNIST's own constants if None.

    Takes a float batch ``(N, 28, 28)`` in [0, 1] and returns logits ``(N, classes)``.
    ValueError for anything else, and for no channels, or more blocks than a picture can be halved.
    Source: LeCun, Bottou, Bengio and Haffner (1998), *Gradient-based learning applied to document recognition*.

    >>> CNN(channels=(8, 16))(torch.zeros(1, 28, 28)).shape
    torch.Size([1, 10])
    """

    def __init__(
        self,
        channels: Sequence[int] = (16, 32, 64),
        seed: int = 0,
        classes: int = 10,
        none: bool = False,
        normalize: Normalize | None = None,
    ):
        most = SIDE.bit_length() - 1
        if not 1 <= len(channels) <= most or min(channels) < 1:
            raise ValueError(
                f"expected the channels of 1 to {most} blocks, each at least 1, got {tuple(channels)}"
            )
        layers = [normalize or Normalize(), nn.Unflatten(1, (1, SIDE))]  # (N, 1, 28, 28)
        with _seeded(seed):  # the caller's random numbers stay as they were
            for n_in, n_out in pairwise([1, *channels]):
                # The normalisation that follows has a bias of its own.
                layers += [nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)]  # (N, n_out, H, W)
                # Pooled first, so that what follows has a quarter of the numbers to work on.
                layers += [nn.MaxPool2d(2), nn.BatchNorm2d(n_out), nn.ReLU()]
            side = SIDE >> len(channels)
            layers += [nn.Flatten(), nn.Linear(channels[-1] * side**2, classes + none)]
        super().__init__(*layers)
        self.none = none
        # All channels of a pixel side by side in memory: on a CPU a step takes two thirds of the time.
        self.to(memory_format=torch.channels_last)

    def __getitem__(self, place: Any) -> Any:
        """A layer, or of a slice such as ``model[:3]`` an ``nn.Sequential``."""
        # What nn.Sequential would do is to hand the layers to this class's own constructor.
        return (
            nn.Sequential(*list(self)[place])
            if isinstance(place, slice)
            else super().__getitem__(place)
        )
