"""What stands around a page's text: what is left out, what the page says of itself, and whom it lets in."""

import re
from pathlib import Path

import frame
import pytest
from axe_playwright_python.sync_playwright import Axe
from docutils import nodes
from docutils.core import publish_doctree
from PIL import Image

from servers import listening

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
KINDS = [  # one page of each kind
    "book/index",
    "book/04-validate",
    "book/ledger",
    "book/teach",
    "book/sheet",
    "book/glossary",
    "book/reference",
    "book/reference-ground",
    "genindex",
    "search",
    "_static/pad",
]


@pytest.fixture(scope="module")
def built():
    if not (HTML / "book" / "index.html").exists():
        pytest.skip("the book isn't built")
    return HTML


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
    for page in (built / "book").glob("*.html"):
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
    assert Image.open(ROOT / "book" / "_static" / "card.png").size == (1200, 630)


def test_parameters_are_lines():
    one = '<dd><em class="sig-param">a</em>,</dd>\n'
    text = frame.LINES.sub(frame.as_lines, f"<p>x</p><dl>\n{one}{one}</dl>")
    line = '<span class="sig-line"><em class="sig-param">a</em>,</span>\n'
    assert text == f'<p>x</p><span class="sig-lines">{line}{line}</span>'


@pytest.fixture(scope="module")
def address(built):
    with listening(built) as address:
        yield address


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_and_the_console_have_nothing_to_say(browser, address, width, scheme):
    """Of no impact, on a page of each kind. (Axe itself asks for styles, in vain, so the console is heard before.)"""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    told, found = [], []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("console", lambda line: told.append(line.text) if line.type == "error" else None)
    for name in KINDS:
        page.goto(f"{address}{name}.html")
        page.wait_for_function("document.fonts.ready")
        found += told
        for rule in Axe().run(page).response["violations"]:
            found += [f"{name}: {rule['id']}: {node['html'][:120]}" for node in rule["nodes"]]
        told.clear()
    page.close()
    assert found == []
