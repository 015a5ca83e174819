"""What ``digitlib evaluate`` prints of a model, line by line; imported when it is asked, since it needs torch."""

import math
from collections.abc import Iterator
from functools import partial

import torch

from digitlib import evaluate
from digitlib.accuracy import Share, percent, total
from digitlib.classify import Classifier
from digitlib.data import Images
from digitlib.drawn import handwriting, nondigits, redrawn
from digitlib.plain import one_line, shown

__all__ = ["LISTED", "answered", "drawn", "refusal"]

LISTED = 100
"""Of so many wrong images each gets a line."""


def answered(classifier: Classifier, images: Images, place: str) -> Iterator[str]:
    """How many are right, in all and of each class; and the wrong ones, worst first, by their files or positions.

    Args:
        classifier: the model.
        images: what it is asked about.
        place: what one calls the place where they are.
    """
    logits, labels = evaluate.logits(classifier, images.images), images.labels
    yield f"{evaluate.accuracy(logits, labels)} {images.noun} in {place}"
    for label, one in enumerate(images.classes):
        some = labels == label
        right = "none to ask about"
        if some.any():
            right = f"{evaluate.accuracy(logits[some], labels[some])} {images.noun}"
        yield f"  {one_line(one)}: {right}"
    yield from _wrong(classifier, images, logits)


def _wrong(classifier: Classifier, images: Images, logits: torch.Tensor) -> Iterator[str]:
    wrong = evaluate.mistakes(logits, images.labels)
    share = Share(len(wrong), len(images))
    low, high = (100 * end for end in share.interval)
    yield f"{share.count:,} wrong, {percent(share.value, 2)} ({low:.2f} to {high:.2f})"
    sure = (logits / classifier.temperature).softmax(1).max(1)
    for i in wrong[:LISTED].tolist():
        label, called = (one_line(images.classes[j]) for j in (images.labels[i], sure.indices[i]))
        which = shown(images.files[i]) if images.files else i
        one = f"a {label}" if images.of_digits else label
        yield f"  {which}: {one}, called {called} ({percent(sure.values[i], 0)})"
    if len(wrong) > LISTED:
        yield f"  and {len(wrong) - LISTED:,} more"


def drawn(classifier: Classifier, valid: Images) -> Iterator[str]:
    """How many redrawn digits are right: a row for each size, a column for each pen; then all, and the worst cell.

    Some digits are drawn more than once, which the intervals leave out of account.
    """
    found = redrawn.grid(partial(evaluate.logits, classifier), valid)
    widths = sorted({pen.width for pen in found})
    yield "\t".join(["size", *(f"pen {width:.0%}" for width in widths)])
    for size in sorted({pen.size for pen in found}):
        row = [found[redrawn.Pen(size, width)] for width in widths]
        yield "\t".join([f"{size:.0%}", *(f"{100 * cell.value:.1f}" for cell in row)])
    yield f"all: {total(found.values())} drawings of {len(valid):,} {valid.noun}"
    worst = min(found, key=lambda pen: found[pen].value)
    yield f"worst: {found[worst]} drawings, at size {worst.size:.0%} with pen {worst.width:.0%}"


def _written(found: dict[str, dict[str, Share]]) -> Iterator[str]:
    """What is refused of digits drawn in many styles: a line for each style, a column for each digit."""
    shares = [share for by_style in found.values() for share in by_style.values()]
    yield f"refused of drawings in {len(found['0'])} styles: {total(shares)}"
    yield "\t".join(["refused (%)", *found])
    for style in found["0"]:
        row = (f"{100 * by_style[style].value:.1f}" for by_style in found.values())
        yield "\t".join([style, *row])


def refusal(classifier: Classifier, valid: Images, place: str) -> Iterator[str]:
    """How many digits are refused, and how many other things pass for digits, by kind.

    Raises:
        ValueError: the weights have no threshold, so nothing is refused.
    """
    if math.isinf(classifier.threshold):
        raise ValueError("expected weights with a threshold of doubt, got weights without")
    refused = partial(evaluate.refused, classifier)
    said = refused(valid.images)
    yield f"refused of the digits in {place}: {Share.of(said)}"
    for label in valid.labels.unique().tolist():
        yield f"  {valid.classes[label]}: {Share.of(said[valid.labels == label])}"
    again = total(Share.of(refused(some.images)) for _, some in redrawn.cells(valid))
    yield f"refused of redrawn ones: {again}"
    yield from _written(handwriting.refused(refused))
    found = nondigits.accepted(refused, valid)
    for title, kinds in nondigits.GROUPS.items():
        yield f"{title}, accepted: {total(found[kind] for kind in kinds)}"
        if len(kinds) > 1:
            yield from (f"  {kind}: {found[kind]}" for kind in kinds)
