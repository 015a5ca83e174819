"""``digitlib info``: what is installed, what a training would run on and read, and where some weights come from.

Works with what the package itself needs; of anything else it says whether it is here. Gradio is not imported for it.
"""

import argparse
import platform
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from digitlib import __version__, classify, weights
from digitlib.accuracy import Share
from digitlib.commands.options import add_weights
from digitlib.plain import listed, one_line, readable

__all__ = ["info", "info_options"]

_PACKAGES = ("numpy", "Pillow", "torch", "torchvision", "onnxruntime", "gradio")


def info_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib info`` takes."""
    add_weights(parser)


def info(options: argparse.Namespace) -> int:
    """Say what is installed, what a training would use, and where weights come from."""
    of_weights = list(_weights(options.weights))  # first, as there may be none
    versions = [f"digitlib {__version__}", f"Python {platform.python_version()}"]
    print(", ".join(versions + [f"{name} {_version(name)}" for name in _PACKAGES]))
    print(f"a training would run on: {_device()}")
    print(f"MNIST: {_mnist()}")
    for line in of_weights:
        print(line)
    return 0


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _device() -> str:
    """What a training would take, and in which number format."""
    try:
        from digitlib.engine import hardware
    except ModuleNotFoundError as error:
        return f'nothing, as {error.name} is not installed; pip install "digitlib[train]"'
    device = hardware.best_device()
    return f"{hardware.describe(device)}, {hardware.best_precision(device)}"


def _mnist() -> str:
    """Where it lies, or what would become of it."""
    try:
        from digitlib import mnist
    except ModuleNotFoundError as error:
        return f'not looked for, as {error.name} is not installed; pip install "digitlib[train]"'
    for folder in mnist.folders():
        raw = folder / "MNIST" / "raw"
        with suppress(OSError):  # a folder that can't be read, which a training would pass by too
            if any(raw.glob("train-images-idx3-ubyte*")):
                return readable(raw)
    with suppress(RuntimeError):
        return f"not here; it would be downloaded into {mnist.cache_folder()}"
    return "not here; without a home folder it can't be downloaded"


def _weights(file: Path) -> Iterator[str]:
    """What a weights file, or a model in ONNX, says of itself."""
    model = classify.load(file)
    yield f"{readable(file)}: {file.stat().st_size:,} bytes, SHA-256 {weights.checksum(file)}…"
    yield f"  {len(model.classes)} classes: {one_line(listed(model.classes))}"
    yield f"  a picture is prepared as: {model.preparation}"
    if isinstance(model, classify.DigitClassifier):
        widths = [model.layers[0][0].shape[1], *(len(bias) for _, bias in model.layers)]
        yield f"  layers: {', '.join(map(str, widths))}"
    yield from _provenance(model.provenance, weights.noun(model.classes))


def _provenance(said: Mapping, noun: str) -> Iterator[str]:
    """Whatever a file says of its origin, a line for each; it may say anything."""
    if not said:
        yield "  where it comes from, it doesn't say"
    for name, value in said.items():
        text = _validation(value, noun) if name == "valid" else None
        yield f"  {one_line(name)}: {text or _flat(value)}"


def _validation(value: Any, noun: str) -> str | None:
    """The accuracy as the package writes it, if that is what was found."""
    with suppress(TypeError, KeyError, ValueError):
        return f"{Share(value['right'], value['n'])} {noun}s right"
    return None


def _flat(value: object) -> str:
    """A value on one line; of a mapping, each name with its value."""
    if isinstance(value, Mapping):
        return ", ".join(f"{one_line(name)} {_flat(one)}" for name, one in value.items())
    return one_line(value)
