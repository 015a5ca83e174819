"""What ``digitlib evaluate`` says: line by line, or all of it as a page and as JSON.

:func:`measure` takes any model that maps float ``(N, 28, 28)`` to logits, so that readers can ask it about their own;
:mod:`digitlib.report.page` makes the page.
"""

import math
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import torch
from torch import nn

import digitlib
from digitlib import calibrate, data, evaluate
from digitlib.classify import DigitClassifier
from digitlib.data import Images
from digitlib.drawn import nondigits, redrawn, styles
from digitlib.evaluate import Accuracy, total, wilson
from digitlib.report import corruptions

__all__ = ["answered", "drawn", "measure", "refusal"]


LISTED = 100
"""Of so many wrong digits each gets a line."""


def answered(classifier: DigitClassifier, digits: Images, name: str) -> Iterator[str]:
    """How many digits are right, in all and of each kind; and the wrong ones, worst first, by their positions."""
    answers = torch.from_numpy(classifier.logits(digits.images.numpy()))
    yield f"{evaluate.accuracy(answers, digits.labels)} in the {name} set"
    for digit in range(10):
        some = digits.labels == digit
        right = (
            evaluate.accuracy(answers[some], digits.labels[some])
            if some.any()
            else "none to ask about"
        )
        yield f"  {digit}: {right}"
    wrong = evaluate.mistakes(answers, digits.labels)
    low, high = (100 * end for end in wilson(len(wrong), len(digits)))
    share = 100 * len(wrong) / len(digits)
    yield f"{len(wrong):,} wrong, {share:.2f} % ({low:.2f} to {high:.2f})"
    sure = (answers / classifier.temperature).softmax(1).max(1)
    for i in wrong[:LISTED].tolist():
        label, called = int(digits.labels[i]), int(sure.indices[i])
        yield f"  {i}: a {label}, called {called} ({sure.values[i]:.0%})"
    if len(wrong) > LISTED:
        yield f"  and {len(wrong) - LISTED:,} more"


def drawn(classifier: DigitClassifier, valid: Images) -> Iterator[str]:
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


def refusal(classifier: DigitClassifier, valid: Images) -> Iterator[str]:
    """How many digits are refused, and how many other things pass for digits, by kind.

    Raises:
        ValueError: the weights have no threshold, so nothing is refused.
    """
    if math.isinf(classifier.threshold):
        raise ValueError("expected weights with a threshold of doubt, got weights without")

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


def measure(
    model: nn.Module,
    digits: Images,
    temperature: float = 1.0,
    threshold: float = math.inf,
    quick: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> dict:
    """The figures of :func:`digitlib.report.page.write`, as plain numbers, strings, lists and dictionaries."""
    if len(digits) < 100:
        raise ValueError(f"expected at least 100 digits, got {len(digits)}")
    _try(model, digits.images[:100], threshold)
    if quick:
        digits = digits[: max(100, len(digits) // 5)]
    # As plain numbers, since they are written down.
    asked = _Asked(model, digits, float(temperature), float(threshold), quick)
    versions = f"torch {torch.__version__}, Python {platform.python_version()}"
    found = {
        "made by": f"digitlib {digitlib.__version__}, {versions}",
        "date": str(date.today()),
    }
    for title, part in PARTS.items():
        if part is _refusals and not asked.refuses:
            continue
        tell(title)
        found |= part(asked)
    return found


def _try(model: nn.Module, images: torch.Tensor, threshold: float) -> None:
    """Ask a model about a few images, so that what is wrong with it is said at once, not after minutes."""
    shape = tuple(images.shape)
    try:
        outputs = _outputs(model, images)
    except (RuntimeError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(
            "expected a model that takes float (N, 28, 28) and returns logits (N, 10) or (N, 11), "
            f"got for {shape} {type(error).__name__}: {error}"
        ) from error
    if math.isfinite(threshold) and outputs.shape[1] == 10:
        raise ValueError(
            f"expected logits (N, 11) of a model with a threshold of doubt, got {tuple(outputs.shape)} for {shape}"
        )


def _outputs(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """A model's outputs ``(N, 10)`` or ``(N, 11)``; ValueError for any other."""
    outputs = evaluate.outputs(model, images)
    if outputs.shape not in ((len(images), 10), (len(images), 11)):
        raise ValueError(
            "expected a model that returns logits (N, 10) or (N, 11), "
            f"got {tuple(outputs.shape)} for {tuple(images.shape)}"
        )
    broken = int((~outputs.isfinite()).any(1).sum())
    if broken:
        raise ValueError(
            f"expected finite logits, got NaN or infinity for {broken:,} of {len(images):,} images"
        )
    return outputs


@dataclass(frozen=True)
class _Asked:
    """A model, and the digits that it is asked about; the rest is as :func:`measure` takes it."""

    model: nn.Module
    digits: Images
    temperature: float
    threshold: float
    quick: bool

    @cached_property
    def outputs(self) -> torch.Tensor:
        """Of the digits as they are: several parts look at these."""
        return _outputs(self.model, self.digits.images)

    @property
    def refuses(self) -> bool:
        return math.isfinite(self.threshold)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Of other images, uint8 ``(N, 28, 28)``."""
        return _outputs(self.model, images)[:, :10]

    def numpy_logits(self, images: np.ndarray) -> np.ndarray:
        return self.logits(torch.from_numpy(images)).numpy()

    def refused(self, outputs: torch.Tensor) -> torch.Tensor:
        return calibrate.doubt(outputs) > self.threshold


def _clean(asked: _Asked) -> dict:
    logits, labels = asked.outputs[:, :10], asked.digits.labels
    called = logits.argmax(1)
    return {
        "accuracy": _plain(evaluate.accuracy(logits, labels)),
        "confusion": evaluate.confusion(logits, labels).tolist(),
        "worst mistakes": [
            {"index": i, "label": int(labels[i]), "called": int(called[i])}
            for i in evaluate.mistakes(logits, labels)[:20].tolist()
        ],
    }


def _sureness(asked: _Asked) -> dict:
    labels = asked.digits.labels
    logits = asked.outputs[:, :10].double() / asked.temperature
    probabilities = logits.softmax(1)
    doubts, right = 1 - probabilities.amax(1), probabilities.argmax(1) == labels
    coverage, risk = calibrate.risk_coverage(doubts, right)
    steps = torch.linspace(0, len(labels) - 1, 100).round().long()
    error = calibrate.calibration_error(probabilities, labels)
    bins = calibrate.reliability(probabilities, labels)
    return {
        "calibration": {
            "temperature": asked.temperature,
            "expected calibration error": error,
            "of a perfect model, by chance": calibrate.chance_error(probabilities),
            "bins": [{"sure": sure, **_plain(accuracy)} for sure, accuracy in bins],
            "coverage": coverage[steps].tolist(),
            "risk": risk[steps].tolist(),
        }
    }


def _worse(asked: _Asked) -> dict:
    curves = corruptions.curves(asked.logits, asked.digits)
    return {
        "corruptions": {
            kind: {str(severity): _plain(found) for severity, found in curve.items()}
            for kind, curve in curves.items()
        },
        "mean corruption error": corruptions.mean_error(curves),
    }


def _redrawn(asked: _Asked) -> dict:
    n = 20 if asked.quick else 100  # in each cell: a drawing takes 0.01 s
    cells = redrawn.grid(asked.numpy_logits, asked.digits, n)
    return {
        "redrawn": {
            "all": _plain(total(cells.values())),
            "cells": [
                {"size": pen.size, "pen": pen.width, **_plain(accuracy)}
                for pen, accuracy in cells.items()
            ],
        }
    }


def _elsewhere(asked: _Asked) -> dict:
    other = data.load("optdigits")
    found = evaluate.accuracy(asked.logits(other.images), other.labels)
    named = styles.right(asked.numpy_logits, 50 if asked.quick else 250)
    return {
        "other handwriting": _plain(found),
        "other styles": {style: _plain(some) for style, some in named.items()},
    }


def _refusals(asked: _Asked) -> dict:
    def refused(images):
        return asked.refused(_outputs(asked.model, torch.from_numpy(images)))

    known = asked.refused(asked.outputs)
    passed = nondigits.accepted(refused, asked.digits, 50 if asked.quick else 250)
    groups = {title: total(passed[kind] for kind in GROUPS[title]) for title in GROUPS}
    return {
        "threshold": asked.threshold,
        "refused digits": _plain(Accuracy.of(known)),
        **_answered(asked, ~known),
        "accepted non-digits": {kind: _plain(some) for kind, some in passed.items()},
        "accepted by group": {title: _plain(some) for title, some in groups.items()},
    }


def _answered(asked: _Asked, accepted: torch.Tensor) -> dict:
    """How often it is right where it answers; a model that refuses every digit never is."""
    if not accepted.any():
        return {}
    right = asked.outputs[:, :10].argmax(1) == asked.digits.labels
    return {"answered digits": _plain(Accuracy.of(right[accepted]))}


def _plain(accuracy: Accuracy) -> dict:
    low, high = accuracy.interval
    return {
        "right": accuracy.right,
        "n": accuracy.n,
        "value": accuracy.value,
        "interval": [low, high],
    }


PARTS = {
    "digits as they are": _clean,
    "how sure, and how right": _sureness,
    "digits made worse": _worse,
    "digits redrawn with any pen": _redrawn,
    "other people's handwriting": _elsewhere,
    "things that are no digits": _refusals,
}
"""What is measured, in this order; each part adds its entries to the report."""
