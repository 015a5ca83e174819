"""Options that several commands share, and what they stand for. Nothing is read before a command asks for it."""

import argparse
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from digitlib import weights
from digitlib.commands import terminal
from digitlib.plain import listed, readable

if TYPE_CHECKING:
    from digitlib.classify import Classifier
    from digitlib.data import Images

__all__ = [
    "VALIDATION",
    "add_data",
    "add_weights",
    "called",
    "check_classes",
    "held_back",
    "parted",
    "read",
    "reading",
    "tell",
]

VALIDATION = "the validation set"
"""What one calls the place of images that were held back from a training."""


def add_data(parser: argparse.ArgumentParser) -> None:
    """``--data``: a set by its name, or pictures of one's own; older weights files call it ``--dataset``."""
    text = (
        "mnist, optdigits, fashion-mnist, kmnist, emnist-letters; a folder with a folder of pictures for each class; "
        "or a file of images as MNIST has them, its labels beside it (default: mnist)"
    )
    names = "--data", "--dataset"
    # A shell leaves the ~ of --data=~/scans as it is.
    kind = os.path.expanduser
    parser.add_argument(
        *names, dest="data", type=kind, default="mnist", metavar="NAME|FOLDER|FILE", help=text
    )


def add_weights(
    parser: argparse.ArgumentParser, what: str = "a weights file or a model in ONNX"
) -> None:
    """``--weights``: the model's file, a path."""
    text = f"{what} (default: the package's own)"
    parser.add_argument("--weights", type=Path, default=weights.SHIPPED, metavar="FILE", help=text)


def read(
    source: str, classes: tuple[str, ...] | None = None, preparation: str | None = None
) -> "Images":
    """Read what ``--data`` names, as :func:`reading` does, and say on the error stream what was left out."""
    images, told = reading(source, classes, preparation)
    tell(told)
    return images


def reading(
    source: str, classes: tuple[str, ...] | None = None, preparation: str | None = None
) -> tuple["Images", list[str]]:
    """Read what ``--data`` names.

    Args:
        source: a name, a folder or a file.
        classes, preparation: as :func:`digitlib.data.load` takes them.

    Returns:
        the images, and lines that say what was left out.
    """
    from digitlib import data
    from digitlib.folder import LeftOut

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", LeftOut)
        images = data.load(source, classes=classes, preparation=preparation)
    return images, [str(warning.message) for warning in told]


def tell(lines: list[str]) -> None:
    """Say lines on the error stream."""
    for line in lines:
        terminal.complain(line)


def called(source: str) -> str:
    """What a file's provenance calls a set of images: its name, that of its file, or of its folder with a slash."""
    from digitlib import data

    if name := data.known(source):
        return name
    path = Path(source).resolve()
    return readable(f"{path.name}/" if path.is_dir() else path.name)


def held_back(options: argparse.Namespace, classifier: "Classifier") -> tuple["Images", str]:
    """Images of ``--data`` that a model has not learned from, and what one calls the place where they are.

    Of a named set, and of the very pictures that it was trained on, these are the validation set, whole sheets where
    they were held back so; of any others, all.

    Raises:
        ValueError: the model names other things, or wants them otherwise prepared.
    """
    from digitlib import data

    if data.known(options.data):
        images = read(options.data)
        check_classes(options, classifier, images)
        return parted(images, options.data)[1], VALIDATION
    images = read(options.data, classifier.classes, classifier.preparation)
    for by_sheet in (False, True):
        try:
            _, valid = parted(images, by_sheet=by_sheet)
        except ValueError:  # too few, or no sheets
            continue
        if data.fingerprint(valid.images, valid.labels) == _trained_beside(classifier):
            return valid, VALIDATION
    # Whoever trained in Python may have left out the slash.
    said = str(classifier.provenance.get("dataset")).rstrip("/")
    if said == called(options.data).rstrip("/"):
        terminal.complain(
            f"{options.data}: not the very pictures that {options.weights} was trained on, though called alike: "
            "it may have learned some of these"
        )
    return images, readable(options.data)


def parted(
    images: "Images", name: str | None = None, by_sheet: bool = False
) -> tuple["Images", "Images"]:
    """What a training learns from, and what it holds back.

    Args:
        images: all that are not for the test.
        name: of the set they are, if it has one.
        by_sheet: whether whole sheets are held back, and no others.

    Raises:
        ValueError: as of :func:`digitlib.data.split`; or the images don't say on which sheet they were.
    """
    from digitlib import data, sheets

    valid = data.valid_size(images, name)
    if not by_sheet:
        return data.split(images, valid)
    if images.files is None:
        raise ValueError(
            "expected for --by-sheet a folder that digitlib sheets made, got no such files"
        )
    stems = [sheets.stem_of(file) for file in images.files]
    if len(set(stems)) < 2:
        raise ValueError("expected two sheets or more for --by-sheet, got one")
    return data.split(images, valid, groups=stems)


def _trained_beside(classifier: "Classifier") -> str | None:
    """The fingerprint of the validation images of a model's training, if its file says it."""
    valid = classifier.provenance.get("valid")
    return valid.get("images") if isinstance(valid, dict) else None


def check_classes(options: argparse.Namespace, classifier: "Classifier", images: "Images") -> None:
    """ValueError where a model names other things than a data set holds, or wants them otherwise prepared."""
    if classifier.classes != images.classes:
        raise ValueError(
            f"{options.weights}: expected the classes of {options.data}, {listed(images.classes)}, "
            f"got {listed(classifier.classes)}"
        )
    if classifier.preparation != images.preparation:
        raise ValueError(
            f"{options.weights}: expected the preparation of {options.data}, "
            f'"{images.preparation}", got "{classifier.preparation}"'
        )
