"""The folds that a reader drags: by mouse, finger and keys, from a server and from a disk, with Python's numbers."""

import json

import numpy as np
import pytest
import recorded

from digitlib.book.bends import FOLDS, eleven, heights, ring, sheet
from gestures import PHONE, swipe
from touch import asked, figure, says

CHAPTER = "book/02-design.html"
RECORDED = json.loads((recorded.FOLDER / "bends.json").read_text())
SETS = {"eleven": eleven, "ring": ring}


@pytest.fixture
def place(tab, root):
    tab.set_viewport_size({"width": 1280, "height": 900})
    return figure(tab, root + CHAPTER, "bends")


def missed(make, folds):
    points, labels = make()
    return int(((heights(points, folds, sheet(points, labels, folds)) > 0) != labels).sum())


@pytest.mark.browser
def test_folds_are_added_dragged_and_moved_by_keys(place, tab):
    says(
        tab,
        "bends",
        f"No ReLU: the sheet is flat, and its line is straight. {missed(eleven, [])} of 80",
    )
    place.get_by_role("button", name="Add a ReLU").click()
    says(
        tab,
        "bends",
        f"One ReLU, one fold: on either side of it the sheet is flat. {missed(eleven, FOLDS[:1])}",
    )
    across = place.get_by_label("Across")
    knob = place.locator("[data-what=move]").bounding_box()
    middle = knob["x"] + knob["width"] / 2, knob["y"] + knob["height"] / 2
    tab.mouse.move(*middle)
    tab.mouse.down()
    tab.mouse.move(middle[0] - 80, middle[1] - 60, steps=5)
    tab.mouse.up()
    dragged = float(across.input_value())
    assert dragged < FOLDS[0][0] - 0.2
    across.press("ArrowRight")
    assert float(across.input_value()) == pytest.approx(dragged + 0.01, abs=0.006)
    place.get_by_role("button", name="Take one away").click()
    says(tab, "bends", "No ReLU")


@pytest.mark.browser
def test_folds_learn(place, tab):
    for _ in range(3):
        place.get_by_role("button", name="Add a ReLU").click()
    place.get_by_label("a spot in a ring").check()
    place.get_by_role("button", name="Let them learn").click()
    says(tab, "bends", " 0 of 80 points")


@pytest.mark.browser
def test_a_finger_drags_a_fold(browser, address):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    place = figure(page, address + CHAPTER, "bends")
    place.get_by_role("button", name="Add a ReLU").tap()
    knob = place.locator("[data-what=move]")
    knob.evaluate("knob => knob.scrollIntoView({ block: 'center', behavior: 'instant' })")
    box = knob.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    swipe(page, [middle, (middle[0] - 60, middle[1] - 60)])
    page.wait_for_function(
        "() => Number(document.querySelector('[aria-label=Up]').value) > -0.3",
    )
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", SETS)
def test_the_sheet_is_pythons(place, tab, name):
    points, labels = SETS[name]()
    grid = np.random.RandomState(1).uniform(-1, 1, (20, 2))
    for count in range(len(FOLDS) + 1):
        folds = FOLDS[:count]
        expected = sheet(points, labels, folds)
        given = {"set": RECORDED[name], "folds": folds, "grid": grid.tolist()}
        found = asked(tab, "bends", "m.sheet(given.set, given.folds)", given)
        assert found == pytest.approx(expected, abs=1e-9)
        given["weights"] = found
        high = asked(
            tab, "bends", "given.grid.map((p) => m.height(p, given.folds, given.weights))", given
        )
        assert high == pytest.approx(heights(grid, folds, expected), abs=1e-9)
        ends = asked(tab, "bends", "m.boundary(given.folds, given.weights)", given)
        assert ends
        line = np.concatenate([np.linspace(start, end, 5) for start, end in ends])
        assert np.abs(heights(line, folds, expected)).max() < 1e-9  # straight between its ends


def test_what_was_recorded_is_what_the_package_gives():
    assert json.loads(json.dumps(recorded.bends())) == RECORDED
