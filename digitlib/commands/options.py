"""Options that several commands share, and what they stand for. Nothing is read before a command asks for it."""

from pathlib import Path

from digitlib import weights

__all__ = ["add_dataset", "add_weights", "split"]


def add_dataset(parser) -> None:
    """``--dataset``: which digits."""
    parser.add_argument("--dataset", choices=["mnist", "optdigits"], default="mnist")


def add_weights(parser, what: str = "a weights file or a model in ONNX") -> None:
    """``--weights``: the model's file, a path."""
    text = f"{what} (default: the package's own)"
    parser.add_argument("--weights", type=Path, default=weights.SHIPPED, metavar="FILE", help=text)


def split(dataset: str):
    """The book's training and validation digits of a data set."""
    from digitlib import data

    return data.split(data.load(dataset), valid=data.VALID_SIZE[dataset])
