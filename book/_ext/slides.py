"""The chapters' pictures and figures as slides: ``python book/_ext/slides.py FOLDER`` writes a page for each session.

A slide shows what one cell shows. Its title is the question that the chapter asks before it, or the section's heading;
the words after it are what to say. A page is one file, needs no network, and prints one slide a sheet.
"""

import argparse
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template

import nbformat
import yaml
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from digitlib.files import write_whole

ROOT = Path(__file__).parents[2]
PAGE = Path(__file__).with_suffix(".html")


@dataclass(frozen=True)
class Part:
    """Some sections of a chapter: from ``start``, or its opening, up to ``end``, which is left out, or its end."""

    chapter: str
    start: str = ""
    end: str = ""


SESSIONS = (
    (Part("01-split"), Part("02-design", end="How small a bend is enough?")),
    (Part("02-design", start="How small a bend is enough?"), Part("03-train")),
    (
        Part("04-validate"),
        Part("07-trust", end="May it refuse?"),
        Part("07-trust", start="Digits that aren't so clean", end="Other people's handwriting"),
    ),
    (Part("05-deploy"), Part("08-yours")),
)
# A reader's own work, and what to read.
LEFT_OUT = ("On your own", "In practice")
# What a cell prints can be read from the last row if it has no more of them.
ROWS, COLUMNS = 10, 66
SHORT = 7  # words
FOLLOWING = 2  # sentences
LONG = 80  # letters
# By what a cell says of its picture: nothing moves on a slide, and nobody can draw on it.
KINDS = {"(a picture)": "picture", "(controls and a picture)": "controls"}
# What ``claim`` shows: figure, doubt, range over seeds.
CLAIMED = r"\*\*(.+?)\*\*(?:,? ([^;]+?))?(?:; (.+?))? \*\("


@dataclass
class Slide:
    """What one cell shows, or some cells in a row: Markdown, but for ``shown``, which is HTML."""

    title: str
    lead: str
    shown: str
    say: str
    place: str
    kind: str  # words, picture, controls, figure or printed


@cache
def sections(chapter: str) -> dict[str, list]:
    """A chapter's sections, ``{heading: [words or code cell, …]}``; the first is its opening, under its title.

    What the opening's cells print says only that all is ready, so they aren't there.
    """
    found, heading = {}, ""
    notebook = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            sees = any("data" in output for output in cell.outputs)
            found[heading] += [cell] * (sees or len(found) > 1)
            continue
        for piece in re.split(r"^(?=##? )", cell.source, flags=re.MULTILINE):
            if re.match("##? ", piece):
                first, _, piece = piece.partition("\n")
                heading = first.lstrip("# ")
                found[heading] = []
            if piece.strip():
                found[heading].append(piece.strip())
    return found


def chosen(part: Part) -> dict[str, list]:
    """The sections of a part; ValueError if one that it names isn't there."""
    found = sections(part.chapter)
    names = list(found)
    for name in filter(None, (part.start, part.end)):
        if name not in names:
            where = f"book/text/{part.chapter}.md"
            raise ValueError(f"{where}: expected a section {name!r}, got {', '.join(names)}")
    first = names.index(part.start) if part.start else 0
    last = names.index(part.end) if part.end else len(names)
    return {name: found[name] for name in names[first:last] if name not in LEFT_OUT}


def paragraphs(words: str) -> list[str]:
    """The paragraphs of a text in one line each: no lists, tables, folds, and nothing that a chapter says of itself."""
    found = (" ".join(block.split()) for block in words.split("\n\n"))
    other = r"(?:[-|>*$]|#+) |\$\$|</?[a-z]|\*\*(?:You|Aim) "
    return [text for text in found if text and not re.match(other, text)]


def sentences(paragraph: str) -> list[str]:
    """A paragraph's sentences, without asides, which are in brackets."""
    heard = re.sub(r" *\([A-Z`$](?:[^()]|\([^()]*\))*[.?!]\)", "", paragraph).strip()
    return re.split(r"(?:(?<=[.?!])|(?<=[.?!][\")*])) +(?=[\"“(*`\[$]*[A-Z0-9])", heard)


def asked(words: list[str]) -> tuple[str, str, str]:
    """The last question of some paragraphs, the sentence before it, and what follows; empty where nothing is asked.

    Questions that follow each other are one. One that many sentences follow was answered by them.
    """
    for paragraph in reversed(words):
        said = sentences(paragraph)
        last = max((place for place, text in enumerate(said) if text.endswith("?")), default=None)
        if last is None:
            continue
        if len(said) - last > FOLLOWING + 1:
            break
        first = last
        while first and said[first - 1].endswith("?"):
            first -= 1
        rest = said[last + 1 :] if paragraph is words[-1] else [leading(words)]
        return " ".join(said[first : last + 1]), (said[first - 1] if first else ""), " ".join(rest)
    return "", "", ""


def short(text: str) -> bool:
    """Whether a text is too short to be understood alone: it says "that", or "the second"."""
    return len(text.split()) < SHORT


def leading(words: list[str]) -> str:
    """The last sentence before a cell, with the one before it if it is short."""
    said = sentences(words[-1]) if words else [""]
    return " ".join(said[-2:] if short(said[-1]) else said[-1:])


def carries_on(words: list[str]) -> bool:
    """Whether what stands before a cell is a single sentence, which goes on with the question before."""
    return len(words) == 1 and len(sentences(words[0])) == 1


def introduced(words: list[str], heading: str, question: str) -> tuple[str, str, str]:
    """A slide's title, what it says below that before anything is seen, and the question in force from here on.

    Without a question of its own a slide stands under the section's last one, if it carries on with that, or under
    the heading.
    """
    found, before, lead = asked(words)
    if found:
        return (f"{before} {found}".strip() if short(found) else found), lead, found
    return (question if question and carries_on(words) else heading), leading(words), question


def steps(things: list) -> list[tuple[list[str], list]]:
    """A section's paragraphs, each time with the cells after them that show something."""
    found = [([], [])]
    for thing in things:
        if not isinstance(thing, str):
            found[-1][1].extend([thing] * bool(thing.outputs))
            continue
        if found[-1][1]:
            found.append(([], []))
        found[-1][0].extend(paragraphs(thing))
    return found


def to_say(words: list[str], cells: list) -> str:
    """What is said of a slide: the first paragraph after it, up to where the next one begins."""
    if not (words and cells):
        return words[0] if words else ""
    question, _, _ = asked(words)
    lead = leading(words)
    begins = question or (lead if lead.endswith(":") or carries_on(words) else "")
    return words[0].partition(sentences(begins)[0])[0].strip() if begins else words[0]


def shown(cell) -> tuple[str, str]:
    """What kind of thing a cell shows, and its HTML; two empty texts if it is nothing for a slide."""
    told = "".join(output.get("text", "") for output in cell.outputs).rstrip()
    results = [output.data for output in cell.outputs if "data" in output]
    if len(results) > 1:
        raise ValueError(
            f"expected a cell that shows one thing, got {len(results)} of {cell.source!r}"
        )
    if not results:
        fits = printable(told, cell.metadata.get("tags", ()))
        return ("printed", lines(told)) if fits else ("", "")
    [result] = results
    if "image/png" in result:
        alt = escape(cell.metadata["mystnb"]["image"]["alt"])
        source = "".join(result["image/png"].split())
        content = f'<img src="data:image/png;base64,{source}" alt="{alt}">{lines(told)}'
        return KINDS.get(result["text/plain"], ""), content
    claimed = re.match(CLAIMED, result.get("text/markdown", ""))
    return ("figure", figure(cell.source, *claimed.groups()) + lines(told)) if claimed else ("", "")


def printable(text: str, tags: Iterable[str]) -> bool:
    """Whether what a cell prints is a figure or a verdict, the same each time, that can be read from the last row."""
    rows = text.split("\n")
    fits = len(rows) <= ROWS and max(map(len, rows)) <= COLUMNS
    return fits and "nbval-ignore-output" not in tags and bool(re.search(r"\d|True|False", text))


def lines(text: str) -> str:
    """What a cell prints, and how wide and high that is."""
    rows = text.split("\n")
    room = f"--width: {max(map(len, rows))}; --height: {len(rows)}"
    return f'<pre style="{room}">{escape(text)}</pre>' if text else ""


def figure(source: str, value: str, *rest: str | None) -> str:
    """A figure, large, under its name in the ledger; below it its doubt, and the range over seeds."""
    [name] = re.findall(r"claim\(\s*\"\w+\.([\w-]+)\"", source)
    small = "".join(f"<p>{escape(text)}</p>" for text in rest if text)
    room = f"--width: {max(len(value), 7)}"
    return f'<div style="{room}"><code>{name}</code><b>{escape(value)}</b>{small}</div>'


def slides(part: Part) -> Iterator[Slide]:
    """The slides of a part of a chapter.

    Of what some words lead to, the first has their question, and a figure that sums a picture up has it, too.
    """
    for heading, things in chosen(part).items():
        question = heading if heading.endswith("?") else ""
        found = steps(things)
        for (words, cells), after in zip(found, [*found[1:], ([], [])], strict=True):
            title, lead, question = introduced(words, heading, question)
            row = in_a_row(cells)
            for place, (kind, content) in enumerate(row):
                say = to_say(*after) if place == len(row) - 1 else ""
                if place and not (kind == "figure" and row[place - 1][0] == "picture"):
                    title, lead = heading, ""
                if kind and (kind != "printed" or title.endswith("?")):
                    told = "" if kind == "controls" else lead
                    yield Slide(title, told, content, say, heading, kind)


def in_a_row(cells: list) -> list[tuple[str, str]]:
    """What some cells show: pictures one by one, other things of a kind together."""
    found = []
    for kind, row in groupby(map(shown, cells), key=lambda pair: pair[0]):
        contents = [content for _, content in row]
        apart = kind in KINDS.values()
        found += [(kind, each) for each in (contents if apart else ["".join(contents)])]
    return found


def opened(part: Part) -> Slide:
    """The slide with which a chapter begins: its title, and how its text does."""
    title, things = next(iter(sections(part.chapter).items()))
    return Slide(title, "", f"<p>{inline(paragraphs(things[0])[0])}</p>", "", title, "words")


def goal(part: Part) -> str:
    """What a part of a chapter is for, as HTML: in its own words, or which part it is."""
    title, things = next(iter(sections(part.chapter).items()))
    [promise] = re.findall(r"^\*\*You will\*\* .*", things[0], flags=re.MULTILINE)
    bounds = [f"from “{part.start}” on"] * bool(part.start)
    bounds += [f"up to “{part.end}”"] * bool(part.end)
    said = [promise] * (not part.start) + [f"Here {' and '.join(bounds)}."] * bool(bounds)
    return f"<p><strong>{inline(title)}</strong><br>{inline(' '.join(said))}</p>"


def inline(text: str) -> str:
    """A paragraph of Markdown as HTML, with formulas; a link within the book is its words."""
    html = MARKDOWN.renderInline(text)
    return re.sub(r'<a href="(?!https?:)[^"]*">(.*?)</a>', r"\1", html)


def formula(text: str, options: dict) -> str:
    """A formula as MathML."""
    return convert(text, display="block" if options["display_mode"] else "inline")


MARKDOWN = MarkdownIt().use(dollarmath_plugin, renderer=formula)


def deck(number: int) -> str:
    """A session's page."""
    book = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    parts = SESSIONS[number - 1]
    found = [
        slide
        for part in parts
        for slide in ([] if part.start else [opened(part)]) + list(slides(part))
    ]
    others = " · ".join(
        f"<strong>{n}</strong>" if n == number else f'<a href="{name(n)}">{n}</a>'
        for n in range(1, len(SESSIONS) + 1)
    )
    values = {
        "title": f"{book['title']}: session {number}",
        "session": f"Session {number}",
        "book": f"{book['title']}, by {book['author']}",
        "goals": "".join(map(goal, parts)),
        "others": others,
        "licence": book["html"]["extra_footer"],
        "slides": "\n".join(sheet(*pair, len(found)) for pair in enumerate(found, start=1)),
    }
    return Template(PAGE.read_text(encoding="utf-8")).substitute(values)


def sheet(place: int, slide: Slide, count: int) -> str:
    """A slide as HTML."""
    title, kinds = inline(slide.title), slide.kind
    kinds += " asked" * (slide.kind in ("figure", "printed") and slide.title.endswith("?"))
    kinds += " long" * (len(re.sub("<.*?>", "", title)) > LONG)
    where = "" if slide.place == slide.title else inline(slide.place)
    return "\n".join(
        [
            f'<section class="{kinds}">',
            f"<h2>{title}</h2>",
            f'<p class="lead">{inline(slide.lead)}</p>' if slide.lead else "",
            f'<div class="shown">{slide.shown}</div>',
            f'<p class="say">{inline(slide.say)}</p>' if slide.say else "",
            f"<footer><span>{where}</span><span>{place} / {count}</span></footer>",
            "</section>",
        ]
    )


def name(number: int) -> str:
    """A session's file."""
    return f"session-{number}.html"


def write(folder: Path) -> None:
    """Write the pages into a folder, which is made if it isn't there."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, len(SESSIONS) + 1):
        write_whole(folder / name(number), deck(number).encode())


def main(arguments: list[str] | None = None) -> None:
    """Write them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    write(parser.parse_args(arguments).folder)


if __name__ == "__main__":
    main()
