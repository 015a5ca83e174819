"""What recipe ``pad`` needs: ``python benchmarks/pad.py``.

Each candidate trains once, for half the recipe's epochs, and is measured on validation digits alone: as they are, and
redrawn in the whole grid of sizes and pens. The table goes to the screen and to ``benchmarks/choices-pad.md``.
"""

from dataclasses import replace
from pathlib import Path

from digitlib import data, evaluate, redrawn
from digitlib.model import MLP
from digitlib.train import RECIPES, Recipe, fit
from digitlib.weights import write_whole

PAD = replace(RECIPES["pad"], epochs=RECIPES["pad"].epochs // 2)


CANDIDATES = {
    "pad (the recipe)": PAD,
    "half as many redrawn digits": replace(PAD, redrawn=0.5),
    "none, but any pen in the deformations": replace(
        PAD, redrawn=0.0, epochs=2 * PAD.epochs, deform=replace(PAD.deform, pen=1.0)
    ),
    "none": replace(PAD, redrawn=0.0, epochs=2 * PAD.epochs),
    "no non-digits": replace(PAD, nondigits=0.0),
    "half of it from a teacher": replace(PAD, distil=0.5),
}
"""Those without redrawn digits see the others twice as often."""

CHOICE = (
    "Chosen: as many redrawn digits as others. They are clearly better than none; than any pen in the "
    "deformations they are ahead by less than half a point, with one seed. Beyond that 16,000 drawings can't tell: "
    "half as many may do as well, non-digits cost nothing that shows, and a teacher, itself a longer training, "
    "adds nothing that shows."
)

TEACHER = replace(PAD, hidden=(1000, 500))
"""More than four times as large, and trained by the same recipe."""


def main() -> None:
    """Train every candidate and write the table."""
    train, valid = data.split(data.load("mnist"))
    cells = list(redrawn.cells(valid))
    lines = [
        "# What does recipe `pad` need?",
        "",
        f"One seed each, {PAD.epochs} epochs, 5,000 validation digits, and {len(cells)} x 1,000 of them "
        "redrawn; made by `python benchmarks/pad.py`.",
        "",
        "| candidate | validation digits | redrawn | worst cell, % |",
        "| --- | --- | --- | --- |",
    ]
    teacher, row = measured("the teacher", TEACHER, train, valid, cells)
    rows = [row]
    print(row, flush=True)
    for name, recipe in CANDIDATES.items():
        taught_by = teacher if recipe.distil else None
        rows.append(measured(name, recipe, train, valid, cells, taught_by)[1])
        print(rows[-1], flush=True)
    lines += [*rows[1:], rows[0], "", CHOICE]
    text = "\n".join(lines) + "\n"
    write_whole(Path(__file__).with_name("choices-pad.md"), text.encode())


def measured(name: str, recipe: Recipe, train, valid, cells, teacher=None):
    """A model, trained, and its row of the table."""
    model = MLP(recipe.hidden, seed=recipe.seed, outputs=recipe.outputs)
    fit(model, train, valid, recipe, teacher=teacher)
    clean = evaluate.accuracy(evaluate.logits(model, valid.images), valid.labels)
    found = [
        (evaluate.accuracy(evaluate.logits(model, some.images), some.labels), pen)
        for pen, some in cells
    ]
    together = evaluate.total(accuracy for accuracy, _ in found)
    worst, pen = min(found, key=lambda pair: pair[0].value)
    where = f"size {pen.size:.0%}, pen {pen.width:.0%}"
    row = f"| {name} | {clean.share} | {together.share} | {100 * worst.value:.1f} ({where}) |"
    return model, row


if __name__ == "__main__":
    main()
