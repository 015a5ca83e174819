"""The command ``digitlib``: ``train``, ``evaluate``, ``predict``, ``app`` and ``deploy``.

Bad input gives one plain line on the error stream and exit code 2. Each line of the output is shown as it ends. Modules
that need torch or Gradio are imported by the command that uses them, so that ``predict`` starts at once.
"""

import argparse
import io
import os
import sys
from pathlib import Path

from digitlib import __version__, weights
from digitlib.accuracy import Accuracy
from digitlib.classify import DigitClassifier
from digitlib.files import write_folder

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        """One line in place of argparse's usage and error."""
        self.exit(2, f"{self.prog}: {message} ({self.prog} --help shows an example)\n")


_NOBODY_READS = 128 + 13  # as a shell reports a process that the signal SIGPIPE ended


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0; 2 for bad input; 130 if it was interrupted.

    Where nobody reads its output any more, as behind ``| head -1``, it ends without a word, with 141.
    """
    _show_lines_at_once()
    try:
        code = _run(arguments)
    except (
        SystemExit
    ) as end:  # of the parser, which has said why, or of an app that was told to end
        code = end.code
    except BrokenPipeError:
        code = _NOBODY_READS
    return _let_go_of_output(code)


def _show_lines_at_once() -> None:
    """Show each line as it ends, in a file too, and escape in it what the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a notebook's isn't
            stream.reconfigure(line_buffering=True, errors="backslashreplace")


def _let_go_of_output(code: int) -> int:
    """The exit code, after a last try to write what is left; Python would try again at its end, and complain aloud."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if isinstance(error, BrokenPipeError):
                code = _NOBODY_READS
            elif not code:
                _complain(_one_line(error))
                code = 2
    return code


def _run(arguments: list[str] | None) -> int:
    """Run one command, and say in a line what went wrong."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except ModuleNotFoundError as error:
        extra = "app" if error.name in ("gradio", "huggingface_hub") else "train"
        _complain(f'{error.name} is not installed; pip install "digitlib[{extra}]"')
    except BrokenPipeError:  # no bad input
        raise
    except (OSError, ValueError, ArithmeticError, RuntimeError) as error:
        _complain(_one_line(error))
    except KeyboardInterrupt as error:
        _complain(f"interrupted; {error.args[0] if error.args else _left_behind(options)}")
        return 130
    return 2


def _complain(message: str) -> None:
    """One line on the error stream; of several processes under torchrun, the first of each machine speaks."""
    if os.environ.get("LOCAL_RANK", "0") == "0":
        print(f"digitlib: {message}", file=sys.stderr)


def _parser() -> _Parser:
    summary = "Handwritten digits: train, evaluate, predict, draw."
    parser = _Parser(prog="digitlib", description=summary)
    parser.add_argument("--version", action="version", version=f"digitlib {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for run, add_options, example in (
        (_train, _train_options, "--out my-digits.safetensors"),
        (_evaluate, _evaluate_options, "--weights my-digits.safetensors"),
        (_predict, _predict_options, "drawing.png photo.jpg"),
        (_app, _app_options, "--port 7860"),
        (_deploy, _deploy_options, "--static ada/digits --dry-run"),
    ):
        name = run.__name__.strip("_")
        epilog = f"example: digitlib {name} {example}"
        command = commands.add_parser(
            name, help=run.__doc__, description=run.__doc__, epilog=epilog
        )
        command.set_defaults(run=run)
        add_options(command)
    return parser


def _add_dataset(parser) -> None:
    parser.add_argument("--dataset", choices=["mnist", "optdigits"], default="mnist")


def _split(dataset: str):
    """The book's training and validation digits of a data set."""
    from digitlib import data

    return data.split(data.load(dataset), valid=data.VALID_SIZE[dataset])


def _add_weights(parser) -> None:
    text = "the weights file (default: the package's own)"
    parser.add_argument("--weights", type=Path, default=weights.SHIPPED, help=text)


def _train_options(parser) -> None:
    text = "the weights file to write"
    parser.add_argument("--out", type=Path, required=True, help=text)
    _add_dataset(parser)
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


def _train(options) -> int:
    """Train a model and write its weights file; in several processes under torchrun."""
    from tqdm import tqdm

    from digitlib import export
    from digitlib.engine import hardware, parallel
    from digitlib.train import Epoch, Recipe, fit

    device = hardware.best_device()
    precision = options.precision
    if precision == "auto":
        precision = hardware.best_precision(device)
    recipe = Recipe.named(
        options.recipe, seed=options.seed, precision=precision, **_changes(options)
    )
    # Before the training, not after it.
    kept = _writable(options)
    if options.teacher and not recipe.distil:
        raise ValueError(f"expected no teacher for recipe {options.recipe}")
    taught = options.teacher or weights.SHIPPED
    teacher = export.load_model(taught) if recipe.distil else None
    train, valid = _split(options.dataset)
    model = recipe.network()

    def report(epoch: Epoch) -> None:
        if parallel.first():
            tqdm.write(  # above the progress bar, not through it
                f"epoch {epoch.number:2} of {recipe.epochs}   loss {epoch.train_loss:.4f}   "
                f"validation {epoch.valid_accuracy:.2%}   {epoch.seconds:.1f} s"
            )

    with parallel.group(device):
        if parallel.first():
            print(hardware.describe(device), precision, sep=", ")
        fit(model, train, valid, recipe, teacher=teacher, after_epoch=report, keep=kept)
        if not parallel.first():
            return 0
    command = _command(options, precision)
    accuracy = export.export_weights(model, options.out, valid, options.dataset, recipe, command)
    kept.unlink()
    print(f"{options.out}: {accuracy} in the validation set")
    return 0


def _unfinished(out: Path) -> Path:
    """The file that keeps the last finished epoch of a training."""
    return out.with_name(out.name + ".unfinished")


def _left_behind(options) -> str:
    """What an interrupted command leaves."""
    if "out" not in options or not _unfinished(options.out).is_file():
        return "nothing was written"
    return f"{_unfinished(options.out)} keeps the last finished epoch; go on with --resume"


def _writable(options) -> Path:
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


def _changes(options) -> dict[str, int | float]:
    """What differs from the named recipe."""
    given = {"epochs": options.epochs, "rate": options.rate}
    return {name: value for name, value in given.items() if value is not None}


def _command(options, precision: str) -> str:
    """The command that makes the same weights again."""
    processes = os.environ.get("WORLD_SIZE", "1")
    start = f"torchrun --nproc-per-node {processes} -m " if processes != "1" else ""
    words = [f"{start}digitlib train --dataset {options.dataset}"]
    words += [f"--recipe {options.recipe}"]
    words += [f"--{name} {value}" for name, value in _changes(options).items()]
    words += [f"--teacher {options.teacher.name}"] if options.teacher else []
    words += [f"--precision {precision}", f"--seed {options.seed}", "--out FILE"]
    return " ".join(words)


def _evaluate_options(parser) -> None:
    _add_weights(parser)
    _add_dataset(parser)
    ways = parser.add_mutually_exclusive_group()
    text = "measure on the test digits: once, after all choices"
    ways.add_argument("--test", action="store_true", help=text)
    text = "redraw validation digits in many sizes with many pens, and measure on each"
    ways.add_argument("--drawn", action="store_true", help=text)
    text = "measure how many real digits are refused, and how many other things are not"
    ways.add_argument("--refusal", action="store_true", help=text)
    text = "measure in every way, and write report.html and report.json into this folder"
    ways.add_argument("--report", type=Path, metavar="FOLDER", help=text)
    text = "with --report: a fifth of everything"
    parser.add_argument("--quick", action="store_true", help=text)


def _evaluate(options) -> int:
    """Measure weights on digits that they were not trained on."""
    from digitlib import data
    from digitlib.report import measure

    if options.quick and not options.report:
        raise ValueError("expected --report beside --quick")
    if options.report:
        return _report(options)
    classifier = DigitClassifier.load(options.weights)
    if options.drawn or options.refusal:
        lines = measure.drawn if options.drawn else measure.refusal
        for line in lines(classifier, _split(options.dataset)[1]):
            print(line)
        return 0
    if options.test:
        digits, name = data.load_test(options.dataset), "test"
    else:
        _, digits = _split(options.dataset)
        name = "validation"
    for line in measure.answered(classifier, digits, name):
        print(line)
    return 0


def _report(options) -> int:
    """``evaluate --report``."""
    from digitlib import export
    from digitlib.report import page

    classifier = DigitClassifier.load(options.weights)
    found = page.write(
        options.report,
        export.load_model(options.weights),
        _split(options.dataset)[1],
        name=options.weights.name,
        temperature=classifier.temperature,
        threshold=classifier.threshold,
        quick=options.quick,
        tell=lambda text: print(f"measuring {text} …", file=sys.stderr),
    )
    right = Accuracy.from_counts(found["accuracy"])
    print(f"{options.report / 'report.html'}: {right} in the validation set")
    return 0


def _predict_options(parser) -> None:
    text = "a picture of one digit"
    parser.add_argument("files", nargs="+", metavar="FILE", help=text)
    _add_weights(parser)


def _predict(options) -> int:
    """Name the digit on each picture."""
    classifier = DigitClassifier.load(options.weights)
    code = 0
    for file in options.files:
        try:
            prediction = classifier.classify(Path(file))
        except (OSError, ValueError) as error:
            print(f"digitlib: {_one_line(error)}", file=sys.stderr)
            code = 2
            continue
        if prediction.label is None:
            print(f"{file}: {prediction.reason}")
        else:
            print(f"{file}: {prediction.label} ({prediction.probabilities[prediction.label]:.1%})")
    return code


def _app_options(parser) -> None:
    text = "default: the first free one from 7860"
    parser.add_argument("--port", type=int, help=text)


def _app(options) -> int:
    """Serve the drawing pad on this machine."""
    from digitlib.hosts import app

    app.serve(options.port)
    return 0


def _deploy_options(parser) -> None:
    kind = parser.add_mutually_exclusive_group(required=True)
    text = "the pad, computed in the visitor's browser"
    kind.add_argument("--static", metavar="USER/NAME", help=text)
    text = "the pad and an API, computed by the Space"
    kind.add_argument("--gradio", metavar="USER/NAME", help=text)
    text = "the weights and their card, for DigitClassifier.from_hub"
    kind.add_argument("--model", metavar="USER/NAME", help=text)
    _add_weights(parser)
    instead = parser.add_mutually_exclusive_group()
    text = "publish nothing; list the files"
    instead.add_argument("--dry-run", action="store_true", help=text)
    text = "publish nothing; write the files into a new folder"
    instead.add_argument("--out", dest="folder", type=Path, metavar="FOLDER", help=text)


def _deploy(options) -> int:
    """Publish the drawing pad as a Space on Hugging Face, or the weights as a model."""
    from digitlib.book.entries import entries
    from digitlib.hosts import deploy
    from digitlib.hosts.publish import publish

    asked = {kind: getattr(options, kind) for kind in deploy.KINDS}
    [(kind, name)] = [item for item in asked.items() if item[1] is not None]
    name = deploy.check_name(name)
    files = deploy.gather(kind, name, options.weights, entries("mnist"))
    if options.dry_run:
        print(deploy.front_matter(files), deploy.listing(files), sep="\n")
    elif options.folder:
        write_folder(files, options.folder)
        print(f"{options.folder}: {len(files)} files")
    else:
        address, gone = publish(files, name, kind)
        print(f"{address}: {len(files)} files" + "".join(f"\n  deleted: {name}" for name in gone))
    return 0


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
