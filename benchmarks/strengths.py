"""How the strength of the deformations in recipe ``base`` was chosen: ``python benchmarks/strengths.py``.

Each candidate trains the recipe with two seeds. The table goes to the screen and to ``benchmarks/strengths.md``. The
choice looks at validation digits alone.
"""

from dataclasses import replace
from pathlib import Path

from digitlib import data
from digitlib.augment import Deform
from digitlib.evaluate import Accuracy
from digitlib.model import MLP
from digitlib.train import Recipe, fit
from digitlib.weights import write_whole

WEAK = Deform(rotation=8, scale=0.08, shear=0.05, shift=1.0, elastic=0.8)
MIDDLE = Deform(rotation=10, scale=0.1, shear=0.1, shift=1.5, elastic=1.0)
STRONG = Deform(rotation=15, scale=0.15, shear=0.15, shift=2.0, elastic=1.3)
CANDIDATES = {
    "none": None,
    "weak": WEAK,
    "middle": MIDDLE,
    "strong": STRONG,
    "middle, no elastic": replace(MIDDLE, elastic=0.0),
    "middle, and pen": replace(MIDDLE, pen=0.5),
}
SEEDS = (0, 1)


def main() -> None:
    """Train every candidate and write the table."""
    train, valid = data.split(data.load("mnist"))
    lines = [
        "# How strong should the deformations be?",
        "",
        f"Recipe `base`, {len(SEEDS)} seeds each, {len(valid):,} validation digits; made by "
        "`python benchmarks/strengths.py`. Intervals (95 %) are of one training.",
        "",
        "| deformations | each seed, % | mean, % | interval of the mean's digits | training loss | s |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, deform in CANDIDATES.items():
        runs = []
        for seed in SEEDS:
            recipe = Recipe.named("base", deform=deform, seed=seed)
            runs.append(fit(MLP(recipe.hidden, seed=seed), train, valid, recipe))
        scores = [100 * run[-1].valid_accuracy for run in runs]
        mean = sum(scores) / len(scores)
        low, high = Accuracy(round(mean / 100 * len(valid)), len(valid)).interval
        loss = sum(run[-1].train_loss for run in runs) / len(runs)
        seconds = sum(epoch.seconds for run in runs for epoch in run) / len(runs)
        lines.append(
            f"| {name} | {', '.join(f'{score:.2f}' for score in scores)} | {mean:.2f} "
            f"| {100 * low:.2f} to {100 * high:.2f} | {loss:.3f} | {seconds:.0f} |"
        )
        print(lines[-1], flush=True)
    lines += ["", *(f"- {name}: `{deform}`" for name, deform in CANDIDATES.items())]
    path = Path(__file__).with_suffix(".md")
    write_whole(path, ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
