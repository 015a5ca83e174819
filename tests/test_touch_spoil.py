"""The digit that a reader spoils: by mouse, finger and keys, from a server and from a disk, with Python's levels."""

import json

import numpy as np
import pytest
import recorded
import torch

from digitlib import DigitClassifier
from digitlib.book.spoiling import Spoiling
from gestures import PHONE, swipe
from touch import asked, drag, figure, says

CHAPTER = "book/07-trust.html"
OURS = json.loads((recorded.FOLDER / "ours.json").read_text())["levels"]
FOUR = torch.tensor(OURS, dtype=torch.uint8).view(1, 28, 28)
WAYS = [
    {"turn": 28},
    {"turn": -60, "pen": 0.7},
    {"pen": 2},
    {"pen": -1},
    {"pen": 1.3, "blur": 0.1},
    {"blur": 2, "right": -8},
    {"pen": -0.4, "turn": 12, "blur": 1.1, "right": 3, "down": -5},
]


@pytest.fixture
def place(tab, root):
    tab.set_viewport_size({"width": 1280, "height": 900})
    return figure(tab, root + CHAPTER, "spoil")


def said_of(way):
    """The label that the model gives to the spoilt 4, or None for a refusal."""
    image = Spoiling(**way)(FOUR).numpy()
    classifier = DigitClassifier.load()
    return None if classifier.refused(image)[0] else int(classifier.logits(image).argmax())


@pytest.mark.browser
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_levels_are_pythons(place, tab, way):
    asks = {name: way.get(name, 0) for name in ("turn", "pen", "blur", "right", "down")}
    shown = asked(tab, "spoil", "m.spoilt(given[0], given[1])", [OURS, asks])
    expected = Spoiling(**way)(FOUR).flatten().tolist()
    assert np.abs(np.subtract(shown, expected)).max() <= 1


@pytest.mark.browser
def test_it_is_spoilt_by_sliders_and_dragging(place, tab):
    says(tab, "spoil", "above +10° a 9")  # which Python is asked about below
    place.get_by_label("Turn").fill("12")
    says(tab, "spoil", "The model says 9")
    place.get_by_role("button", name="As it was").click()
    says(tab, "spoil", "The model says 4, 95")
    picture = place.locator(".spoil-picture")
    picture.scroll_into_view_if_needed()
    drag(tab, picture, (0.5, 0.5), (0.5 + 3 / 28, 0.5 - 5 / 28))
    assert place.get_by_label("Right").input_value() == "3"
    assert place.get_by_label("Down").input_value() == "-5"
    place.get_by_label("Right").press("ArrowLeft")
    assert place.get_by_label("Right").input_value() == "2"


@pytest.mark.browser
def test_what_stands_under_the_sliders_is_pythons(place, tab):
    says(tab, "spoil", "“Turn”")
    tab.wait_for_function(
        "[...document.querySelectorAll('.spoil-band')].every(({ children }) => children.length)"
    )
    places = {"turn": range(-60, 61, 2), "down": range(-8, 9)}
    for name, values in places.items():
        labels = [said_of({name: value}) for value in values]
        changes = [a for a, b in zip(labels, [..., *labels], strict=False) if a != b]
        bands = place.locator(f"label:has([aria-label={name.title()}]) .spoil-band span")
        shown = [int(text) if text.isdigit() else None for text in bands.all_inner_texts()]
        assert shown == changes


@pytest.mark.browser
def test_a_finger_drags_it(browser, address):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    picture = figure(page, address + CHAPTER, "spoil").locator(".spoil-picture")
    picture.evaluate("one => one.scrollIntoView({ block: 'center', behavior: 'instant' })")
    box = picture.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    swipe(page, [(x, y), (x, y + 6 / 28 * box["height"])])
    says(page, "spoil", "“Down”")
    assert page.get_by_label("Down", exact=True).input_value() == "6"
    context.close()
