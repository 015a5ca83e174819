"""What each hidden unit of a small network adds to each score, for one image.

A score is its bias and one part from every unit: what the unit says, times its weight to that score. So parts can be
shown beside scores, and add up to them. Of a network with one hidden layer, as :func:`digitlib.export.fold` gives it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from digitlib.weights import Layers

__all__ = ["Parts"]


@dataclass(frozen=True)
class Parts:
    """What happens in a network of one hidden layer.

    Attributes:
        pushes: ``(units, 784)``, what each pixel adds to what each unit hears.
        hears: ``(units,)``, their sums with the units' biases.
        says: ``(units,)``, what ReLU leaves of it.
        parts: ``(classes, units)``, what each unit adds to each score.
        scores: ``(classes,)``, their sums with the scores' biases.
    """

    pushes: np.ndarray
    hears: np.ndarray
    says: np.ndarray
    parts: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, layers: Layers, image: ArrayLike) -> "Parts":
        """Of an image of 784 grey levels, 0 to 255, in any shape.

        ValueError for a network that hasn't one hidden layer.

        >>> import numpy as np
        >>> from digitlib.export import fold
        >>> from digitlib.model import MLP
        >>> layers = fold(MLP(hidden=(16,)))
        >>> found = Parts.of(layers, np.full((28, 28), 255))
        >>> bias = layers[1][1]
        >>> found.parts.shape, bool(np.allclose(found.parts.sum(axis=1) + bias, found.scores))
        ((10, 16), True)
        """
        if len(layers) != 2:
            raise ValueError(f"expected two layers of weights, got {len(layers)}")
        (first, first_bias), (second, second_bias) = layers
        pushes = first * (np.ravel(image) / 255)  # (units, 784)
        hears = pushes.sum(axis=1) + first_bias
        says = np.maximum(hears, 0)
        parts = second * says  # (classes, units)
        return cls(pushes, hears, says, parts, parts.sum(axis=1) + second_bias)
