"""What recipe ``pad`` needs, and what its deformations are worth and cost: ``python benchmarks/practice.py``.

Each candidate trains once, recipe ``pad`` for half its epochs, and is measured on validation digits alone: as they
are, made worse in the ten ways of :mod:`digitlib.report.corruptions`, and redrawn in the whole grid of sizes and pens;
and on scikit-learn's digits, by other writers, and on drawings in the styles of :mod:`digitlib.drawn.styles`. Of those
that refuse it is said how many they refuse of the digit that they refuse most, and how many non-digits of the kinds
trained on they let pass. The tables go to the screen and to ``benchmarks/choices-pad.md``.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from digitlib import calibrate, data, evaluate
from digitlib.accuracy import Share, percent, total
from digitlib.data import Images
from digitlib.drawn import nondigits, redrawn, styles
from digitlib.files import write_whole
from digitlib.model import MLP
from digitlib.recipes import RECIPES
from digitlib.report import corruptions
from digitlib.train import fit
from tables import table

PAD = RECIPES["pad"].but(epochs=RECIPES["pad"].training.epochs // 2)
NONE = PAD.but(styles=0.0, redrawn=0.0, degraded=0.0, epochs=2 * PAD.training.epochs)

CANDIDATES = {
    "pad (the recipe)": PAD,
    "pad, no other hands": PAD.but(styles=0.0),
    "pad, none degraded": PAD.but(degraded=0.0),
    "pad, none redrawn": NONE,
    "pad, none redrawn, but any pen in the deformations": NONE.but(
        deform=replace(NONE.training.deform, pen=1.0)
    ),
    "pad, nothing deformed or redrawn": NONE.but(deform=None),
    "pad, fewer non-digits": PAD.but(nondigits=0.3),
    "pad, no non-digits": PAD.but(nondigits=0.0),
}
"""Those without redrawn digits have none in other hands either, and see the rest twice as often."""

HEAD = ["candidate", "clean, right", "made worse, wrong on average", "redrawn, right"]
HEAD += ["worst cell, % right", "other writers, right", "other styles, right"]
HEAD += ["refused of one digit, at most", "non-digits, accepted"]


def main() -> None:
    """Train every candidate and write the tables."""
    train, valid = data.split(data.load("mnist"))
    cells = list(redrawn.cells(valid))
    other = data.load("optdigits")
    rows, found = [], {}
    for name, recipe in CANDIDATES.items():
        model = recipe.model()
        fit(model, recipe.images(train), valid, recipe.training)
        found[name] = corruptions.curves(partial(evaluate.logits, model), valid[:1000])
        rows.append(list(row(name, model, valid, found[name], cells, other)))
        print(*rows[-1], sep=" | ", flush=True)
    lines = [
        "# What does recipe `pad` need?",
        "",
        f"One seed each, recipe `pad` for {PAD.training.epochs} epochs; {len(valid):,} validation digits, the first "
        f"1,000 of them made worse in forty ways, {len(cells)} x 1,000 redrawn; {len(other):,} of scikit-learn's "
        f"digits; 1,000 in each of {len(styles.STYLES)} other styles. "
        "Made by `python benchmarks/practice.py`.",
        "",
        *table(HEAD, rows),
        "",
        "Wrong on average, by kind (%):",
        "",
        *table(["kind", *found], by_kind(found)),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    write_whole(Path(__file__).with_name("choices-pad.md"), text.encode())


def row(name: str, model: MLP, valid: Images, curves, cells, other: Images) -> Iterator[str]:
    """A model's line of the table."""

    def right(digits: Images) -> Share:
        return Share.of(evaluate.logits(model, digits.images).argmax(1) == digits.labels)

    yield name
    yield str(right(valid))
    yield percent(corruptions.mean_error(curves))
    drawn = {pen: right(digits) for pen, digits in cells}
    yield str(total(drawn.values()))
    worst = min(drawn, key=lambda pen: drawn[pen].value)
    where = f"size {worst.size:.0%}, pen {worst.width:.0%}"
    yield f"{100 * drawn[worst].value:.1f} ({where})"
    yield str(right(other))
    yield str(total(styles.right(partial(evaluate.logits, model)).values()))
    yield from refusals(model, valid) if model.none else ("", "")


def refusals(model: MLP, valid: Images) -> Iterator[str]:
    """What a model refuses of the validation digit that it refuses most, and how many non-digits pass."""

    def doubts(images: torch.Tensor) -> torch.Tensor:
        return calibrate.doubt(evaluate.outputs(model, images))

    limit = calibrate.threshold(doubts(valid.images), valid.labels)
    over = doubts(valid.images) > limit
    shares = [Share.of(over[valid.labels == label]) for label in range(10)]
    yield str(max(shares, key=lambda share: share.value))
    passed = nondigits.accepted(lambda images: doubts(images) > limit, valid)
    yield str(total(passed[kind] for kind in nondigits.TRAINED))


def by_kind(found: dict[str, dict]) -> Iterator[list[str]]:
    """A line for each kind: its name, and its mean error for each candidate."""
    for kind in corruptions.CORRUPTIONS:
        errors = (100 * corruptions.mean_error({kind: curves[kind]}) for curves in found.values())
        yield [kind, *(f"{error:.1f}" for error in errors)]


if __name__ == "__main__":
    main()
