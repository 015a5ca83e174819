"""The last finished epoch of a training, in a file: what it takes to go on as if nothing had happened.

The file is a line that says what it is, the SHA-256 of the rest, and the rest in PyTorch's own format, read with
``weights_only``, which loads tensors and plain values and runs no code.

What one model remembers, another like it goes on with, but not in another training:

>>> import tempfile
>>> from pathlib import Path
>>> from digitlib.engine import checkpoint
>>> from digitlib.model import MLP
>>> with tempfile.TemporaryDirectory() as folder:
...     file = Path(folder) / "half.pt"
...     checkpoint.save(file, {"model": MLP((8,), seed=1)}, {"seed": 1}, history=[{"loss": 0.5}])
...     print(checkpoint.epochs(file), checkpoint.resume(file, {"model": MLP((8,))}, {"seed": 1}))
...     try:
...         checkpoint.resume(file, {"model": MLP((8,))}, {"seed": 2})
...     except ValueError as error:
...         print(str(error).partition(": ")[2])
1 [{'loss': 0.5}]
expected seed 2, got 1
"""

import hashlib
import io
from pathlib import Path
from typing import Protocol

import torch

from digitlib.files import write_whole
from digitlib.plain import one_line

__all__ = ["Stateful", "epochs", "resume", "save"]

_MARK = b"digitlib: an interrupted training\n"
_DIGEST = hashlib.sha256().digest_size


class Stateful(Protocol):
    """A model, an optimizer or a scheduler.

    >>> from torch import nn
    >>> from digitlib.engine.checkpoint import Stateful
    >>> part: Stateful = nn.Linear(784, 10)
    >>> list(part.state_dict())
    ['weight', 'bias']
    """

    def state_dict(self) -> dict:
        """Everything that it remembers."""

    def load_state_dict(self, state: dict, /) -> object:
        """Remember this instead."""


def save(path: str | Path, parts: dict[str, Stateful], about: dict, history: list[dict]) -> None:
    """Write what a training remembers, whole or not at all.

    Args:
        path: the file.
        parts: model, optimizer and scheduler, by name.
        about: plain values that tell this training from others.
        history: a dictionary for each finished epoch.

    Raises:
        FileNotFoundError, PermissionError: no such folder, or a file that can't be written.
    """
    content = {name: part.state_dict() for name, part in parts.items()}
    buffer = io.BytesIO()
    torch.save({"parts": content, "about": about, "history": history}, buffer)
    rest = buffer.getvalue()
    write_whole(path, _MARK + hashlib.sha256(rest).digest() + rest)


def resume(path: str | Path | None, parts: dict[str, Stateful], about: dict) -> list[dict]:
    """Put the parts into the state that lies in a file.

    Args:
        path: the file; if None, or if there is none, the parts stay as they are.
        parts: as :func:`digitlib.engine.checkpoint.save` has them.
        about: what this training is; every value must be the file's.

    Returns:
        the history, a dictionary for each finished epoch; an empty list if there is no file.

    Raises:
        ValueError: the file is damaged, or holds another training or another model; says what differs.
    """
    if path is None or not Path(path).is_file():
        return []
    content = _read(path)
    if differing := [key for key in about if content["about"].get(key) != about[key]]:
        raise ValueError(
            "; ".join(
                f"{path} holds another training: expected {key} {about[key]}, got {content['about'].get(key)}"
                for key in differing
            )
        )
    try:
        for name, part in parts.items():
            part.load_state_dict(content["parts"][name])
    except (KeyError, TypeError, AttributeError, RuntimeError, ValueError) as error:
        raise ValueError(
            f"{path}: expected the state of this model, got another: {one_line(error)}"
        ) from None
    return content["history"]


def epochs(path: str | Path) -> int:
    """How many finished epochs a file holds.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a damaged one.
    """
    return len(_read(path)["history"])


def _read(path: str | Path) -> dict:
    whole = Path(path).read_bytes()
    try:
        rest = io.BytesIO(_sound(whole))
        content = torch.load(rest, map_location="cpu", weights_only=True)
        if isinstance(content, dict) and set(content) == {"parts", "about", "history"}:
            return content
        fault = "other contents"
    except Exception as error:  # what PyTorch raises about damage has no common root but this
        fault = f"something else: {str(error).partition(chr(10))[0] or 'no bytes'}"
    raise ValueError(
        f"{path}: expected an interrupted training, got {fault}; remove it to start anew"
    )


def _sound(content: bytes) -> bytes:
    """What comes after the checksum, if that agrees: PyTorch itself would load a number with a bit flipped."""
    if not content.startswith(_MARK):
        raise ValueError("no checksum, as in files of older versions")
    start = len(_MARK) + _DIGEST
    if hashlib.sha256(content[start:]).digest() != content[len(_MARK) : start]:
        raise ValueError("damaged, since its checksum differs")
    return content[start:]
