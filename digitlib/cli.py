"""The command ``digitlib``: from training a model to publishing it, each step a command of its own.

Here lie the parser and the output's handling; what the commands do is in :mod:`digitlib.commands`. Bad input gives one
plain line on the error stream and exit code 2. Each line of the output is shown as it ends. Modules that need torch or
Gradio are imported by the command that uses them, so that ``predict`` starts at once.
"""

import argparse
import io
import os
import sys
from typing import NoReturn

from digitlib import __version__
from digitlib.commands import (
    about,
    asking,
    collecting,
    exporting,
    predicting,
    reporting,
    serving,
    terminal,
    training,
)
from digitlib.plain import one_line

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line in place of argparse's usage and error."""
        terminal.complain(f"{message} ({self.prog} --help shows an example)", self.prog)
        self.exit(2)


# The extra that brings a package; any other comes with ``train``.
_EXTRAS = {
    "gradio": "app",
    "huggingface_hub": "app",
    "onnx": "export",
    "onnxscript": "export",
    "onnxruntime": "onnx",
}

_NOBODY_READS = 128 + 13  # as a shell reports a process that the signal SIGPIPE ended


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0; 2 for bad input; 130 if it was interrupted.

    ``smoke`` has one more, 1 for a wrong answer.

    Where nobody reads its output any more, as behind ``| head -1``, it ends without a word, with 141.
    """
    _stand_in_for_closed_streams()
    _show_lines_at_once()
    try:
        code = _run(arguments)
    # Of the parser, which has said why, or of an app that was told to end.
    except SystemExit as end:
        code = int(end.code or 0)
    except BrokenPipeError:
        code = _NOBODY_READS
    return _let_go_of_output(code)


def _stand_in_for_closed_streams() -> None:
    """Where a stream was closed, as ``<&-`` does, Python has None: read nothing there, and write into nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 (open until the end)


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
                terminal.complain(one_line(error))
                code = 2
    return code


def _run(arguments: list[str] | None) -> int:
    """Run one command, and say in a line what went wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is None:  # what there is to ask for
        parser.print_help()
        return 0
    try:
        return options.run(options)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(error.name or "", "train")
        terminal.complain(f'{error.name} is not installed; pip install "digitlib[{extra}]"')
    except BrokenPipeError:  # no bad input
        raise
    except (OSError, ValueError, ArithmeticError, RuntimeError) as error:
        terminal.complain(one_line(error))
    except KeyboardInterrupt as error:
        terminal.complain(f"interrupted; {error.args[0] if error.args else 'nothing was written'}")
        return 130
    return 2


def _parser() -> _Parser:
    summary = "Handwritten digits, or pictures of your own: train, measure, name, draw, publish."
    epilog = "digitlib COMMAND --help says more of each, with an example"
    parser = _Parser(prog="digitlib", description=summary, epilog=epilog)
    parser.add_argument("--version", action="version", version=f"digitlib {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for run, add_options, example in (
        (collecting.sheets, collecting.sheets_options, "--blank sheet.pdf --names camp,rest,water"),
        (training.train, training.train_options, "--out my-digits.safetensors"),
        (asking.evaluate, asking.evaluate_options, "--weights my-digits.safetensors"),
        (
            reporting.report,
            reporting.report_options,
            "--weights my-digits.safetensors --out report",
        ),
        (predicting.predict, predicting.predict_options, "drawing.png scans --json"),
        (exporting.export, exporting.export_options, "--onnx digits.onnx"),
        (serving.app, serving.app_options, "--port 7860"),
        (serving.smoke, serving.smoke_options, "http://127.0.0.1:7860"),
        (serving.deploy, serving.deploy_options, "--static --out page"),
        (about.info, about.info_options, "--weights my-digits.safetensors"),
    ):
        name = run.__name__
        epilog = f"example: digitlib {name} {example}"
        command = commands.add_parser(
            name, help=run.__doc__, description=run.__doc__, epilog=epilog
        )
        command.set_defaults(run=run)
        add_options(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
