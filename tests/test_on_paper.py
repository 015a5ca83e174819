"""The book's pages printed from a browser: black on white, nothing cut, and the sheet on exactly one A4 page."""

import re
from pathlib import Path

import pytest

from digitlib.accuracy import wilson
from digitlib.book.entries import entries
from digitlib.checks import __all__ as checks
from digitlib.exercises.stepping import check_epoch

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "_build" / "html" / "book"
SHEET = (ROOT / "book" / "sheet.md").read_text(encoding="utf-8")
PAPER = {"width": 703, "height": 1046}  # what the sheet's margins leave of A4, in pixels
POINTS = 0.75  # a pixel of CSS

TEXTS = """(root) => {
  const found = [], walker = document.createTreeWalker(document.querySelector(root), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("math") || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    found.push([parseFloat(style.fontSize), style.color, walker.currentNode.data.trim().slice(0, 40)]);
  }
  return found;
}"""
CUT = """(root) => [...document.querySelectorAll(`${root} *`)]
  .filter((element) => element.checkVisibility() && !element.closest("math, .headerlink"))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1
    || (getComputedStyle(element).overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1))
  .map((element) => element.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def opened(browser):
    """Opens a page of the built book as it goes onto paper, or as a screen shows it."""
    if not BOOK.exists():
        pytest.skip("the book is not built; make book builds it")
    page = browser.new_page()

    def open_page(name, scheme="light", media="print", size=PAPER):
        page.set_viewport_size(size)
        page.emulate_media(media=media, color_scheme=scheme)
        page.goto((BOOK / f"{name}.html").as_uri())
        page.wait_for_function("document.documentElement.dataset.theme")
        return page

    yield open_page
    page.close()


def sheets(pdf):
    """How many pages a PDF of Chromium's has."""
    return max(map(int, re.findall(rb"/Type /Pages\n/Count (\d+)", pdf)))


def brightness(colour):
    red, green, blue = map(int, re.findall(r"\d+", colour)[:3])
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sheet_is_one_page_of_a4(opened, scheme):
    pdf = opened("sheet", scheme, media=None).pdf(format="A4")
    assert sheets(pdf) == 1
    [box] = re.findall(rb"/MediaBox \[([^\]]+)\]", pdf)
    assert list(map(float, box.split())) == pytest.approx([0, 0, 595, 842], abs=1)


def test_a_longer_sheet_would_be_noticed(opened):
    page = opened("sheet", media=None)
    page.evaluate("document.querySelector('#names-of-tools').append('and more '.repeat(200))")
    assert sheets(page.pdf(format="A4")) == 2


def test_the_sheet_leaves_room_for_other_typefaces(opened):
    page = opened("sheet")
    height = page.locator("#one-sheet").bounding_box()["height"]
    assert 0.8 * PAPER["height"] < height < 0.97 * PAPER["height"]
    assert page.evaluate(CUT, "#one-sheet") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sheet_is_legible(opened, scheme):
    """No letter below 8 points but in formulas, and all nearly black."""
    texts = opened("sheet", scheme).evaluate(TEXTS, "#one-sheet")
    assert len(texts) > 100
    assert [text for size, _, text in texts if size * POINTS < 8] == []
    assert [text for _, colour, text in texts if brightness(colour) > 0.5] == []
    words = " ".join(text for _, _, text in texts)
    assert "One sheet" in words and "Contents" not in words


def test_nothing_but_the_sheet_is_printed(opened):
    texts = opened("sheet").evaluate(TEXTS, "body")
    assert len(texts) == len(opened("sheet").evaluate(TEXTS, "#one-sheet"))


def test_the_sheet_reads_on_a_phone(opened):
    page = opened("sheet", media="screen", size={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#one-sheet > p").first.is_visible()


@pytest.mark.parametrize("name", ["03-train", "project", "reference-judge"])
def test_any_page_prints_dark_on_white_and_whole(opened, name):
    """Whatever the screen shows; and the theme's bars stay there."""
    page = opened(name, "dark", size={"width": 680, "height": 1009})
    texts = page.evaluate(TEXTS, "body")
    assert len(texts) > 100
    assert [text for _, colour, text in texts if brightness(colour) > 0.5] == []
    assert page.evaluate(CUT, ".bd-article pre") == []
    bars = page.locator(
        ".bd-sidebar-primary, .bd-header-article, .prev-next-area, .bd-footer-content"
    )
    assert bars.count() and not any(bar.is_visible() for bar in bars.all())


def test_the_sheets_checks_are_the_packages():
    named = set(re.findall(r"`(check_\w+)`", SHEET))
    assert named == {name for name in checks if name.startswith("check_")} | {check_epoch.__name__}


def test_the_sheets_figures_are_the_ledgers():
    """Those that the list of typed figures doesn't hold: intervals, and counts."""
    shipped = entries("mnist")["validate.accuracy"]
    low, high = (f"{100 * end:.1f}" for end in shipped["interval"])
    assert f"99.4 % ({low} to {high}) of {shipped['n']:,}" in SHEET
    for right, n in ((98, 100), (4_900, 5_000)):
        low, high = (f"{100 * end:.1f}" for end in wilson(right, n))
        assert f"{low} to {high} %" in SHEET
    assert f"from {100 * wilson(10, 10)[0]:.0f} %" in SHEET
    assert f"{784 * 256 + 256 + 256 * 10 + 10:,} numbers in 784" in SHEET
