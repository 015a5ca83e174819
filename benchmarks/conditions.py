"""What a condition of ``pictures.py`` is, and the list in which each one stands.

A condition is a function from a :class:`inks.Hand` to a Pillow image; its docstring's first sentence states it. Those of
a kind stand together.

The halves: counted through the list in the order in which it stands, every second condition is asked once, at the end;
the others are those that the reading of pictures was chosen on. So each kind of two or more is in both halves. This rule
was written down before any picture was asked about.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from inks import Hand

__all__ = ["CONDITIONS", "Condition", "condition", "halves"]

NOTHING = "no digit"
"""The kind of the conditions whose pictures show no digit, or more than one."""


@dataclass(frozen=True)
class Condition:
    """A kind of picture that people send.

    Attributes:
        name: a few words.
        kind: what it is like.
        states: one sentence.
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


CONDITIONS: dict[str, Condition] = {}
"""By name, in their order."""


def condition(kind: str, name: str) -> Callable:
    """Put the decorated function on the list."""

    def listed(draw: Callable[[Hand], Image.Image]) -> Callable[[Hand], Image.Image]:
        if name in CONDITIONS:
            raise ValueError(f"expected a new name, got {name!r}")
        states = " ".join((draw.__doc__ or "").split("\n\n")[0].split())
        CONDITIONS[name] = Condition(name, kind, states, draw)
        return draw

    return listed


def halves() -> tuple[list[Condition], list[Condition]]:
    """Those chosen on, and those asked once."""
    every = list(CONDITIONS.values())
    return every[0::2], every[1::2]
