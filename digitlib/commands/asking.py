"""``digitlib evaluate``: a model, a weights file or one in ONNX, is asked about images that have labels."""

import argparse
from collections.abc import Iterable

from digitlib import classify
from digitlib.commands.options import add_data, add_weights, check_classes, held_back

__all__ = ["evaluate", "evaluate_options"]


def evaluate_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib evaluate`` takes."""
    add_weights(parser)
    add_data(parser)
    ways = parser.add_mutually_exclusive_group()
    text = "measure on the test digits of a named set: once, after all choices"
    ways.add_argument("--test", action="store_true", help=text)
    text = "redraw digits in many sizes with many pens, and measure on each"
    ways.add_argument("--drawn", action="store_true", help=text)
    text = "measure how many real digits are refused, and how many other things are not"
    ways.add_argument("--refusal", action="store_true", help=text)


def evaluate(options: argparse.Namespace) -> int:
    """Measure weights on images that they were not trained on."""
    from digitlib import data
    from digitlib.commands import lines

    classifier = classify.load(options.weights)
    if options.test:
        images, place = data.load_test(options.data), "the test set"
        check_classes(options, classifier, images)
    else:
        images, place = held_back(options, classifier)
    told: Iterable[str]
    if options.drawn:
        told = lines.drawn(classifier, images)
    elif options.refusal:
        told = lines.refusal(classifier, images, place)
    else:
        told = lines.answered(classifier, images, place)
    for line in told:
        print(line)
    return 0
