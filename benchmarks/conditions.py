"""What a condition of ``pictures.py`` is: a kind of picture that people send, stated in one sentence."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from inks import Hand

__all__ = ["NOTHING", "Condition", "condition"]

NOTHING = "no digit"
"""The kind of the conditions whose pictures show no digit, or more than one."""


@dataclass(frozen=True)
class Condition:
    """A kind of picture that people send.

    Attributes:
        name: a few words.
        kind: what it is like; conditions of a kind stand together.
        states: one sentence, the docstring of what draws it.
        draw: makes a picture.
    """

    name: str
    kind: str
    states: str
    draw: Callable[[Hand], Image.Image]

    @property
    def named(self) -> bool:
        """Whether there is a digit to name; otherwise "blank" and a refusal are right."""
        return self.kind != NOTHING


def condition(kind: str, name: str) -> Callable[[Callable[[Hand], Image.Image]], Condition]:
    """Make a condition of the decorated function."""

    def made(draw: Callable[[Hand], Image.Image]) -> Condition:
        return Condition(name, kind, " ".join((draw.__doc__ or "").split()), draw)

    return made
