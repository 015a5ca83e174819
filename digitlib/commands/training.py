"""``digitlib train``: a model is trained, in one process or in several under torchrun, and its weights file written.

Where it can be written is checked before the training. Beside the file lies another, until it is finished: the last
finished epoch, from which an interrupted training goes on.
"""

import argparse
import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from digitlib import weights
from digitlib.accuracy import percent
from digitlib.commands.options import VALIDATION, add_data, called, parted, read
from digitlib.plain import listed, readable
from digitlib.preprocess import PREPARATIONS
from digitlib.sheets import stem_of

if TYPE_CHECKING:
    from torch import nn

    from digitlib.commands.preparing import Trial
    from digitlib.data import Images
    from digitlib.model import MLP
    from digitlib.recipes import Recipe
    from digitlib.train import Epoch

__all__ = ["train", "train_options"]


def train_options(parser: argparse.ArgumentParser) -> None:
    """What ``digitlib train`` takes."""
    text = "the weights file to write"
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=text)
    add_data(parser)
    text = (
        "how pictures become images: digit crops them to their ink and centres it, picture takes them whole (default: "
        "for a folder, what a trial shows to be better)"
    )
    parser.add_argument("--preparation", choices=PREPARATIONS, help=text)
    text = (
        "hold back whole sheets, of a folder that digitlib sheets made, and not signs at random: so a figure is of "
        "writers that the model hasn't met, if nobody has filled in two"
    )
    parser.add_argument("--by-sheet", action="store_true", help=text)
    _add_recipe(parser)
    text = "number format of the matrix products (default: auto, what the hardware does best)"
    formats = ["auto", "float32", "bfloat16"]
    parser.add_argument("--precision", choices=formats, default="auto", help=text)
    text = "weights to learn from, for recipe tiny (default: the package's own)"
    parser.add_argument("--teacher", type=Path, metavar="FILE", help=text)
    text = "go on with an interrupted training of the same --out"
    parser.add_argument("--resume", action="store_true", help=text)


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    """How it learns: a recipe by name, and what differs from it."""
    text = (
        "quick: seconds; sprint: a second or two, to 98 %%; base: a minute; tiny: 64 kB; "
        "own: for pictures of your own, also few; pad: minutes, for any pen and what is no digit; "
        "record: a minute on a large GPU, else half an hour or more (default: base, or own for your own)"
    )
    parser.add_argument("--recipe", metavar="NAME", help=text)
    text = (
        "a field of the recipe, such as batch=512, hidden=512,256 or deform=none; may be said again"
    )
    parser.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="FIELD=VALUE", help=text
    )
    parser.add_argument("--epochs", type=int, help="short for --set epochs=…")
    parser.add_argument("--rate", type=float, help="short for --set rate=…")
    text = "initial weights, order of the images, deformations (default: 0)"
    parser.add_argument("--seed", type=int, default=0, help=text)


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
    from digitlib.train import fit

    device = hardware.best_device()
    recipe = _recipe(options, hardware.best_precision(device))
    # Before the training, not after it; and what needs no data before that is read.
    if options.teacher and not recipe.training.distil:
        raise ValueError(f"expected no teacher for recipe {_name(options)}")
    kept = _writable(options)
    train, valid, trial = _parts(options)
    _check_additions(options, recipe, train)
    teacher = _teacher(options, recipe, train)
    model, how = _model(options, recipe, train), recipe.training
    with parallel.group(device):
        if parallel.first():
            print(hardware.describe(device), how.precision, sep=", ")
            print(*_told(train, valid, trial, options.by_sheet), sep="\n")
        more, tell = recipe.images(train), _teller(how.epochs)
        fit(model, more, valid, how, teacher=teacher, after_epoch=tell, keep=kept)
        if not parallel.first():
            return
    said = called(options.data), recipe.flat(), _command(options, recipe, trial)
    accuracy = export.export_weights(model, options.out, valid, *said)
    kept.unlink()
    print(f"{readable(options.out)}: {accuracy} {valid.noun} in {VALIDATION}")


def _name(options: argparse.Namespace) -> str:
    """The recipe that was asked for, or the one that fits the data."""
    from digitlib import data

    return options.recipe or ("base" if data.known(options.data) else "own")


def _recipe(options: argparse.Namespace, precision: str) -> "Recipe":
    from digitlib.commands.changes import changed
    from digitlib.recipes import Recipe

    if options.precision != "auto":
        precision = options.precision
    given = {"seed": options.seed, "precision": precision} | _changes(options)
    return changed(Recipe.named(_name(options), **given), options.changes)


def _parts(options: argparse.Namespace) -> "tuple[Images, Images, Trial | None]":
    """Training and validation images, and the trial that chose their preparation, if there was one."""
    from digitlib import data
    from digitlib.commands import preparing

    said = data.known(options.data) or options.preparation is not None
    if not said and preparing.is_folder(options.data):
        images, trial = preparing.read_better(options.data, options.by_sheet)
    else:
        images, trial = read(options.data, preparation=options.preparation), None
    return *parted(images, options.data, options.by_sheet), trial


def _model(options: argparse.Namespace, recipe: "Recipe", train: "Images") -> "nn.Sequential":
    """The network; that of the book's own digits begins with MNIST's constants."""
    from digitlib import data
    from digitlib.model import Normalize

    if data.known(options.data) in data.VALID_SIZE:
        return recipe.model()
    return recipe.model(len(train.classes), Normalize.of(train.images))


def _told(train: "Images", valid: "Images", trial: "Trial | None", by_sheet: bool) -> Iterator[str]:
    """What is learned from, and whose sheets aren't."""
    yield f"{len(train):,} {train.noun} of {len(train.classes)} classes to learn from, {len(valid):,} held back"
    if by_sheet:
        there, asked = (
            sorted({stem_of(file) for file in part.files or ()}) for part in (train, valid)
        )
        yield f"held back: {listed(asked)}, {len(asked)} of {len(there) + len(asked)} sheets"
    if trial:
        yield str(trial)


def _check_additions(options: argparse.Namespace, recipe: "Recipe", train: "Images") -> None:
    """ValueError where a recipe draws digits to learn from, but other things are to be learned."""
    additions = recipe.additions
    if (additions.styles or additions.nondigits) and not train.of_digits:
        raise ValueError(
            f"expected the ten digits for recipe {_name(options)}, which draws more of them (styles, nondigits), "
            f"got {listed(train.classes)}; recipe own is for pictures of your own"
        )


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
        raise ValueError(f"the teacher: {error}; --teacher FILE names another") from None
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
    if out.suffix.lower() == ".onnx":
        raise ValueError(
            f"{out}: expected a name for a weights file; digitlib export makes ONNX of it"
        )
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


def _command(options: argparse.Namespace, recipe: "Recipe", trial: "Trial | None") -> str:
    """The command that makes the same weights again."""
    processes = os.environ.get("WORLD_SIZE", "1")
    start = f"torchrun --nproc-per-node {processes} -m " if processes != "1" else ""
    words = [f"{start}digitlib train --data {shlex.quote(called(options.data))}"]
    preparation = trial.preparation if trial else options.preparation
    words += [f"--preparation {preparation}"] if preparation else []
    words += ["--by-sheet"] if options.by_sheet else []
    words += [f"--recipe {_name(options)}"]
    words += [f"--{name} {value}" for name, value in _changes(options).items()]
    words += [f"--set {shlex.quote(change)}" for change in options.changes]
    words += [f"--teacher {options.teacher.name}"] if options.teacher else []
    training = recipe.training
    words += [f"--precision {training.precision}", f"--seed {training.seed}", "--out FILE"]
    return " ".join(words)
