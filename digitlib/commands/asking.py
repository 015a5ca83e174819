"""``digitlib evaluate``: a model, a weights file or one in ONNX, is asked about images that have labels."""

import argparse
from typing import TYPE_CHECKING

from digitlib import classify
from digitlib.commands.options import add_dataset, add_weights, split
from digitlib.plain import listed

if TYPE_CHECKING:
    from digitlib.data import Images

__all__ = ["check_classes", "evaluate", "evaluate_options"]


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


def evaluate(options: argparse.Namespace) -> int:
    """Measure weights on digits that they were not trained on."""
    from digitlib import data
    from digitlib.commands import lines

    classifier = classify.load(options.weights)
    images = data.load_test(options.dataset) if options.test else split(options.dataset)[1]
    check_classes(options, classifier, images)
    if options.drawn:
        told = lines.drawn(classifier, images)
    elif options.refusal:
        told = lines.refusal(classifier, images)
    else:
        told = lines.answered(classifier, images, "test" if options.test else "validation")
    for line in told:
        print(line)
    return 0


def check_classes(
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
