"""``digitlib evaluate`` and ``digitlib predict``: a model is asked about images that have labels, or about pictures.

Both take a weights file or a model in ONNX. ``predict`` needs no torch, so that it starts at once.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from digitlib import classify
from digitlib.accuracy import percent
from digitlib.commands.options import add_dataset, add_weights, split
from digitlib.plain import listed, one_line

if TYPE_CHECKING:
    from digitlib.data import Images

__all__ = ["evaluate", "evaluate_options", "predict", "predict_options"]


def evaluate_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib evaluate`` takes."""
    add_weights(parser)
    add_dataset(parser)
    ways = parser.add_mutually_exclusive_group()
    text = "measure on the test digits: once, after all choices"
    ways.add_argument("--test", action="store_true", help=text)
    text = "redraw validation digits in many sizes with many pens, and measure on each"
    ways.add_argument("--drawn", action="store_true", help=text)
    text = "measure how many real digits are refused, and how many other things are not"
    ways.add_argument("--refusal", action="store_true", help=text)
    text = "measure in every way, and write report.html and report.json into this folder"
    ways.add_argument("--report", type=Path, metavar="FOLDER", help=text)
    text = "with --report: a fifth of everything"
    parser.add_argument("--quick", action="store_true", help=text)


def evaluate(options: argparse.Namespace) -> int:
    """Measure weights on digits that they were not trained on."""
    from digitlib import data
    from digitlib.commands import lines

    if options.quick and not options.report:
        raise ValueError("expected --report beside --quick")
    classifier = classify.load(options.weights)
    images = data.load_test(options.dataset) if options.test else split(options.dataset)[1]
    _check_classes(options, classifier, images)
    if options.report:
        told: Iterable[str] = [_report(options, classifier, images)]
    elif options.drawn:
        told = lines.drawn(classifier, images)
    elif options.refusal:
        told = lines.refusal(classifier, images)
    else:
        told = lines.answered(classifier, images, "test" if options.test else "validation")
    for line in told:
        print(line)
    return 0


def _check_classes(
    options: argparse.Namespace, classifier: classify.Classifier, images: "Images"
) -> None:
    """ValueError where a model names other things than a data set holds, or wants them otherwise prepared."""
    if classifier.classes != images.classes:
        raise ValueError(
            f"{options.weights}: expected the classes of {options.dataset}, {listed(images.classes)}, "
            f"got {listed(classifier.classes)}"
        )
    if classifier.preparation != images.preparation:
        raise ValueError(
            f"{options.weights}: expected the preparation of {options.dataset}, "
            f'"{images.preparation}", got "{classifier.preparation}"'
        )


def _report(options: argparse.Namespace, classifier: classify.Classifier, images: "Images") -> str:
    """Write what ``--report`` asks for, and return the line that says where."""
    from digitlib.report import page

    found = page.write(
        options.report,
        classifier,
        images,
        name=options.weights.name,
        quick=options.quick,
        tell=lambda text: print(f"measuring {text} …", file=sys.stderr),
    )
    right = f"{found.clean.accuracy} {found.noun}s in the validation set"
    return f"{options.report / 'report.html'}: {right}"


def predict_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib predict`` takes."""
    text = "a picture of one digit, or of what else the weights name"
    parser.add_argument("files", nargs="+", metavar="FILE", help=text)
    add_weights(parser)


def predict(options: argparse.Namespace) -> int:
    """Name the digit on each picture."""
    classifier = classify.load(options.weights)
    code = 0
    for file in options.files:
        try:
            prediction = classifier.classify(Path(file))
        except (OSError, ValueError) as error:
            print(f"digitlib: {one_line(error)}", file=sys.stderr)
            code = 2
        else:
            print(f"{file}: {_said(prediction)}")
    return code


def _said(prediction: classify.Prediction) -> str:
    """On one line, whatever a name holds."""
    if prediction.label is None or prediction.name is None:
        return prediction.reason or ""
    return f"{one_line(prediction.name)} ({percent(prediction.probabilities[prediction.label])})"
