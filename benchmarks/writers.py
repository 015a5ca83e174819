"""What is it worth to know a writer already? ``python benchmarks/writers.py`` measures it, without the test digits.

MNIST's file of training digits says nothing of writers, but it goes from one to the next: digits that lie close to
each other lean alike. Each of the 60,000 digits is named once by a network that learned from other digits of the file,
in two ways: a fifth is left out at random, so that the same writers stand on both sides, or a fifth is left out in
runs of 1,200 neighbours, so that hardly one does. Of the book's 5,000 validation digits it says apart how many were
wrong: are they as hard as the rest? ``benchmarks/writers.md`` is written from what comes out.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from digitlib import data, evaluate, hardware, results
from digitlib.data import Digits
from digitlib.evaluate import mcnemar, wilson
from digitlib.train import Recipe, fit
from digitlib.weights import write_whole
from record import FULL

FOLDS = 5
RUN = 1_200  # digits: about eleven writers, of whom the first and the last may stand on both sides
DISTANCES = (5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)

WAYS = {
    "3 epochs, no deformations": Recipe.named("quick"),
    "20 epochs, deformed": Recipe(
        hidden=(1024, 1024, 512),
        norm=True,
        epochs=20,
        batch=512,
        rate=3e-3,
        decay=0.05,
        deform=FULL.times(0.7),
        fade=0.3,
    ),
}


def main() -> None:
    """Train ten networks a recipe, and write the table."""
    digits = data.load("mnist")
    n, device = len(digits), hardware.best_device()
    splits = {"at random": at_random(n), "in runs": in_runs(n)}
    rows = []
    for name, recipe in WAYS.items():
        recipe = replace(recipe, precision=hardware.best_precision(device))
        start = time.perf_counter()
        right = {way: named(digits, folds, recipe) for way, folds in splits.items()}
        seconds = time.perf_counter() - start
        if recipe.deform:
            record(right, splits)
        _, ours = data.split_indices(digits.labels)
        rows.append(row(name, right, ours, seconds))
        print(rows[-1], flush=True)
    told = [TOP, *rows, "", LEAN, *leaning(digits)]
    told += ["", f"On {hardware.describe(device)}; PyTorch {torch.__version__}."]
    path = Path(__file__).with_suffix(".md")
    write_whole(path, ("\n".join(told) + "\n").encode())


def record(right: dict[str, torch.Tensor], splits: dict[str, torch.Tensor]) -> None:
    """Write the accuracies to the ledger, with their range over the folds."""
    ledger = {dataset: results.entries(dataset) for dataset in data.NAMES}
    for way, name in (("at random", "known"), ("in runs", "unknown")):
        folds = [
            right[way][splits[way] == fold].double().mean().item()
            for fold in range(FOLDS)
        ]
        ledger["mnist"][f"record.{name}-writers"] = {
            "value": right[way].double().mean().item(),
            "n": len(right[way]),
            "tolerance": max(folds) - min(folds),
            "spread": [min(folds), max(folds)],
            "folds": FOLDS,
            "seed": 0,
            "command": "python benchmarks/writers.py",
            **results.measured_now(),
        }
    results.write(ledger)


def at_random(n: int) -> torch.Tensor:
    """A fold for each digit, dealt at random, ``(n,)``."""
    random = torch.Generator().manual_seed(0)
    return torch.randperm(n, generator=random) % FOLDS


def in_runs(n: int) -> torch.Tensor:
    """A fold for each digit, ``(n,)``, the same for a run of neighbours."""
    return torch.arange(n) // RUN % FOLDS


def named(digits: Digits, folds: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """Whether each digit was named rightly by the network that did not learn from its fold, ``(N,)``."""
    right = torch.zeros(len(digits), dtype=torch.bool)
    for fold in range(FOLDS):
        out = folds == fold
        model = recipe.network()
        fit(model, digits[~out], digits[out], recipe)
        answers = evaluate.logits(model, digits.images[out])
        right[out] = answers.argmax(1) == digits.labels[out]
        print(fold, int((~right[out]).sum()), file=sys.stderr, flush=True)
    return right


def lean(digits: Digits) -> torch.Tensor:
    """How far each digit leans, in standard deviations from the mean of its kind, ``(N,)``."""
    ink = data.scale(digits.images)
    ink = ink / ink.sum((1, 2), keepdim=True)
    places = torch.arange(28.0)
    x = places - (ink.sum(1) * places).sum(1, keepdim=True)
    y = places - (ink.sum(2) * places).sum(1, keepdim=True)
    together = torch.einsum("nyx,ny,nx->n", ink, y, x)
    found = -together / torch.einsum("nyx,ny->n", ink, y.square())
    for digit in range(10):
        some = digits.labels == digit
        found[some] = (found[some] - found[some].mean()) / found[some].std()
    return found


def leaning(digits: Digits) -> list[str]:
    """A line for each distance in the file: the correlation of two digits' lean."""
    found = lean(digits)
    return [
        f"| {distance:,} | {(found[:-distance] * found[distance:]).mean():.2f} |"
        for distance in DISTANCES
    ]


def row(
    name: str, right: dict[str, torch.Tensor], ours: torch.Tensor, seconds: float
) -> str:
    """A line of the table: the errors of both ways, of all digits and of ours, and how probable the difference is."""
    cells = [errors(part) for way in right.values() for part in (way, way[ours])]
    p = mcnemar(*right.values())
    return f"| {name} | {' | '.join(cells)} | {p:.1g} | {seconds:.0f} |"


def errors(right: torch.Tensor) -> str:
    """How many are wrong, and their share with its interval."""
    wrong, n = int((~right).sum()), len(right)
    low, high = wilson(wrong, n)
    return f"{wrong:,}: {100 * wrong / n:.2f} % ({100 * low:.2f} to {100 * high:.2f})"


TOP = """# Known and unknown writers

Each of MNIST's 60,000 training digits was named once, by a network that learned from four fifths of the others
(`python benchmarks/writers.py`, seed 0). How many were wrong, of all and of the book's 5,000 validation digits; p is
McNemar's exact test between the two ways, on all.

| recipe | a fifth left out at random | of the 5,000 | in runs of 1,200 | of the 5,000 | p | seconds |
| --- | --- | --- | --- | --- | --- | --- |"""

LEAN = """Digits that lie near each other in the file lean alike. Of two digits that lie so far apart:

| distance | correlation of their lean |
| --- | --- |"""

if __name__ == "__main__":
    main()
