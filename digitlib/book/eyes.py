"""The network of the chapter *Give it eyes*: how it was trained, and the weights that came of it, float32.

They are no weights file as the pad reads one, which holds linear layers alone: :func:`load` gives the network back. Of
its other seeds, and of recipe ``base`` beside it, what they made of spoilt digits is kept, and no weights.
"""

import json
from pathlib import Path

from safetensors.torch import load_file

from digitlib.accuracy import Accuracy
from digitlib.model import CNN
from digitlib.recipes import RECIPES
from digitlib.train import Training

__all__ = ["CHANNELS", "SPOILT", "TRAINING", "WEIGHTS", "load", "spoilt"]

CHANNELS = (16, 32, 64)
"""Filters in each block."""

TRAINING = Training(
    epochs=14,
    batch=128,
    rate=2e-2,
    decay=0.05,
    deform=RECIPES["base"].training.deform,
    fade=0.3,
)
"""How it learned; ``benchmarks/eyes.md`` has what else was tried."""

WEIGHTS = Path(__file__).with_name("eyes.safetensors")
"""What seed 0 ended with."""

SPOILT = 1_000
"""How many validation digits were spoilt, the first ones."""


def load() -> CNN:
    """The network with its weights, in evaluation mode.

    >>> import torch
    >>> from digitlib.book import eyes
    >>> network = eyes.load()
    >>> network.training, network(torch.zeros(3, 28, 28)).shape
    (False, torch.Size([3, 10]))
    """
    network = CNN(CHANNELS)
    network.load_state_dict(load_file(WEIGHTS))
    return network.eval()


def spoilt(network: str, seed: int) -> dict[str, dict[float, Accuracy]]:
    """What a network made of spoilt digits, recorded: ``{kind: {severity: accuracy}}``.

    Kinds and severities are those of :data:`digitlib.report.corruptions.CORRUPTIONS`.

    Args:
        network: ``"eyes"``, ``"base"``, which is that recipe's, or ``"base, fading"``, whose deformations fade.
        seed: 0 to 4.

    >>> from digitlib.book import eyes
    >>> eyes.spoilt("base", seed=0)["rotation"][10].n
    1000
    """
    kinds = json.loads(Path(__file__).with_name("eyes.json").read_text())[network]
    return {
        kind: {float(much): Accuracy(right[seed], SPOILT) for much, right in way.items()}
        for kind, way in kinds.items()
    }
