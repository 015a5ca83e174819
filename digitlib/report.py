"""What ``digitlib evaluate`` says of weights on drawings and on what is no digit, line by line."""

import math
from collections.abc import Iterator

from digitlib import nondigits, redrawn
from digitlib.classify import DigitClassifier
from digitlib.data import Digits
from digitlib.evaluate import Accuracy, total

__all__ = ["drawn", "refusal"]


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
    for title, kinds in (
        ("kinds trained on", nondigits.TRAINED),
        ("kinds set aside", nondigits.SET_ASIDE),
        ("letters that look like digits", ("look-alikes",)),
    ):
        yield f"{title}, accepted: {total(found[kind] for kind in kinds).share}"
        if len(kinds) > 1:
            yield from (f"  {kind}: {found[kind].share}" for kind in kinds)
