"""The bibliography: what the pages name has an entry, the entry says where the work is, and links lead to it."""

import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from pybtex.database import parse_file

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
ENTRIES = parse_file(BOOK / "references.bib").entries
PAGES = [*sorted((BOOK / "text").glob("*.md")), *sorted(BOOK.glob("*.md"))]
CHAPTERS = [path for path in PAGES if path.parent.name == "text"]
LINK = re.compile(r"\[([^\]]+)\]\(bibliography\.md#([^)]*)\)")
WELL_FORMED = {
    "doi": r"10\.\d{4,9}/[\w.()/-]+",
    "eprint": r"\d{4}\.\d{4,5}",
    "url": r"https?://[\w.-]+(/[\w./-]*)?",
}
CONFIG = """
import sys
sys.path.insert(0, {extensions!r})
extensions = ["myst_nb", "sphinxcontrib.bibtex", "works"]
bibtex_bibfiles = ["references.bib"]
bibtex_cite_id = "{{key}}"
root_doc = "chapter"
"""


def prose(path):
    """A page without its code."""
    return re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def links():
    """What the pages say of works, and the keys that they link to."""
    return [(words, key) for path in PAGES for words, key in LINK.findall(prose(path))]


def plain(text):
    """In small letters, without accents and what only BibTeX reads."""
    letters = unicodedata.normalize("NFKD", re.sub(r"[{}\\]", "", text).lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def first_author(key):
    return plain(" ".join(ENTRIES[key].persons["author"][0].last_names))


def test_every_entry_is_linked_and_every_link_leads_to_an_entry():
    assert {key for _, key in links()} == set(ENTRIES)


@pytest.mark.parametrize(("words", "key"), sorted(set(links())))
def test_a_link_says_a_works_title_or_its_author(words, key):
    said = plain(words.strip("*"))
    fields = ENTRIES[key].fields
    if words.startswith("*"):
        assert plain(fields["title"]).startswith(said)
    else:
        named = f"{fields['title']} {fields.get('note', '')}"
        assert first_author(key) in said or said in plain(named)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_a_chapter_recommends_is_linked(path):
    [paragraph] = re.findall(r"^\*\*Further reading\.\*\* (.+)$", prose(path), re.MULTILINE)
    assert LINK.search(paragraph)
    assert "*" not in LINK.sub("", paragraph)  # titles are in italics, and nothing else is


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_name_with_a_year_is_linked(path):
    assert not re.search(r"and others,? \(?\d{4}\b", LINK.sub("", prose(path)))


@pytest.mark.parametrize("key", ENTRIES)
def test_a_key_is_the_first_author_and_the_year(key):
    name, year, _ = re.fullmatch(r"([a-z]+)(\d{4})([a-z]*)", key).groups()
    assert (name, year) == (first_author(key), ENTRIES[key].fields["year"])


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_says_where_its_work_is(key):
    fields = ENTRIES[key].fields
    there = [name for name in WELL_FORMED if name in fields]
    assert there and fields["title"]
    for name in there:
        assert re.fullmatch(WELL_FORMED[name], fields[name]), fields[name]
    assert ("eprint" in fields) == (fields.get("archiveprefix") == "arXiv")


def test_no_work_has_two_entries_and_they_are_in_order():
    for name in (*WELL_FORMED, "title"):
        told = [entry.fields[name] for entry in ENTRIES.values() if name in entry.fields]
        assert len(told) == len(set(told)), name
    assert list(ENTRIES) == sorted(ENTRIES)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A small book with this bibliography and a chapter that links to all of it, built without a warning."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("pages")
    for name in ("references.bib", "bibliography.md"):
        (source / name).write_bytes((BOOK / name).read_bytes())
    lines = [f"[*{key}*](bibliography.md#{key})" for key in ENTRIES]
    contents = "```{toctree}\nbibliography\n```"
    (source / "chapter.md").write_text("\n\n".join(["# A chapter", contents, *lines]))
    (source / "conf.py").write_text(CONFIG.format(extensions=str(BOOK / "_ext")))
    command = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going", source, target]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return target


def test_links_lead_to_entries_of_the_built_page(built):
    chapter = (built / "chapter.html").read_text(encoding="utf-8")
    page = (built / "bibliography.html").read_text(encoding="utf-8")
    for key in ENTRIES:
        assert f'href="bibliography.html#{key}"' in chapter
        assert page.count(f'id="{key}"') == 1


def test_an_entry_shows_its_addresses(built):
    page = (built / "bibliography.html").read_text(encoding="utf-8")
    for key, entry in ENTRIES.items():
        shown = page.partition(f'id="{key}"')[2].partition("</li>")[0]
        addresses = {
            "doi": "https://doi.org/{}",
            "eprint": "https://arxiv.org/abs/{}",
            "url": "{}",
        }
        for name, address in addresses.items():
            if name in entry.fields:
                assert f'href="{address.format(entry.fields[name])}"' in shown, key
    assert "94 % on CIFAR-10" in page and "{" not in page.partition("<li ")[2].partition("</ul>")[0]
