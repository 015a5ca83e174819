"""What a report says of a model, in typed parts, and the JSON that keeps it.

:func:`digitlib.report.measure.measure` finds it, :mod:`digitlib.report.page` shows it. In JSON a record is a dictionary
under its fields' names, with blanks for underscores, and a share has its value and its interval beside its counts, so
that other programs needn't know Wilson's formula.

What is found of ten pictures of cats and dogs, put together by hand:

>>> from digitlib.accuracy import Share
>>> from digitlib.report import findings
>>> right, dog_called_cat = Share(9, 10), findings.Mistake(index=7, label=1, called=0)
>>> report = findings.Report(
...     *("mine", "my own hand", "2026-01-31", ("cat", "dog")),
...     clean=findings.Clean(right, confusion=((5, 0), (1, 4)), worst=(dog_called_cat,)),
...     calibration=findings.Calibration(1.0, 0.05, 0.02, (findings.Bin(0.95, right),), (1.0,), (0.1,)),
...     worse=findings.Worse({"blur": {0.5: Share(8, 10)}}, mean_error=0.2),
...     refusal=findings.Refusal(2.5, Share(1, 10), Share(8, 9), {"cat": Share(0, 5), "dog": Share(1, 5)}),
... )
>>> print(report.noun, "|", report.by_class["dog"])
picture | 80.0 % (37.6 to 96.4) of 5
>>> report.to_json()["worse"]["mean error"], findings.Report.from_json(report.to_json()) == report
(0.2, True)
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from digitlib.accuracy import Share
from digitlib.weights import noun

__all__ = [
    "Bin",
    "Calibration",
    "Cell",
    "Clean",
    "Elsewhere",
    "Mistake",
    "NonDigits",
    "Redrawn",
    "Refusal",
    "Report",
    "Worse",
    "Written",
    "noun",
]


@dataclass(frozen=True)
class Mistake:
    """An image called wrong.

    Attributes:
        index: its position among the images, from 0.
        label: the index of its class.
        called: the index of the class that it was taken for.
    """

    index: int
    label: int
    called: int


@dataclass(frozen=True)
class Clean:
    """The images as they are.

    Attributes:
        accuracy: the share called rightly.
        confusion: ``(C, C)`` counts, row i, column j: labelled i, called j.
        worst: at most twenty mistakes, those whose own label got the least probability first.
    """

    accuracy: Share
    confusion: tuple[tuple[int, ...], ...]
    worst: tuple[Mistake, ...]


@dataclass(frozen=True)
class Bin:
    """Images of which a model was about equally sure.

    Attributes:
        sure: how sure on average, 0 to 1.
        right: the share that was right.
    """

    sure: float
    right: Share


@dataclass(frozen=True)
class Calibration:
    """How sure the model is, and how right.

    Attributes:
        temperature: its logits were divided by it, above 0.
        error: the expected calibration error, 0 to 1.
        chance: what that would be of a perfectly calibrated model, 0 to 1.
        bins: from the least sure to the surest.
        coverage, risk: a hundred points: if only so large a share gets an answer, the surest, so many are wrong.
    """

    temperature: float
    error: float
    chance: float
    bins: tuple[Bin, ...]
    coverage: tuple[float, ...]
    risk: tuple[float, ...]


@dataclass(frozen=True)
class Worse:
    """The images made worse.

    Attributes:
        curves: the share that is right for each severity of each kind of corruption
            (:data:`digitlib.report.corruptions.CORRUPTIONS`), in the kind's own unit.
        mean_error: the share that is wrong, 0 to 1, averaged over all of them.
    """

    curves: dict[str, dict[float, Share]]
    mean_error: float


@dataclass(frozen=True)
class Cell:
    """Digits redrawn in one size with one pen.

    Attributes:
        size: the digits' longer side, in parts of the sheet.
        pen: the pen's width, in parts of the digits' longer side.
        right: the share that is right.

    >>> from digitlib.accuracy import Share
    >>> from digitlib.report.findings import Cell
    >>> cell = Cell(size=0.5, pen=0.1, right=Share(97, 100))
    >>> print(f"size {cell.size:.0%}, pen {cell.pen:.0%}: {cell.right}")
    size 50%, pen 10%: 97.0 % (91.5 to 99.0) of 100
    """

    size: float
    pen: float
    right: Share


@dataclass(frozen=True)
class Redrawn:
    """Digits redrawn with any pen.

    Attributes:
        all: the share that is right of all together.
        cells: each size with each pen (:data:`digitlib.drawn.redrawn.GRID`).

    >>> from digitlib.accuracy import Share, total
    >>> from digitlib.report.findings import Cell, Redrawn
    >>> cells = Cell(0.3, 0.1, Share(90, 100)), Cell(0.5, 0.1, Share(98, 100))
    >>> print(Redrawn(total(cell.right for cell in cells), cells).all)
    94.0 % (89.8 to 96.5) of 200
    """

    all: Share
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Elsewhere:
    """Digits from elsewhere.

    Attributes:
        writers: the share that is right of other people's digits.
        styles: of those drawn by program, by the name of the style (:data:`digitlib.drawn.styles.STYLES`).

    >>> from digitlib.accuracy import Share
    >>> from digitlib.report.findings import Elsewhere
    >>> found = Elsewhere(Share(1350, 1437), {"7 with a bar": Share(48, 50), "4 left open": Share(50, 50)})
    >>> min(found.styles, key=lambda style: found.styles[style].value)
    '7 with a bar'
    """

    writers: Share
    styles: dict[str, Share]


@dataclass(frozen=True)
class Refusal:
    """What a model with a threshold of doubt refuses of its own images.

    Attributes:
        threshold: the doubt above which it refuses.
        refused: the share of the images that it refuses.
        answered: of those that it answers, the share that is right; None where it refuses all.
        by_class: the share that it refuses of each class that there are images of.
    """

    threshold: float
    refused: Share
    answered: Share | None
    by_class: dict[str, Share]


@dataclass(frozen=True)
class Written:
    """Digits drawn in many styles (:mod:`digitlib.drawn.handwriting`).

    Attributes:
        refused: the share that is refused, by digit and by the name of the style.

    >>> from digitlib.accuracy import Share
    >>> from digitlib.report.findings import Written
    >>> found = Written({"0": {"round": Share(3, 50), "tall": Share(0, 50)}, "1": {"round": Share(0, 50)}})
    >>> print(found.worst)
    ('0', 'round')
    """

    refused: dict[str, dict[str, Share]]

    @property
    def worst(self) -> tuple[str, str]:
        """The digit and the style of which most is refused."""
        places = [(digit, style) for digit, by_style in self.refused.items() for style in by_style]
        return max(places, key=lambda place: self.refused[place[0]][place[1]].value)


@dataclass(frozen=True)
class NonDigits:
    """Things that are no digits: the share that passes for one.

    Attributes:
        kinds: by kind (:data:`digitlib.drawn.nondigits.KINDS`).
        groups: by group of kinds (:data:`digitlib.drawn.nondigits.GROUPS`).

    >>> from digitlib.accuracy import Share, total
    >>> from digitlib.report.findings import NonDigits
    >>> kinds = {"symbols": Share(14, 50), "doodles": Share(2, 50)}
    >>> print(NonDigits(kinds, {"kinds set aside": total(kinds.values())}).groups["kinds set aside"])
    16.0 % (10.1 to 24.4) of 100
    """

    kinds: dict[str, Share]
    groups: dict[str, Share]


@dataclass(frozen=True)
class Report:
    """All that was found. None stands for what a model or its classes don't have.

    Attributes:
        model: what it is called.
        made_by: the versions that measured it.
        date: of the measuring, such as ``"2026-01-31"``.
        classes: the names of its classes.
        clean, calibration, worse: of every model.
        redrawn, elsewhere: of models of the ten digits.
        refusal: of a model with a threshold of doubt.
        written, non_digits: of such a one of the ten digits.
    """

    model: str
    made_by: str
    date: str
    classes: tuple[str, ...]
    clean: Clean
    calibration: Calibration
    worse: Worse
    redrawn: Redrawn | None = None
    elsewhere: Elsewhere | None = None
    refusal: Refusal | None = None
    written: Written | None = None
    non_digits: NonDigits | None = None

    @property
    def noun(self) -> str:
        """What the images are called, in the singular: digit or picture."""
        return noun(self.classes)

    @property
    def by_class(self) -> dict[str, Share]:
        """The share called rightly of each class that there are images of."""
        return {
            name: Share(row[label], sum(row))
            for label, (name, row) in enumerate(
                zip(self.classes, self.clean.confusion, strict=True)
            )
            if sum(row)
        }

    def to_json(self) -> dict:
        """As plain numbers, texts, lists and dictionaries."""
        return _to_plain(self)

    @classmethod
    def from_json(cls, plain: Mapping) -> "Report":
        """From what :meth:`digitlib.report.findings.Report.to_json` gave.

        Raises:
            ValueError: what is no report.
        """
        try:
            return _from_plain(cls, plain)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                f"expected a report, got one with {type(error).__name__}: {error}"
            ) from None


def _to_plain(value: object) -> Any:
    match value:
        case Share():
            counts = {"count": value.count, "n": value.n}
            return {**counts, "value": value.value, "interval": list(value.interval)}
        case Mapping():
            return {str(key): _to_plain(one) for key, one in value.items()}
        case tuple():
            return [_to_plain(one) for one in value]
    if not is_dataclass(value):
        return value
    return {_key(one.name): _to_plain(getattr(value, one.name)) for one in fields(value)}


def _from_plain(kind: Any, plain: Any) -> Any:
    """The other way: what a type says of a field decides what becomes of its JSON."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is types.UnionType:  # of something and None
        return None if plain is None else _from_plain(inner[0], plain)
    if origin is tuple:
        return tuple(_from_plain(inner[0], one) for one in plain)
    if origin is dict:
        return {inner[0](key): _from_plain(inner[1], one) for key, one in plain.items()}
    if kind is Share:
        return Share(plain["count"], plain["n"])
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _from_plain(hints[name], plain[_key(name)]) for name in hints})
    return kind(plain)


def _key(name: str) -> str:
    return name.replace("_", " ")
