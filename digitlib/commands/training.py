"""``digitlib train``: a model is trained, in one process or in several under torchrun, and its weights file written.

Where it can be written is checked before the training. Beside the file lies another, until it is finished: the last
finished epoch, from which an interrupted training goes on.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from digitlib import weights
from digitlib.accuracy import percent
from digitlib.commands.options import add_dataset, split

if TYPE_CHECKING:
    from digitlib.data import Images
    from digitlib.model import MLP
    from digitlib.recipes import Recipe
    from digitlib.train import Epoch

__all__ = ["train", "train_options"]


def train_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib train`` takes."""
    text = "the weights file to write"
    parser.add_argument("--out", type=Path, required=True, help=text)
    add_dataset(parser)
    text = (
        "quick: seconds; sprint: a second or two, to 98 %%; base: a minute; tiny: 64 kB; "
        "pad: minutes, for any pen and what is no digit; "
        "record: a minute on a large GPU, else half an hour or more (default: base)"
    )
    parser.add_argument("--recipe", default="base", metavar="NAME", help=text)
    parser.add_argument("--epochs", type=int, help="passes over the training digits")
    parser.add_argument("--rate", type=float, help="the largest learning rate")
    text = "initial weights, order of the digits, deformations (default: 0)"
    parser.add_argument("--seed", type=int, default=0, help=text)
    text = "number format of the matrix products (default: auto, what the hardware does best)"
    formats = ["auto", "float32", "bfloat16"]
    parser.add_argument("--precision", choices=formats, default="auto", help=text)
    text = "weights to learn from, for recipe tiny (default: the package's own)"
    parser.add_argument("--teacher", type=Path, metavar="FILE", help=text)
    text = "go on with an interrupted training of the same --out"
    parser.add_argument("--resume", action="store_true", help=text)


def train(options: argparse.Namespace) -> int:
    """Train a model and write its weights file; in several processes under torchrun."""
    try:
        _train(options)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_left_behind(options.out)) from None
    return 0


def _train(options: argparse.Namespace) -> None:
    from digitlib import export
    from digitlib.engine import hardware, parallel
    from digitlib.recipes import Recipe
    from digitlib.train import fit

    device = hardware.best_device()
    precision = options.precision
    if precision == "auto":
        precision = hardware.best_precision(device)
    recipe = Recipe.named(
        options.recipe, seed=options.seed, precision=precision, **_changes(options)
    )
    # Before the training, not after it; and what needs no data before that is read.
    if options.teacher and not recipe.training.distil:
        raise ValueError(f"expected no teacher for recipe {options.recipe}")
    kept = _writable(options)
    train, valid = split(options.dataset)
    teacher = _teacher(options, recipe, train)
    model, how = recipe.model(), recipe.training
    tell = _teller(how.epochs)
    with parallel.group(device):
        if parallel.first():
            print(hardware.describe(device), precision, sep=", ")
        more = recipe.images(train)
        fit(model, more, valid, how, teacher=teacher, after_epoch=tell, keep=kept)
        if not parallel.first():
            return
    command = _command(options, precision)
    said = options.dataset, recipe.flat(), command
    accuracy = export.export_weights(model, options.out, valid, *said)
    kept.unlink()
    print(f"{options.out}: {accuracy} {valid.noun} in the validation set")


def _teacher(options: argparse.Namespace, recipe: "Recipe", train: "Images") -> "MLP | None":
    """The model that a recipe learns from; None for one that learns from labels alone."""
    from digitlib import export
    from digitlib.classify import DigitClassifier

    if not recipe.training.distil:
        return None
    file = options.teacher or weights.SHIPPED
    try:
        DigitClassifier.load(file).check_for(train.classes, train.preparation)
    except ValueError as error:
        raise ValueError(f"the teacher: {error}") from None
    return export.load_model(file)


def _teller(epochs: int) -> "Callable[[Epoch], None]":
    """What says a line after each epoch; of several processes the first speaks."""
    from tqdm import tqdm

    from digitlib.engine import parallel

    def tell(epoch: "Epoch") -> None:
        if parallel.first():
            tqdm.write(  # above the progress bar, not through it
                f"epoch {epoch.number:2} of {epochs}   loss {epoch.train_loss:.4f}   "
                f"validation {percent(epoch.valid_accuracy, 2)}   {epoch.seconds:.1f} s"
            )

    return tell


def _unfinished(out: Path) -> Path:
    """The file that keeps the last finished epoch of a training."""
    return out.with_name(out.name + ".unfinished")


def _left_behind(out: Path) -> str:
    """What an interrupted training leaves."""
    if not _unfinished(out).is_file():
        return "nothing was written"
    return f"{_unfinished(out)} keeps the last finished epoch; go on with --resume"


def _writable(options: argparse.Namespace) -> Path:
    """Check where a training will write, and return the file that keeps its last finished epoch."""
    from digitlib.engine import checkpoint

    out = options.out
    if not out.parent.is_dir():
        raise FileNotFoundError(f"{out.parent}: no such folder")
    # Its folder, and where it is a link the folder that this leads to.
    folders = out.parent, Path(os.path.realpath(out)).parent
    writable = all(os.access(folder, os.W_OK) for folder in folders)
    if not writable or (out.exists() and not out.is_file()):
        raise PermissionError(f"{out}: expected a file that can be written")
    kept = _unfinished(out)
    if int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")):
        return kept  # torchrun starts again what has failed: go on from what there is
    if options.resume and not kept.is_file():
        raise FileNotFoundError(f"{kept}: no such file, so nothing to resume")
    if kept.is_file() and not options.resume:
        raise FileExistsError(
            f"{kept} holds {checkpoint.epochs(kept)} finished epochs of a training: "
            "go on with --resume, or remove it to start anew"
        )
    return kept


def _changes(options: argparse.Namespace) -> dict[str, int | float]:
    """What differs from the named recipe."""
    given = {"epochs": options.epochs, "rate": options.rate}
    return {name: value for name, value in given.items() if value is not None}


def _command(options: argparse.Namespace, precision: str) -> str:
    """The command that makes the same weights again."""
    processes = os.environ.get("WORLD_SIZE", "1")
    start = f"torchrun --nproc-per-node {processes} -m " if processes != "1" else ""
    words = [f"{start}digitlib train --dataset {options.dataset}"]
    words += [f"--recipe {options.recipe}"]
    words += [f"--{name} {value}" for name, value in _changes(options).items()]
    words += [f"--teacher {options.teacher.name}"] if options.teacher else []
    words += [f"--precision {precision}", f"--seed {options.seed}", "--out FILE"]
    return " ".join(words)
