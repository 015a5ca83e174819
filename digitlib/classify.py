"""From an image to a digit, with numpy alone: preprocessing, a forward pass, softmax.

>>> import numpy as np
>>> from digitlib import DigitClassifier
>>> classifier = DigitClassifier.load()
>>> classifier.classify(np.zeros((280, 280)))
Prediction(label=None, reason='blank')
"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from digitlib import hub, weights
from digitlib.picture import read_image
from digitlib.preprocess import SIDE, NoInk, preprocess

__all__ = ["DigitClassifier", "Prediction", "doubt"]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the classifier says of one image.

    Attributes:
        label: the digit, 0 to 9; None where there is none.
        reason: why there is no label: ``"blank"`` or ``"not a digit"``. None where there is one.
        probabilities: float32 ``(10,)``, of the ten digits if it is one; all zero for a blank.
    """

    label: int | None
    reason: str | None
    probabilities: np.ndarray = field(repr=False)


class DigitClassifier:
    """Trained weights, and what must happen to an image before they see it.

    Attributes:
        layers: float32 weights ``(out, in)`` and biases ``(out,)``, first to last.
        provenance: recipe, seed, versions, command and validation accuracy of the training.
        temperature: logits are divided by it before softmax.
        threshold: the doubt above which the answer is "not a digit"; infinite for weights that can't tell.
    """

    def __init__(self, read: weights.Weights):
        self.layers = read.layers
        self.provenance = read.provenance
        self.temperature = read.calibration.get("temperature", 1.0)
        self.threshold = read.calibration.get("threshold", math.inf)

    @classmethod
    def load(cls, path: str | Path = weights.SHIPPED) -> "DigitClassifier":
        """Read a weights file; without a path, the one that comes with the package."""
        return cls(weights.load(path))

    @classmethod
    def from_hub(cls, name: str, revision: str | None = None) -> "DigitClassifier":
        """Read the weights of a model on Hugging Face, as ``digitlib deploy --model`` publishes it.

        The file is safetensors, numbers and text: nothing that comes with it is executed. But the owner of a name may
        put other weights there at any time. Pin what you have tried, by its commit's hash.

        Args:
            name: ``USER/NAME``.
            revision: a commit's hash, a tag or a branch; without it, what is there now.

        Raises:
            ModuleNotFoundError: huggingface_hub isn't installed.
            FileNotFoundError: no such model or revision, or no weights there.
            ConnectionError: the hub doesn't answer, and nothing was fetched before.
            OSError: the hub refused.
            ValueError: not a name, or not a digitlib weights file.
        """
        return cls.load(hub.fetch(name, weights.SHIPPED.name, revision))

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Logits ``(N, 10)`` of images as MNIST's: uint8 ``(N, 28, 28)``."""
        return self.outputs(images)[:, :10]

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """What the last layer says of uint8 ``(N, 28, 28)``.

        These are the logits, and perhaps one number more: the score of "none of these".
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
            raise ValueError(
                f"expected uint8 (N, {SIDE}, {SIDE}), got {images.dtype} {images.shape}"
            )
        x = images.reshape(len(images), -1).astype(np.float32) / 255
        for weight, bias in self.layers[:-1]:
            x = np.maximum(x @ weight.T + bias, 0)
        weight, bias = self.layers[-1]
        return x @ weight.T + bias

    def refused(self, images: np.ndarray) -> np.ndarray:
        """Of which uint8 ``(N, 28, 28)`` the answer is "not a digit": booleans ``(N,)``."""
        return doubt(self.outputs(images)) > self.threshold

    def probabilities(self, images: np.ndarray | Image.Image | str | Path | BinaryIO) -> np.ndarray:
        """Probabilities ``(N, 10)`` of drawings.

        Args:
            images: one drawing ``(H, W)`` or several ``(N, H, W)``, bright on dark, of any size, levels 0 to 255 as
                integers or 0 to 1 as floats; or a picture: a Pillow image, an open file or
                the path of one.

        Raises:
            NoInk: an image is blank; says which.
            FileNotFoundError, ValueError: no such file, not a picture, a wrong shape.
        """
        drawings = _drawings(images)
        prepared = np.empty((len(drawings), SIDE, SIDE), dtype=np.uint8)
        for i, drawing in enumerate(drawings):
            try:
                prepared[i] = preprocess(drawing)
            except NoInk as error:
                raise NoInk(f"image {i + 1} of {len(drawings)}: {error}") from None
        return _softmax(self.logits(prepared) / self.temperature)

    def classify(self, image: np.ndarray | Image.Image | str | Path | BinaryIO) -> Prediction:
        """The digit on one image, as :meth:`probabilities` takes it, ``(H, W)`` or a picture.

        Without ink it is "blank", and "not a digit" where the doubt is above the threshold.
        """
        drawings = _drawings(image)
        if len(drawings) != 1:
            raise ValueError(
                f"expected one image, got {len(drawings)}; probabilities() takes several"
            )
        try:
            prepared = preprocess(drawings[0])[None]
        except NoInk:
            return Prediction(None, "blank", np.zeros(10, dtype=np.float32))
        outputs = self.outputs(prepared)
        [probabilities] = _softmax(outputs[:, :10] / self.temperature)
        if doubt(outputs)[0] > self.threshold:
            return Prediction(None, "not a digit", probabilities)
        return Prediction(int(probabilities.argmax()), None, probabilities)


def doubt(outputs: np.ndarray) -> np.ndarray:
    """The log odds of "no digit" against any digit, ``(N,)``; from ten outputs, which can't tell, minus infinity."""
    if outputs.shape[1] == 10:
        return np.full(len(outputs), -np.inf)
    highest = outputs[:, :10].max(axis=1)
    digits = np.log(np.exp(outputs[:, :10] - highest[:, None]).sum(axis=1))
    return outputs[:, 10] - highest - digits


def _drawings(images) -> np.ndarray:
    """Anything that ``probabilities`` takes, as an array ``(N, H, W)``."""
    if isinstance(images, str | Path | Image.Image) or hasattr(images, "read"):
        return read_image(images)[None]
    images = np.asarray(images)
    colour = images.ndim == 3 and images.shape[-1] <= 4  # (H, W, 3), say
    if images.ndim not in (2, 3) or 0 in images.shape or colour:
        raise ValueError(
            f"expected (H, W) or (N, H, W), got {images.shape}; "
            "pass a colour picture as a Pillow image or a file"
        )
    return images if images.ndim == 3 else images[None]


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
