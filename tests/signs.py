"""Images of any number of classes, made by program, and a network that is no perceptron, for tests."""

import torch
from torch import nn

from digitlib.data import Images


def striped(count, n, none=False):
    """``n`` images of each of ``count`` classes: a bright line in a place of its own; and dark ones of none."""
    random = torch.Generator().manual_seed(n)
    labels = torch.arange(count).repeat(n)
    images = torch.randint(40, (len(labels), 28, 28), generator=random, dtype=torch.uint8)
    for image, label in zip(images, labels.tolist(), strict=True):
        image[label // 2, 14 * (label % 2) : 14 * (label % 2) + 14] = 255
    names = tuple(f"class {label}" for label in range(count))
    known = Images(images, labels, names)
    dark = torch.randint(40, (2 * n, 28, 28), generator=random, dtype=torch.uint8)
    return known.and_also(dark, torch.full((2 * n,), count)) if none else known


class Convolutions(nn.Module):
    """A network of one's own, with batch normalisation of both kinds and dropout."""

    def __init__(self, outputs):
        super().__init__()
        self.seen = nn.Sequential(
            nn.Conv2d(1, 4, 5, stride=3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()
        )
        self.named = nn.Sequential(
            nn.Dropout(0.1), nn.Linear(4 * 8 * 8, 16), nn.BatchNorm1d(16), nn.Linear(16, outputs)
        )

    def forward(self, x):
        return self.named(self.seen(x[:, None]))
