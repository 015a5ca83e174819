"""What stands around a page's text: what is left out, and what the page says of itself."""

import re
from pathlib import Path
from types import SimpleNamespace

import frame
import numpy as np
import pytest
import social
from docutils import nodes
from docutils.core import publish_doctree
from PIL import Image, ImageDraw

from digitlib import DigitClassifier

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"


def test_pages_bring_nothing_that_they_do_not_use(built):
    for page in built.rglob("*.html"):
        text = page.read_text("utf-8")
        for part in ("thebe", "togglebutton", "fontawesome", "sphinx-design"):
            assert part not in text.lower(), page.name
        named = re.findall(r'(?:src|href)="([^"#?:]+\.(?:css|js))', text)
        assert [name for name in named if not (page.parent / name).is_file()] == [], page.name
    left = [path.name for path in (built / "_static").rglob("*") if path.suffix == ".map"]
    assert left == [] and not (built / "_static" / "vendor").exists()


@pytest.mark.parametrize(
    ("texts", "opening"),
    [
        (["Is it a 4?"], "Is it a 4?"),
        (["One.", "Two."], "One. Two."),
        (["word " * 20 + "end. " + "more " * 30], "word " * 20 + "end."),
        (["word " * 60], ("word " * 31).strip() + " …"),
        ([], ""),
    ],
)
def test_a_page_is_described_by_its_opening(texts, opening):
    page = publish_doctree("")
    page.extend(nodes.paragraph("", text) for text in texts)
    assert frame.opening_of(page) == opening
    assert len(opening) <= frame.LONGEST


def test_every_page_says_what_it_is(built):
    for page in [*(built / "book").glob("*.html"), *built.glob("[!i]*.html")]:
        text = page.read_text("utf-8")
        told = dict(re.findall(r'<meta (?:name|property)="([\w:]+)" content="([^"]*)">', text))
        assert told["og:title"] and told["og:site_name"] == "One digit", page.name
        assert 10 < len(told["description"]) < 400, page.name


def test_no_line_begins_with_a_per_cent_sign():
    page = publish_doctree("")
    page += nodes.paragraph("", "98 % of them")
    page += nodes.paragraph("", "", nodes.literal("", "7 % 2"))
    frame.keep_together(None, page, "page")
    assert page.astext() == "98\N{NO-BREAK SPACE}% of them\n\n7 % 2"


def test_the_card_is_as_large_as_those_who_show_it_ask_for():
    with Image.open(BOOK / "_static" / "card.png") as card:
        assert card.size == (1200, 630)


def test_parameters_are_lines():
    one = '<dd><em class="sig-param">a</em>,</dd>\n'
    text = frame.LINES.sub(frame.as_lines, f"<p>x</p><dl>\n{one}{one}</dl>")
    line = '<span class="sig-line"><em class="sig-param">a</em>,</span>\n'
    assert text == f'<p>x</p><span class="sig-lines">{line}{line}</span>'


def test_the_contents_number_the_chapters():
    def tree():
        return (
            '<a class="reference internal" href="03-train.html">Teach</a>'
            '<a class="current reference internal" href="#">Ask</a>'
            '<a class="reference internal" href="ledger.html">Ledger</a>'
        )

    context = {"generate_toctree_html": tree}
    frame.dress_contents(None, "book/04-validate", "page.html", context, None)
    told = re.sub(r"<a [^>]*>", "", context["generate_toctree_html"]())
    assert told == (
        '<span class="number">3</span> Teach</a><span class="number">4</span> Ask</a>Ledger</a>'
    )


def test_a_chapter_says_which_it_is_and_how_long_it_takes(built):
    text = (built / "book" / "04-validate.html").read_text("utf-8")
    assert '<p class="byline">Chapter 4 of 13 · 8 minutes to read</p>' in text
    assert 'class="byline"' not in (built / "book" / "ledger.html").read_text("utf-8")


def test_the_first_page_counts_the_minutes_of_its_parts():
    """As the chapters say them."""
    landing = (BOOK / "index.md").read_text("utf-8")
    for part, chapters in (("Five chapters", range(1, 6)), ("Eight more", range(6, 14))):
        texts = [
            next(BOOK.glob(f"text/{number:02}-*.md")).read_text("utf-8") for number in chapters
        ]
        minutes = sum(frame.WORDS.index(frame.MINUTES.search(text)[1]) for text in texts)
        assert re.search(rf"\*{part}.* {minutes} minutes to read\.\*", landing)


def test_the_first_page_says_how_large_the_network_is():
    size = round((ROOT / "digitlib" / "digits.safetensors").stat().st_size / 1000)
    assert f"**{size} kB**" in (BOOK / "index.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("page", "site", "base"),
    [
        ("404", "https://ada.github.io/digits", '<base href="https://ada.github.io/digits/">'),
        ("404", "", ""),
        ("book/index", "https://ada.github.io/digits", ""),
    ],
)
def test_the_missing_page_finds_its_styles_from_anywhere(page, site, base):
    app, context = SimpleNamespace(config=SimpleNamespace(html_baseurl=site)), {"metatags": ""}
    frame.stand_anywhere(app, page, "page.html", context, None)
    assert context["metatags"].strip() == base


def test_the_missing_page_shows_what_the_model_reads():
    """Its strokes, drawn into a bitmap: a 4, a 0 and a 4."""
    text = (BOOK / "_ext" / "theme" / "missing.html").read_text("utf-8")
    sheet = Image.new("L", (84 * 10, 28 * 10))
    pen = ImageDraw.Draw(sheet)
    for path in re.findall(r'<path d="([^"]+)"', text):
        points = social.curves(path).interpolated(1).to_polygons(closed_only=False)[0] * 10
        pen.line([tuple(point) for point in points], fill=255, width=26, joint="curve")
    classifier = DigitClassifier.load()
    drawn = [np.array(sheet.crop((x, 0, x + 280, 280))) for x in (0, 280, 560)]
    assert [classifier.classify(one).label for one in drawn] == [4, 0, 4]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("ReLU", "book/glossary.html#relu"),
        ("cross-entropy", "book/glossary.html#cross-entropy-loss"),
        ("train_epoch", "book/reference-train.html#digitlib.train.train_epoch"),
        ("fit", "book/reference-train.html#digitlib.train.fit"),
    ],
)
def test_the_search_finds_words_and_functions_first(browser, address, asked, first):
    page = browser.new_page()
    page.goto(f"{address}search.html?q={asked}")
    links = page.locator("#search-results li > a:first-child")
    links.nth(1).wait_for()
    assert first in [links.nth(place).get_attribute("href") for place in range(2)]
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scheme_is_known_before_any_script_comes(browser, address, scheme):
    page = browser.new_page(color_scheme=scheme)
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(f"{address}book/ledger.html")
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    page.close()


@pytest.mark.browser
def test_where_scripts_are_off_nothing_waits_for_them(browser, address):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}book/04-validate.html")
    assert page.locator(".bd-article h1").is_visible()
    assert [one for one in page.locator("button").all() if one.is_visible()] == []
    page.context.close()
