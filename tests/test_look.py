"""The look that CONTRIBUTING decides: its colours in every style, their contrasts, lines as long as they should be."""

import re
from math import floor
from pathlib import Path

import hanging
import pytest
import wording

from contrasts import channels, contrast
from digitlib import show

ROOT = Path(__file__).parents[1]
DECIDED = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
ROW = re.compile(
    r"^\| `([\w-]+)` \|[^|]*\| `(#\w+)` \| ([^|]*) \| `(#\w+)` \| ([^|]*) \|$", re.MULTILINE
)
PALETTE = {name: (light, dark) for name, light, _, dark, _ in ROW.findall(DECIDED)}
SAID = {name: (light, dark) for name, _, light, _, dark in ROW.findall(DECIDED)}
FIGURES = {"first": 0, "second": 1, "third": 2, "fourth": 3}
STYLES = [
    "book/_static/book.css",
    "book/_static/mark.svg",
    "book/_ext/inlining.py",
    "book/_ext/printed.css",
    "book/_ext/printed.py",
    "book/_ext/slides.html",
    "book/_ext/social.py",
    "digitlib/hosts/app.py",
    "digitlib/pad/index.html",
    "digitlib/pad/pad.css",
    "digitlib/report/page.css",
]
COLOUR = re.compile(r"(?<![%&\w])#((?:[0-9a-fA-F]{3,4}){1,2})\b")
STOCK = (
    "Skip to main content",
    "Back to top",
    "previous page",
    "light/dark",
    "code cell",
    "Search this book",
    "Please activate JavaScript",
    "By The digitlib",
    "Copyright",
)


def test_contrast_is_that_of_the_standards_examples():
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777777", "rgb(255, 255, 255)") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("name", sorted(PALETTE.keys() - {"ground", "surface", "border"}))
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_each_colour_has_the_contrast_that_is_told(name, scheme):
    grounds = PALETTE["ground"][scheme], PALETTE["surface"][scheme]
    found = [contrast(PALETTE[name][scheme], ground) for ground in grounds]
    assert ", ".join(f"{floor(10 * ratio) / 10:.1f}" for ratio in found) == SAID[name][scheme]
    assert min(found) >= (3 if name in FIGURES or name == "grey" else 4.5)


def test_the_table_has_the_figures_colours():
    assert [PALETTE[name][0] for name in FIGURES] == show.COLOURS
    assert PALETTE["grey"] == (show.GREY, show.GREY)


@pytest.mark.parametrize("file", STYLES)
def test_a_style_has_no_colour_of_its_own(file):
    known = [channels(colour) for pair in PALETTE.values() for colour in pair]
    known += [channels("#000"), channels("#fff")]
    text = (ROOT / file).read_text("utf-8")
    assert [colour for colour in COLOUR.findall(text) if channels(colour) not in known] == []


@pytest.mark.parametrize("file", STYLES)
def test_a_name_means_one_colour(file):
    """The first time on light, the second on dark."""
    text = (ROOT / file).read_text("utf-8")
    for name, pair in PALETTE.items():
        found = re.findall(rf"--{name}: (#\w+);", text)
        assert found in ([], [*pair]), (name, found)


def test_each_line_of_code_knows_how_far_it_is_indented():
    code = '<div class="highlight"><pre><span></span>a:\n    <span class="n">b</span>\n&gt;&gt;&gt;   c\n</pre></div>'
    text = hanging.CODE.sub(hanging.in_lines, code)
    assert re.findall(r"--indent: (\d+)ch", text) == ["0", "4", "6"]
    assert '<pre style="--width: 7">' in text
    bare = re.sub(r'<span class="line"[^>]*>(.*?\n)</span>', r"\1", text)
    assert bare.replace(' style="--width: 7"', "") == code


def test_pages_speak_in_the_books_words(built):
    missing = set(wording.WORDS.values())
    for page in built.rglob("*.html"):
        text = page.read_text("utf-8")
        assert [words for words in STOCK if words in text] == [], page.name
        missing = {words for words in missing if words not in text}
    assert missing == set()


@pytest.mark.browser
def test_the_search_speaks_in_the_books_words(tab, address):
    for asked, told in (
        ("recall", r"^\d+ found, the likeliest first\."),
        ("qqqq", "^Nothing found"),
    ):
        tab.goto(f"{address}search.html?q={asked}")
        tab.wait_for_function("document.querySelector('.search-summary')?.innerText")
        assert re.search(told, tab.inner_text(".search-summary"))


# Of paragraphs of four lines and more, the last of which is half a line on average.
MEASURES = """(texts) => texts.map((text) => [text.innerText.length,
  Math.round(text.getBoundingClientRect().height / parseFloat(getComputedStyle(text).lineHeight))])
  .filter(([, lines]) => lines >= 4).map(([characters, lines]) => characters / (lines - 0.5))"""
LINES = """(lines) => lines.map((line) =>
  Math.round(line.getBoundingClientRect().height / parseFloat(getComputedStyle(line).lineHeight)))"""
BEYOND = "(blocks) => blocks.filter((block) => block.scrollWidth > block.clientWidth).map((block) => block.innerText)"


@pytest.mark.browser
@pytest.mark.parametrize("name", ["04-validate", "teach", "reference-ground"])
def test_lines_are_neither_too_long_nor_out_of_sight(tab, address, name):
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.goto(f"{address}book/{name}.html")
    measures = sorted(tab.locator(".bd-article section > p").evaluate_all(MEASURES))
    assert 55 < measures[len(measures) // 2] < 78
    for width in (1280, 390, 320):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.locator(".bd-article pre").evaluate_all(BEYOND) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_a_chapters_code_has_its_own_lines_beside_the_contents(tab, address):
    """At 1,280 pixels none of them goes on below; in a fold, which is narrower, one may."""
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.goto(f"{address}book/04-validate.html")
    lines = tab.locator(".cell_input .line:not(.fold *)")
    assert lines.count() > 50
    assert set(lines.evaluate_all(LINES)) == {1}


@pytest.mark.browser
def test_columns_of_numbers_stay_columns_on_a_phone(tab, address):
    """As an output gets smaller type, down to 9 pixels, before its lines go on below."""
    tab.set_viewport_size({"width": 390, "height": 900})
    tab.goto(f"{address}book/01-split.html")
    lines = tab.locator(".cell_output pre:has-text('42 244 185') .line")
    assert lines.count() and set(lines.evaluate_all(LINES)) == {1}
