"""Sixteen hidden units that a reader touches and silences, and the digit that they draw on, with Python's numbers."""

import json
import re

import numpy as np
import pytest
import recorded

from digitlib.book.parts import Parts
from gestures import PHONE, swipe
from touch import asked, figure, says

CHAPTER = "book/02-design.html"
SIXTEEN = json.loads((recorded.FOLDER / "sixteen.json").read_text())
FOUR = json.loads((recorded.FOLDER / "ours.json").read_text())["levels"]
SAID = ".live-said"


def layers():
    first, first_bias, second, second_bias = (
        np.array(SIXTEEN[name]) / 1000 for name in ("first", "firstBias", "second", "secondBias")
    )
    return [(first.reshape(16, 784), first_bias), (second.reshape(10, 16), second_bias)]


@pytest.fixture
def place(tab, root):
    tab.set_viewport_size({"width": 1280, "height": 900})
    return figure(tab, root + CHAPTER, "design")


@pytest.mark.browser
def test_a_silenced_unit_changes_the_answer(place, tab):
    said = place.locator(SAID)
    assert "Unit 4 says" in said.inner_text() and "together: 9," in said.inner_text()
    place.get_by_role("button", name="Silence it").click()
    says(tab, "design", "Unit 4 is silenced. The sixteen and the biases together: 4,")
    place.get_by_role("button", name="From the start").click()
    says(tab, "design", "together: 9,")
    place.locator(".design-unit").nth(7).click()
    says(tab, "design", "Unit 8 says")
    place.get_by_label("Hidden unit").press("ArrowLeft")
    says(tab, "design", "Unit 7 hears")


@pytest.mark.browser
def test_keys_draw_on_the_digit(place, tab):
    field = place.get_by_role("application")
    before = place.locator(".design-scores").inner_text()
    field.press("ArrowRight")
    field.press("Space")
    tab.wait_for_function(
        "before => document.querySelector('.design-scores').innerText !== before", arg=before
    )
    assert re.search(r"Row 15, column 16: (no )?ink", field.get_attribute("aria-label"))
    place.get_by_role("button", name="From the start").click()
    tab.wait_for_function(
        "before => document.querySelector('.design-scores').innerText === before", arg=before
    )


@pytest.mark.browser
def test_a_finger_draws_on_the_digit(browser, address):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    place = figure(page, address + CHAPTER, "design")
    place.locator(".design-unit").nth(1).tap()
    says(page, "design", "Unit 2 ")
    field = place.locator(".design-field")
    field.evaluate("field => field.scrollIntoView({ block: 'center', behavior: 'instant' })")
    before = place.locator(".design-scores").inner_text()
    box = field.bounding_box()
    swipe(
        page,
        [(box["x"] + 0.3 * box["width"], box["y"] + up * box["height"]) for up in (0.1, 0.9)],
    )
    page.wait_for_function(
        "before => document.querySelector('.design-scores').innerText !== before", arg=before
    )
    context.close()


@pytest.mark.browser
def test_numbers_are_pythons(place, tab):
    noise = np.random.RandomState(0).randint(256, size=784).tolist()
    for image in (FOUR, noise):
        found = Parts.of(layers(), image)
        shown = asked(
            tab,
            "design",
            "JSON.stringify(m.parts(given), (k, v) => ArrayBuffer.isView(v) ? [...v] : v)",
            image,
        )
        shown = json.loads(shown)
        for name in ("hears", "says", "scores"):
            assert shown[name] == pytest.approx(getattr(found, name), abs=1e-9)
        assert shown["parts"] == pytest.approx(found.parts.ravel(), abs=1e-9)
        pushes = asked(tab, "design", "m.pushes(given, 4)", image)
        assert pushes == pytest.approx(found.pushes[4], abs=1e-9)


@pytest.mark.browser
def test_silence_takes_a_part_away(place, tab):
    found = Parts.of(layers(), FOUR)
    scores = asked(tab, "design", "m.parts(given, [4, 8]).scores", FOUR)
    assert scores == pytest.approx(found.scores - found.parts[:, [4, 8]].sum(axis=1), abs=1e-9)


def test_what_was_recorded_is_what_training_gives(mnist):
    again = recorded.sixteen()
    for name in ("first", "second"):
        alike = np.corrcoef(again[name], SIXTEEN[name])[0, 1]
        assert alike > 0.98  # another processor sums in another order
