"""The command, run in a test: what it says and how it ends."""

from digitlib import cli

OPTDIGITS = ["--dataset", "optdigits", "--precision", "float32"]


def run(capsys, *arguments):
    """Exit code, lines on the output, lines on the error stream."""
    try:
        code = cli.main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = end.code
    output, errors = capsys.readouterr()
    return code, output.splitlines(), errors.splitlines()
