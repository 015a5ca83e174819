"""What a page or a card calls the classes of a model, in Markdown: ten digits are digits, all others go by their names.

A name may hold any characters; in what is returned here none of them is markup.
"""

import re
from collections.abc import Mapping, Sequence

from digitlib.plain import one_line
from digitlib.weights import are_digits

__all__ = ["escaped", "heading", "listed", "network"]

# How many names a sentence holds, and how many characters of each.
NAMES, LETTERS = 10, 40


def escaped(name: str) -> str:
    r"""A name as Markdown that shows it, on one line; one of more than 40 characters is cut short.

    >>> from digitlib.hosts import words
    >>> print(words.escaped("a *wild* rose"))
    a \*wild\* rose
    """
    line = one_line(name)
    if len(line) > LETTERS:
        line = f"{line[: LETTERS - 1]}…"
    return re.sub(r"([!#$&*.:<>@\[\\\]^_`|~])", r"\\\1", line)


def listed(classes: Sequence[str]) -> str:
    """At least two names in a row, as Markdown; of more than ten the first ones, and how many more there are.

    >>> from digitlib.hosts import words
    >>> words.listed(["cat", "dog", "horse"]), words.listed(list("abcdefghijklmnop"))
    ('cat, dog and horse', 'a, b, c, d, e, f, g, h, i, j and 6 more')
    """
    names = [escaped(name) for name in classes]
    if len(names) > NAMES:
        names = [*names[:NAMES], f"{len(names) - NAMES} more"]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def heading(classes: Sequence[str]) -> str:
    """What a page asks its visitor to do.

    >>> from digitlib.hosts import words
    >>> from digitlib.weights import DIGITS
    >>> words.heading(DIGITS), words.heading(["cat", "dog"])
    ('Draw a digit', 'Draw something')
    """
    return "Draw a digit" if are_digits(classes) else "Draw something"


def network(classes: Sequence[str], provenance: Mapping) -> str:
    """What answers, as the beginning of a sentence.

    Args:
        classes: the names of the model's classes.
        provenance: what its weights file says of its training; only ``"dataset"`` is looked at.

    >>> from digitlib.hosts import words
    >>> from digitlib.weights import DIGITS
    >>> words.network(DIGITS, {"dataset": "mnist"}), words.network(["cat", "dog"], {})
    ('A small neural network, trained on MNIST,', 'A small neural network')
    """
    if are_digits(classes) and provenance.get("dataset") == "mnist":
        return "A small neural network, trained on MNIST,"
    return "A small neural network"
