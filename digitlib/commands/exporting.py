"""``digitlib export``: a weights file as a model in ONNX, with all that it says of itself, for other programs."""

import argparse
from pathlib import Path

from digitlib import weights
from digitlib.commands.options import add_weights
from digitlib.files import write_whole
from digitlib.plain import readable

__all__ = ["export", "export_options"]


def export_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib export`` takes."""
    text = "the model in ONNX to write"
    parser.add_argument("--onnx", type=Path, required=True, metavar="FILE", help=text)
    add_weights(parser, "a weights file")


def export(options: argparse.Namespace) -> int:
    """Write a weights file as a model in ONNX, for other programs."""
    import onnxscript  # noqa: F401 (before torch: its extra brings both)

    from digitlib.export import load_model, to_onnx

    read, out = weights.load(options.weights), options.onnx
    # Before the export, which takes seconds.
    if not out.parent.is_dir():
        raise FileNotFoundError(f"{out.parent}: no such folder")
    if out.exists() and out.samefile(options.weights):
        raise FileExistsError(f"{out}: expected another file than the weights themselves")
    content = to_onnx(
        load_model(options.weights),
        classes=read.classes,
        preparation=read.preparation,
        calibration=read.calibration,
        provenance=read.provenance,
    )
    write_whole(out, content)
    print(
        f"{readable(out)}: {len(read.classes)} classes, {len(content):,} bytes, checked on three images"
    )
    return 0
