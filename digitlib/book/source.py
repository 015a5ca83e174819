"""Text that a chapter prints as Markdown: sentences, and the package's own source."""

import inspect
from collections.abc import Callable

__all__ = ["Sentence", "show_source"]


class Sentence(str):
    """Text that a notebook shows as Markdown."""

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def show_source(function: Callable[..., object]) -> Sentence:
    """The source of a function or class, as it runs, for a notebook to show."""
    return Sentence(f"```python\n{inspect.getsource(function)}```")
