"""The book's page of how-tos, for tests: its sections, and the blocks of code that stand in each."""

import re
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[1] / "book" / "how-to.md"
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
    return [Block(*found) for found in FENCE.findall(sections()[title])]
