"""The one weights file: the layers of a multilayer perceptron, their calibration and their origin, in safetensors.

Layer ``i`` is three arrays: ``i.weight`` int8 ``(out, in)``, ``i.scale`` float32 ``(out,)`` and ``i.bias`` float32
``(out,)``. A row's weights are ``scale * weight``. Between layers stands a ReLU; the first takes the 784 pixels of an
image in [0, 1], row by row, and normalisation is folded into it; the last returns the ten logits, and perhaps an
eleventh number, the score of "no digit". The header's metadata holds two JSON objects: ``calibration``, with the
``temperature`` by which logits are divided before softmax and the ``threshold`` of doubt above which it refuses,
and ``provenance``: recipe, seed, versions, command, validation accuracy.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from digitlib.files import write_whole

__all__ = [
    "SHIPPED",
    "TINY",
    "Layers",
    "Weights",
    "fingerprint",
    "load",
    "quantise",
    "rounded",
    "save",
]

SHIPPED = Path(__file__).with_name("digits.safetensors")
"""The weights that come with the package, trained on MNIST."""

TINY = Path(__file__).with_name("tiny.safetensors")
"""Smaller ones, of less than 64,000 bytes."""

Layers = list[tuple[np.ndarray, np.ndarray]]
"""Float32 weights ``(out, in)`` and biases ``(out,)``, from the first layer to the last."""


@dataclass(frozen=True)
class Weights:
    """What a weights file holds.

    Attributes:
        layers: float32, dequantised.
        provenance: where they came from.
        calibration: ``temperature`` and ``threshold``, where they were fitted.
    """

    layers: Layers
    provenance: dict = field(default_factory=dict)
    calibration: dict = field(default_factory=dict)

    def __post_init__(self):
        _check(self.layers)


def quantise(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round each row of ``(out, in)`` to 255 even steps: int8 weights and float32 scales ``(out,)``."""
    scale = np.abs(weight).max(axis=1) / 127
    scale[scale == 0] = 1  # a row of zeros
    return np.rint(weight / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def rounded(layers: Layers) -> Layers:
    """The layers as a file would give them back: quantised, then float32 again. Doing it twice changes nothing more."""
    return [(_dequantise(*quantise(weight)), bias.astype(np.float32)) for weight, bias in layers]


def save(path: str | Path, weights: Weights) -> None:
    """Write a weights file, whole or not at all."""
    arrays = {}
    for i, (weight, bias) in enumerate(weights.layers):
        arrays[f"{i}.weight"], arrays[f"{i}.scale"] = quantise(weight)
        arrays[f"{i}.bias"] = bias.astype(np.float32)
    said = {name: json.dumps(getattr(weights, name)) for name in _SAID}
    write_whole(path, _in_order(to_bytes(arrays, said)))


_SAID = ("provenance", "calibration")


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
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            count = sum(key.endswith(".weight") for key in file.keys())  # noqa: SIM118 (not a dict)
            part = file.get_tensor
            layers = [
                (
                    _dequantise(part(f"{i}.weight"), part(f"{i}.scale")),
                    part(f"{i}.bias"),
                )
                for i in range(count)
            ]
            metadata = file.metadata() or {}
            said = {name: json.loads(metadata.get(name, "{}")) for name in _SAID}
        return Weights(layers, **said)
    except (SafetensorError, ValueError, IndexError) as error:
        raise ValueError(
            f"{path}: expected a digitlib weights file, got something else: {error}"
        ) from None


def fingerprint(path: str | Path = SHIPPED) -> str:
    """Twelve hexadecimal digits that change when a byte of the file does."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def _dequantise(weight: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return weight * scale[:, None]


def _check(layers: Layers) -> None:
    widths = [784, *(weight.shape[0] for weight, _ in layers)]
    for i, (weight, bias) in enumerate(layers):
        if weight.shape != (widths[i + 1], widths[i]) or bias.shape != (widths[i + 1],):
            raise ValueError(
                f"layer {i}: expected {widths[i]} inputs, got weight {weight.shape} and bias {bias.shape}"
            )
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise ValueError(f"layer {i}: expected finite numbers")
    if not layers or widths[-1] not in (10, 11):
        raise ValueError(
            f"expected a last layer of 10 or 11 outputs, got {widths[-1] if layers else 'no layers'}"
        )
