"""``digitlib report``: everything that can be measured of a model, on one page, with the same figures as JSON."""

import argparse
from pathlib import Path

from digitlib import classify
from digitlib.commands import terminal
from digitlib.commands.options import add_data, add_weights, held_back
from digitlib.plain import readable

__all__ = ["report", "report_options"]


def report_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib report`` takes."""
    add_weights(parser)
    add_data(parser)
    text = "the folder for report.html and report.json, made if it isn't there"
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help=text)
    text = "a fifth of everything"
    parser.add_argument("--quick", action="store_true", help=text)


def report(options: argparse.Namespace) -> int:
    """Measure weights in every way, on images that they were not trained on, and write a page."""
    from digitlib.report import page

    classifier = classify.load(options.weights)
    images, place = held_back(options, classifier)
    found = page.write(
        options.out,
        classifier,
        images,
        name=options.weights.name,
        quick=options.quick,
        tell=lambda text: terminal.waiting(f"measuring {text} …"),
    )
    right = f"{found.clean.accuracy} {found.noun}s in {place}"
    print(f"{readable(options.out / 'report.html')}: {right}")
    return 0
