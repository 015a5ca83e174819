"""From an image to a name, without torch: preparation, a forward pass, softmax.

A weights file answers by numpy alone (:class:`DigitClassifier`), a model in ONNX by ONNX Runtime
(:class:`OnnxClassifier`); both have the methods of :class:`Classifier`.

>>> import numpy as np
>>> from digitlib import DigitClassifier
>>> classifier = DigitClassifier.load()
>>> drawing = np.zeros((280, 280))
>>> classifier.classify(drawing)
Prediction(label=None, reason='blank', name=None)
>>> drawing[40:240, 130:150] = 1  # an upright stroke
>>> classifier.classify(drawing)
Prediction(label=1, reason=None, name='1')
"""

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from digitlib import hub, inputs, weights
from digitlib.plain import listed, one_line
from digitlib.preprocess import SIDE, NoInk, prepare

__all__ = [
    "Classifier",
    "DigitClassifier",
    "OnnxClassifier",
    "Prediction",
    "doubt",
    "load",
    "refusal_of",
]

Pictures = np.ndarray | inputs.Picture | Sequence
"""Whatever :func:`digitlib.inputs.drawings` takes."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a classifier says of one image.

    Attributes:
        label: the index of its class, 0 to C - 1, which of the ten digits is the digit; None where there is none.
        reason: why there is no label: ``"blank"``, or what :func:`refusal_of` says. None where there is one.
        probabilities: float32 ``(C,)``, of the classes if it is one of them; all zero for a blank.
        name: the name of its class; None where there is no label.

    >>> import numpy as np
    >>> probabilities = np.array([0.2, 0.8], dtype=np.float32)
    >>> Prediction(1, None, probabilities, "dog")
    Prediction(label=1, reason=None, name='dog')
    """

    label: int | None
    reason: str | None
    probabilities: np.ndarray = field(repr=False)
    name: str | None = None


def refusal_of(classes: Sequence[str]) -> str:
    """The reason of a refusal: ``"not a digit"`` where the classes are the ten digits, else ``"none of these"``.

    >>> refusal_of("0123456789"), refusal_of(["cat", "dog"])
    ('not a digit', 'none of these')
    """
    return "not a digit" if weights.are_digits(classes) else "none of these"


class Classifier(ABC):
    """A trained model, and what must happen to an image before it sees it.

    A subclass says what its last layer does, in :meth:`outputs`; all else is here.

    Args:
        outputs: how many numbers the model returns for an image: C, or C + 1 with the score of "none of these".
        classes, preparation, provenance: as below.
        calibration: ``temperature`` and ``threshold``; without them 1 and infinity.

    Attributes:
        classes: the names of the C classes, in the order of the logits.
        preparation: how a drawing becomes an image (:data:`digitlib.preprocess.PREPARATIONS`).
        provenance: recipe, seed, versions, command and validation accuracy of the training.
        temperature: logits are divided by it before softmax.
        threshold: the doubt above which the answer is a refusal; infinite for models that can't tell.
        none: whether the model has a last output more, the score of "none of these".

    Raises:
        ValueError: a number of outputs that doesn't fit the classes; and what :func:`digitlib.weights.check_answers`
            and :func:`digitlib.weights.check_calibration` find.

    >>> import numpy as np
    >>> class Brightness(Classifier):
    ...     def outputs(self, images):
    ...         return (images.mean(axis=(1, 2))[:, None] - 128) * [-1, 1]
    >>> brightness = Brightness(2, classes=["dark", "bright"], preparation="picture")
    >>> brightness.classify(np.full((50, 50), 200)).name
    'bright'
    """

    def __init__(
        self,
        outputs: int,
        classes: Sequence[str] = weights.DIGITS,
        preparation: str = "digit",
        provenance: Mapping | None = None,
        calibration: Mapping | None = None,
    ):
        self.classes = weights.check_answers(classes, preparation)
        if outputs - len(self.classes) not in (0, 1):
            n = len(self.classes)
            raise ValueError(f"expected {n} or {n + 1} outputs for {n} classes, got {outputs}")
        self.none = outputs > len(self.classes)
        self.preparation, self.provenance = preparation, provenance or {}
        calibration = calibration or {}
        weights.check_calibration(calibration)
        self.temperature = calibration.get("temperature", 1.0)
        self.threshold = calibration.get("threshold", math.inf)

    def check_for(self, classes: Sequence[str], preparation: str) -> None:
        """ValueError unless these are the classes and the preparation that the model was made for."""
        if tuple(classes) != self.classes:
            raise ValueError(
                f"expected images of the model's classes, {listed(self.classes)}, got {listed(classes)}"
            )
        if preparation != self.preparation:
            raise ValueError(
                f'expected images prepared as the model asks, "{self.preparation}", got "{preparation}"'
            )

    @abstractmethod
    def outputs(self, images: np.ndarray) -> np.ndarray:
        """What the last layer says of uint8 ``(N, 28, 28)``: ``(N, C)``, or ``(N, C + 1)``."""

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Logits ``(N, C)`` of prepared images: uint8 ``(N, 28, 28)``; ValueError for any other."""
        return self.outputs(images)[:, : len(self.classes)]

    def refused(self, images: np.ndarray) -> np.ndarray:
        """Of which uint8 ``(N, 28, 28)`` the answer is a refusal: booleans ``(N,)``; ValueError for any other."""
        return self._refused(self.outputs(images))

    def probabilities(self, images: Pictures) -> np.ndarray:
        """Probabilities ``(N, C)`` of drawings.

        Args:
            images: one drawing ``(H, W)`` or several ``(N, H, W)``, bright on dark, of any size, levels 0 to 255 as
                integers or 0 to 1 as floats, or masks; a picture: a Pillow image, an open file or the path of one; or a
                list of drawings and pictures.

        Raises:
            NoInk: an image is blank; says which.
            FileNotFoundError, ValueError: no such file, not a picture, a wrong shape.
        """
        drawings = inputs.drawings(images, self.preparation)
        prepared = np.empty((len(drawings), SIDE, SIDE), dtype=np.uint8)
        for i, drawing in enumerate(drawings):
            try:
                prepared[i] = prepare(drawing, self.preparation)
            except NoInk as error:
                raise NoInk(f"image {i + 1} of {len(drawings)}: {error}") from None
        return _softmax(self.logits(prepared) / self.temperature)

    def classify(self, image: Pictures) -> Prediction:
        """What is on one image, as :meth:`probabilities` takes it, ``(H, W)`` or a picture.

        Without ink it is "blank", and a refusal (:func:`refusal_of`) where the doubt is above the threshold.

        Raises:
            FileNotFoundError, ValueError: no such file, not a picture, a wrong shape, more than one image.
        """
        drawings = inputs.drawings(image, self.preparation)
        if len(drawings) != 1:
            raise ValueError(
                f"expected one image, got {len(drawings)}; probabilities() takes several"
            )
        try:
            prepared = prepare(drawings[0], self.preparation)[None]
        except NoInk:
            return Prediction(None, "blank", np.zeros(len(self.classes), dtype=np.float32))
        outputs = self.outputs(prepared)
        [probabilities] = _softmax(outputs[:, : len(self.classes)] / self.temperature)
        if self._refused(outputs)[0]:
            return Prediction(None, refusal_of(self.classes), probabilities)
        label = int(probabilities.argmax())
        return Prediction(label, None, probabilities, self.classes[label])

    def _refused(self, outputs: np.ndarray) -> np.ndarray:
        if not self.none:
            return np.zeros(len(outputs), dtype=bool)
        return doubt(outputs) > self.threshold


class DigitClassifier(Classifier):
    """The weights of a multilayer perceptron, by default the package's own, of digits; numpy computes.

    Attributes:
        layers: float32 weights ``(out, in)`` and biases ``(out,)``, first to last.

    The others are :class:`Classifier`'s.

    >>> from digitlib import weights
    >>> for path in (weights.SHIPPED, weights.TINY):
    ...     classifier = DigitClassifier.load(path)
    ...     print([len(bias) for _, bias in classifier.layers], "can refuse:", classifier.none)
    [320, 120, 11] can refuse: True
    [72, 60, 10] can refuse: False
    """

    def __init__(self, read: weights.Weights):
        outputs = len(read.layers[-1][1])
        super().__init__(outputs, read.classes, read.preparation, read.provenance, read.calibration)
        self.layers = read.layers

    @classmethod
    def load(cls, path: str | Path = weights.SHIPPED) -> "DigitClassifier":
        """Read a weights file; without a path, the one that comes with the package.

        Raises as :func:`digitlib.weights.load` does.
        """
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

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """What the last layer says of uint8 ``(N, 28, 28)``.

        These are the logits, and perhaps one number more: the score of "none of these".
        """
        images = _checked(images)
        x = images.reshape(len(images), SIDE * SIDE).astype(np.float32) / 255
        for weight, bias in self.layers[:-1]:
            x = np.maximum(x @ weight.T + bias, 0)
        weight, bias = self.layers[-1]
        return x @ weight.T + bias


class OnnxClassifier(Classifier):
    """A model in ONNX, as :func:`digitlib.export.to_onnx` writes it; ONNX Runtime computes, on the processor.

    Args:
        content: the bytes of the file.
        classes, preparation: of a model whose file says nothing of them, as other programs' don't.

    Raises:
        ModuleNotFoundError: onnxruntime isn't installed; the extra ``onnx`` brings it.
        ValueError: no model in ONNX, or none from images ``(N, 28, 28)`` to a number for each class.

    >>> import numpy as np
    >>> from onnx.parser import parse_model
    >>> text = '''<ir_version: 8, opset_import: ["": 17]>
    ... means (float[n, 28, 28] x) => (float[n, 28] y) {
    ...     y = ReduceMean <axes=[2], keepdims=0> (x)
    ... }'''
    >>> rows = [f"row {number}" for number in range(28)]
    >>> brightest = OnnxClassifier(parse_model(text).SerializeToString(), rows, "picture")
    >>> brightest.classify(np.tri(28)).name  # a triangle, widest below
    'row 27'
    """

    def __init__(
        self,
        content: bytes,
        classes: Sequence[str] | None = None,
        preparation: str | None = None,
    ):
        self._session = _session(content)
        self._input = self._session.get_inputs()[0].name
        # Of one number of images alone a model may be made; of two, all the same.
        answers = [self._run(np.zeros((n, SIDE, SIDE), dtype=np.float32)) for n in (1, 3)]
        if [np.shape(part)[:1] for part in answers] != [(1,), (3,)] or answers[0].ndim != 2:
            raise ValueError(
                f"expected outputs (N, C), got {np.shape(answers[1])} for three images"
            )
        if not np.isfinite(answers[0]).all():
            raise ValueError("expected finite outputs, got NaN or infinity for a dark image")
        given = {"classes": classes, "preparation": preparation}
        given = {name: value for name, value in given.items() if value is not None}
        said = weights.from_metadata(self._session.get_modelmeta().custom_metadata_map)
        if not given and "classes" not in said and answers[0].shape[1] not in (10, 11):
            raise ValueError(
                f"expected the names of its classes in the file, got none for {answers[0].shape[1]} outputs; "
                "hand them in: OnnxClassifier.load(path, classes=…)"
            )
        super().__init__(answers[0].shape[1], **given | said)

    @classmethod
    def load(
        cls,
        path: str | Path,
        classes: Sequence[str] | None = None,
        preparation: str | None = None,
    ) -> "OnnxClassifier":
        """Read a file. FileNotFoundError for none; arguments and other errors are the class's."""
        if not Path(path).is_file():
            raise FileNotFoundError(f"{path}: no such file")
        try:
            return cls(Path(path).read_bytes(), classes, preparation)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """What the last layer says of uint8 ``(N, 28, 28)``: ``(N, C)``, or ``(N, C + 1)``."""
        images = _checked(images)
        # A thousand at a time, so that what lies between the layers stays small.
        parts = [images[i : i + 1_000] for i in range(0, max(1, len(images)), 1_000)]
        return np.concatenate([self._run(part.astype(np.float32) / 255) for part in parts])

    def _run(self, x: np.ndarray) -> np.ndarray:
        try:
            return self._session.run(None, {self._input: x})[0]
        except Exception as error:  # ONNX Runtime's own kinds have no common root but this
            raise ValueError(f"expected a model of any N, got: {one_line(error)}") from None


def load(path: str | Path = weights.SHIPPED) -> Classifier:
    """Read a weights file or a model in ONNX, whichever it is by its first bytes.

    Raises:
        FileNotFoundError: no such file.
        ModuleNotFoundError: a model in ONNX, but no onnxruntime.
        ValueError: neither, or damaged.

    >>> load().preparation
    'digit'
    """
    return OnnxClassifier.load(path) if weights.is_onnx(path) else DigitClassifier.load(path)


def doubt(outputs: np.ndarray) -> np.ndarray:
    """The log odds of "none of these" against any class, ``(N,)``, from outputs ``(N, C + 1)``.

    >>> import numpy as np
    >>> doubt(np.array([[9.0, 0, 0], [0, 0, 0], [0, 0, 9.0]])).round(1).tolist()
    [-9.0, -0.7, 8.3]
    """
    logits = outputs[:, :-1]
    highest = logits.max(axis=1)
    known = np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    return outputs[:, -1] - highest - known


def _checked(images: np.ndarray) -> np.ndarray:
    """Prepared images; ValueError for anything else than uint8 ``(N, 28, 28)``."""
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"expected uint8 (N, {SIDE}, {SIDE}), got {images.dtype} {images.shape}")
    return images


# How ONNX's names of numbers begin.
_NUMBERS = ("float", "double", "int")


def _session(content: bytes) -> Any:
    """ONNX Runtime's session for a model."""
    # Read when it is imported; without it ONNX Runtime reports to its makers, and leaves a file behind.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        message = f'{error.name} is not installed; pip install "digitlib[onnx]"'
        raise ModuleNotFoundError(message, name=error.name) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # of what it makes of the model, no word
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        why = one_line(error)
        raise ValueError(f"expected a model in ONNX, got something else: {why}") from None
    inputs = [(one.type, one.shape) for one in session.get_inputs()]
    if len(inputs) != 1 or inputs[0][0] != "tensor(float)" or inputs[0][1][1:] != [SIDE, SIDE]:
        raise ValueError(f"expected one input, float (N, {SIDE}, {SIDE}), got {inputs}")
    outputs = session.get_outputs()  # which may be sequences, or of texts
    kind = outputs[0].type if outputs else "none"
    if not kind.removeprefix("tensor(u").removeprefix("tensor(").startswith(_NUMBERS):
        raise ValueError(f"expected outputs (N, C) as numbers, got {kind}")
    return session


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
