"""The split that a reader drags: by mouse, finger and keys, from a server and from a disk, with Python's numbers."""

import json

import pytest
import recorded
import torch
from playwright.sync_api import expect

from digitlib import data
from digitlib.accuracy import Accuracy
from digitlib.book.exams import Exams
from gestures import PHONE, swipe
from touch import asked, drag, figure

CHAPTER = "book/01-split.html"
EXAMS = json.loads((recorded.FOLDER / "exams.json").read_text())
SAID = ".live-said"


@pytest.fixture
def place(tab, root):
    tab.set_viewport_size({"width": 1280, "height": 900})
    return figure(tab, root + CHAPTER, "split")


@pytest.mark.browser
def test_the_split_is_dragged_and_moved_by_keys(place, tab):
    said = place.locator(SAID)
    slider = place.get_by_label("Held back")
    assert said.inner_text().startswith("100 held back")
    drag(tab, place.locator(".split-bar"), (0.9, 0.5), (0.5, 0.5))
    assert slider.input_value() == "500"
    expect(said).to_contain_text("500 held back")
    slider.press("ArrowRight")
    tab.wait_for_function("document.querySelector('.live-said').innerText.startsWith('550')")
    slider.press("End")
    tab.wait_for_function("document.querySelector('.live-said').innerText.startsWith('950')")
    assert place.locator("circle").count() == 20
    spoken = place.locator("[role=status]")
    tab.wait_for_function("document.querySelector('.live-spoken').innerText.startsWith('950')")
    assert spoken.inner_text() == said.inner_text()


@pytest.mark.browser
def test_a_finger_drags_it(browser, address):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    place = figure(page, address + CHAPTER, "split")
    bar = place.locator(".split-bar")
    bar.evaluate("bar => bar.scrollIntoView({ block: 'center', behavior: 'instant' })")
    box = bar.bounding_box()
    y = box["y"] + box["height"] / 2
    swipe(page, [(box["x"] + share * box["width"], y) for share in (0.9, 0.6)])
    page.wait_for_function("document.querySelector('.live-said').innerText.startsWith('400')")
    context.close()


@pytest.mark.browser
def test_intervals_are_pythons(place, tab):
    for held, rights in zip(EXAMS["sizes"], EXAMS["right"], strict=True):
        shown = asked(tab, "split", f"m.sat({held})")
        for exam, right in zip(shown, rights, strict=True):
            expected = Accuracy(right, held).interval
            assert (exam["low"], exam["high"]) == pytest.approx(expected, abs=1e-12)


def test_what_was_recorded_is_what_the_package_computes(mnist):
    pool, _ = data.split(mnist, valid=data.VALID_SIZE["mnist"])
    order = torch.randperm(len(pool), generator=torch.Generator().manual_seed(0))
    exams = Exams(pool[order[:6000]]).sit(950)
    assert [exam.score.right for exam in exams] == EXAMS["right"][-1]
    assert [exam.truth.right for exam in exams] == EXAMS["truth"][-1]
