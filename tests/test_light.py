"""What the built pages weigh, what they name, and how their pictures come."""

import gzip
import re
from pathlib import Path
from types import SimpleNamespace

import light
import numpy as np
import pytest
from docutils import nodes
from PIL import Image

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
HEAVIEST = 150_000  # bytes, compressed, before pictures and weights
WEIGHTS = "pad.html"  # the pad with its weights, which a page shows in a frame


ELEMENT = re.compile(r"<(script|img|iframe|link)\b([^>]*)>")
ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')


@pytest.fixture(scope="module")
def pages(built):
    """The attributes of what each built page asks for by itself: styles, icons, scripts, pictures, frames."""
    return {
        path: list(asked(path)) for path in sorted(built.rglob("*.html")) if path.name != WEIGHTS
    }


def asked(path):
    for name, rest in ELEMENT.findall(path.read_text("utf-8")):
        told = dict(ATTRIBUTE.findall(rest)) | {"element": name}
        address = told.get("href" if name == "link" else "src")
        if address and (name != "link" or told["rel"] in ("stylesheet", "icon", "preload")):
            yield told | {"address": address.partition("?")[0]}


def test_no_page_is_heavy(pages):
    weights = {}
    for path, parts in pages.items():
        names = {part["address"] for part in parts if part["address"].endswith((".js", ".css"))}
        content = [file.read_bytes() for file in [path, *(path.parent / name for name in names)]]
        weights[path.name] = sum(len(gzip.compress(part, 6)) for part in content)
    assert {name: weight for name, weight in weights.items() if weight > HEAVIEST} == {}


def test_pages_ask_no_other_host_and_for_nothing_that_is_not_there(pages):
    for path, parts in pages.items():
        for name in [part["address"] for part in parts if not part["address"].startswith("data:")]:
            assert not re.match(r"\w+:|//", name), (path.name, name)
            assert (path.parent / name).is_file(), (path.name, name)


def test_pages_name_one_sheet_and_wait_for_no_script(pages):
    for path, parts in pages.items():
        if path != HTML / "index.html":  # which leads to the first page
            sheets = [part["address"] for part in parts if part.get("rel") == "stylesheet"]
            assert [name.removeprefix("../") for name in sheets] == [light.SHEET], path.name
        for part in parts:
            assert part["element"] != "script" or "defer" in part, (path.name, part)


def test_pictures_say_their_size_and_come_when_one_gets_there(pages):
    count = 0
    for path, parts in pages.items():
        for part in parts:
            if "_images/" in part["address"]:
                with Image.open(path.parent / part["address"]) as picture:
                    shown = int(part["width"]), int(part["height"])
                    # A figure's file has five pixels to three of the page.
                    assert shown == picture.size or np.multiply(shown, 5 / 3) == pytest.approx(
                        picture.size,
                        abs=2,  # both are rounded
                    )
                assert (part["loading"], part["decoding"]) == ("lazy", "async"), (path.name, part)
                count += 1
    assert count > 50


def test_the_pad_comes_at_once_on_the_first_page_and_elsewhere_when_one_gets_there(pages):
    frames = {
        path.stem: part["loading"]
        for path, parts in pages.items()
        for part in parts
        if part["element"] == "iframe"
    }
    assert frames == {"index": "eager", "05-deploy": "lazy"}


def test_a_png_that_webp_makes_smaller_is_stored_as_webp_without_loss(tmp_path):
    levels = np.zeros((40, 60, 4), np.uint8)
    levels[5:30, 10:50] = (200, 30, 90, 128)
    Image.fromarray(levels).save(tmp_path / "one.png")
    Image.fromarray(levels).save(tmp_path / "other.png")  # which Sphinx doesn't know
    added = []

    class Known(dict):
        def add_file(self, page, name):
            added.append((page, name))

    app = SimpleNamespace(
        builder=SimpleNamespace(name="html"),
        srcdir=tmp_path,
        doctreedir=tmp_path,
        env=SimpleNamespace(images=Known({"one.png": ()})),
    )
    page = nodes.section()
    page += [
        nodes.image(uri=name) for name in ("one.png", "other.png", "https://x/y.png", "z.webp")
    ]
    light.shrink(app, page, "page")
    told = [image["uri"] for image in page.findall(nodes.image)]
    assert told == ["webp/one.webp", "other.png", "https://x/y.png", "z.webp"]
    assert added == [("page", "webp/one.webp")]
    with Image.open(tmp_path / told[0]) as picture:
        np.testing.assert_array_equal(np.asarray(picture), levels)


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        (".on, .off > i { a: b } #off { a: b }", [".on{a: b}"]),
        ("i:not(.off), a[href='.off'] { a: b }", ["i:not(.off),a[href='.off']{a: b}"]),
        ("/* } */ .on::before { content: '}' }", [".on::before{content: '}'}"]),
        (
            "@media print { .off { a: b } } @media print { .on { a: b } }",
            ["@media print{.on{a: b}}"],
        ),
        (
            "@font-face { src: url(a;b) } @charset 'x';",
            ["@font-face{src: url(a;b)}", "@charset 'x';"],
        ),
        ("/*! (c) Copyright */ .off { a: b }", ["/*! (c) Copyright */"]),
        (r".a\:b { a: b }", [r".a\:b{a: b}"]),
    ],
)
def test_rules_for_what_no_page_holds_are_left_out(sheet, left):
    assert light.pruned(sheet, {"on"}).split("\n") == left


def test_a_sheet_that_names_another_is_refused():
    with pytest.raises(ValueError, match="expected a sheet that is whole, got @import"):
        light.pruned("@import 'x.css';", set())


SHAPES = """[...document.querySelectorAll("article img")].map((picture) => {
  const { width, height } = picture.getBoundingClientRect();
  const { paddingLeft, paddingTop } = getComputedStyle(picture);
  const inner = (width - 2 * parseFloat(paddingLeft)) / (height - 2 * parseFloat(paddingTop));
  return [inner, picture.getAttribute("width") / picture.getAttribute("height")];
})"""
MARKED = """(id) => {
  const marked = [...document.querySelectorAll(".bd-toc-nav li.active > a.active")];
  return marked.at(-1)?.hash === id;
}"""


@pytest.mark.browser
def test_the_contents_mark_the_section_on_the_screen(tab, address):
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.goto(f"{address}book/02-design.html")
    links = tab.locator(".bd-toc-nav a")
    for i in (0, 2):
        section = links.nth(i).get_attribute("href")
        tab.evaluate("id => document.querySelector(id).scrollIntoView()", section)
        tab.wait_for_function(MARKED, arg=section, timeout=5_000)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_pictures_keep_their_shape(tab, address, width):
    """Though they say their size in pixels, and have less room."""
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(f"{address}book/02-design.html")
    shapes = tab.evaluate(SHAPES)
    assert len(shapes) > 5
    assert all(shown == pytest.approx(own, rel=0.02) for shown, own in shapes)
