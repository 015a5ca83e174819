"""How recipe ``own`` was chosen, and what it reaches: ``python benchmarks/own.py``.

Each candidate learns from folders made by program (``folders.py``), of many pictures and of few, prepared as a trial
says (``digitlib.commands.preparing``), and is asked about the fifth of each that was held back. The last table asks the
recipe alone, about pictures of another seed. The tables go to the screen and to ``benchmarks/choices-own.md``.
"""

import tempfile
from pathlib import Path

from digitlib import data, evaluate
from digitlib.accuracy import Share, total
from digitlib.commands.preparing import Trial, read_better
from digitlib.files import write_whole
from digitlib.model import Normalize
from digitlib.recipes import RECIPES, Recipe
from digitlib.train import fit
from folders import KINDS, make
from tables import table

OPENING = """# A recipe for pictures of one's own

Made by `python benchmarks/own.py`: per cent of the held-back fifth that is named right, one training each, seed 0. The
pictures are drawn by program (`folders.py`, seed 0; the last table's, seed 1), in seven kinds; real ones were not at
hand. Of each kind a trial on training pictures chose whether they are cropped to their ink or taken whole.

The recipe was drafted after a look at other pictures of much the same kinds, by an earlier program: there, more steps
helped where pictures are few, and a smaller rate cost nothing. Whether the last table's pictures are like yours, nobody
knows but you.
"""
SIZES = {"20 classes of 100": (20, 100), "12 classes of 17": (12, 17)}
CANDIDATES = {
    "base": RECIPES["base"],
    "batch 32, 60 epochs": RECIPES["base"].but(batch=32, epochs=60),
    "batch 32, 60 epochs, rate 1e-3 (the recipe)": RECIPES["own"],
    "the same, no deformations": RECIPES["own"].but(deform=None),
    "the same, 784-256-C": RECIPES["own"].but(hidden=(256,)),
}


def main() -> None:
    """Measure everything and write the page."""
    lines = [OPENING]
    with tempfile.TemporaryDirectory() as scratch:
        for size, (classes, n) in SIZES.items():
            found = {kind: read(Path(scratch) / "0", kind, classes, n, 0)[:2] for kind in KINDS}
            rows = [[name, *row(recipe, found)] for name, recipe in CANDIDATES.items()]
            lines += [f"## {size}\n", *table(["candidate", *KINDS, "all"], rows), ""]
        rows = []
        for size, (classes, n) in SIZES.items():
            for kind in KINDS:
                train, valid, trial = read(Path(scratch) / "1", kind, classes, n, 1)
                tried = [f"{share.count} of {share.n}" for share in trial[1:]]
                right = learned(RECIPES["own"], train, valid)
                rows.append([size, kind, *tried, trial.preparation, right])
        head = ["pictures", "kind", "trial, cropped", "trial, whole", "so prepared as", "right"]
        lines += ["## The recipe, on pictures of another seed\n", *table(head, rows), ""]
    write_whole(Path(__file__).with_name("choices-own.md"), "\n".join(lines).encode())
    print("\n".join(lines))


def read(
    root: Path, kind: str, classes: int, n: int, seed: int
) -> tuple[data.Images, data.Images, Trial]:
    """The training and the held-back pictures of a kind, prepared as the trial says; and the trial."""
    folder = root / f"{classes} {kind}"
    make(kind, classes, n, folder, seed)
    images, trial = read_better(str(folder))
    return *data.split(images, data.valid_size(images)), trial


def row(recipe: Recipe, found: dict) -> list[str]:
    """Per cent of each kind, and of all."""
    right = [learned(recipe, *both) for both in found.values()]
    return [*(f"{100 * one.value:.1f}" for one in right), str(total(right))]


def learned(recipe: Recipe, train: data.Images, valid: data.Images) -> Share:
    """How many are named right after a training."""
    model = recipe.model(len(train.classes), Normalize.of(train.images))
    fit(model, train, valid, recipe.training)
    logits = evaluate.logits(model, valid.images)
    return Share.of(logits.argmax(1) == valid.labels)


if __name__ == "__main__":
    main()
