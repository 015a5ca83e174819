"""What all figures share: how they come into a page, and that they keep nobody out."""

import re
from pathlib import Path
from types import SimpleNamespace

import figures
import pytest
import recorded
import visiting
from docutils import nodes
from docutils.core import publish_doctree

from gestures import PHONE

FIGURE = re.compile(r'data-figure="([\w-]+)"')
NAMES = sorted(path.stem for path in figures.SOURCES.glob("*.mjs"))
TEXTS = Path(__file__).parents[1] / "book" / "text"
CHAPTERS = [
    path.stem
    for path in sorted(TEXTS.glob("*.md"))
    if re.search(r"^figure: ", path.read_text("utf-8"), re.M)
]


def page_with(cell, builder="html"):
    page = publish_doctree("")
    page.append(cell)
    config = SimpleNamespace(name=builder, get_target_uri=lambda name: f"{name}.html")
    figures.place(SimpleNamespace(builder=config), page, "book/01-split")
    return page


def cell_with(*pictures, figure):
    cell = nodes.container("", *pictures, nb_element="cell_code")
    cell["cell_metadata"] = {"figure": figure}
    return cell


def test_a_picture_stands_where_its_figure_will():
    page = page_with(cell_with(nodes.image(uri="a.png", alt="Twenty."), figure="split"))
    opening, picture, closing = page[0].children
    assert 'data-figure="split" data-from="../_static/figures/"' in opening.astext()
    assert (picture["alt"], closing.astext()) == ("Twenty.", "</div>")


def test_on_paper_it_stays_a_picture():
    page = page_with(cell_with(nodes.image(uri="a.png"), figure="split"), "epub")
    assert not list(page.findall(nodes.raw))


@pytest.mark.parametrize(
    ("pictures", "name", "told"), [(1, "splat", "splat.mjs"), (2, "split", "one picture")]
)
def test_what_cannot_stand_there_is_told(pictures, name, told):
    with pytest.raises(ValueError, match=f"book/01-split: expected {told}"):
        page_with(cell_with(*(nodes.image(uri="a.png") for _ in range(pictures)), figure=name))


def test_modules_import_only_what_is_handed_over():
    modules = figures.modules()
    for name, text in modules.items():
        assert set(re.findall(r'from "\./([^"]+)"', text)) <= modules.keys(), name
        assert re.findall(r'from "(?!\./)[^"]*"|https?://(?!www\.w3\.org)', text) == [], name


def test_what_was_recorded_is_small_and_used():
    used = "".join(text for text in figures.modules().values())
    files = {path.stem: path.stat().st_size for path in figures.SOURCES.glob("*.json")}
    assert files.keys() == recorded.RECORDED.keys()
    for name, size in files.items():
        assert size <= recorded.LARGEST and f"./{name}.json" in used


def test_each_figure_stands_in_a_chapter(built):
    texts = "".join(path.read_text("utf-8") for path in (built / "book").glob("*.html"))
    helpers = {"bars", "frame", "network", "packed", "reader"}
    assert set(FIGURE.findall(texts)) == set(NAMES) - helpers


@pytest.mark.browser
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_figures_keep_nobody_out(browser, address, chapter):
    page = browser.new_page()
    assert list(visiting.visit(page, f"{address}book/{chapter}.html", "h1, [data-figure]")) == []
    assert page.locator("[data-figure][data-live]").count() > 0
    assert page.locator("[data-figure]:not([data-live])").count() == 0
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_without_scripts_there_are_pictures(browser, address, chapter):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}book/{chapter}.html")
    places = page.locator("[data-figure]")
    assert places.count() == places.locator("img[alt]:not([alt=''])").count() > 0
    context.close()


@pytest.mark.browser
def test_a_figure_that_cannot_start_leaves_its_picture(browser, address):
    page = browser.new_page(**PHONE)
    page.route("**/split.mjs.js", lambda route: route.abort())
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(f"{address}book/01-split.html")
    place = page.locator("[data-figure=split]")
    place.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert place.locator("img").count() == 1
    assert any("figure split: no split.mjs.js" in line for line in told)
    page.close()


@pytest.mark.browser
def test_one_file_is_asked_for_once_a_page_and_only_near_a_figure(browser, address):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked = []
    page.on("request", lambda request: asked.append(Path(request.url).name))
    page.goto(f"{address}book/01-split.html")
    assert not [name for name in asked if name.endswith(".mjs.js")]
    page.locator("[data-figure=split]").scroll_into_view_if_needed()
    page.wait_for_selector("[data-figure=split][data-live]")
    came = [name for name in asked if name.endswith(".mjs.js")]
    assert "split.mjs.js" in came and len(came) == len(set(came))
    page.close()
