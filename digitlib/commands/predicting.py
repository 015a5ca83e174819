"""``digitlib predict``: files, folders and the standard input become names, a line for each picture, in their order.

Lines are plain, JSON (an object a line) or CSV. What can't be read is a line on the error stream, the rest goes on, and
the exit code tells. Needs no torch, so that it starts at once; a picture is answered before the next is read, so that
its line never waits for another, and says the same whatever stands beside it.
"""

import argparse
import codecs
import csv
import io
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from digitlib import classify, picture
from digitlib.accuracy import percent
from digitlib.commands import terminal
from digitlib.commands.options import add_weights
from digitlib.plain import listed, one_line, readable, shown

__all__ = ["predict", "predict_options"]

_DIGITS = 6  # of a probability, after the point

Form = Callable[[str, classify.Prediction, tuple[str, ...]], str]
"""A line about a file, from what was said of it and the names of all classes."""


def predict_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib predict`` takes."""
    text = "a picture of one digit, or of what else the weights name; a folder of them; - for the standard input"
    parser.add_argument("files", nargs="+", metavar="FILE", help=text)
    add_weights(parser)
    form = parser.add_mutually_exclusive_group()
    text = "JSON Lines: file, label, name, reason, and the probabilities by name"
    form.add_argument("--json", dest="form", action="store_const", const=_json, help=text)
    text = "the same as a table, a column for each probability"
    form.add_argument("--csv", dest="form", action="store_const", const=_csv, help=text)
    parser.set_defaults(form=_plain)


def predict(options: argparse.Namespace) -> int:
    """Name what is on each picture."""
    if options.files.count("-") > 1:
        raise ValueError("expected the standard input once, got - twice")
    classifier = classify.load(options.weights)
    files, faults, passed = _gathered(options.files)
    for line in faults + passed:
        terminal.complain(line)
    if options.form is _csv:
        print(_header(classifier.classes))
    return 2 if _answer(classifier, files, options.form) or faults else 0


def _gathered(arguments: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """The pictures that arguments stand for, in order; what is wrong with folders, and what was passed by in them."""
    files: list[str] = []
    faults: list[str] = []
    passed: list[str] = []
    for name in arguments:
        # Not by pathlib, which raises an error of a name that is too long.
        if name == "-" or not os.path.isdir(name):
            files.append(name)
            continue
        before = len(files), len(faults)
        others: list[str] = []
        for path in picture.walk(name, None, lambda error: faults.append(one_line(error))):
            (files if picture.is_picture(path) else others).append(str(path))
        if (len(files), len(faults)) == before:
            kinds = ", ".join(sorted(picture.SUFFIXES))
            faults.append(f"{name}: expected pictures in it ({kinds}), got none")
        elif others:
            which = listed([os.path.relpath(other, name) for other in others])
            passed.append(f"{name}: passed by {len(others):,} not named as pictures are ({which})")
    return files, faults, passed


def _answer(classifier: classify.Classifier, files: list[str], form: Form) -> int:
    """Print a line for each file, and return for how many there was only a complaint."""
    faults, bar = 0, terminal.bar(len(files))
    # What Pillow thinks of a file, it keeps to itself: it reads it all the same, or there is a complaint.
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    with bar or nullcontext(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        for file in files:
            try:
                line = form(readable(file), _asked(classifier, file), classifier.classes)
            except (OSError, ValueError) as error:
                terminal.complain(one_line(error), bar=bar)
                faults += 1
            else:
                terminal.say(line, sys.stdout, bar)
            if bar is not None:
                bar.update()
    return faults


def _asked(classifier: classify.Classifier, file: str) -> classify.Prediction:
    """What a classifier says of one file, or of the standard input."""
    with terminal.unheard():  # libtiff complains by itself, of no file by its name
        prediction = classifier.classify(sys.stdin.buffer if file == "-" else Path(file))
    if not np.isfinite(prediction.probabilities).all():
        raise ValueError(f"{file}: expected finite probabilities, got NaN from these weights")
    return prediction


def _plain(file: str, prediction: classify.Prediction, _: tuple[str, ...]) -> str:
    """On one line, whatever a name holds."""
    if prediction.label is None:
        return f"{shown(file)}: {prediction.reason}"
    share = percent(prediction.probabilities[prediction.label])
    return f"{shown(file)}: {terminal.emphasised(one_line(prediction.name))} ({share})"


def _json(file: str, prediction: classify.Prediction, classes: tuple[str, ...]) -> str:
    """One object; letters as they are, or escaped where the output can't show them."""
    said = {
        "file": file,
        "label": prediction.label,
        "name": prediction.name,
        "reason": prediction.reason,
        "probabilities": dict(zip(classes, _rounded(prediction), strict=True)),
    }
    line = json.dumps(said, ensure_ascii=False, allow_nan=False)
    try:
        # Who reads a file of JSON takes it for UTF-8.
        line.encode("utf-8" if _in_utf8() else "ascii")
    except UnicodeEncodeError:
        return json.dumps(said, allow_nan=False)
    return line


def _in_utf8() -> bool:
    return codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"


def _header(classes: tuple[str, ...]) -> str:
    """The columns of :func:`_csv`."""
    return _row(["file", "label", "name", "reason", *(f"probabilities.{name}" for name in classes)])


def _csv(file: str, prediction: classify.Prediction, _: tuple[str, ...]) -> str:
    """A row of the table, without its end."""
    said = [file, prediction.label, prediction.name, prediction.reason]
    return _row([*said, *_rounded(prediction)])


def _row(values: list[Any]) -> str:
    line = io.StringIO()
    # Whatever could end a line is quoted if it stands in the end.
    csv.writer(line, lineterminator="\r\n").writerow(values)
    return line.getvalue().removesuffix("\r\n")


def _rounded(prediction: classify.Prediction) -> list[float]:
    return [round(value, _DIGITS) for value in prediction.probabilities.tolist()]
