"""The command, run in a test: what it says and how it ends."""

import io
import os
import subprocess
import sys

from digitlib import cli

OPTDIGITS = ["--data", "optdigits", "--precision", "float32"]


def run(capsys, *arguments):
    """Exit code, lines on the output, lines on the error stream."""
    try:
        code = cli.main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = end.code
    output, errors = capsys.readouterr()
    return code, output.splitlines(), errors.splitlines()


def bare():
    """The environment, without what would have Python gather its output otherwise than where nothing is set."""
    told = {name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"}
    return told | {"PYTHONPATH": os.pathsep.join(sys.path)}


def alone(folder, *arguments, env=None, **streams):
    """The command in a process of its own, whose output Python gathers as it does where nothing is set."""
    command = [sys.executable, "-m", "digitlib", *arguments]
    streams = {"stderr": subprocess.PIPE, **streams}
    return subprocess.run(command, cwd=folder, env=env or bare(), text=True, **streams)


def standard_input(monkeypatch, content):
    """Bytes that the command finds on its standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def finished(process):
    """Its output and its errors; what hangs is ended, and fails."""
    try:
        return process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
