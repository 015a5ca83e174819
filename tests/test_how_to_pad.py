"""The pad in a page of somebody else's: the how-to's lines, run in a browser."""

from itertools import count, pairwise

import pytest

from digitlib.files import write_folder
from digitlib.hosts import deploy
from drawings import STROKES
from how_to import blocks
from named import write
from pads import failures
from servers import listening

LINES, HEARD = (
    block.text
    for block in blocks("Put the pad on your own site in three lines")
    if block.language == "html"
)
PLACE = LINES.splitlines(keepends=True)[:2]
SIGNS = ("stop", "give way", "Fußgänger", "roundabout, from the left")
DAMAGED = "expected a digitlib weights file: it is cut short or something else"

# A site's own style, ruder than most. Its pages say nothing of their encoding.
STYLE = """<style>
  * { margin: 0; padding: 0; box-sizing: content-box; }
  body { padding: 1rem; text-align: center; font: 18px/1.8 serif; color: #204060; background: #fdf6e3; }
  @media (prefers-color-scheme: dark) { body { color: #cde; background: #101418; } }
  p { max-width: 20em; margin: 0 0 2em; text-align: justify; }
  button { width: 100%; padding: 1em 2em; border: 0; background: #c2185b; text-transform: uppercase; }
  input, select { display: block; width: 100%; padding: 1em; border: 3px solid; background: white; }
  label { display: block; color: #777; }
  canvas { float: left; max-width: 100%; height: auto; border: 5px solid red; }
  ol { padding-left: 3em; list-style: upper-roman; }
  li { margin: 1em 0; border-bottom: 1px solid; }
  figure, fieldset { margin: 2em; padding: 2em; border: 3px double; background: #eee; }
  details, summary { display: list-item; padding: 1em; background: yellow; }
</style>
"""
OWN = "<h1>Ours</h1><p><button>Buy</button> <label>Name <input></label></p><ol><li>One</li></ol>"


NUMBERS = count()  # of pages: the browser keeps one that has the name of the last


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site with the folder that deploy makes, and its address."""
    folder = tmp_path_factory.mktemp("site")
    weights = write(folder / "signs.safetensors", SIGNS, none=True)
    write_folder(deploy.gather("static", weights_file=weights), folder / "pad")
    with listening(folder) as address:
        yield folder, address


@pytest.fixture
def visit(tab, site):
    """Opens a page of the site that holds some text, in a subfolder or not; notes what fails there."""
    folder, address = site

    def open_page(body, within="", width=1000, scheme="light"):
        name = f"{within}{next(NUMBERS)}.html"
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"<!doctype html><html lang=en><title>Ours</title>{body}")
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(color_scheme=scheme)
        tab.goto(address + name)
        return tab

    with failures(tab) as errors:
        yield open_page, errors
    tab.unroute_all()


def draw(page, canvas=".pad-canvas", digit=7):
    """Draw on one of several pads, or the only one."""
    box = page.locator(canvas).bounding_box()
    for points in STROKES[digit]:
        at = [
            (box["x"] + x * box["width"] / 100, box["y"] + y * box["height"] / 100)
            for x, y in points
        ]
        page.mouse.move(*at[0])
        page.mouse.down()
        for _, place in pairwise(at):
            page.mouse.move(*place, steps=4)
        page.mouse.up()


def named(page, place="#draw"):
    """What the pad says once it names a class."""
    page.wait_for_selector(f"{place} .pad-guess:not([data-label=''])")
    return page.locator(f"{place} .pad-guess").inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(1000, "light"), (390, "dark"), (320, "light")])
def test_three_lines_are_a_pad_in_a_page_with_a_style_of_its_own(visit, width, scheme):
    open_page, errors = visit
    page = open_page(STYLE + OWN, width=width, scheme=scheme)
    alone = page.evaluate(LOOK, "body *:not(script)")
    widest = page.evaluate("document.documentElement.scrollWidth")
    open_page(STYLE + OWN + LINES, width=width, scheme=scheme)
    page.wait_for_selector(".pad-canvas")
    assert "To draw here" not in page.locator("#draw").inner_text()
    draw(page)
    assert named(page) in SIGNS
    assert page.locator(".pad-name").all_inner_texts() == list(SIGNS)
    page.get_by_text("More", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") == widest
    assert page.evaluate(OUTSIDE) == []
    kept = page.evaluate(LOOK, "body *:not(script, link, #draw, #draw *)")
    assert kept == alone
    mark = page.evaluate("getComputedStyle(document.querySelector('summary'), '::before').content")
    assert mark == '"\N{MINUS SIGN}"' and errors == []


# How what matches a selector looks, apart from where it lies.
LOOK = """(selector) => [...document.querySelectorAll(selector)].map((element) => {
  const { color, background, font, width, padding, border, textAlign } = getComputedStyle(element);
  return { name: element.localName, color, background, font, width, padding, border, textAlign };
})"""
# The parts of the pad that stick out of it, and what doesn't look like a part of it.
OUTSIDE = """() => {
  const pad = document.querySelector(".pad").getBoundingClientRect();
  const parts = [...document.querySelectorAll(".pad *:not(option, .pad-spoken, .pad-help)")];
  return parts.filter((part) => {
    const { left, right, width } = part.getBoundingClientRect();
    if (!width) return false; // hidden
    const { textTransform, backgroundColor, cssFloat } = getComputedStyle(part);
    const foreign = ["rgb(194, 24, 91)", "rgb(238, 238, 238)", "rgb(255, 255, 0)"].includes(backgroundColor);
    return left < pad.left - 1 || right > pad.right + 1 || textTransform !== "none" || cssFloat !== "none" || foreign;
  }).map((part) => part.className || part.localName);
}"""


def test_the_page_hears_what_is_seen(visit):
    open_page, errors = visit
    page = open_page("".join(PLACE) + HEARD)
    page.wait_for_selector(".pad-canvas")
    assert page.locator("#seen").inner_text() == "nothing yet"
    draw(page)
    told = named(page)
    page.wait_for_function("(name) => seen.textContent === name", arg=told)
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("seen.textContent === 'blank'")
    assert errors == []


def test_two_pads_keep_to_themselves(visit, site):
    """Other weights, other drawings; one is taken away and the other stays."""
    folder, _ = site
    write(folder / "letters.safetensors", ("a", "b"), preparation="digit")
    second = """<div id="two"></div><script type="module">
      import { mount } from "./pad/pad.mjs";
      window.remove = await mount(document.querySelector("#two"), new URL("letters.safetensors", location));
    </script>"""
    open_page, errors = visit
    page = open_page(LINES + second)
    page.wait_for_selector("#two .pad-canvas")
    page.wait_for_selector("#draw .pad-canvas")
    draw(page, "#two .pad-canvas")
    assert named(page, "#two") in ("a", "b")
    assert page.locator("#draw .pad-guess").inner_text() == "Draw something"
    for place in ("#draw", "#two"):
        page.locator(f"{place} summary").click()
    page.locator("#two").get_by_text("bounding box centred").click()
    assert page.locator("#two [value=box]").is_checked()
    assert page.locator("#draw [value=mass]").is_checked()  # hidden there, and no other's
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))
    page.evaluate("remove()")
    assert page.locator("#two").inner_html() == ""
    draw(page, "#draw .pad-canvas")
    assert named(page) in SIGNS and errors == []


def test_a_page_in_a_subfolder_counts_from_itself(visit):
    open_page, errors = visit
    lines = LINES.replace('"pad/', '"../pad/').replace("./pad/pad.mjs", "../pad/pad.mjs")
    page = open_page(lines, "deeper/")
    page.wait_for_selector(".pad-canvas")
    assert page.locator(".pad-name").all_inner_texts() == list(SIGNS) and errors == []


def test_the_module_may_be_called_otherwise(visit, site):
    folder, _ = site
    (folder / "pad" / "pad.js").write_bytes((folder / "pad" / "pad.mjs").read_bytes())
    open_page, errors = visit
    page = open_page(LINES.replace("pad.mjs", "pad.js"))
    page.wait_for_selector(".pad-canvas")
    assert errors == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 404}, "no weights: pad/digits.safetensors gave 404"),
        (None, "no weights: pad/digits.safetensors: Failed to fetch"),
    ],
)
def test_weights_that_do_not_come_are_told_in_the_place(visit, tab, answer, told):
    open_page, errors = visit
    way = "**/digits.safetensors"
    tab.route(way, lambda route: route.fulfill(**answer) if answer else route.abort())
    with tab.expect_event("pageerror"):
        page = open_page(LINES)
    page.get_by_text(f"The drawing pad could not start ({told}).", exact=True).wait_for()
    assert errors == [told]


def test_what_is_no_weights_file_is_told_in_the_place(visit, tab):
    open_page, errors = visit
    tab.route("**/digits.safetensors", lambda route: route.fulfill(body="<!doctype html>"))
    with tab.expect_event("pageerror"):
        page = open_page(LINES)
    page.get_by_text(f"The drawing pad could not start ({DAMAGED}").wait_for()
    assert len(errors) == 1 and errors[0].startswith(DAMAGED)


def test_after_another_try_the_page_hears_of_what_is_seen(visit, tab):
    open_page, errors = visit
    tab.route("**/digits.safetensors", lambda route: route.abort())
    with tab.expect_event("pageerror"):
        page = open_page("".join(PLACE) + HEARD)
    tab.unroute_all()
    page.get_by_role("button", name="Try again").click()
    draw(page)
    told = named(page)
    page.wait_for_function("(name) => seen.textContent === name", arg=told)
    assert len(errors) == 1


@pytest.mark.parametrize("place", ["'#nowhere'", "null", "undefined"])
def test_a_place_that_is_not_there_is_named(visit, tab, place):
    open_page, errors = visit
    with tab.expect_event("pageerror"):
        page = open_page(LINES.replace('"#draw"', place))
    got = place.strip("'")
    assert errors == [f"expected an element, or a selector of one, got {got}"]
    assert page.locator("#draw").inner_text() == "To draw here takes JavaScript."


@pytest.mark.parametrize("apart", [True, False], ids=["a file", "inside the page"])
def test_a_strict_policy_wants_the_script_in_a_file(visit, tab, site, apart):
    folder, _ = site
    *place, script = LINES.splitlines(keepends=True)
    statements = script.removeprefix('<script type="module">').partition("</script>")[0]
    (folder / "start.mjs").write_text(statements)
    lines = [*place, '<script type="module" src="start.mjs"></script>'] if apart else [LINES]
    policy = {"content-security-policy": "default-src 'self'"}
    tab.route(
        "**/*.html",
        lambda route: route.fulfill(response=(got := route.fetch()), headers=got.headers | policy),
    )
    open_page, errors = visit
    page = open_page("".join(lines))
    page.wait_for_load_state("load")
    if apart:
        page.wait_for_selector(".pad-canvas")
        draw(page)
        assert named(page) in SIGNS
        bar = "document.querySelector('.pad-best .pad-fill').style.transform"
        assert "scaleX(0." in page.evaluate(bar)
    else:
        assert page.locator("#draw").inner_text() == "To draw here takes JavaScript."
    assert errors == []


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (
            "default-src 'self'; connect-src 'none'",
            "no weights: pad/digits.safetensors: Failed to fetch",
        ),
        ("require-trusted-types-for 'script'", "requires 'TrustedHTML'"),
    ],
)
def test_what_a_policy_forbids_is_told_in_the_place(visit, tab, site, policy, told):
    folder, _ = site
    *place, script = LINES.splitlines(keepends=True)
    statements = script.removeprefix('<script type="module">').partition("</script>")[0]
    (folder / "start.mjs").write_text(statements)
    headers = {"content-security-policy": policy}
    tab.route(
        "**/*.html",
        lambda route: route.fulfill(response=(got := route.fetch()), headers=got.headers | headers),
    )
    open_page, errors = visit
    with tab.expect_event("pageerror"):
        page = open_page("".join(place) + '<script type="module" src="start.mjs"></script>')
    page.get_by_role("button", name="Try again").wait_for()
    shown = page.locator("#draw [role=alert]").inner_text()
    assert shown.startswith("The drawing pad could not start (") and told in shown
    assert len(errors) == 1 and told in errors[0]


def test_from_a_disk_the_place_keeps_its_text(tab, site):
    folder, _ = site
    (folder / "disk.html").write_text(LINES)
    tab.goto((folder / "disk.html").as_uri())
    tab.wait_for_load_state("networkidle")
    assert tab.locator("#draw").inner_text() == "To draw here takes JavaScript."
