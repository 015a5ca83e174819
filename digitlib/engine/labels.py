"""Labels made softer: shares of the answers ``(B, outputs)`` in place of one label for each image, ``(B,)``."""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["smoothed", "taught"]


def smoothed(
    smoothing: float, outputs: int, _images: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """The label's share is ``1 - smoothing``; the rest goes evenly to all outputs, its own among them."""
    return (1 - smoothing) * F.one_hot(labels, outputs) + smoothing / outputs


@torch.no_grad()
def taught(
    teacher: nn.Module,
    distil: float,
    classes: int,
    outputs: int,
    images: torch.Tensor,
    labels: torch.Tensor,
) -> torch.Tensor:
    """A teacher's probabilities of the classes have the share ``distil``, the label the rest.

    Of what belongs to no class the teacher has nothing to teach: there the label has all.
    """
    answers = F.pad(teacher(images)[:, :classes].softmax(1), (0, outputs - classes))
    share = distil * (labels < classes).float()[:, None]
    return share * answers + (1 - share) * F.one_hot(labels, outputs)
