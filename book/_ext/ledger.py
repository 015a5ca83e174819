"""Sphinx extension: the ledger as a page, made of ``digitlib/book/ledger.json`` and the stored notebooks at each build.

The word ``LEDGER`` in ``book/ledger.md`` becomes a table for each chapter: an entry's name, with a link to its section;
the section's heading; the figure that the reader saw there; and the range over seeds or folds. On other pages that are
no chapters, a line such as
``RECORDED name: {share} pictures.`` becomes the sentence for that entry, a share; ``{figure}`` is the same, its figure
bold.
On the first page ``REMEASURED`` becomes the number of entries that the chapters measure again.
"""

import json
import re
from pathlib import Path

from digitlib.accuracy import Share
from digitlib.book.entries import LEDGER, entries, share

BOOK = Path(__file__).parents[1]
CHAPTER = "make results NB="
SLOW = "Too slow for a chapter"
RECORDED = re.compile(r"^(- |)RECORDED ([\w.-]+): (.+)$", re.MULTILINE)


def tables(dataset: str = "mnist") -> str:
    """The ledger of one data set as Markdown."""
    entries = json.loads(LEDGER.read_text(encoding="utf-8"))[dataset]
    groups = {}
    for name, entry in sorted(entries.items(), key=lambda item: item[1]["command"]):
        chapter = entry["command"].removeprefix(CHAPTER)
        group = SLOW if chapter == entry["command"] else chapter
        groups.setdefault(group, {})[name] = entry
    told = places()
    return "\n\n".join(
        section(group if group == SLOW else heading(group), some, told)
        for group, some in groups.items()
    )


def section(title: str, entries: dict[str, dict], told: dict) -> str:
    """A heading, how these figures are measured, and their table."""
    commands = ", ".join(f"`{one}`" for one in values(entries, "command"))
    torches = {version["torch"].partition("+")[0] for version in gather(entries, "versions")}
    about = (
        f"Measured {span(values(entries, 'date'))} with torch {span(sorted(torches))}: {commands}."
    )
    marks = {f"{file} {mark}" for one in gather(entries, "weights") for file, mark in one.items()}
    if marks:
        about += f" What has no range speaks of stored weights: {', '.join(sorted(marks))}."
    rows = ["| name | told under | figure | range |", "| --- | --- | --- | --- |"]
    rows += [row(name, *told[name]) for name in entries]
    return "\n\n".join([f"## {title}", about, "\n".join(rows)])


def gather(entries: dict[str, dict], key: str) -> list:
    """What the entries have under a key, of those that have it."""
    return [entry[key] for entry in entries.values() if key in entry]


def values(entries: dict[str, dict], key: str) -> list[str]:
    """The different ones, sorted."""
    return sorted(set(gather(entries, key)))


def span(some: list[str]) -> str:
    """The only value, or the first and the last."""
    return some[0] if len(some) == 1 else f"{some[0]} to {some[-1]}"


def row(name: str, figure: str, page: str, part: str) -> str:
    """A line of the table."""
    figure, _, ranged = figure.partition("; ")
    over, _, ends = ranged.partition(": ")
    spread = f"{ends}, {over}" if ranged else ""
    line = f"| [{name}]({page}#{anchor(part)}) | {part} | {figure} | {spread} |"
    return line.replace(" %", "\N{NO-BREAK SPACE}%")


def places() -> dict[str, tuple[str, str, str]]:
    """For each entry: the figure that the book shows, the page's file, and the heading above it."""
    found = {}
    for path in sorted(BOOK.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        for match in RECORDED.finditer(text):
            part = re.findall(r"^##? (.+)$", text[: match.start()], re.MULTILINE)[-1]
            found[match[2]] = (bold(share(entries("mnist")[match[2]])), path.name, part)
    for path in sorted(BOOK.glob("[0-9]*.ipynb")):
        part = ""
        for cell in cells(path.stem):
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                part = [part, *re.findall(r"^##? (.+)$", source, re.MULTILINE)][-1]
            if names := re.findall(r'(?:claim|recorded)\(\s*"([\w.-]+)"', source):
                for name, figure in zip(names, shown(cell), strict=True):
                    found[name] = (figure, path.name, part)
    return found


def bold(figure: Share) -> str:
    """As chapters show it: the figure bold, its doubt behind it."""
    value, _, doubt = str(figure).partition(" (")
    return f"**{value}** ({doubt}"


def sentence(match: re.Match) -> str:
    """What a line that asks for a recorded share becomes; KeyError where the ledger has none of this name."""
    told = share(entries("mnist")[match[2]])
    return match[1] + match[3].format(share=told, figure=bold(told))


def remeasured() -> list[str]:
    """The entries that a chapter measures again when it runs."""
    return [name for name, one in entries("mnist").items() if one["command"].startswith(CHAPTER)]


def cells(chapter: str) -> list[dict]:
    """A stored notebook's cells."""
    return json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]


def heading(chapter: str) -> str:
    """A chapter's own title."""
    return "".join(cells(chapter)[0]["source"]).splitlines()[0].removeprefix("# ")


def shown(cell: dict) -> list[str]:
    """The figures that end a cell, one or a list's, without the notes on how they were checked."""
    text = "".join(cell["outputs"][-1]["data"]["text/markdown"])
    return re.findall(r"(\*\*.*?)\s*\*\(recorded[^)]*\)\*", text)


def anchor(title: str) -> str:
    """A heading's, as MyST makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def fill(app, docname, source):
    """Put the tables in the place of their word, and sentences in the place of lines that ask for them."""
    if docname == "book/ledger":
        source[0] = source[0].replace("LEDGER", tables())
    if docname == "book/index":
        source[0] = source[0].replace("REMEASURED", str(len(remeasured())))
    source[0] = RECORDED.sub(lambda match: f"{sentence(match)} *(recorded)*", source[0])


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
