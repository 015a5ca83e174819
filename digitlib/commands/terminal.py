"""What the commands owe to a terminal: complaints on the error stream, a little colour, and a bar for who waits.

Where nobody looks, behind a pipe or in a file, there is neither colour nor bar. ``NO_COLOR`` and ``TERM=dumb`` switch
colour off, and ``TQDM_DISABLE`` the bar. Nothing here needs torch.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from digitlib.plain import readable

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["MANY", "bar", "complain", "emphasised", "say", "unheard", "waiting", "warned"]

MANY = 1_000
"""So many pictures are worth a bar even where their lines run through the same terminal."""

_BOLD, _RED, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[0m"


def complain(message: str, who: str = "digitlib", bar: "tqdm | None" = None) -> None:
    """One line on the error stream; of several processes under torchrun, the first of each machine speaks."""
    if os.environ.get("LOCAL_RANK", "0") == "0":
        say(f"{warned(f'{who}:')} {readable(message)}", sys.stderr, bar)


def say(line: str, stream: TextIO, bar: "tqdm | None" = None) -> None:
    """Print a line; above the bar, where one stands on the same terminal."""
    if bar is not None and stream.isatty():
        bar.write(line, file=stream)
    else:
        print(line, file=stream)


@contextmanager
def unheard() -> Iterator[None]:
    """Within it, what libraries write to the error stream goes nowhere, and so does what Python writes."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no such stream
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def waiting(text: str) -> None:
    """Say what is being waited for, on the error stream, where that is a terminal."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr)


def emphasised(text: str) -> str:
    """Text for the output, in bold where it is a terminal that shows colour."""
    return _in(_BOLD, text, sys.stdout)


def warned(text: str) -> str:
    """Text for the error stream, in red where it is a terminal that shows colour."""
    return _in(_RED, text, sys.stderr)


def _in(colour: str, text: str, stream: TextIO) -> str:
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return f"{colour}{text}{_PLAIN}" if wanted and stream.isatty() else text


def bar(pictures: int) -> "tqdm | None":
    """A progress bar on the error stream, or None where it would help nobody.

    That is where the error stream is no terminal; and where the output is one, so that its lines show how far it is,
    unless there are :data:`MANY`.
    """
    off = os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    if off or not sys.stderr.isatty() or (sys.stdout.isatty() and pictures < MANY):
        return None
    from tqdm import tqdm

    return tqdm(total=pictures, unit="picture", leave=False, disable=False)
