"""The steps that a reader leaves out, and the digit that goes along from the pad to a chapter, with Python's levels."""

import base64
import itertools
import json
import zlib

import numpy as np
import pytest
import recorded

from digitlib.book.stages import stages
from digitlib.preprocess import preprocess
from drawings import STROKES
from gestures import PHONE, stroke
from touch import asked, figure, says

CHAPTER = "book/05-deploy.html"
PACKED = json.loads((recorded.FOLDER / "sheet.json").read_text())["levels"]
SHEET = np.frombuffer(zlib.decompress(base64.b64decode(PACKED)), np.uint8).reshape(280, 280)
KEEPS = "localStorage.getItem('digitlib-drawing')"
HOME = "book/index.html"
# As strings, a character for each level: arrays of numbers take seconds to come over.
STAGES = """m.stages(Uint8Array.from(atob(given[0]), (one) => one.charCodeAt(0)), given[1])
  .map(({ levels }) => Array.from(levels, (level) => String.fromCharCode(level)).join(""))"""


@pytest.fixture
def page(browser, root):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def draw(page, digit):
    """Draw a digit on the landing page's pad, and give the sheet that the browser keeps of it."""
    page.wait_for_selector(".pad-frame[style*='px']")
    frame = page.frames[1]
    page.locator("#pad").scroll_into_view_if_needed()
    for points in STROKES[digit]:
        stroke(page, points, frame=frame)
    frame.wait_for_function(f"document.querySelector('.pad-guess').dataset.label === '{digit}'")
    page.wait_for_timeout(300)  # it is handed over at most ten times a second
    kept = base64.b64decode(page.evaluate(KEEPS))
    return np.frombuffer(kept, np.uint8).reshape(280, 280)


@pytest.mark.browser
def test_steps_are_left_out_by_mouse_and_keys(page, root):
    place = figure(page, root + CHAPTER, "steps")
    says(page, "steps", "With all three steps the drawing is called 4")
    place.get_by_label("crop to the ink").click()
    says(page, "steps", "Left out: crop to the ink.")
    fit = place.get_by_label("fit into 20")
    fit.focus()
    page.keyboard.press("Space")
    says(page, "steps", "The drawing is called no digit")


@pytest.mark.browser
def test_a_finger_leaves_them_out(browser, address):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    figure(page, address + CHAPTER, "steps").get_by_label("centre by mass").tap()
    says(page, "steps", "Left out: centre by mass.")
    context.close()


@pytest.mark.browser
def test_levels_are_pythons(page, root):
    figure(page, root + CHAPTER, "steps")
    for taken in itertools.product([True, False], repeat=3):
        ways = dict(zip(("cropped", "margin", "massed"), taken, strict=True))
        shown = asked(page, "steps", STAGES, [base64.b64encode(SHEET).decode(), ways])
        for levels, expected in zip(shown, stages(SHEET, **ways), strict=True):
            assert levels == expected.tobytes().decode("latin-1")


def test_the_sheet_is_the_chapters(mnist):
    again = zlib.decompress(base64.b64decode(recorded.sheet()["levels"]))
    assert again == SHEET.tobytes()


@pytest.mark.browser
def test_what_is_drawn_comes_along(page, root):
    page.goto(root + HOME)
    sheet = draw(page, 7)
    place = figure(page, root + "book/07-trust.html", "spoil")
    assert place.locator(".live-invitation").is_hidden()
    mine = preprocess(sheet).flatten().tolist()
    assert asked(page, "reader", "m.drawing().image") == mine
    place.get_by_role("radio", name="yours").check()
    says(page, "spoil", "The model says 7")
    shown = "[...document.querySelector('.spoil-picture').getContext('2d').getImageData(0, 0, 28, 28).data]"
    assert page.evaluate(shown)[::4] == mine
    figure(page, root + CHAPTER, "steps").get_by_role("radio", name="yours").check()
    says(page, "steps", "the drawing is called 7")


@pytest.mark.browser
def test_a_cleared_pad_takes_nothing_away(page, root):
    page.goto(root + HOME)
    sheet = draw(page, 1)
    page.frames[1].get_by_role("button", name="Clear").click()
    page.frames[1].wait_for_function("document.querySelector('.pad-guess').dataset.label === ''")
    page.wait_for_timeout(300)
    kept = np.frombuffer(base64.b64decode(page.evaluate(KEEPS)), np.uint8)
    assert np.array_equal(kept, sheet.flatten())


@pytest.mark.browser
def test_where_nothing_is_drawn_it_says_where_to(page, root):
    place = figure(page, root + "book/07-trust.html", "spoil")
    assert place.get_by_role("radio", name="yours").is_hidden()
    place.get_by_role("link", name="Draw a digit of your own").click()
    page.wait_for_url(f"{root}{HOME}#pad")
    place = figure(page, root + CHAPTER, "steps")
    assert place.get_by_role("link").get_attribute("href") == "#pad"


@pytest.mark.browser
@pytest.mark.parametrize(
    "kept", ["%%%", "", "AAAA", base64.b64encode(bytes(280 * 280)).decode(), "null"]
)
def test_what_is_no_drawing_is_left_alone(page, root, kept):
    told = []
    page.on("console", lambda said: said.type == "error" and told.append(said.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(root + HOME)
    page.evaluate("kept => localStorage.setItem('digitlib-drawing', kept)", kept)
    place = figure(page, root + "book/07-trust.html", "spoil")
    says(page, "spoil", "The model says 4")
    assert place.locator(".live-invitation").is_visible() and told == []
