"""The weights file: the layers of a multilayer perceptron, what they answer and where they came from, in safetensors.

Layer ``i`` is three arrays: ``i.weight`` int8 ``(out, in)``, ``i.scale`` float32 ``(out,)`` and ``i.bias`` float32
``(out,)``. A row's weights are ``scale * weight``. Between layers stands a ReLU; the first takes the 784 pixels of an
image in [0, 1], row by row, and normalisation is folded into it; the last returns a logit for each class, and perhaps
one number more, the score of "none of these".

The header's metadata holds four JSON texts. ``classes`` are the names, in the order of the logits; ``preparation`` says
how a drawing becomes an image (:data:`digitlib.preprocess.PREPARATIONS`); ``calibration`` has the ``temperature`` by
which logits are divided before softmax and the ``threshold`` of doubt above which it refuses; ``provenance`` is recipe,
seed, versions, command and validation accuracy. A file without the first is of the ten digits, and one without the
second is prepared as digits are. A model in ONNX carries the same texts.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from digitlib.files import write_whole
from digitlib.plain import one_line
from digitlib.preprocess import SIDE, check_preparation

__all__ = [
    "DIGITS",
    "SHIPPED",
    "TINY",
    "Layers",
    "Weights",
    "are_digits",
    "check_answers",
    "check_calibration",
    "checksum",
    "from_metadata",
    "is_onnx",
    "is_ours",
    "load",
    "noun",
    "quantise",
    "rounded",
    "save",
    "to_metadata",
    "untrained",
    "usual_preparation",
]

DIGITS = tuple("0123456789")
"""The names of the ten digits, the classes of most of this book."""

SHIPPED = Path(__file__).with_name("digits.safetensors")
"""The weights that come with the package, trained on MNIST."""

TINY = Path(__file__).with_name("tiny.safetensors")
"""Smaller ones, of less than 64,000 bytes."""

LARGEST = 1e38
"""Every number in a file is smaller than this."""

COLDEST = 1e-3
"""A temperature is above this: logits divided by much less are infinite, as by 0."""

Layers = list[tuple[np.ndarray, np.ndarray]]
"""Float32 weights ``(out, in)`` and biases ``(out,)``, from the first layer to the last."""


@dataclass(frozen=True)
class Weights:
    """What a weights file holds.

    Attributes:
        layers: float32, dequantised; from 784 pixels to C outputs, or C + 1.
        provenance: where they came from, as JSON can hold it.
        calibration: ``temperature`` and ``threshold``, where they were fitted.
        classes: the names of the C classes, in the order of the logits.
        preparation: how a drawing becomes an image for them (:data:`digitlib.preprocess.PREPARATIONS`).

    Raises:
        ValueError: layers that don't fit each other or the classes, or hold NaN or infinity; and what
            :func:`check_answers` and :func:`check_calibration` find.

    >>> import numpy as np
    >>> layers = [(np.zeros((3, 784), dtype=np.float32), np.zeros(3, dtype=np.float32))]
    >>> Weights(layers, classes=("cat", "dog")).none  # there is a third output
    True
    >>> Weights(layers)
    Traceback (most recent call last):
        ...
    ValueError: expected a last layer of 10 or 11 outputs for 10 classes, got 3
    """

    layers: Layers
    provenance: dict = field(default_factory=dict)
    calibration: dict = field(default_factory=dict)
    classes: tuple[str, ...] = DIGITS
    preparation: str = "digit"

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", check_answers(self.classes, self.preparation))
        check_calibration(self.calibration)
        _check(self.layers, len(self.classes))

    @property
    def none(self) -> bool:
        """Whether the last output is the score of "none of these"."""
        return len(self.layers[-1][1]) > len(self.classes)


def untrained(classes: Sequence[str], preparation: str = "digit") -> Weights:
    """Weights that have learned nothing and refuse every drawing.

    A pad with their file has the names of the classes, under which it keeps drawings and exports them: so it collects
    what a first network of these classes is to learn from.

    Args:
        classes: the names of C classes.
        preparation: how the pad makes an image of a drawing (:data:`digitlib.preprocess.PREPARATIONS`).

    Raises:
        ValueError: as of :func:`check_answers`.

    >>> from digitlib import DigitClassifier
    >>> network = DigitClassifier(untrained(["camp", "rest"]))
    >>> drawing = np.zeros((60, 60), dtype=np.uint8)
    >>> drawing[20:40, 28:32] = 255
    >>> network.classify(drawing).reason
    'none of these'
    """
    classes = check_answers(classes, preparation)
    bias = np.zeros(len(classes) + 1, dtype=np.float32)
    bias[-1] = 10  # "none of these" is far likelier than any class
    layer = np.zeros((len(bias), SIDE * SIDE), dtype=np.float32), bias
    return Weights([layer], {}, {"threshold": 0.0}, classes, preparation)


def are_digits(classes: Sequence[str]) -> bool:
    """Whether classes are the ten digits, in their order.

    >>> are_digits("0123456789"), are_digits(["1", "0"])
    (True, False)
    """
    return tuple(classes) == DIGITS


def noun(classes: Sequence[str]) -> str:
    """What one calls an image of these classes: ``"digit"``, or ``"picture"``.

    >>> noun(DIGITS), noun(["cat", "dog"])
    ('digit', 'picture')
    """
    return "digit" if are_digits(classes) else "picture"


def usual_preparation(classes: Sequence[str]) -> str:
    """How pictures of these classes are prepared where nothing is said: the ten digits as such, others whole.

    >>> usual_preparation("0123456789"), usual_preparation(["cat", "dog"])
    ('digit', 'picture')
    """
    return "digit" if are_digits(classes) else "picture"


def check_answers(classes: Sequence[str], preparation: str) -> tuple[str, ...]:
    """Return the names of classes as a tuple.

    Raises:
        ValueError: fewer than two names, one that is empty, no text or there twice; an unknown preparation.

    >>> check_answers(["cat", "dog", "cat"], "picture")
    Traceback (most recent call last):
        ...
    ValueError: expected at least two names of classes, each another, none empty, got 'cat' twice
    """
    if isinstance(classes, str) or not all(isinstance(name, str) for name in classes):
        raise ValueError(f"expected names of classes, got {classes!r}")
    classes = tuple(classes)
    twice = next((name for name in classes if classes.count(name) > 1), None)
    if len(classes) < 2 or twice is not None or not all(map(str.strip, classes)):
        got = f"{twice!r} twice" if twice is not None else f"{list(classes)!r}"
        raise ValueError(
            f"expected at least two names of classes, each another, none empty, got {got}"
        )
    check_preparation(preparation)
    return classes


def check_calibration(calibration: Mapping) -> None:
    """ValueError unless a temperature, if there is one, is a number above 0.001, and a threshold any finite number.

    Either below 1e38, since they meet numbers of float32.

    >>> check_calibration({"temperature": 1.2, "threshold": -0.5})
    >>> check_calibration({"temperature": 0})
    Traceback (most recent call last):
        ...
    ValueError: expected a temperature that is a finite number above 0.001, below 1e+38, got 0
    """
    for name, least in (("temperature", COLDEST), ("threshold", -LARGEST)):
        value = calibration.get(name, 1.0)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        # A larger one is infinite as a float32, and a whole number may be too large for any float.
        if not (number and least < value < LARGEST):
            above = f" above {COLDEST:g}" * (name == "temperature")
            raise ValueError(
                f"expected a {name} that is a finite number{above}, below {LARGEST:g}, got {value!r:.40}"
            )


def is_onnx(path: str | Path) -> bool:
    """Whether a file begins as a model in ONNX does, and not as a weights file; False where there is no file.

    >>> is_onnx(SHIPPED)
    False
    """
    if not Path(path).is_file():
        return False
    with Path(path).open("rb") as file:
        start = file.read(9)
    # A weights file has the length of its header, eight bytes, and the header, JSON. ONNX begins with its version.
    return start[:1] == b"\x08" and start[8:] != b"{"


# What a file says of a model beside its numbers, and as which kind of JSON.
_SAID = {"provenance": dict, "calibration": dict, "classes": list, "preparation": str}


def to_metadata(
    provenance: Mapping | None = None,
    calibration: Mapping | None = None,
    classes: Sequence[str] = DIGITS,
    preparation: str = "digit",
) -> dict[str, str]:
    """What a file says of a model beside its numbers, as JSON texts by name: the fields of :class:`Weights`.

    Classes and preparation are left out where they are the ten digits'. ValueError as of :func:`check_answers`.

    >>> to_metadata(calibration={"temperature": 1.2}, classes=["cat", "dog"])
    {'provenance': '{}', 'calibration': '{"temperature": 1.2}', 'classes': '["cat", "dog"]'}
    """
    said: dict[str, object] = {
        "provenance": provenance or {},
        "calibration": calibration or {},
    }
    if (classes := check_answers(classes, preparation)) != DIGITS:
        said["classes"] = classes
    if preparation != "digit":
        said["preparation"] = preparation
    return {name: json.dumps(value) for name, value in said.items()}


def from_metadata(metadata: Mapping[str, str]) -> dict:
    """The fields of :class:`Weights` that metadata hold, by name.

    Raises:
        ValueError: a text that is no JSON, or of another kind than its field.

    >>> from_metadata({"classes": '["cat", "dog"]', "author": "Ada"})
    {'classes': ['cat', 'dog']}
    """
    said: dict[str, Any] = {}
    for name, kind in _SAID.items():
        if name not in metadata:
            continue
        try:
            said[name] = json.loads(metadata[name], parse_constant=_refuse)
        except (ValueError, RecursionError):
            said[name] = None
        if not isinstance(said[name], kind):
            got = one_line(metadata[name])[:40]
            raise ValueError(f"expected {name} as a JSON {kind.__name__}, got {got}")
    return said


def _refuse(constant: str) -> None:
    raise ValueError(f"expected JSON, got {constant}")  # which Python reads and no browser does


def quantise(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round each row of finite weights ``(out, in)`` to 255 even steps: int8 weights and float32 scales ``(out,)``.

    >>> import numpy as np
    >>> steps, scale = quantise(np.array([[1.27, -0.5, 0.004]]))
    >>> steps.tolist(), f"{scale.item():.4f}"
    ([[127, -50, 0]], '0.0100')
    """
    # As float32 from the start: of finer numbers, what is rounded again may come out another.
    weight = weight.astype(np.float32, copy=False)
    scale = np.abs(weight).max(axis=1) / np.float32(127)
    scale[scale == 0] = 1  # a row of zeros, or nearly
    # The smallest numbers have few digits: theirs may divide to more than 127.
    steps = np.rint(weight / scale[:, None]).clip(-127, 127)
    return steps.astype(np.int8), scale


def rounded(layers: Layers) -> Layers:
    """The layers as a file would give them back: quantised, then float32 again. Doing it twice changes nothing more.

    >>> import numpy as np
    >>> weight, bias = np.array([[1.27, -0.5, 0.004]]), np.zeros(1)
    >>> [(kept, _)] = rounded([(weight, bias)])
    >>> bool(np.abs(kept - weight).max() < 0.0051)  # half a step of 0.01, at most
    True
    """
    return [(_dequantise(*quantise(weight)), bias.astype(np.float32)) for weight, bias in layers]


def save(path: str | Path, weights: Weights) -> None:
    """Write a weights file, whole or not at all.

    Args:
        path: the file; the errors are :func:`digitlib.files.write_whole`'s.
        weights: the same ones always make the same bytes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/copy.safetensors", load(SHIPPED))
    ...     print(checksum(f"{folder}/copy.safetensors") == checksum(SHIPPED))
    True
    """
    arrays = {}
    for i, (weight, bias) in enumerate(weights.layers):
        arrays[f"{i}.weight"], arrays[f"{i}.scale"] = quantise(weight)
        arrays[f"{i}.bias"] = bias.astype(np.float32)
    said = to_metadata(**{name: getattr(weights, name) for name in _SAID})
    write_whole(path, _in_order(to_bytes(arrays, said)))


def _in_order(content: bytes) -> bytes:
    """The same file, its header in order: safetensors shuffles it, but the same weights are to be the same bytes."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the arrays stay aligned
    return len(text).to_bytes(8, "little") + text + content[start:]


def load(path: str | Path = SHIPPED) -> Weights:
    """Read a weights file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a weights file, or a damaged one.

    >>> shipped = load()
    >>> [weight.shape for weight, _ in shipped.layers]
    [(320, 784), (120, 320), (11, 120)]
    >>> shipped.none, shipped.provenance["dataset"]
    (True, 'mnist')
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    if is_onnx(path):
        raise ValueError(f"{path}: expected a digitlib weights file, got a model in ONNX")
    try:
        with safe_open(path, framework="numpy") as file:
            count = sum(key.endswith(".weight") for key in file.keys())  # noqa: SIM118 (not a dict)
            layers = [_layer(file, i) for i in range(count)]
            said = from_metadata(file.metadata() or {})
        return Weights(layers, **said)
    except (SafetensorError, ValueError, IndexError) as error:
        raise ValueError(
            f"{path}: expected a digitlib weights file, got something else: {one_line(error)}"
        ) from None


def checksum(path: str | Path = SHIPPED) -> str:
    """Twelve hexadecimal digits that change when a byte of the file does; FileNotFoundError for none.

    >>> len(checksum(SHIPPED)), checksum(SHIPPED) == checksum(TINY)
    (12, False)
    """
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def is_ours(path: str | Path) -> bool:
    """Whether a file holds the weights that come with the package, or the tiny ones; another's are its maker's.

    >>> is_ours(SHIPPED), is_ours(__file__)
    (True, False)
    """
    return checksum(path) in map(checksum, (SHIPPED, TINY))


def _layer(file: Any, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases of a layer, out of an open file: read when their kinds and shapes are known to be right."""
    names = [f"{number}.{part}" for part in ("weight", "scale", "bias")]
    parts = [file.get_slice(name) for name in names]
    kinds, shapes = [part.get_dtype() for part in parts], [part.get_shape() for part in parts]
    if kinds != ["I8", "F32", "F32"] or len(shapes[0]) != 2 or shapes[1:] != [shapes[0][:1]] * 2:
        raise ValueError(
            f"layer {number}: expected I8 (out, in) and twice F32 (out,), got "
            + ", ".join(f"{kind} {tuple(shape)}" for kind, shape in zip(kinds, shapes, strict=True))
        )
    weight, scale, bias = map(file.get_tensor, names)
    return _dequantise(weight, scale), bias


def _dequantise(weight: np.ndarray, scale: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):  # what isn't finite then, is refused
        return weight * scale[:, None]


def _check(layers: Layers, classes: int) -> None:
    widths = [SIDE * SIDE, *(weight.shape[0] for weight, _ in layers)]
    for i, (weight, bias) in enumerate(layers):
        if weight.shape != (widths[i + 1], widths[i]) or bias.shape != (widths[i + 1],):
            raise ValueError(
                f"layer {i}: expected {widths[i]} inputs, got weight {weight.shape} and bias {bias.shape}"
            )
        # Written so that NaN fails too; what is larger might be infinite as a float32, or when it is rounded.
        if not all((np.abs(part) < LARGEST).all() for part in (weight, bias)):
            raise ValueError(f"layer {i}: expected finite numbers, below {LARGEST:g}")
    if not layers or widths[-1] not in (classes, classes + 1):
        got = widths[-1] if layers else "no layers"
        raise ValueError(
            f"expected a last layer of {classes} or {classes + 1} outputs for {classes} classes, got {got}"
        )
