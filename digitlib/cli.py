"""The command ``digitlib``: ``train``, ``evaluate``, ``predict`` and ``app``.

Bad input gives one plain line on the error stream and exit code 2. Modules that need torch or Gradio are imported by
the command that uses them, so that ``predict`` starts at once.
"""

import argparse
import os
import sys
from pathlib import Path

from digitlib import __version__, weights
from digitlib.classify import DigitClassifier

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        """One line in place of argparse's usage and error."""
        self.exit(2, f"{self.prog}: {message} ({self.prog} --help shows an example)\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except ModuleNotFoundError as error:
        extra = "app" if error.name == "gradio" else "train"
        print(
            f'digitlib: {error.name} is not installed; pip install "digitlib[{extra}]"',
            file=sys.stderr,
        )
    except (OSError, ValueError, ArithmeticError, RuntimeError) as error:
        print(f"digitlib: {_one_line(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("digitlib: interrupted; nothing was written", file=sys.stderr)
        return 130
    return 2


def _parser() -> _Parser:
    summary = "Handwritten digits: train, evaluate, predict, draw."
    parser = _Parser(prog="digitlib", description=summary)
    parser.add_argument(
        "--version", action="version", version=f"digitlib {__version__}"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for run, add_options, example in (
        (_train, _train_options, "--out my-digits.safetensors"),
        (_evaluate, _evaluate_options, "--weights my-digits.safetensors"),
        (_predict, _predict_options, "drawing.png photo.jpg"),
        (_app, _app_options, "--port 7860"),
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


def _add_weights(parser) -> None:
    text = "the weights file (default: the package's own)"
    parser.add_argument("--weights", type=Path, default=weights.SHIPPED, help=text)


def _train_options(parser) -> None:
    text = "the weights file to write"
    parser.add_argument("--out", type=Path, required=True, help=text)
    _add_dataset(parser)
    parser.add_argument("--epochs", type=int, help="passes over the training digits")
    parser.add_argument("--rate", type=float, help="the largest learning rate")
    text = "initial weights and order of the digits (default: 0)"
    parser.add_argument("--seed", type=int, default=0, help=text)


def _train(options) -> int:
    """Train the model and write its weights file."""
    from tqdm import tqdm

    from digitlib import data, export
    from digitlib.model import MLP
    from digitlib.train import Epoch, Recipe, fit

    # Before the training, not after it.
    if not options.out.parent.is_dir():
        raise FileNotFoundError(f"{options.out.parent}: no such folder")
    if options.out.is_dir() or not os.access(options.out.parent, os.W_OK):
        raise PermissionError(f"{options.out}: expected a file that can be written")
    changed = {
        name: getattr(options, name)
        for name in ("epochs", "rate")
        if getattr(options, name) is not None
    }
    recipe = Recipe(seed=options.seed, **changed)
    train, valid = data.split(
        data.load(options.dataset), valid=data.VALID_SIZE[options.dataset]
    )

    def report(epoch: Epoch) -> None:
        tqdm.write(  # above the progress bar, not through it
            f"epoch {epoch.number:2} of {recipe.epochs}   loss {epoch.train_loss:.4f}   "
            f"validation {epoch.valid_accuracy:.2%}   {epoch.seconds:.1f} s"
        )

    model = MLP(seed=options.seed)
    fit(model, train, valid, recipe, after_epoch=report)
    accuracy = export.export_weights(model, options.out, valid, options.dataset, recipe)
    print(f"{options.out}: {accuracy} in the validation set")
    return 0


def _evaluate_options(parser) -> None:
    _add_weights(parser)
    _add_dataset(parser)
    text = "measure on the test digits: once, after all choices"
    parser.add_argument("--test", action="store_true", help=text)


def _evaluate(options) -> int:
    """Measure weights on digits that they were not trained on."""
    from digitlib import data, evaluate, export

    model = export.load_model(options.weights)
    if options.test:
        digits, name = data.load_test(options.dataset), "test"
    else:
        _, digits = data.split(
            data.load(options.dataset), valid=data.VALID_SIZE[options.dataset]
        )
        name = "validation"
    answers = evaluate.logits(model, digits.images)
    print(f"{evaluate.accuracy(answers, digits.labels)} in the {name} set")
    for digit, accuracy in enumerate(evaluate.per_digit(answers, digits.labels)):
        print(f"  {digit}: {accuracy}")
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
            print(
                f"{file}: {prediction.label} ({prediction.probabilities[prediction.label]:.1%})"
            )
    return code


def _app_options(parser) -> None:
    text = "default: the first free one from 7860"
    parser.add_argument("--port", type=int, help=text)


def _app(options) -> int:
    """Serve the drawing pad on this machine."""
    from digitlib import app

    app.launch(port=options.port)
    return 0


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
