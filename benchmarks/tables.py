"""What the scripts of ``benchmarks/`` write into their Markdown: tables, and figures with a range or an interval.

Nothing here measures, and importing it costs nothing, so that every script may take its tables from here.
"""

import statistics
from collections.abc import Iterable

from digitlib.accuracy import percent, wilson

__all__ = ["share", "spread", "table"]


def table(head: Iterable, rows: Iterable[Iterable]) -> list[str]:
    """The lines of a Markdown table; a cell may be anything that ``str`` takes, and empty."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]


def spread(values: list[float], form: str = ".1f") -> str:
    """Median, and the lowest and highest where there are several."""
    if not values:
        return "-"
    middle = format(statistics.median(values), form)
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):{form}} to {max(values):{form}})"


def share(wrong: int, n: int) -> str:
    """So many of n as per cent, with their 95 % interval."""
    low, high = wilson(wrong, n)
    return f"{percent(wrong / n, 2)} ({100 * low:.2f} to {100 * high:.2f})"
