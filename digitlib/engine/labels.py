"""Labels made softer: shares of the answers ``(B, outputs)`` in place of one label for each image, ``(B,)``."""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["smoothed", "taught"]


def smoothed(
    smoothing: float, outputs: int, _images: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """The label's share is ``1 - smoothing``; the rest goes evenly to all outputs, its own among them.

    Args:
        smoothing: the rest, 0 to 1.
        outputs: how many a model has.
        _images: not looked at; :func:`digitlib.engine.labels.taught` needs them in this place.
        labels: int64 ``(B,)``, 0 to ``outputs - 1``.

    Returns:
        float ``(B, outputs)``, each row with the sum 1.

    >>> import torch
    >>> from digitlib.engine import labels
    >>> labels.smoothed(0.5, 4, torch.zeros(1, 28, 28), torch.tensor([2]))
    tensor([[0.1250, 0.1250, 0.6250, 0.1250]])
    """
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

    Args:
        teacher: from float ``(B, 28, 28)`` to logits ``(B, C)`` or more; what is beyond the classes is not asked.
        distil: the teacher's share, 0 to 1.
        classes: how many there are, C.
        outputs: how many the learner has, C or C + 1.
        images: float ``(B, 28, 28)`` in [0, 1].
        labels: int64 ``(B,)``, 0 to C; C for what belongs to no class.

    Returns:
        float ``(B, outputs)``, each row with the sum 1.

    A teacher that can't tell two classes apart, and an image of the first:

    >>> import torch
    >>> from digitlib.engine import labels
    >>> teacher = lambda images: torch.zeros(len(images), 2)
    >>> labels.taught(teacher, 0.5, 2, 3, torch.zeros(2, 28, 28), torch.tensor([0, 2]))
    tensor([[0.7500, 0.2500, 0.0000],
            [0.0000, 0.0000, 1.0000]])
    """
    answers = F.pad(teacher(images)[:, :classes].softmax(1), (0, outputs - classes))
    share = distil * (labels < classes).float()[:, None]
    return share * answers + (1 - share) * F.one_hot(labels, outputs)
