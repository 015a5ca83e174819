"""Sphinx extension: the list of exercises, made of the chapters' texts at each build.

An exercise is a heading with a line below it that says what it is about, what one does, and how long it takes:
``*Training · write it, a check marks it · 10 minutes*``; an open question takes ``an evening``. The word ``EXERCISES``
in ``book/exercises.md`` becomes a table for each topic.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ledger import anchor, heading

BOOK = Path(__file__).parents[1]
TOPICS = (
    "Data",
    "Networks",
    "Gradients",
    "Training",
    "Judging",
    "Doubt",
    "Pictures",
    "Files and pages",
    "Speed",
    "Experiments",
)
QUESTIONS, MARKED, RUN, EVENING = KINDS = (
    "quick questions",
    "write it, a check marks it",
    "predict, then run",
    "an open question",
)
PLACE = re.compile(
    r"^#{2,3} (.+)\n\n\*([^*\n]+) · ([^*\n]+) · (?:(\d+) minutes|an evening)\*$", re.MULTILINE
)


class Exercise(NamedTuple):
    """Where an exercise stands, and what its line says."""

    chapter: str
    heading: str
    topic: str
    kind: str
    minutes: int
    """None are counted for an open question."""


def exercises(chapter: str, text: str) -> Iterator[Exercise]:
    """A chapter's exercises, in order; ValueError for a topic or a kind that isn't one."""
    for match in PLACE.finditer(text):
        heading, topic, kind, minutes = match.groups()
        if topic not in TOPICS or kind not in KINDS:
            raise ValueError(f"expected one of {TOPICS} and of {KINDS}, got {topic!r} and {kind!r}")
        if (minutes is None) != (kind == EVENING):
            raise ValueError(f"expected minutes, or an evening for {EVENING}, got {match[0]!r}")
        yield Exercise(chapter, heading, topic, kind, int(minutes or 0))


def listed() -> list[Exercise]:
    """All of the book's."""
    paths = sorted((BOOK / "text").glob("[0-9]*.md"))
    return [one for path in paths for one in exercises(path.stem, path.read_text("utf-8"))]


def tables() -> str:
    """A table for each topic, as Markdown."""
    found = listed()
    parts = []
    for topic in TOPICS:
        rows = [row(one) for one in found if one.topic == topic]
        head = "| exercise | chapter | what one does | minutes |\n| --- | --- | --- | ---: |"
        if rows:
            parts.append(f"## {topic}\n\n{head}\n" + "\n".join(rows))
    return "\n\n".join(parts)


def row(one: Exercise) -> str:
    """An exercise's line."""
    title = re.sub(r"^\d+\. ", "", one.heading)
    of = f" {heading(one.chapter)}" if one.kind == QUESTIONS else ""
    link = f"[{title}]({one.chapter}.ipynb#{anchor(one.heading)}){of}"
    minutes = one.minutes or "an evening"
    return f"| {link} | {int(one.chapter[:2])} | {one.kind} | {minutes} |"


def sums() -> str:
    """How many there are of each kind, and how long they take, in a sentence."""
    found = listed()
    counts = {kind: sum(one.kind == kind for one in found) for kind in KINDS}
    hours = sum(one.minutes for one in found) / 60
    return (
        f"{counts[MARKED]} that a check marks, {counts[RUN]} to predict and run, "
        f"{counts[QUESTIONS]} rounds of quick questions: some {hours:.0f} hours. "
        f"And {counts[EVENING]} open questions, for an evening each."
    )


def fill(app, docname, source):
    """Put the tables in the place of their word."""
    if docname == "book/exercises":
        source[0] = source[0].replace("EXERCISES", f"{sums()}\n\n{tables()}")
        for path in (BOOK / "text").glob("*.md"):
            app.env.note_dependency(str(path))


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
