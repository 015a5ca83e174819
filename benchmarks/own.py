"""How recipe ``own`` was chosen, and what it reaches: ``python benchmarks/own.py``.

Each candidate learns from folders made by program (``folders.py``), many pictures and few, prepared as a trial says
(``digitlib.commands.preparing``), and is measured on a fifth of each that was held back. Other seeds of the same kinds
are the last table's: of the recipe alone, when it was chosen. Tables go to the screen and to
``benchmarks/choices-own.md``.
"""

import tempfile
import time
from pathlib import Path

from digitlib import data
from digitlib.accuracy import Accuracy, total
from digitlib.commands.preparing import try_both
from digitlib.files import write_whole
from digitlib.model import Normalize
from digitlib.recipes import RECIPES, Recipe
from digitlib.train import fit
from folders import KINDS, make
from tables import table

SIZES = {"20 classes of 100": (20, 100), "12 classes of 17": (12, 17)}
CANDIDATES = {
    "base": RECIPES["base"],
    "base, no deformations": RECIPES["base"].but(deform=None),
    "batch 32": RECIPES["base"].but(batch=32),
    "batch 32, 60 epochs": RECIPES["base"].but(batch=32, epochs=60),
    "batch 32, 60 epochs, rate 1e-3 (the recipe)": RECIPES["own"],
    "the same, no deformations": RECIPES["own"].but(deform=None),
    "the same, 784-256-C": RECIPES["own"].but(hidden=(256,)),
    "the same, normalised": RECIPES["own"].but(norm=True),
}


def main() -> None:
    """Measure everything and write the page."""
    lines = [
        "# A recipe for pictures of one's own\n",
        "Made by `python benchmarks/own.py`: per cent of the held-back fifth named right, from folders drawn by "
        "`folders.py` with seed 0. Of each kind a trial chose the preparation: see the last table.\n",
    ]
    with tempfile.TemporaryDirectory() as scratch:
        for size, (classes, n) in SIZES.items():
            parts = {kind: read(Path(scratch) / "0", kind, classes, n, 0)[:2] for kind in KINDS}
            rows = [[name, *row(recipe, parts)] for name, recipe in CANDIDATES.items()]
            lines += [f"## {size}\n", *table(["candidate", *KINDS, "mean", "s"], rows), ""]
        rows = []
        for size, (classes, n) in SIZES.items():
            for kind in KINDS:
                train, valid, trial = read(Path(scratch) / "1", kind, classes, n, 1)
                right, seconds = learned(RECIPES["own"], train, valid)
                rows.append(
                    [
                        size,
                        kind,
                        trial.preparation,
                        trial.cropped,
                        trial.whole,
                        right,
                        f"{seconds:.1f}",
                    ]
                )
        head = ["pictures", "kind", "prepared as", "trial: cropped", "trial: whole", "right", "s"]
        lines += [
            "## The recipe, asked once, on pictures of another seed\n",
            *table(head, rows),
            "",
        ]
    write_whole(Path(__file__).with_name("choices-own.md"), "\n".join(lines).encode())
    print("\n".join(lines))


def read(root: Path, kind: str, classes: int, n: int, seed: int):
    """The training and the held-back pictures of a kind, prepared as the trial says; and the trial."""
    folder = root / f"{classes} {kind}"
    make(kind, classes, n, folder, seed)
    parts = data.split(data.load(folder, preparation="digit"), classes * n // 5)
    trial = try_both(folder, parts[0])
    if trial.preparation == "picture":
        parts = data.split(data.load(folder, preparation="picture"), classes * n // 5)
    return *parts, trial


def row(recipe: Recipe, parts: dict) -> list[str]:
    """Per cent of each kind, their mean, and the seconds of all."""
    start, found = time.perf_counter(), [learned(recipe, *both)[0] for both in parts.values()]
    cells = [f"{100 * right.value:.1f}" for right in found]
    return [*cells, f"{100 * total(found).value:.1f}", f"{time.perf_counter() - start:.0f}"]


def learned(recipe: Recipe, train: data.Images, valid: data.Images) -> tuple[Accuracy, float]:
    """How many are named right after a training, and its seconds."""
    start = time.perf_counter()
    model = recipe.model(len(train.classes), Normalize.of(train.images))
    last = fit(model, train, valid, recipe.training)[-1]
    right = round(last.valid_accuracy * len(valid))
    return Accuracy(right, len(valid)), time.perf_counter() - start


if __name__ == "__main__":
    main()
