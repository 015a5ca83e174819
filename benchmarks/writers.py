"""What is it worth to know a writer already? ``python benchmarks/writers.py`` measures it, without the test digits.

MNIST's file of training digits says nothing of writers. But it deals from two packs in turn: digits at even and at odd
places (counted from 0) lean differently on average. The odd ones go from one writer to the next, for close ones lean
alike; the even ones are mixed. So each of the 60,000 digits is named once by a network that learned from others, in two
ways: a fifth of them is left out at random, so that the same writers stand on both sides, or a fifth is left out in
long runs, so that of the odd half hardly one does. The even half is the control, and the book's 5,000 validation digits
are counted apart: are they as hard as the rest? ``benchmarks/writers.md`` is written from what comes out.
"""

import sys
import time
from pathlib import Path

import torch

from digitlib import data, evaluate
from digitlib.book import ledger
from digitlib.book.entries import entries
from digitlib.data import Images
from digitlib.engine import hardware
from digitlib.evaluate import Accuracy, mcnemar
from digitlib.files import write_whole
from digitlib.recipes import Network, Recipe
from digitlib.train import Training, fit
from tables import share, table

FOLDS = 5
RUN = 2_400  # digits: some twelve writers of the odd half; the first and the last may stand on both sides
DISTANCES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)

RECIPES = {
    "3 epochs, no deformations": Recipe.named("quick"),
    "20 epochs, deformed": Recipe(
        Network((1024, 1024, 512), norm=True),
        Training(
            epochs=20,
            batch=512,
            rate=3e-3,
            decay=0.05,
            deform=Recipe.named("record").training.deform.times(0.7),
            fade=0.3,
        ),
    ),
}
"""The last one's figures go to the ledger."""


def main() -> None:
    """Train ten networks a recipe, and write the table."""
    digits = data.load("mnist")
    device = hardware.best_device()
    precision = hardware.best_precision(device)
    places = torch.arange(len(digits))
    ways = {"known": at_random(len(digits)), "unknown": in_runs(len(digits))}
    parts = {
        "the half that goes by writers": places[1::2],
        "the other half": places[0::2],
        "the book's validation digits": data.split_indices(digits.labels)[1],
    }
    rows, right = [], {}
    for name, recipe in RECIPES.items():
        start, recipe = time.perf_counter(), recipe.but(precision=precision)
        right = {way: named(digits, folds, recipe) for way, folds in ways.items()}
        for part, some in parts.items():
            rows.append(row(f"{name}: {part}", [way[some] for way in right.values()]))
            print(*rows[-1], sep=" | ", flush=True)
        print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    half = places[1::2]
    record(
        {way: right[way][half] for way in ways},
        {way: folds[half] for way, folds in ways.items()},
    )
    about = f"On {hardware.describe(device)}, {precision}; PyTorch {torch.__version__}."
    told = [TOP, "", *table(HEAD, rows), "", LEAN, ""]
    told += [*table(LEAN_HEAD, leaning(digits)), "", about]
    path = Path(__file__).with_suffix(".md")
    write_whole(path, ("\n".join(told) + "\n").encode())


def at_random(n: int) -> torch.Tensor:
    """A fold for each digit, dealt at random, ``(n,)``."""
    random = torch.Generator().manual_seed(0)
    return torch.randperm(n, generator=random) % FOLDS


def in_runs(n: int) -> torch.Tensor:
    """A fold for each digit, ``(n,)``, the same for a run of neighbours."""
    return torch.arange(n) // RUN % FOLDS


def named(digits: Images, folds: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """Whether each digit was named rightly by the network that did not learn from its fold, ``(N,)``."""
    right = torch.zeros(len(digits), dtype=torch.bool)
    for fold in range(FOLDS):
        out = folds == fold
        model = recipe.model()
        fit(model, digits[~out], digits[out], recipe.training)
        answers = evaluate.logits(model, digits.images[out])
        right[out] = answers.argmax(1) == digits.labels[out]
    return right


def record(right: dict[str, torch.Tensor], folds: dict[str, torch.Tensor]) -> None:
    """Write the accuracies to the ledger, with their range over the folds."""
    told = {dataset: entries(dataset) for dataset in data.VALID_SIZE}
    for way, told in right.items():
        each = [Accuracy.of(told[folds[way] == fold]) for fold in range(FOLDS)]
        told["mnist"][f"record.{way}-writers"] = ledger.mean_of(
            each, len(told), "folds", "python benchmarks/writers.py"
        )
    ledger.write(told)


def lean(digits: Images) -> torch.Tensor:
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


def leaning(digits: Images) -> list[list[str]]:
    """The mean lean of both halves, then a row for each distance: the correlation of two digits' lean within them."""
    halves = [lean(digits)[start::2] for start in (1, 0)]
    rows = [["the mean", *(f"{half.mean():.2f}" for half in halves)]]
    standard = [(half - half.mean()) / half.std() for half in halves]
    for distance in DISTANCES:
        found = [(half[:-distance] * half[distance:]).mean() for half in standard]
        rows.append([f"{distance:,}", *(f"{one:.2f}" for one in found)])
    return rows


def row(name: str, right: list[torch.Tensor]) -> list[str]:
    """A line of the table: the errors of both ways, and how probable the difference is by luck."""
    cells = []
    for told in right:
        wrong, n = int((~told).sum()), len(told)
        cells.append(f"{wrong:,} of {n:,}: {share(wrong, n)}")
    return [name, *cells, f"{mcnemar(*right):.1g}"]


TOP = """# Known and unknown writers

MNIST's training file deals from two packs in turn. Each of its 60,000 digits was named once, by a network that learned
from four fifths of the file (`python benchmarks/writers.py`, seed 0): once the fifths were dealt at random, once they
were made of runs of 2,400 neighbours, so that hardly a writer of the half that goes by writers stood on both sides. The
table counts the wrong digits; p is McNemar's exact test between the two ways."""
HEAD = ["recipe: digits", "fifths dealt at random", "fifths in runs", "p"]

LEAN = """How far digits lean to the right, in standard deviations from the mean of their kind, and how it hangs
together in two digits of the same half, so many of its digits apart (correlation):"""
LEAN_HEAD = ["distance", "at odd places, counted from 0", "at even places"]

if __name__ == "__main__":
    main()
