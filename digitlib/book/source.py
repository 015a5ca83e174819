"""Text that a chapter prints as Markdown: sentences, and the package's own source."""

import inspect
from collections.abc import Callable

__all__ = ["Sentence", "show_source"]


class Sentence(str):
    """Text that a notebook shows as Markdown.

    >>> from digitlib.book.source import Sentence
    >>> Sentence("**97.9 %** are right.")
    **97.9 %** are right.
    """

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def show_source(function: Callable[..., object]) -> Sentence:
    """The source of a function or class, as it runs, for a notebook to show.

    Raises:
        OSError, TypeError: there is no source, or it is neither.

    >>> from digitlib import accuracy
    >>> from digitlib.book.source import show_source
    >>> show_source(accuracy.wilson).splitlines()[:2]
    ['```python', 'def wilson(count: int, n: int) -> tuple[float, float]:']
    """
    return Sentence(f"```python\n{inspect.getsource(function)}```")
