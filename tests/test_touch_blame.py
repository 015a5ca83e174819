"""The smallest network, forward and back, as a reader steps through it, with Python's numbers.

Which are held against PyTorch's slopes in ``test_pencil.py``.
"""

import pytest

import touch
from digitlib.book.pencil import work
from gestures import PHONE
from touch import asked, figure

CHAPTER = "book/06-backprop.html"


@pytest.fixture
def place(tab, root):
    tab.set_viewport_size({"width": 1280, "height": 900})
    return figure(tab, root + CHAPTER, "blame")


def says(page, text):
    touch.says(page, "blame", text.replace("-", "\N{MINUS SIGN}"))


@pytest.mark.browser
def test_steps_lead_forward_and_back(place, tab):
    step = place.get_by_label("Step", exact=True)
    for _ in range(5):
        place.get_by_role("button", name="Next step").click()
    says(tab, "The loss is -ln 0.27 = 1.31")
    step.press("ArrowRight")
    says(tab, "0.73 - 0 = 0.73, and 0.27 - 1 = -0.73")
    step.press("End")
    says(tab, "The slope of w is that of a, times x: 0.73 · 2.00 = 1.46.")
    assert place.get_by_role("button", name="Next step").is_disabled()
    assert "← 1.46" in place.locator(".blame-slope").all_text_contents()


@pytest.mark.browser
def test_a_nudge_moves_the_loss_as_foretold(place, tab):
    weight = place.get_by_label("The weight's value")
    weight.press("ArrowLeft")
    says(tab, "moved by -0.01, to 1.30. The slopes at the start foretold -0.01")
    weight.press("Home")
    says(tab, "The unit is silent: no slope is left to go down.")
    place.get_by_role("button", name="From the start").click()
    place.get_by_role("button", name="A step down the slopes").click()
    says(tab, "From the start, the loss has moved by -")


@pytest.mark.browser
def test_a_finger_takes_a_step(browser, address):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    place = figure(page, address + CHAPTER, "blame")
    place.get_by_role("button", name="Next step").tap()
    says(page, "Forward: a = w · x = 0.50 · 2.00 = 1.00.")
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("given", [(2, 0.5, 0.5, -0.5), (2, -0.7, 1, 1), (2, 1.5, -1.5, 0.3)])
def test_numbers_and_slopes_are_pythons(place, tab, given):
    weights = dict(zip(("x", "w", "v1", "v2"), given, strict=True))
    shown = asked(tab, "blame", "m.work(given)", weights)
    numbers, slopes = work(*given)
    assert shown["numbers"] == pytest.approx(numbers, abs=1e-12)
    assert shown["slopes"] == pytest.approx(slopes, abs=1e-12)
