"""Record what the figures in the pages show: ``python book/_ext/recorded.py [NAME …]``, all if none is named.

Each is computed from MNIST by what its chapter imports, and written to ``book/_static/figures/NAME.json``. Tests hold
the figures in a browser against the same functions.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from digitlib import data
from digitlib.book import bends as sheets
from digitlib.book.exams import Exams
from digitlib.export import fold
from digitlib.files import write_whole
from digitlib.model import MLP
from digitlib.train import Training, fit

FOLDER = Path(__file__).parents[1] / "_static" / "figures"
LARGEST = 150_000  # bytes of one
SEED = 0
OURS = 48_522  # of MNIST's training files


def exams() -> dict:
    """The first chapter's: of a thousand digits, 50 to 950 are held back."""
    pool, _ = data.split(data.load("mnist"), valid=data.VALID_SIZE["mnist"])
    order = torch.randperm(len(pool), generator=torch.Generator().manual_seed(SEED))
    sitting = Exams(pool[order[:6000]])
    sizes = range(50, sitting.few, 50)
    all_of = [sitting.sit(held) for held in sizes]
    return {
        "few": sitting.few,
        "others": all_of[0][0].truth.n,
        "sizes": list(sizes),
        "right": [[exam.score.right for exam in exams] for exams in all_of],
        "truth": [[exam.truth.right for exam in exams] for exams in all_of],
    }


def ours() -> dict:
    """The doubtful 4."""
    digits = data.load("mnist")
    return {"levels": digits.images[OURS].flatten().tolist(), "label": digits.labels[OURS].item()}


def sixteen() -> dict:
    """The second chapter's network of sixteen hidden units, by its recipe: three epochs on 55,000 digits, seed 0.

    Weights and biases are in thousandths, and the normalisation is folded into them.
    """
    train, valid = data.split(data.load("mnist"), valid=data.VALID_SIZE["mnist"])
    model = MLP(hidden=(16,), seed=SEED)
    fit(model, train, valid, Training(epochs=165_000 // len(train), seed=SEED))
    arrays = [array for layer in fold(model) for array in layer]
    names = ("first", "firstBias", "second", "secondBias")
    return {
        name: (1000 * array).round().astype(int).ravel().tolist()
        for name, array in zip(names, arrays, strict=True)
    }


def bends() -> dict:
    """The second chapter's points in a plane, and where the folds lie at first."""
    told = {}
    for name, make in (("eleven", sheets.eleven), ("ring", sheets.ring)):
        points, labels = make()
        told[name] = {"points": points.tolist(), "labels": labels.astype(int).tolist()}
    return told | {"folds": sheets.FOLDS}


RECORDED: dict[str, Callable[[], dict]] = {
    "bends": bends,
    "exams": exams,
    "ours": ours,
    "sixteen": sixteen,
}


def main(names: list[str]) -> None:
    """Write the files."""
    for name in names or RECORDED:
        content = json.dumps(RECORDED[name](), separators=(",", ":")).encode() + b"\n"
        if len(content) > LARGEST:
            raise ValueError(f"{name}: expected at most {LARGEST:,} bytes, got {len(content):,}")
        write_whole(FOLDER / f"{name}.json", content)
        print(f"{len(content):7,} bytes: {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
