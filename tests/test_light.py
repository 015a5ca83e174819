"""What the built pages weigh, what they name, and how their pictures come."""

import gzip
import re
from pathlib import Path
from types import SimpleNamespace

import light
import numpy as np
import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from PIL import Image

from servers import listening

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
HEAVIEST = 150_000  # bytes, compressed, before pictures and weights
WEIGHTS = "pad.html"  # the pad with its weights, which a page shows in a frame


@pytest.fixture(scope="module")
def pages():
    """The built pages, parsed."""
    if not (HTML / "book" / "index.html").exists():
        pytest.skip("the book isn't built")
    found = [path for path in sorted(HTML.rglob("*.html")) if path.name != WEIGHTS]
    return {path: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in found}


def named(page):
    """What a page asks for by itself: scripts, styles, pictures, frames."""
    for element in page.select("script[src], img[src], iframe[src]"):
        yield element["src"]
    for element in page.select("link[rel=stylesheet], link[rel=icon], link[rel=preload]"):
        yield element["href"]


def test_no_page_is_heavy(pages):
    weights = {}
    for path, page in pages.items():
        names = {name.partition("?")[0] for name in named(page)}
        parts = [path.parent / name for name in names if name.endswith((".js", ".css"))]
        content = [part.read_bytes() for part in [path, *parts]]
        weights[path.name] = sum(len(gzip.compress(part, 6)) for part in content)
    assert {name: weight for name, weight in weights.items() if weight > HEAVIEST} == {}


def test_pages_ask_no_other_host_and_for_nothing_that_is_not_there(pages):
    for path, page in pages.items():
        for name in named(page):
            assert not re.match(r"\w+:|//", name), (path.name, name)
            assert (path.parent / name.partition("?")[0]).is_file(), (path.name, name)


def test_pages_name_one_sheet_and_wait_for_no_script(pages):
    for path, page in pages.items():
        if page.find("meta", attrs={"http-equiv": "Refresh"}):
            continue
        sheets = [link["href"] for link in page.select("link[rel=stylesheet]")]
        assert [re.sub(r"^(\.\./)?|\?.*", "", name) for name in sheets] == [light.SHEET], path.name
        assert all(script.has_attr("defer") for script in page.select("script[src]")), path.name


def test_pictures_say_their_size_and_come_when_one_gets_there(pages):
    count = 0
    for path, page in pages.items():
        for image in page.select("article img"):
            with Image.open(path.parent / image["src"]) as picture:
                assert (int(image["width"]), int(image["height"])) == picture.size
            assert (image["loading"], image["decoding"]) == ("lazy", "async"), (path.name, image)
            count += 1
    assert count > 50


def test_a_png_that_webp_makes_smaller_is_stored_as_webp_without_loss(tmp_path):
    levels = np.zeros((40, 60, 4), np.uint8)
    levels[5:30, 10:50] = (200, 30, 90, 128)
    Image.fromarray(levels).save(tmp_path / "one.png")
    Image.new("1", (1, 1)).save(tmp_path / "dot.png", optimize=True)
    added = []
    pictures = SimpleNamespace(add_file=lambda page, name: added.append((page, name)))
    known = type("Known", (dict,), {"add_file": pictures.add_file})
    app = SimpleNamespace(
        builder=SimpleNamespace(name="html"),
        srcdir=tmp_path,
        doctreedir=tmp_path,
        env=SimpleNamespace(images=known({"one.png": (), "dot.png": ()})),
    )
    page = nodes.section()
    page += [nodes.image(uri=name) for name in ("one.png", "dot.png", "https://x/y.png", "z.webp")]
    light.shrink(app, page, "page")
    told = [image["uri"] for image in page.findall(nodes.image)]
    assert told == ["webp/one.webp", "dot.png", "https://x/y.png", "z.webp"]
    assert added == [("page", "webp/one.webp")]
    with Image.open(tmp_path / told[0]) as picture:
        np.testing.assert_array_equal(np.asarray(picture), levels)


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        (".on, .off > i { a: b } #off { a: b }", [".on{a: b}"]),
        ("i:not(.off), a[href='.off'] { a: b }", ["i:not(.off),a[href='.off']{a: b}"]),
        ("/* } */ .on::before { content: '}' }", [".on::before{content: '}'}"]),
        ("@media print { .off { a: b } } @media print { .on { a: b } }", ["@media print{.on{a: b}}"]),
        ("@font-face { src: url(a;b) } @charset 'x';", ["@font-face{src: url(a;b)}", "@charset 'x';"]),
        ("/*! (c) Copyright */ .off { a: b }", ["/*! (c) Copyright */"]),
        (r".a\:b { a: b }", [r".a\:b{a: b}"]),
    ],
)
def test_rules_for_what_no_page_holds_are_left_out(sheet, left):
    assert light.pruned(sheet, {"on"}).split("\n") == left


def test_a_sheet_that_names_another_is_refused():
    with pytest.raises(ValueError, match="expected a sheet that is whole, got @import"):
        light.pruned("@import 'x.css';", set())


@pytest.mark.browser
def test_the_contents_mark_the_section_on_the_screen(tab):
    if not (HTML / "book" / "index.html").exists():
        pytest.skip("the book isn't built")
    tab.set_viewport_size({"width": 1280, "height": 900})
    with listening(HTML) as address:
        tab.goto(f"{address}book/02-design.html")
        links = tab.locator(".bd-toc-nav a")
        for i in (0, 2):
            section = links.nth(i).get_attribute("href")
            tab.evaluate("id => document.querySelector(id).scrollIntoView()", section)
            tab.wait_for_function(
                "id => document.querySelector('.bd-toc-nav a.active:last-of-type')?.hash === id", arg=section
            )
            assert tab.locator(f'.bd-toc-nav li.active > a[href="{section}"]').count() == 1
