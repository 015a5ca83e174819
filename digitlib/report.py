"""What ``digitlib evaluate`` says beyond one accuracy: line by line, or all of it as a page and as JSON.

:func:`write` takes any model that maps float ``(N, 28, 28)`` to logits, so that readers can ask it about their own.
The page is one file that asks nothing of any other.
"""

import base64
import json
import math
import platform
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from html import escape
from pathlib import Path

import torch
from torch import nn

import digitlib
from digitlib import (
    calibrate,
    corruptions,
    data,
    evaluate,
    nondigits,
    redrawn,
    weights,
)
from digitlib.classify import DigitClassifier
from digitlib.data import Digits
from digitlib.evaluate import Accuracy, total

__all__ = ["accuracy_of", "drawn", "measure", "page", "refusal", "write"]


def drawn(classifier: DigitClassifier, valid: Digits) -> Iterator[str]:
    """How many redrawn digits are right: a row for each size, a column for each pen; then all, and the worst cell.

    Some digits are drawn more than once, which the intervals leave out of account.
    """
    found = redrawn.grid(classifier.logits, valid)
    widths = sorted({pen.width for pen in found})
    yield "\t".join(["size", *(f"pen {width:.0%}" for width in widths)])
    for size in sorted({pen.size for pen in found}):
        row = [found[redrawn.Pen(size, width)] for width in widths]
        yield "\t".join([f"{size:.0%}", *(f"{100 * cell.value:.1f}" for cell in row)])
    yield f"all: {total(found.values()).share} drawings of {len(valid):,} digits"
    worst = min(found, key=lambda pen: found[pen].value)
    yield f"worst: {found[worst].share} drawings, at size {worst.size:.0%} with pen {worst.width:.0%}"


GROUPS = {
    "kinds trained on": nondigits.TRAINED,
    "kinds set aside": nondigits.SET_ASIDE,
    "letters that look like digits": ("look-alikes",),
}


def refusal(classifier: DigitClassifier, valid: Digits) -> Iterator[str]:
    """How many digits are refused, and how many other things pass for digits, by kind.

    Raises:
        ValueError: the weights have no threshold, so nothing is refused.
    """
    if math.isinf(classifier.threshold):
        raise ValueError(
            "expected weights with a threshold of doubt, got weights without"
        )

    def refused(images) -> Accuracy:
        return Accuracy.of(classifier.refused(images.numpy()))

    yield f"refused of the validation digits: {refused(valid.images).share}"
    redrawn_ones = total(refused(some.images) for _, some in redrawn.cells(valid))
    yield f"refused of redrawn ones: {redrawn_ones.share}"
    found = nondigits.accepted(classifier.refused, valid)
    for title, kinds in GROUPS.items():
        yield f"{title}, accepted: {total(found[kind] for kind in kinds).share}"
        if len(kinds) > 1:
            yield from (f"  {kind}: {found[kind].share}" for kind in kinds)


def write(
    folder: str | Path,
    model: nn.Module,
    digits: Digits,
    *,
    name: str = "a model",
    temperature: float = 1.0,
    threshold: float = math.inf,
    quick: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> dict:
    """Measure a model in every way that this book knows, and write ``report.html`` and ``report.json``.

    Args:
        folder: made if it isn't there; the two files in it are replaced.
        model: takes float ``(N, 28, 28)`` in [0, 1], returns logits ``(N, 10)``, or ``(N, 11)`` with a score for what
            is no digit.
        digits: what to measure on; none of them may have been trained on.
        name: what the page calls the model.
        temperature, threshold: its calibration, if it has one.
        quick: a fifth of everything.
        tell: called with a line at each step.

    Returns:
        what ``report.json`` holds.

    Raises:
        NotADirectoryError, FileNotFoundError: the folder can't be made.
        ValueError: fewer than 100 digits.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder}: expected a folder")
    folder.mkdir(exist_ok=True)  # before the measuring, not after it
    found = measure(model, digits, temperature, threshold, quick, tell)
    found = {"model": name, **found}
    weights.write_whole(folder / "report.html", page(found, digits).encode())
    text = json.dumps(found, indent=1) + "\n"
    weights.write_whole(folder / "report.json", text.encode())
    return found


def measure(
    model: nn.Module,
    digits: Digits,
    temperature: float = 1.0,
    threshold: float = math.inf,
    quick: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> dict:
    """The figures of :func:`write`, as plain numbers, strings, lists and dictionaries."""
    if len(digits) < 100:
        raise ValueError(f"expected at least 100 digits, got {len(digits)}")
    if quick:
        digits = digits[: max(100, len(digits) // 5)]
    # In each cell of the grid, where a drawing takes a hundredth of a second; of each kind of non-digits.
    in_cell, in_kind = (20, 50) if quick else (100, 250)
    tell(f"{len(digits):,} digits as they are")
    outputs = evaluate.outputs(model, digits.images)
    logits = outputs[:, :10]
    found = {
        "made by": f"digitlib {digitlib.__version__}, torch {torch.__version__}, Python {platform.python_version()}",
        "date": str(date.today()),
        "accuracy": _plain(evaluate.accuracy(logits, digits.labels)),
        "confusion": evaluate.confusion(logits, digits.labels).tolist(),
        "worst mistakes": _worst(logits, digits.labels),
        "calibration": _calibration(logits / temperature, digits.labels),
    }
    ask = partial(evaluate.logits, model)
    tell("digits made worse")
    found["corruptions"] = {
        kind: {
            str(severity): _plain(accuracy)
            for severity, accuracy in corruptions.curve(ask, digits, kind)
        }
        for kind in corruptions.CORRUPTIONS
    }
    tell("digits redrawn with any pen")
    cells = redrawn.grid(
        lambda images: ask(torch.from_numpy(images)).numpy(), digits, in_cell
    )
    found["redrawn"] = {
        "all": _plain(total(cells.values())),
        "cells": [
            {"size": pen.size, "pen": pen.width, **_plain(accuracy)}
            for pen, accuracy in cells.items()
        ],
    }
    tell("other people's handwriting")
    other = data.load("optdigits")
    found["other handwriting"] = _plain(
        evaluate.accuracy(ask(other.images), other.labels)
    )
    if math.isfinite(threshold) and outputs.shape[1] > 10:
        tell("things that are no digits")

        def refused(images):
            asked = evaluate.outputs(model, torch.from_numpy(images))
            return calibrate.doubt(asked) > threshold

        known = calibrate.doubt(outputs) > threshold
        found["refused digits"] = _plain(Accuracy.of(known))
        passed = nondigits.accepted(refused, digits, in_kind)
        found["accepted non-digits"] = {
            kind: _plain(accuracy) for kind, accuracy in passed.items()
        }
    return found


def _plain(accuracy: Accuracy) -> dict:
    low, high = accuracy.interval
    return {
        "right": accuracy.right,
        "n": accuracy.n,
        "value": accuracy.value,
        "interval": [low, high],
    }


def _worst(logits: torch.Tensor, labels: torch.Tensor, n: int = 20) -> list[dict]:
    called = logits.argmax(1)
    return [
        {"index": i, "label": int(labels[i]), "called": int(called[i])}
        for i in evaluate.mistakes(logits, labels)[:n].tolist()
    ]


def _calibration(logits: torch.Tensor, labels: torch.Tensor) -> dict:
    probabilities = logits.double().softmax(1)
    doubts, right = 1 - probabilities.amax(1), probabilities.argmax(1) == labels
    coverage, risk = calibrate.risk_coverage(doubts, right)
    steps = torch.linspace(0, len(labels) - 1, 100).round().long()
    found = calibrate.reliability(probabilities, labels)
    return {
        "expected calibration error": calibrate.calibration_error(
            probabilities, labels
        ),
        "of a perfect model, by chance": calibrate.chance_error(probabilities),
        "bins": [{"sure": sure, **_plain(accuracy)} for sure, accuracy in found],
        "coverage": coverage[steps].tolist(),
        "risk": risk[steps].tolist(),
    }


# --- the page ------------------------------------------------------------------------------------------------------

_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
body {{ max-width: 44rem; margin: 0 auto; padding: 1rem; }}
img {{ max-width: 100%; height: auto; }}
table {{ border-collapse: collapse; }}
td, th {{ padding: 0.2rem 0.7rem; text-align: right; border-bottom: 1px solid #8886; }}
.wide {{ overflow-x: auto; }}
</style>
<main>
<h1>{title}</h1>
<p>{about}</p>
"""


def page(found: dict, digits: Digits) -> str:
    """The report as HTML, from what :func:`measure` found and the digits that it was asked about."""
    about = f"Measured on {found['date']} by {found['made by']}. Each share has its 95 % interval and its n."
    parts = [_HEAD.format(title=escape(f"Report: {found['model']}"), about=about)]
    parts += [
        *_clean(found, digits),
        *_sureness(found),
        *_worse(found),
        *_elsewhere(found),
        *_refusals(found),
    ]
    return "\n".join(parts) + "\n</main>\n</html>\n"


def accuracy_of(plain: dict) -> Accuracy:
    """An accuracy as a report holds it, with its ``right`` and its ``n``."""
    return Accuracy(plain["right"], plain["n"])


def _share(plain: dict) -> str:
    return accuracy_of(plain).share


def _accuracies(plains) -> list[Accuracy]:
    return [accuracy_of(plain) for plain in plains]


def _section(title: str, *paragraphs: str) -> Iterator[str]:
    yield f"<h2>{title}</h2>"
    yield from (f"<p>{text}</p>" for text in paragraphs)


def _image(picture, alt: str) -> str:
    content = base64.b64encode(picture.png).decode()
    return f'<p><img src="data:image/png;base64,{content}" alt="{escape(alt)}"></p>'


def _clean(found: dict, digits: Digits) -> Iterator[str]:
    from digitlib import show  # matplotlib, a second of import

    right = f"Right: {_share(found['accuracy'])} digits."
    yield from _section("Digits as they are", right)
    rows = [
        Accuracy(row[digit], sum(row)) for digit, row in enumerate(found["confusion"])
    ]
    names = [str(digit) for digit, row in enumerate(rows) if row.n]
    yield _image(
        show.intervals([row for row in rows if row.n], names),
        "Accuracy of each of the ten digits, with intervals.",
    )
    matrix = show.matrix(found["confusion"], "called", "labelled", hide_diagonal=True)
    yield _image(matrix, "How often each digit was called each other.")
    worst = found["worst mistakes"]
    if worst:
        titles = [f"{one['label']}, called {one['called']}" for one in worst]
        images = digits.images[[one["index"] for one in worst]].numpy()
        yield from _section("The worst mistakes")
        picture = show.digits(images, titles, columns=5, size=1.2)
        yield _image(picture, "; ".join(titles))


def _sureness(found: dict) -> Iterator[str]:
    from digitlib import show

    about = found["calibration"]
    error, chance = (
        100 * about[key]
        for key in ("expected calibration error", "of a perfect model, by chance")
    )
    yield from _section(
        "How sure, and how right",
        f"Expected calibration error: {error:.2f} %. A perfectly calibrated model would show {chance:.2f} % by chance.",
    )
    sure = [part["sure"] for part in about["bins"]]
    curves = {
        "this model": (sure, [part["value"] for part in about["bins"]]),
        "as right as sure": (sure, sure),
    }
    reliability = show.lines(curves, "how sure it was", "how often it was right")
    yield _image(reliability, "Reliability diagram.")
    risk = {"": (about["coverage"], [100 * risk for risk in about["risk"]])}
    picture = show.lines(
        risk, "share of digits that get an answer", "wrong answers (%)"
    )
    yield _image(picture, "Risk against coverage.")


def _worse(found: dict) -> Iterator[str]:
    from digitlib import show

    means = [
        sum(1 - plain["value"] for plain in curve.values()) / len(curve)
        for curve in found["corruptions"].values()
    ]
    yield from _section(
        "Digits made worse",
        f"Wrong, averaged over all kinds and severities: {100 * sum(means) / len(means):.1f} %.",
    )
    for kind, curve in found["corruptions"].items():
        points = (list(map(float, curve)), [plain["value"] for plain in curve.values()])
        unit = corruptions.CORRUPTIONS[kind].unit
        picture = show.lines({kind: points}, f"{kind}: {unit}", "accuracy", (0, 1))
        yield _image(picture, f"Accuracy against {kind}.")


def _elsewhere(found: dict) -> Iterator[str]:
    cells = {(cell["size"], cell["pen"]): cell for cell in found["redrawn"]["cells"]}
    sizes = sorted({size for size, _ in cells})
    pens = sorted({pen for _, pen in cells})
    yield from _section(
        "Digits drawn elsewhere",
        f"Redrawn in any size, with any pen: {_share(found['redrawn']['all'])} drawings right.",
        f"Scikit-learn's digits, by other writers: {_share(found['other handwriting'])} right.",
    )
    head = "".join(f"<th>pen {pen:.0%}</th>" for pen in pens)
    rows = "".join(
        f"<tr><th>size {size:.0%}</th>"
        + "".join(f"<td>{100 * cells[size, pen]['value']:.1f}</td>" for pen in pens)
        for size in sizes
    )
    yield f'<div class="wide"><table><tr><td></td>{head}</tr>{rows}</table></div>'


def _refusals(found: dict) -> Iterator[str]:
    from digitlib import show

    if "refused digits" not in found:
        text = "This model has no threshold of doubt: it names a digit on everything."
        yield from _section("What is no digit", text)
        return
    passed = found["accepted non-digits"]
    lines = [f"Refused of the digits: {_share(found['refused digits'])}."]
    for title, kinds in GROUPS.items():
        together = total(_accuracies(passed[kind] for kind in kinds))
        lines.append(f"Taken for digits, {title}: {together.share}.")
    yield from _section("What is no digit", *lines)
    picture = show.intervals(
        _accuracies(passed.values()), list(passed), "taken for a digit (%)"
    )
    yield _image(picture, "Each kind's share that is taken for a digit.")
