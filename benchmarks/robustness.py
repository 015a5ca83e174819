"""What deformations are worth on digits that aren't clean, and what they cost: ``python benchmarks/robustness.py``.

Recipes ``base`` and ``pad``, the latter for half its epochs, train once as they are, and once on the digits as they
come; ``pad`` once more with half of its redrawn digits at a low resolution. Each is measured on validation digits: as
they are, made worse in the ten ways of :mod:`digitlib.corruptions`, and redrawn; and on scikit-learn's
digits, by other writers. The table goes to the screen and to ``benchmarks/robustness.md``.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from digitlib import corruptions, data, evaluate, redrawn
from digitlib.data import Digits
from digitlib.model import MLP
from digitlib.train import RECIPES, fit
from digitlib.weights import write_whole

PAD = replace(RECIPES["pad"], epochs=RECIPES["pad"].epochs // 2)

CANDIDATES = {
    "base": RECIPES["base"],
    "base without": replace(RECIPES["base"], deform=None),
    "pad": PAD,
    "pad, half of it coarse": replace(PAD, coarse=0.5),
    # Twice as many epochs of half as many digits: as many steps.
    "pad without": replace(PAD, deform=None, redrawn=0.0, epochs=2 * PAD.epochs),
}


def main() -> None:
    """Train every candidate and write the table."""
    train, valid = data.split(data.load("mnist"))
    cells = list(redrawn.cells(valid, 200))
    other = data.load("optdigits")
    lines = [
        "# What are deformations worth?",
        "",
        f"One seed each; {len(valid):,} validation digits, the first 1,000 of them made worse in forty ways, "
        f"{len(cells)} x 200 redrawn; {len(other):,} of scikit-learn's digits. "
        "Made by `python benchmarks/robustness.py`.",
        "",
        "| recipe | clean, right | made worse, wrong on average | redrawn, right | other writers, right |",
        "| --- | --- | --- | --- | --- |",
    ]
    print("\n".join(lines), flush=True)
    found = {}
    for name, recipe in CANDIDATES.items():
        model = MLP(recipe.hidden, seed=recipe.seed, outputs=recipe.outputs)
        fit(model, train, valid, recipe)
        found[name] = corruptions.curves(partial(evaluate.logits, model), valid[:1000])
        lines.append(
            "| " + " | ".join(row(name, model, valid, found[name], cells, other)) + " |"
        )
        print(lines[-1], flush=True)
    lines += ["", "Wrong on average, by kind (%):", "", *by_kind(found)]
    write_whole(
        Path(__file__).with_name("robustness.md"), ("\n".join(lines) + "\n").encode()
    )


def row(
    name: str, model: MLP, valid: Digits, curves, cells, other: Digits
) -> Iterator[str]:
    """A model's line of the table."""

    def right(digits: Digits) -> evaluate.Accuracy:
        return evaluate.accuracy(evaluate.logits(model, digits.images), digits.labels)

    yield name
    yield right(valid).share
    yield f"{100 * corruptions.mean_error(curves):.1f} %"
    yield evaluate.total(right(digits) for _, digits in cells).share
    yield right(other).share


def by_kind(found: dict[str, dict]) -> Iterator[str]:
    """A table of the mean error of each kind, a column for each candidate."""
    yield "| kind | " + " | ".join(found) + " |"
    yield "| --- " * (len(found) + 1) + "|"
    for kind in corruptions.CORRUPTIONS:
        errors = (
            100 * corruptions.mean_error({kind: curves[kind]})
            for curves in found.values()
        )
        yield f"| {kind} | " + " | ".join(f"{error:.1f}" for error in errors) + " |"


if __name__ == "__main__":
    main()
