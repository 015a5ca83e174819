"""Folds in the built book: what a reader opens, and what it says of itself."""

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import folds
import pytest
from docutils import nodes
from docutils.core import publish_doctree


def made(*parts):
    """A page of these nodes, gone through the extension."""
    page = publish_doctree("")
    page.extend(parts)
    folds.fold(None, page)
    return page


def html(text):
    return nodes.raw("", text, format="html")


def answer(summary, words):
    opening = html(f"<details><summary>{summary}</summary>\n")
    return opening, nodes.paragraph("", words), html("</details>")


def openings(page):
    return [part.astext() for part in page.findall(nodes.raw) if part.astext() != "</details>"]


@pytest.mark.parametrize(
    ("summary", "words", "kind"),
    [
        ("Its recall.", "Right. It finds them.", "answer right"),
        ("Its recall.", "No: rightly named ones alone.", "answer"),
        ("First hint", "Right of the bar.", "hint"),
        ("Solution", "Right as it is.", "solution"),
    ],
)
def test_a_fold_says_what_it_is(summary, words, kind):
    page = made(*answer(summary, words))
    assert openings(page) == [f'<details class="fold {kind}"><summary>{summary}</summary>']


def test_the_answers_to_a_question_are_a_group():
    hint = html("<details><summary>First hint</summary>"), html("</details>")
    two = *answer("One.", "No."), *answer("Two.", "Right.")
    page = made(*hint, *two, nodes.paragraph("", "And now?"), *answer("Three.", "Right."))
    folds.unfold(SimpleNamespace(builder=SimpleNamespace(name="html")), page, "page")
    told = [re.split("[ >]", part.astext())[0] for part in page]
    assert " ".join(told) == (
        "<details </details <div <details No. </details <details Right. </details </div "
        "And <div <details Right. </details </div"
    )


def solution_of_a_section():
    title, text = nodes.title("", "Solution"), nodes.paragraph("", "Four.")
    return nodes.section("", title, text, ids=["solution"])


def test_a_section_named_solution_is_a_fold_and_no_section():
    page = made(solution_of_a_section())
    assert not list(page.findall(nodes.section))
    assert [part.astext() for part in page] == [
        '<details class="fold solution"><summary>Solution</summary>',
        "Four.",
        "</details>",
    ]


def test_other_html_stays():
    page = made(html("<details><p>No name.</p></details>"), html("<hr>"))
    assert openings(page) == ["<details><p>No name.</p></details>", "<hr>"]


@pytest.mark.parametrize(("builder", "left"), [("html", True), ("epub", False)])
def test_on_paper_names_stand_above(builder, left):
    page = made(*answer("Its recall.", "Right. It finds them."), solution_of_a_section())
    folds.unfold(SimpleNamespace(builder=SimpleNamespace(name=builder)), page, "page")
    assert bool(list(page.findall(nodes.raw))) == left
    if not left:
        assert page.astext().split("\n\n") == [
            "Its recall.",
            "Right. It finds them.",
            "Solution",
            "Four.",
        ]


def test_details_in_the_built_page_are_closed_tags():
    """Each opening has its end: what a chapter folds doesn't swallow the rest of its page."""
    depths = []

    class Depth(HTMLParser):
        depth = 0

        def handle_starttag(self, tag, attrs):
            self.depth += tag == "details"
            if tag == "h2":
                depths.append(self.depth)

        def handle_endtag(self, tag):
            self.depth -= tag == "details"

    pages = list((Path(__file__).parents[1] / "_build/html/book").glob("[0-9]*.html"))
    if not pages:
        pytest.skip("the book isn't built")
    for page in pages:
        reader = Depth()
        reader.feed(page.read_text("utf-8"))
        assert reader.depth == 0, page.name
    assert depths and not any(depths)
