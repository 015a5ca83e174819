"""How two settings of the recipes were chosen: ``python benchmarks/choices.py [deformations] [teacher]``.

Each candidate trains with two seeds and is measured on validation digits alone. The tables go to the screen and to
``benchmarks/choices-*.md``.
"""

import sys
from dataclasses import replace
from pathlib import Path

from digitlib import data, export
from digitlib.augment import Deform
from digitlib.evaluate import Accuracy
from digitlib.files import write_whole
from digitlib.recipes import RECIPES, Recipe
from digitlib.train import fit
from tables import table

WEAK = RECIPES["base"].training.deform
MIDDLE = Deform(rotation=10, scale=0.1, shear=0.1, shift=1.5, elastic=1.0)
STRONG = Deform(rotation=15, scale=0.15, shear=0.15, shift=2.0, elastic=1.3)


def base(deform: Deform | None) -> Recipe:
    """Recipe ``base`` with other deformations."""
    return RECIPES["base"].but(deform=deform)


def tiny(distil: float, **changes) -> Recipe:
    """Recipe ``tiny`` with another share of its teacher."""
    return RECIPES["tiny"].but(distil=distil, **changes)


QUESTIONS = {
    "deformations": (
        "How strong should the deformations of recipe `base` be?",
        "Chosen: weak. Any gentle deformation is worth half a point over none, and strong ones give most of that back. "
        "Among weak, middle and middle without elastic 5,000 digits can't choose; weak has the highest mean, and "
        "serves recipe `tiny` too.",
        {
            "none": base(None),
            "weak (the recipe)": base(WEAK),
            "middle": base(MIDDLE),
            "strong": base(STRONG),
            "middle, no elastic": base(replace(MIDDLE, elastic=0.0)),
            "middle, and pen": base(replace(MIDDLE, pen=0.5)),
        },
    ),
    "teacher": (
        "What is a teacher worth to recipe `tiny`?",
        "Chosen: half and half. It has the highest mean with deformations and without, each time by less than the "
        "doubt in 5,000 digits: a teacher may help here, and this doesn't show it. The deformations, with the sixty "
        "epochs that they allow, help by almost a point.",
        {
            "labels alone": tiny(0.0),
            "half and half (the recipe)": tiny(0.5),
            "teacher alone": tiny(1.0),
            "no deformations, 15 epochs, labels alone": tiny(0.0, deform=None, epochs=15),
            "no deformations, 15 epochs, half and half": tiny(0.5, deform=None, epochs=15),
            "no deformations, 15 epochs, teacher alone": tiny(1.0, deform=None, epochs=15),
        },
    ),
}
SEEDS = (0, 1)
HEAD = ["candidate", "each seed, %", "mean, %", "interval", "training loss", "s"]


def main(names: list[str]) -> None:
    """Train every candidate and write a table for each question."""
    train, valid = data.split(data.load("mnist"))
    for name in names or QUESTIONS:
        title, choice, candidates = QUESTIONS[name]
        rows = []
        for label, recipe in candidates.items():
            rows.append(measured(label, recipe, train, valid))
            print(*rows[-1], sep=" | ", flush=True)
        lines = [
            f"# {title}",
            "",
            f"{len(SEEDS)} seeds each, 5,000 validation digits; made by `python benchmarks/choices.py {name}`. "
            "The interval (95 %) is that of one training with the mean accuracy.",
            "",
            *table(HEAD, rows),
        ]
        deformations = {str(recipe.training.deform) for recipe in candidates.values()}
        if len(deformations) > 2:
            lines.append("")
            lines += [f"- {label}: `{r.training.deform}`" for label, r in candidates.items()]
        lines += ["", choice]
        path = Path(__file__).with_name(f"choices-{name}.md")
        write_whole(path, ("\n".join(lines) + "\n").encode())


def measured(label: str, recipe: Recipe, train, valid) -> list[str]:
    """A row of the table: train with each seed."""
    teacher = export.load_model() if recipe.training.distil else None
    runs = []
    for seed in SEEDS:
        seeded = recipe.but(seed=seed)
        runs.append(fit(seeded.model(), train, valid, seeded.training, teacher=teacher))
    scores = [100 * run[-1].valid_accuracy for run in runs]
    mean = sum(scores) / len(scores)
    low, high = Accuracy(round(mean / 100 * len(valid)), len(valid)).interval
    loss = sum(run[-1].train_loss for run in runs) / len(runs)
    seconds = sum(epoch.seconds for run in runs for epoch in run) / len(runs)
    return [
        *(label, ", ".join(f"{score:.2f}" for score in scores), f"{mean:.2f}"),
        *(f"{100 * low:.2f} to {100 * high:.2f}", f"{loss:.3f}", f"{seconds:.0f}"),
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
