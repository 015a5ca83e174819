"""The glossary: the chapters lead to each entry once, from the first place that uses its word, and it leads back."""

import re
from itertools import pairwise
from pathlib import Path

import ledger
import pytest
from docutils.nodes import make_id

BOOK = Path(__file__).parents[1] / "book"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(BOOK.glob("text/*.md"))}
GLOSSARY = (BOOK / "glossary.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^### (.+)\n\n(.+)$", GLOSSARY, re.MULTILINE))
LINK = re.compile(r"\[([^]]+)\]\(glossary\.md#([\w-]+)\)")
# How chapters say an entry's word, where it isn't the entry's title, or that with "s" or "es".
SAID = {
    "Calibration": "(?:expected )?calibration",
    "Convolution": "convolution(?:al|s)?",
    "Deformation": "deform(?:ed|ing|ations?)",
    "Gradient": "gradients?(?! descent)",
    "Hidden unit": "hidden",
    "Normalisation": "(?<!batch )normalis(?:ed?|ing|ation)",
    "Rounded weights": "rounded",
    "Static site": "static",
    "Stratified split": "stratified",
    "Training": "train(?:ed|ing)?(?! set)",
}
# What isn't prose: the head, code, headings, formulas, pictures, and where links lead.
NO_PROSE = re.compile(
    r"\A---\n.*?^---$|^```.*?^```$|^#.*?$|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+\$"
    r"|!\[[^]]*\]\([^)]*\)|(?<=\])\([^)\s]*\)",
    re.MULTILINE | re.DOTALL,
)


def prose(text):
    """A chapter's text with blanks in the place of what isn't prose."""
    return NO_PROSE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def first_place(title, texts):
    """The chapter that first uses an entry's word, and where it does."""
    said = SAID.get(title, f"{re.escape(title)}(?:e?s)?")
    for chapter, text in texts.items():
        if match := re.search(rf"\b(?:{said})\b", prose(text), re.IGNORECASE):
            return chapter, match.start()
    raise AssertionError(f"no chapter uses {title!r}")


def links_to(title, texts):
    """The chapters that link to an entry, and from where to where in each the link's words go."""
    for chapter, text in texts.items():
        for match in LINK.finditer(text):
            if match[2] == ledger.anchor(title):
                yield chapter, match.span(1)


def check_linked(title, texts):
    """One link leads to the entry, and its words hold the word's first place."""
    [(chapter, (start, end))] = links_to(title, texts)
    first, place = first_place(title, texts)
    assert chapter == first and start <= place < end, (title, first)


def check_order(titles):
    """Alphabetical, none twice."""
    for one, other in pairwise(titles):
        assert one.casefold() < other.casefold()


def check_place(text):
    """An entry ends with a link to a chapter, or to a section of one, that names both."""
    [(number, title, chapter, place)] = re.findall(
        r" \[Chapter (\d+): (.+)\]\(([\w-]+)\.ipynb(?:#([\w-]+))?\)$", text
    )
    assert chapter in TEXTS and int(chapter[:2]) == int(number)
    assert f"\n#{'#' if place else ''} {title}\n" in TEXTS[chapter]
    assert not place or place == ledger.anchor(title)


def test_there_are_entries():
    assert len(ENTRIES) == GLOSSARY.count("\n### ") > 80
    assert set(SAID) <= set(ENTRIES)


@pytest.mark.parametrize("title", ENTRIES)
def test_the_first_place_that_uses_a_word_leads_to_its_entry(title):
    check_linked(title, TEXTS)


@pytest.mark.parametrize("change", ["no link", "two links", "a word before it", "another entry's"])
def test_a_link_that_is_elsewhere_is_noticed(change):
    chapter, link = "03-train", "[**Softmax**](glossary.md#softmax)"
    before, found, after = TEXTS[chapter].partition(link)
    assert found
    if change == "no link":
        text = f"{before}**Softmax**{after}"
    elif change == "two links":
        text = f"{before}{link}{after}\nAgain a [softmax](glossary.md#softmax).\n"
    elif change == "a word before it":
        text = f"{before}A softmax, then {link}{after}"
    else:
        text = f"{before}[**Softmax**](glossary.md#sigmoid){after}"
    with pytest.raises((AssertionError, ValueError)):
        check_linked("Softmax", TEXTS | {chapter: text})


def test_what_is_no_prose_is_no_use_of_a_word():
    text = (
        "# A seed\n\n```{code-cell}\nseed\n```\n`seed`, $seed$, ![a seed](seed.png) [it](seed.md)"
    )
    assert "seed" not in prose(text)
    assert len(prose(text)) == len(text)


@pytest.mark.parametrize("path", sorted(BOOK.glob("**/*.md")), ids=lambda path: path.stem)
def test_a_link_to_the_glossary_leads_to_an_entry(path):
    known = {ledger.anchor(title) for title in ENTRIES}
    assert {place for _, place in LINK.findall(path.read_text(encoding="utf-8"))} <= known


@pytest.mark.parametrize("title", ENTRIES)
def test_an_entry_has_its_anchor_on_the_page_too(title):
    """Links in a published notebook aren't Sphinx's to resolve: what they name must be an id of the page's."""
    place = ledger.anchor(title)
    assert make_id(title) == place or f"\n({place})=\n### {title}\n" in GLOSSARY


def test_entries_are_in_alphabetical_order_under_their_letters():
    check_order(list(ENTRIES))
    for first, last, part in re.findall(
        r"^## (\w) to (\w)\n(.+?)(?=^## |\Z)", GLOSSARY, re.M | re.S
    ):
        titles = re.findall(r"^### (.)", part, re.MULTILINE)
        assert titles and all(first <= letter.upper() <= last for letter in titles)


def test_disorder_is_noticed():
    with pytest.raises(AssertionError):
        check_order(["Batch", "Accuracy"])
    with pytest.raises(AssertionError):
        check_order(["Batch", "batch"])


@pytest.mark.parametrize("title", ENTRIES)
def test_an_entry_names_the_section_that_tells_more(title):
    check_place(ENTRIES[title])


@pytest.mark.parametrize(
    "link",
    [
        "",
        "[Chapter 3: Which way is down?](13-train.ipynb#which-way-is-down)",
        "[Chapter 4: Which way is down?](03-train.ipynb#which-way-is-down)",
        "[Chapter 3: Which way is up?](03-train.ipynb#which-way-is-up)",
        "[Chapter 3: Which way is down?](03-train.ipynb#write-the-loop)",
    ],
)
def test_a_section_that_is_not_there_is_noticed(link):
    check_place("A slope. [Chapter 3: Which way is down?](03-train.ipynb#which-way-is-down)")
    with pytest.raises((AssertionError, ValueError)):
        check_place(f"A slope. {link}")


def rows():
    """The rows of the notation's tables: their cells."""
    text = (BOOK / "notation.md").read_text(encoding="utf-8")
    for line in re.findall(r"^\| (.+) \|$", text, re.MULTILINE):
        cells = [cell.strip() for cell in line.split(" | ")]
        if "ipynb" in cells[-1]:
            yield cells


def formulas_and_code(text):
    return "\n".join(re.findall(r"\$\$.+?\$\$|\$[^$\n]+\$|^```.+?^```", text, re.M | re.S))


def test_a_letter_of_the_notation_is_used_in_the_chapters_that_it_names():
    signs = [(sign, chapters) for sign, *_, chapters in rows() if re.match(r"\$[A-Za-z]\$", sign)]
    assert len(signs) > 10
    for sign, chapters in signs:
        for letter in re.findall(r"\$([A-Za-z])\$", sign):
            for chapter in re.findall(r"\(([\w-]+)\.ipynb\)", chapters):
                used = rf"(?<![A-Za-z]){letter}(?![A-Za-z])"
                assert re.search(used, formulas_and_code(TEXTS[chapter])), (sign, chapter)


def test_the_notation_links_each_chapter_by_its_number():
    for *_, chapters in rows():
        for number, chapter in re.findall(r"\[(\d+)\]\(([\w-]+)\.ipynb\)", chapters):
            assert chapter in TEXTS and int(chapter[:2]) == int(number)
