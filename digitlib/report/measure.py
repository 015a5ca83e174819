"""Everything that ``digitlib report`` measures of a model, part by part.

:func:`digitlib.report.measure.measure` takes any model and any images, so that readers can ask it about their own. Some
parts are for digits alone: drawings, other people's handwriting and things that are no digits can be had of these only.
"""

import math
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import torch

import digitlib
from digitlib import calibrate, data, evaluate
from digitlib.accuracy import Share, total
from digitlib.classify import Classifier
from digitlib.data import Images, split_indices
from digitlib.drawn import handwriting, nondigits, redrawn, styles
from digitlib.report import corruptions, findings
from digitlib.weights import check_calibration

__all__ = ["PARTS", "measure"]

FEWEST = 100
"""Fewer images than this say too little."""


def measure(
    model: evaluate.Model,
    images: Images,
    *,
    name: str = "a model",
    temperature: float | None = None,
    threshold: float | None = None,
    quick: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> findings.Report:
    """The figures of :func:`digitlib.report.page.write`, which says what the arguments are and what is raised.

    Any model and any images: here one that looks whether the left half is the brighter one.

    >>> import torch
    >>> from torch import nn
    >>> from digitlib.data import Images
    >>> from digitlib.report.measure import measure
    >>> images = torch.zeros(100, 28, 28, dtype=torch.uint8)
    >>> images[:50, :, :14], images[50:, :, 14:] = 255, 255
    >>> halves = Images(images, torch.arange(100) // 50, ("left", "right"))
    >>> report = measure(nn.Sequential(nn.AdaptiveAvgPool2d((1, 2)), nn.Flatten()), halves)
    >>> print(report.by_class["left"])
    100.0 % (92.9 to 100.0) of 50
    >>> report.redrawn is None, list(report.worse.curves)[:3]  # only digits can be redrawn
    (True, ['shift', 'rotation', 'smaller'])
    """
    if len(images) < FEWEST:
        raise ValueError(f"expected at least {FEWEST} images, got {len(images)}")
    if temperature is None:
        temperature = model.temperature if isinstance(model, Classifier) else 1.0
    if threshold is None:
        threshold = model.threshold if isinstance(model, Classifier) else math.inf
    # As Python's own numbers, since they are written down.
    temperature, threshold = float(temperature), float(threshold)
    check_calibration({"temperature": temperature})
    asked = _Asked(model, images, torch.arange(len(images)), temperature, threshold, quick)
    asked.try_it()
    if quick:
        asked = asked.shortened()
    found = {}
    for field, part in PARTS.items():
        if part.applies(asked):
            tell(part.title.format(findings.noun(images.classes)))
            found[field] = part.measure(asked)
    versions = f"torch {torch.__version__}, Python {platform.python_version()}"
    made_by = f"digitlib {digitlib.__version__}, {versions}"
    return findings.Report(name, made_by, str(date.today()), images.classes, **found)


@dataclass(frozen=True)
class _Asked:
    """A model, and the images that it is asked about; the rest is as ``measure`` takes it.

    Attributes:
        places: which of those that ``measure`` was given they are, int64 ``(N,)``.
    """

    model: evaluate.Model
    images: Images
    places: torch.Tensor
    temperature: float
    threshold: float
    quick: bool

    def try_it(self) -> None:
        """Ask about a few images, so that what is wrong with a model is said at once, not after minutes."""
        if isinstance(self.model, Classifier):
            self.model.check_for(self.images.classes, self.images.preparation)
        few, n = self.images.images[:FEWEST], len(self.images.classes)
        outputs = self.outputs_of(few)
        if self.refuses and outputs.shape[1] == n:
            raise ValueError(
                f"expected logits (N, {n + 1}) of a model with a threshold of doubt, "
                f"got {tuple(outputs.shape)} for {tuple(few.shape)}"
            )

    def shortened(self) -> "_Asked":
        """About a fifth of the images, of each class its share."""
        n = max(FEWEST, len(self.images) // 5)
        if n >= len(self.images):
            return self
        some = split_indices(self.labels, n)[1]
        return replace(self, images=self.images[some], places=self.places[some])

    @property
    def labels(self) -> torch.Tensor:
        return self.images.labels

    @property
    def refuses(self) -> bool:
        return math.isfinite(self.threshold)

    @cached_property
    def outputs(self) -> torch.Tensor:
        """Of the images as they are: several parts look at these."""
        return self.outputs_of(self.images.images)

    @property
    def logits(self) -> torch.Tensor:
        return self.outputs[:, : len(self.images.classes)]

    def outputs_of(self, images: torch.Tensor) -> torch.Tensor:
        """Of uint8 ``(N, 28, 28)``: ``(N, C)`` or ``(N, C + 1)``; ValueError for any other, or what is not finite."""
        return evaluate.outputs_for(self.model, images, len(self.images.classes))

    def logits_of(self, images: torch.Tensor) -> torch.Tensor:
        return self.outputs_of(images)[:, : len(self.images.classes)]

    def refused(self, images: torch.Tensor) -> torch.Tensor:
        return calibrate.doubt(self.outputs_of(images)) > self.threshold


def _clean(asked: _Asked) -> findings.Clean:
    called = asked.logits.argmax(1)
    worst = evaluate.mistakes(asked.logits, asked.labels)[:20].tolist()
    return findings.Clean(
        Share.of(called == asked.labels),
        tuple(map(tuple, evaluate.confusion(asked.logits, asked.labels).tolist())),
        tuple(
            findings.Mistake(int(asked.places[i]), int(asked.labels[i]), int(called[i]))
            for i in worst
        ),
    )


def _calibration(asked: _Asked) -> findings.Calibration:
    labels = asked.labels
    probabilities = (asked.logits.double() / asked.temperature).softmax(1)
    doubts, right = 1 - probabilities.amax(1), probabilities.argmax(1) == labels
    coverage, risk = calibrate.risk_coverage(doubts, right)
    steps = torch.linspace(0, len(labels) - 1, 100).round().long()
    bins = calibrate.reliability(probabilities, labels)
    return findings.Calibration(
        asked.temperature,
        calibrate.calibration_error(probabilities, labels),
        calibrate.chance_error(probabilities),
        tuple(findings.Bin(sure, _share(right)) for sure, right in bins),
        tuple(coverage[steps].tolist()),
        tuple(risk[steps].tolist()),
    )


def _worse(asked: _Asked) -> findings.Worse:
    curves = corruptions.curves(asked.logits_of, asked.images)
    return findings.Worse(
        {
            kind: {float(severity): _share(right) for severity, right in curve.items()}
            for kind, curve in curves.items()
        },
        corruptions.mean_error(curves),
    )


def _redrawn(asked: _Asked) -> findings.Redrawn:
    n = 20 if asked.quick else 100  # in each cell: a drawing takes 0.01 s
    cells = redrawn.grid(asked.logits_of, asked.images, n)
    return findings.Redrawn(
        total(cells.values()),
        tuple(findings.Cell(pen.size, pen.width, right) for pen, right in cells.items()),
    )


def _elsewhere(asked: _Asked) -> findings.Elsewhere:
    other = data.load("optdigits")
    found = Share.of(asked.logits_of(other.images).argmax(1) == other.labels)
    return findings.Elsewhere(found, styles.right(asked.logits_of, 50 if asked.quick else 250))


def _refusal(asked: _Asked) -> findings.Refusal:
    refused = calibrate.doubt(asked.outputs) > asked.threshold
    right = (asked.logits.argmax(1) == asked.labels)[~refused]
    answered = Share.of(right) if len(right) else None
    by_class = {
        name: Share.of(refused[asked.labels == label])
        for label, name in enumerate(asked.images.classes)
        if (asked.labels == label).any()
    }
    return findings.Refusal(asked.threshold, Share.of(refused), answered, by_class)


def _written(asked: _Asked) -> findings.Written:
    return findings.Written(handwriting.refused(asked.refused, 5 if asked.quick else 50))


def _non_digits(asked: _Asked) -> findings.NonDigits:
    passed = nondigits.accepted(asked.refused, asked.images, 50 if asked.quick else 250)
    groups = {
        title: total(passed[kind] for kind in kinds) for title, kinds in nondigits.GROUPS.items()
    }
    return findings.NonDigits(passed, groups)


def _share(right: Share) -> Share:
    """The same counts, of images that may be no digits."""
    return Share(right.count, right.n)


@dataclass(frozen=True)
class _Part:
    """A part of a report: its title, with a place for what the images are called, and what measures it of whom."""

    title: str
    measure: Callable
    of_digits: bool = False
    refuses: bool = False

    def applies(self, asked: _Asked) -> bool:
        return (asked.images.of_digits or not self.of_digits) and (
            asked.refuses or not self.refuses
        )


PARTS = {
    "clean": _Part("{}s as they are", _clean),
    "calibration": _Part("how sure, and how right", _calibration),
    "worse": _Part("{}s made worse", _worse),
    "redrawn": _Part("digits redrawn with any pen", _redrawn, of_digits=True),
    "elsewhere": _Part("other people's handwriting", _elsewhere, of_digits=True),
    "refusal": _Part("{}s that are refused", _refusal, refuses=True),
    "written": _Part("digits drawn in many styles", _written, of_digits=True, refuses=True),
    "non_digits": _Part("things that are no digits", _non_digits, of_digits=True, refuses=True),
}
"""What is measured, in this order, by the field of the report that it fills."""
