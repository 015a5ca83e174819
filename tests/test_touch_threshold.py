"""The line that a reader drags: by mouse, finger and keys, from a server and from a disk, with Python's numbers."""

import json

import pytest
import recorded
import torch

from digitlib import calibrate, data, evaluate, export
from digitlib.accuracy import Share
from gestures import PHONE, swipe
from touch import asked, drag, figure

CHAPTER = "book/07-trust.html"
SURENESS = json.loads((recorded.FOLDER / "sureness.json").read_text())
BEGINS = "document.querySelector('[data-figure=threshold] .live-said').innerText.startsWith('%s')"


@pytest.fixture
def place(tab, root):
    tab.set_viewport_size({"width": 1280, "height": 900})
    return figure(tab, root + CHAPTER, "threshold")


@pytest.mark.browser
def test_the_line_is_dragged_and_moved_by_keys(place, tab):
    slider = place.get_by_label("Sure enough")
    tab.wait_for_function(BEGINS % "From 50.0")
    assert place.locator(".threshold-wrong").count() == 5
    chart = place.locator(".threshold-chart")
    drag(tab, chart, (0.1, 0.5), (0.6, 0.5))
    tab.wait_for_function(BEGINS % "From 98.")
    slider.press("Home")
    tab.wait_for_function(BEGINS % "From 40.1")
    assert place.locator(".live-said").inner_text().endswith("None is passed on.")
    slider.press("End")
    tab.wait_for_function(BEGINS % "From 99.3")


@pytest.mark.browser
def test_a_finger_drags_it(browser, address):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    place = figure(page, address + CHAPTER, "threshold")
    chart = place.locator(".threshold-chart")
    chart.evaluate("chart => chart.scrollIntoView({ block: 'center', behavior: 'instant' })")
    box = chart.bounding_box()
    y = box["y"] + box["height"] / 2
    swipe(page, [(box["x"] + share * box["width"], y) for share in (0.1, 0.6)])
    page.wait_for_function(BEGINS % "From 98.")
    context.close()


@pytest.fixture(scope="module")
def answers(mnist):
    _, valid = data.split(mnist, valid=data.VALID_SIZE["mnist"], seed=0)
    logits = evaluate.logits(export.load_model(), valid.images).double()
    sure, said = logits.softmax(dim=1).max(dim=1)
    return sure, said == valid.labels


@pytest.mark.browser
def test_its_risk_and_coverage_are_pythons(place, tab, answers):
    sure, right = answers
    coverage, risk = calibrate.risk_coverage(-sure, right)
    for limit in (0.4, 0.5, 0.9, 0.95, 0.99):
        shown = asked(tab, "threshold", f"m.refusing({round(1e6 * limit)})")
        given = (sure >= limit).sum().item()
        assert shown["answered"] == given == round(coverage[given - 1].item() * len(sure))
        assert shown["wrong"] == round(risk[given - 1].item() * given)
        interval = Share.of(~right[sure >= limit]).interval
        assert (shown["low"], shown["high"]) == pytest.approx(interval, abs=1e-12)


def test_what_was_recorded_is_what_the_model_says(answers):
    sure, right = answers
    assert SURENESS["count"] == len(sure) and SURENESS["wrong"] == (~right).sum()
    first = sure.sort().values[: len(SURENESS["sure"])]
    assert torch.tensor(SURENESS["sure"]) / 1e6 == pytest.approx(first, abs=1e-5)
    named = torch.tensor(SURENESS["said"]) == torch.tensor(SURENESS["labels"])
    assert (~named).sum() == (~right[sure <= first[-1]]).sum()
