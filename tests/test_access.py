"""Whom the book lets in: by keyboard, by ear, on a small screen, in the reader's own colours."""

import io
import re
from itertools import pairwise
from pathlib import Path

import pytest
import visiting
from PIL import Image

from servers import listening

HTML = Path(__file__).parents[1] / "_build" / "html"
KINDS = [  # one page of each kind, and a short one; `make pages` visits them all
    "book/index.html",
    "book/04-validate.html",
    "book/sheet.html",
    "book/model-card.html",
    "book/reference-terminal.html",
    "py-modindex.html",
    "genindex.html",
    "search.html?q=relu",
    "404.html",
    "_static/pad.html",
]
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 900}
# Where the keyboard is: its name, and whether one sees it, and that it is there.
HERE = """() => {
  const active = document.activeElement, arrow = active.querySelector(":scope > .toctree-toggle");
  const here = arrow ?? active, { outlineStyle, boxShadow, opacity } = getComputedStyle(here);
  const { left, right, top, bottom, width, height } = here.getBoundingClientRect();
  const panel = here.closest(".bd-sidebar-primary, .bd-sidebar-secondary")?.className;
  return {
    name: active === document.body ? "" : active.ariaLabel || active.textContent.trim() || active.tagName,
    seen: right > 0 && left < innerWidth && bottom > 0 && top < innerHeight && width * height > 0 && opacity > 0,
    marked: outlineStyle !== "none" || boxShadow !== "none" || here.tagName === "IFRAME",
    panel: panel?.match(/primary|secondary/)[0],
  };
}"""


@pytest.fixture
def opened(tab, address):
    """Opens a page at a size, once its scripts have run."""

    def open_page(name, size):
        tab.set_viewport_size(size)
        tab.emulate_media(forced_colors="none", color_scheme="light")
        tab.goto(address + name)
        return tab

    return open_page


def here(page):
    return page.evaluate(HERE)


def pages():
    return [path for path in HTML.rglob("*.html") if visiting.stays(path)]


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_keeps_anybody_out(tab, address, kind):
    assert list(visiting.visit(tab, address + kind)) == []


def test_a_page_that_only_leads_on_is_not_visited(built):
    assert [page.name for page in built.glob("*.html") if not visiting.stays(page)] == [
        "index.html"
    ]


@pytest.mark.browser
def test_what_keeps_somebody_out_is_told(tab, tmp_path):
    """Three faults of three kinds, each in the settings where it can be met."""
    (tmp_path / "page.html").write_text(
        "<!doctype html><html lang=en><title>A</title><meta name=viewport content='width=device-width'>"
        "<style>@media (prefers-color-scheme: dark) { p { color: #777; background: #888 } }</style>"
        "<main><h1>A</h1><p>Grey</p><div style='width: 330px'>Wide</div></main>"
        "<script>console.error('broken')</script></html>"
    )
    with listening(tmp_path) as site:
        found = list(visiting.visit(tab, f"{site}page.html"))
    assert [fault.split("<")[0] for fault in found] == [
        "1280 dark: color-contrast: ",
        "390 dark: color-contrast: ",
        "wider than the screen: 338 of 320 pixels",
        "console: broken",
    ]


@pytest.mark.browser
@pytest.mark.parametrize(("name", "size"), [("sheet", PHONE), ("04-validate", LAPTOP)])
def test_the_keyboard_comes_by_everything_and_is_seen(opened, name, size):
    page = opened(f"book/{name}.html", size)
    page.add_style_tag(content="* { transition: none !important }")
    stops = []
    while len(stops) < 300:
        page.keyboard.press("Tab")
        stop = here(page)
        if not stop["name"]:
            break
        stops.append(stop)
    assert 5 < len(stops) < 300
    assert stops[0]["name"].startswith("Skip to")
    assert [stop["name"] for stop in stops if not (stop["seen"] and stop["marked"])] == []


@pytest.mark.browser
def test_one_can_skip_to_the_text(opened):
    page = opened("book/04-validate.html", LAPTOP)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.browser
@pytest.mark.parametrize("side", ["primary", "secondary"])
def test_a_panel_on_a_phone_opens_and_closes_by_keyboard(opened, side):
    page = opened("book/04-validate.html", PHONE)
    button = page.locator(f".{side}-toggle")
    assert button.get_attribute("aria-expanded") == "false"
    for leave in ("Escape", "Shift+Tab"):
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_function(
            f"document.activeElement.closest('.bd-sidebar-{side}') !== null", polling=20
        )
        assert button.get_attribute("aria-expanded") == "true" and here(page)["seen"]
        page.keyboard.press(leave)
        page.wait_for_function(
            f"document.querySelector('.{side}-toggle').ariaExpanded === 'false'", polling=20
        )
        assert here(page)["panel"] is None
        assert leave == "Shift+Tab" or button.evaluate(
            "button => button === document.activeElement"
        )


@pytest.mark.browser
def test_a_link_in_a_panel_closes_it(opened):
    page = opened("book/04-validate.html", PHONE)
    page.locator(".secondary-toggle").click()
    page.locator(".bd-sidebar-secondary a").nth(2).click()
    assert page.locator(".secondary-toggle").get_attribute("aria-expanded") == "false"


@pytest.mark.browser
def test_the_list_of_pages_can_be_put_away(opened):
    """And the keyboard stays where it was."""
    page = opened("book/04-validate.html", LAPTOP)
    button = page.locator(".primary-toggle")
    for shown in ("false", "true"):
        button.press("Enter")
        page.wait_for_timeout(150)  # after which the theme would go into the list
        assert button.get_attribute("aria-expanded") == shown
        assert button.evaluate("button => button === document.activeElement") or shown == "true"


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, LAPTOP])
def test_the_search_opens_and_closes_by_keyboard(opened, size):
    page = opened("book/04-validate.html", size)
    button = page.locator(".search-button__button:visible").first
    field = page.locator(".search-button__wrapper input")
    button.press("Enter")
    assert field.evaluate("field => field === document.activeElement")
    page.keyboard.type("relu")
    page.keyboard.press("Escape")
    assert not field.is_visible() and button.evaluate("button => button === document.activeElement")
    button.press("Enter")
    page.keyboard.press("Tab")
    assert not field.is_visible() and here(page)["seen"]


@pytest.mark.browser
def test_a_fold_opens_by_keyboard(opened):
    page = opened("book/04-validate.html", LAPTOP)
    fold = page.locator("details.fold").first
    fold.locator("summary").press("Enter")
    assert fold.get_attribute("open") is not None


@pytest.mark.browser
def test_a_chapter_is_heard_in_order(opened):
    heard = opened("book/04-validate.html", LAPTOP).locator("body").aria_snapshot()
    landmarks = re.findall(
        r"^ *- (banner|contentinfo|main|complementary|navigation)(.*):", heard, re.M
    )
    assert [f"{name}{told}" for name, told in landmarks[:3]] == [
        'complementary "The book"',
        'navigation "Main"',
        "main",
    ]
    assert len(landmarks) == 4 and landmarks[3][1]  # the page's own contents, with a name
    levels = [int(level) for level in re.findall(r"- heading .*\[level=(\d)\]", heard)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    codes, outputs = heard.count('- group "Code"'), heard.count('- group "Output"')
    assert codes >= outputs > 10
    copying = re.findall(r'button "Copy: (.+)"', heard)
    assert codes <= len(copying) == heard.count('button "Copy') < codes + 5
    assert len(set(copying)) > 0.9 * len(copying)
    assert heard.count('- group "Answers"') == 4


@pytest.mark.browser
def test_icons_and_places_show_in_the_readers_own_colours(opened):
    page = opened("book/04-validate.html", PHONE)
    page.emulate_media(forced_colors="active")
    for icon in (".primary-toggle span", ".search-button__button:visible i"):
        with Image.open(io.BytesIO(page.locator(icon).first.screenshot())) as drawn:
            low, high = drawn.convert("L").getextrema()
        assert high - low > 150, icon
    page.set_viewport_size(LAPTOP)
    current = page.locator("a[aria-current=page]")
    assert current.count() == 1
    assert current.evaluate("link => getComputedStyle(link).borderLeftWidth") == "4px"


def test_each_picture_is_told():
    for page in pages():
        pictures = re.findall(r"<img [^>]*>", page.read_text("utf-8"))
        for picture in pictures:
            told = re.search(r'alt="([^"]*)"', picture)[1]
            mark = "logo__image" in picture  # its name stands beside it
            hidden = "display: none" in picture
            assert hidden or (told == "" if mark else len(told) > 25), f"{page.name}: {picture}"


def test_each_column_has_a_name():
    for page in pages():
        for head in re.findall(r"<th\b[^>]*>(.*?)</th>", page.read_text("utf-8"), re.S):
            words = re.sub(r"<math.*?</math>|<[^>]*>", "", head, flags=re.S)  # axe hears no formula
            assert words.strip(), page.name


@pytest.mark.browser
def test_on_a_phone_the_panel_has_a_search(browser, address):
    """Its overlay lies over the one in the bar."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(f"{address}book/04-validate.html")
    page.locator(".primary-toggle").first.click()
    page.locator(".bd-sidebar-primary .search-button-field").click()
    page.locator(".search-button__wrapper input").press_sequentially("softmax\n")
    page.wait_for_url("**/search.html?q=softmax*")
    page.close()


@pytest.mark.browser
def test_who_skips_to_the_text_is_there(browser, address):
    page = browser.new_page()
    page.goto(f"{address}book/04-validate.html")
    for key in ("Tab", "Enter", "Tab"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.closest('.bd-article') !== null")
    page.close()
