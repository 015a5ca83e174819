"""Text that a chapter prints as Markdown: sentences, and the package's own source."""

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path

__all__ = ["Sentence", "show_part", "show_source"]

_PACKAGE = Path(__file__).parents[1]


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
    ['```python', 'def wilson(count: float, n: float) -> tuple[float, float]:']
    """
    return Sentence(f"```python\n{inspect.getsource(function)}```")


def show_part(file: str, name: str) -> Sentence:
    """The source of a function in one of the package's files, in Python or JavaScript, which is read and not imported.

    Args:
        file: from the package's folder, such as ``"pad/pad.mjs"``.
        name: the function's, at the file's outermost level.

    Raises:
        FileNotFoundError, KeyError: no such file, or no such function in it.

    >>> from digitlib.book.source import show_part
    >>> show_part("pad/pad.mjs", "scores").splitlines()[:2]
    ['```javascript', 'function scores({ layers }, image) {']
    >>> show_part("hosts/app.py", "page").splitlines()[1]
    'def page(classifier: Classifier) -> gr.Blocks:'
    """
    text = (_PACKAGE / file).read_text(encoding="utf-8")
    if file.endswith(".py"):
        functions = (part for part in ast.parse(text).body if isinstance(part, ast.FunctionDef))
        parts = {part.name: ast.get_source_segment(text, part) for part in functions}
    else:
        pattern = r"^(?:export )?function (\w+)\(.*?^}"
        parts = {match[1]: match[0] for match in re.finditer(pattern, text, re.M | re.S)}
    if name not in parts:
        raise KeyError(f"{file} has no function {name!r}")
    language = "python" if file.endswith(".py") else "javascript"
    return Sentence(f"```{language}\n{parts[name]}\n```")
