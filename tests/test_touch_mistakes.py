"""The gallery of mistakes: by mouse, finger and keys, from a server and from a disk, with Python's numbers."""

import base64
import json

import numpy as np
import pytest
import recorded
import torch

from digitlib import data, evaluate, export
from digitlib.classify import DigitClassifier
from gestures import PHONE
from touch import asked, figure, says

CHAPTER = "book/04-validate.html"
MISTAKES = json.loads((recorded.FOLDER / "mistakes.json").read_text())


@pytest.fixture(scope="module")
def images():
    levels = np.frombuffer(base64.b64decode(MISTAKES["images"]), np.uint8)
    return levels.reshape(-1, 28, 28)


@pytest.fixture
def place(tab, root):
    tab.set_viewport_size({"width": 1280, "height": 900})
    return figure(tab, root + CHAPTER, "mistakes")


def spot(place, page, kind, which):
    """Where in the table a digit's middle is, in pixels of the page."""
    left, top, size = asked(page, "mistakes", "m.placed(m.digits(given))", kind)[which]
    box = place.locator(".mistakes-cells").bounding_box()
    return [
        box[a] + (at + size / 2) / 10 * box[b]
        for a, b, at in (("x", "width", left), ("y", "height", top))
    ]


@pytest.mark.browser
def test_each_is_touched_or_stepped_to(place, tab):
    says(tab, "mistakes", f"Number 1 of {MISTAKES['wrong']}")
    before = place.locator(".live-picture").evaluate("picture => picture.toDataURL()")
    tab.mouse.click(*spot(place, tab, "mistakes", 6))
    says(tab, "mistakes", "Number 7 of")
    assert place.locator(".live-picture").evaluate("p => p.toDataURL()") != before
    slider = place.get_by_label("Which")
    slider.press("ArrowRight")
    says(tab, "mistakes", "Number 8 of")
    slider.press("End")
    says(tab, "mistakes", f"Number {MISTAKES['wrong']} of")
    place.get_by_role("radio", name="narrow escapes").check()
    says(tab, "mistakes", f"Number 1 of {recorded.ESCAPES}")
    says(tab, "mistakes", "and so the model says")


@pytest.mark.browser
def test_a_finger_taps_one(browser, address):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    place = figure(page, address + CHAPTER, "mistakes")
    table = place.locator(".mistakes-cells")
    table.evaluate("table => table.scrollIntoView({ block: 'center', behavior: 'instant' })")
    page.touchscreen.tap(*spot(place, page, "mistakes", 3))
    says(page, "mistakes", "Number 4 of")
    context.close()


@pytest.mark.browser
def test_each_is_answered_as_python_answers(place, tab, images):
    model = DigitClassifier.load()
    scores = torch.from_numpy(model.logits(images)) / model.temperature
    shown = asked(tab, "mistakes", f"Array.from({{ length: {len(images)} }}, (_, i) => m.digit(i))")
    for i, (one, row) in enumerate(zip(shown, scores.softmax(dim=1), strict=True)):
        assert one["probabilities"] == pytest.approx(row.tolist(), abs=1e-4)
        assert (one["said"] == one["label"]) == (i >= MISTAKES["wrong"])
    refused = [one["reason"] == "not a digit" for one in shown]
    assert refused == model.refused(images).tolist()


def test_they_are_all_mistakes_that_it_makes(mnist, images):
    _, valid = data.split(mnist, valid=data.VALID_SIZE["mnist"])
    answers = evaluate.logits(export.load_model(), valid.images)
    wrong = evaluate.mistakes(answers, valid.labels)
    assert (MISTAKES["asked"], MISTAKES["wrong"]) == (len(valid), len(wrong))
    assert torch.equal(valid.images[wrong], torch.from_numpy(images[: len(wrong)].copy()))
    assert valid.labels[wrong].tolist() == MISTAKES["labels"][: len(wrong)]
