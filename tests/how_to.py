"""Pages on which a reader types, for tests: the blocks of code on them, and what each says when it is run.

A block of ``sh`` or ``python`` is run, in one folder and after those above it; a block of ``text`` below is what it
prints. There "…" stands for anything on a line, or for lines where it has one to itself; in ``text near`` figures may
be a little off, as another machine's are. A block whose language is followed by a file's name becomes that file, and
one that is followed by ``by-hand`` is left out.
"""

import os
import re
import shlex
import subprocess
import sys
import traceback
import warnings
from contextlib import redirect_stdout
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from digitlib.folder import LeftOut

PAGE = Path(__file__).parents[1] / "book" / "how-to.md"
NUMBER = r"\d[\d,]*(?:\.\d+)?"
BY_HAND, NEAR = "by-hand", "near"
FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code: its language, the word after it, and what it holds."""

    language: str
    word: str
    text: str


def sections():
    """The page's sections by their titles."""
    _, *parts = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {title: text for title, _, text in (part.partition("\n") for part in parts)}


def blocks(title):
    """A section's blocks, in their order."""
    return in_text(sections()[title])


def in_text(text):
    """The blocks of any text, in their order."""
    return [Block(*found) for found in FENCE.findall(text)]


def run(found, folder):
    """Run some blocks and hold what each says against the page."""
    names = {"__name__": "__main__"}
    for block, below in pairwise([*found, Block("", "", "")]):
        if block.word == BY_HAND or block.language == "text":
            continue
        if block.word:
            (folder / block.word).write_text(block.text, encoding="utf-8")
            continue
        ways = {"sh": typed, "python": executed}
        said = ways[block.language](block.text, folder, names)
        shown = below if below.language == "text" else Block("text", "", "")
        assert agree(said, shown.text, shown.word == NEAR), f"{block.text}\nsaid\n{said}"


def typed(text, folder, _):
    """What a shell shows of some commands, output and complaints as they come."""
    commands = folder / ".commands"
    commands.mkdir(exist_ok=True)
    for name, start in (("digitlib", "-m digitlib"), ("python", "")):
        script = commands / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {start} "$@"\n')
        script.chmod(0o755)
    told = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    told |= {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "PYTHONIOENCODING": "utf-8"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    done = subprocess.run(["sh", "-c", text], cwd=folder, env=told, encoding="utf-8", **streams)
    return done.stdout


def executed(text, folder, names):
    """What Python prints for some lines, and the last line of the error in which they end."""
    with redirect_stdout(StringIO()) as said, warnings.catch_warnings():
        warnings.simplefilter("ignore", LeftOut)  # goes to the error stream, not here
        try:
            exec(compile(text, "how-to", "exec"), names)
        except Exception as error:
            print(traceback.format_exception_only(error)[-1], end="")
    return said.getvalue()


def agree(said, shown, near=False):
    """Whether an output is what the page shows."""
    gaps = {"…\n": "(?:.*\n)*?", "…": ".*?"}
    parts = re.split(rf"(^…\n|…|{NUMBER})" if near else r"(^…\n|…)", shown, flags=re.MULTILINE)
    ways = [re.escape(part) for part in parts]
    ways[1::2] = [gaps.get(part, f"({NUMBER})") for part in parts[1::2]]
    found = re.fullmatch("".join(ways), said)
    theirs = [part for part in parts[1::2] if part not in gaps]
    return found is not None and all(
        abs(number(ours) - number(other)) <= max(2, number(other) / 10)
        for ours, other in zip(found.groups(), theirs, strict=True)
    )


def number(text):
    return float(text.replace(",", ""))
