"""Train each named recipe with several seeds and record what it reaches: ``python benchmarks/recipes.py [NAME …]``.

Mean and spread go to the ledger, as ``recipe.NAME``, measured on validation digits with the weights as a file gives
them back, rounded to 8 bits. The teacher of ``tiny`` are the shipped weights. ``record`` takes minutes on a large GPU,
and hours elsewhere.
"""

import sys
import tempfile
from pathlib import Path

from torch import nn

from digitlib import data, export, hardware, results
from digitlib.evaluate import Accuracy
from digitlib.train import RECIPES, Recipe, fit

SEEDS = range(5)


def main(names: list[str]) -> None:
    """Measure the named recipes, all if there is none."""
    train, valid = data.split(data.load("mnist"))
    precision = hardware.best_precision(hardware.best_device())
    teacher = export.load_model()
    for name in names or RECIPES:
        right = []
        for seed in SEEDS:
            recipe = Recipe.named(name, seed=seed, precision=precision)
            model = recipe.network()
            fit(model, train, valid, recipe, teacher=teacher if recipe.distil else None)
            right.append(kept(model, valid, recipe))
            print(f"{name}, seed {seed}: {right[-1].value:.4f}", flush=True)
        command = f"python benchmarks/recipes.py {name}"
        entry = results.mean_of(right, len(valid), "seeds", command)
        ledger = {dataset: results.entries(dataset) for dataset in data.NAMES}
        ledger["mnist"][f"recipe.{name}"] = entry
        results.write(ledger)
        print(f"recipe.{name}: {entry}")


def kept(model: nn.Module, valid: data.Digits, recipe: Recipe) -> Accuracy:
    """The accuracy that the model has once it is a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights"
        return export.export_weights(model, path, valid, "mnist", recipe)


if __name__ == "__main__":
    main(sys.argv[1:])
