"""Names of classes on pages: none of them is markup, and none is lost."""

import html
import re

import pytest
from markdown_it import MarkdownIt

from digitlib.hosts import words
from digitlib.weights import DIGITS, are_digits
from named import AWKWARD, COUNTS, names

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.mark.parametrize("name", AWKWARD)
def test_a_name_is_shown_as_it_is(name):
    said = words.escaped(name)
    shown = " ".join(name.split())
    if len(shown) > 40:
        assert said == f"{shown[:39]}…"
    else:
        assert html.unescape(MARKDOWN.renderInline(f"as {said}, say")) == f"as {shown}, say"
        assert "<" not in MARKDOWN.renderInline(said)
        [cell] = re.findall("<td>(.*)</td>", MARKDOWN.render(f"| a |\n| --- |\n| {said} |"))
        assert html.unescape(cell) == shown


def test_no_address_becomes_a_link():
    said = words.escaped("www.a.org http://b.org c@d.org")
    assert said == r"www\.a\.org http\://b\.org c\@d\.org"


@pytest.mark.parametrize("count", COUNTS)
def test_a_list_names_the_first_and_counts_the_rest(count):
    said = words.listed(names(count))
    shown = [words.escaped(name) for name in names(count)]
    assert all(name in said for name in shown[:10])
    if count > 10:
        assert said.endswith(f" and {count - 10} more")
    else:
        assert said.endswith(f" and {shown[-1]}") and "more" not in said


def test_two_classes_need_no_comma():
    assert words.listed(["yes", "no"]) == "yes and no"


@pytest.mark.parametrize(
    ("classes", "digits"),
    [(DIGITS, True), (list(DIGITS), True), (DIGITS[::-1], False), (DIGITS[:9], False), (names(10), False)],
)  # fmt: skip
def test_ten_digits_are_digits(classes, digits):
    assert are_digits(classes) == digits
    assert words.heading(classes) == ("Draw a digit" if digits else "Draw something")
    said = words.network(classes, {"dataset": "mnist"})
    assert ("MNIST" in said) == digits
    assert "MNIST" not in words.network(classes, {})
