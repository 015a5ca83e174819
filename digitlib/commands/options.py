"""Options that several commands share, and what they stand for. Nothing is read before a command asks for it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from digitlib import weights

if TYPE_CHECKING:
    from digitlib.data import Images

__all__ = ["add_dataset", "add_weights", "split"]


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """``--dataset``: which digits."""
    parser.add_argument("--dataset", choices=["mnist", "optdigits"], default="mnist")


def add_weights(
    parser: argparse.ArgumentParser, what: str = "a weights file or a model in ONNX"
) -> None:
    """``--weights``: the model's file, a path."""
    text = f"{what} (default: the package's own)"
    parser.add_argument("--weights", type=Path, default=weights.SHIPPED, metavar="FILE", help=text)


def split(dataset: str) -> "tuple[Images, Images]":
    """The book's training and validation digits of a data set."""
    from digitlib import data

    return data.split(data.load(dataset), valid=data.VALID_SIZE[dataset])
