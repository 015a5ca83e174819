"""Train each named recipe with several seeds and record what it reaches: ``python benchmarks/recipes.py [NAME …]``.

Mean and spread go to the ledger, as ``recipe.NAME`` and, where a chapter tells it, for the same digits three pixels
further right, as ``recipe.NAME-moved``: measured on validation digits with the weights as a file gives them back,
rounded to 8 bits. The teacher of ``tiny`` are the shipped weights. ``record`` takes minutes on a large GPU, and hours
elsewhere.
"""

import sys
import tempfile
from pathlib import Path

import torch
from torch import nn

from digitlib import data, evaluate, export
from digitlib.book import ledger
from digitlib.book.entries import entries
from digitlib.engine import hardware
from digitlib.evaluate import Accuracy
from digitlib.recipes import RECIPES, Recipe
from digitlib.train import fit

SEEDS = range(5)

# Of the other, own.py tells what it is for.
OF_DIGITS = [name for name in RECIPES if name != "own"]
MOVED = ("base", "tiny")


def main(names: list[str]) -> None:
    """Measure the named recipes, all if there is none."""
    train, valid = data.split(data.load("mnist"))
    precision = hardware.best_precision(hardware.best_device())
    teacher = export.load_model()
    for name in names or OF_DIGITS:
        right, moved = [], []
        for seed in SEEDS:
            recipe = Recipe.named(name, seed=seed, precision=precision)
            model, how = recipe.model(), recipe.training
            taught = teacher if how.distil else None
            fit(model, recipe.images(train), valid, how, teacher=taught)
            model = kept(model, valid, recipe)
            right.append(accuracy(model, valid.images, valid.labels))
            moved.append(accuracy(model, valid.images.roll(3, dims=2), valid.labels))
            line = f"{right[-1].value:.4f}, moved {moved[-1].value:.4f}"
            print(f"{name}, seed {seed}: {line}", flush=True)
        command = f"python benchmarks/recipes.py {name}"
        told = {dataset: entries(dataset) for dataset in data.VALID_SIZE}
        measured = {f"recipe.{name}": right}
        if name in MOVED:
            measured[f"recipe.{name}-moved"] = moved
        for entry, parts in measured.items():
            told["mnist"][entry] = ledger.mean_of(parts, len(valid), "seeds", command)
            print(f"{entry}: {told['mnist'][entry]}")
        ledger.write(told)


def kept(model: nn.Module, valid: data.Images, recipe: Recipe) -> nn.Module:
    """The model as a file gives it back."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights"
        export.export_weights(model, path, valid, "mnist", recipe.flat())
        return export.load_model(path)


def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> Accuracy:
    """The share of right answers."""
    return evaluate.accuracy(evaluate.logits(model, images), labels)


if __name__ == "__main__":
    main(sys.argv[1:])
