"""The third chapter's figures: a training run to and fro, and a ball on its loss, with Python's numbers."""

import json

import pytest
import recorded
import torch

from digitlib import data
from digitlib.accuracy import Accuracy
from digitlib.book.film import film
from digitlib.book.slope import Line
from gestures import PHONE, swipe
from touch import asked, drag, figure, says

CHAPTER = "book/03-train.html"
EPOCHS = json.loads((recorded.FOLDER / "epochs.json").read_text())


@pytest.fixture
def root(root, tab):
    tab.set_viewport_size({"width": 1280, "height": 900})
    return root


@pytest.mark.browser
def test_a_training_is_run_to_and_fro(root, tab):
    place = figure(tab, root + CHAPTER, "epochs")
    slider = place.get_by_label("Steps")
    says(tab, "epochs", "After 0 steps")
    before = place.locator(".epochs-picture").first.evaluate("picture => picture.toDataURL()")
    drag(tab, place.locator(".epochs-losses"), (0.1, 0.5), (0.99, 0.5))
    says(tab, "epochs", "After 632 steps")
    assert place.locator(".epochs-picture").first.evaluate("p => p.toDataURL()") != before
    slider.press("ArrowLeft")
    says(tab, "epochs", "After 384 steps")
    place.get_by_role("radio", name="10, too high").check()
    told = EPOCHS["films"][2][13]
    says(tab, "epochs", f"loss {told['train']:.2f} on what it learns")


@pytest.mark.browser
def test_a_training_plays_and_stops(browser, address):
    context = browser.new_context(reduced_motion="no-preference")
    page = context.new_page()
    place = figure(page, address + CHAPTER, "epochs")
    place.get_by_role("button", name="Play").click()
    says(page, "epochs", "After 1 step:")
    place.get_by_role("button", name="Stop").click()
    assert place.get_by_role("button", name="Play").count() == 1
    context.close()


@pytest.mark.browser
def test_a_ball_steps_jumps_and_is_dragged(root, tab):
    place = figure(tab, root + CHAPTER, "slope")
    place.get_by_role("button", name="One step").click()
    says(tab, "slope", "After 1 step the loss")
    rate = place.get_by_label("Rate")
    rate.press("End")
    says(tab, "slope", "The loss here is")
    place.get_by_role("button", name="One step").click()
    says(tab, "slope", "more than 2.30")
    place.get_by_role("button", name="Back to the start").click()
    says(tab, "slope", "The loss here is 2.30")
    drag(tab, place.locator(".slope-line"), (0.3, 0.5), (0.9, 0.5))
    says(tab, "slope", "to the left")
    place.get_by_label("Ball").press("Home")
    says(tab, "slope", "to the right")


@pytest.mark.browser
def test_nothing_glides_for_who_asked_for_calm(browser, address):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    place = figure(page, address + CHAPTER, "epochs")
    place.get_by_role("button", name="Play").click()
    says(page, "epochs", "After 632 steps")
    place = figure(page, address + CHAPTER, "slope")
    place.get_by_role("button", name="Twenty steps").click()
    says(page, "slope", "After 20 steps")
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "target", "text"),
    [("epochs", ".epochs-losses", "After 632 steps"), ("slope", ".slope-line", "to the left")],
)
def test_a_finger_moves_them(browser, address, name, target, text):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    place = figure(page, address + CHAPTER, name).locator(target)
    place.evaluate("place => place.scrollIntoView({ block: 'center', behavior: 'instant' })")
    box = place.bounding_box()
    y = box["y"] + box["height"] / 2
    swipe(page, [(box["x"] + share * box["width"], y) for share in (0.3, 0.98)])
    says(page, name, text)
    context.close()


@pytest.fixture(scope="module")
def line(mnist):
    train, _ = data.split(mnist, valid=data.VALID_SIZE["mnist"])
    few = train[:128]
    return Line(recorded.network().double(), data.scale(few.images).double(), few.labels)


@pytest.fixture(scope="module")
def opened(browser, address):
    page = browser.new_page()
    figure(page, address + CHAPTER, "slope")
    yield page
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(("rate", "steps"), [(0.3, 20), (2, 12), (8, 12), (10, 7)])
def test_the_ball_goes_where_pythons_goes(opened, line, rate, steps):
    expected = line.descend(rate, steps)
    question = "[...Array(given[1])].reduce((p) => [...p, m.next(p.at(-1), given[0])], [0])"
    path = asked(opened, "slope", question, [rate, steps])
    assert path == pytest.approx(expected, rel=0.01, abs=0.02)
    losses = asked(opened, "slope", "given.map((place) => m.at(place).loss)", expected)
    assert losses == pytest.approx(line.curve(expected)[0], abs=5e-4)


@pytest.mark.browser
def test_what_a_moment_tells_is_pythons(opened):
    for rate, taken in enumerate(EPOCHS["films"]):
        for moment, told in enumerate(taken):
            named = asked(opened, "epochs", f"m.named({rate}, {moment})")
            confusion = torch.tensor(told["confusion"]).view(10, 10)
            right = Accuracy(int(confusion.trace()), int(confusion.sum()))
            assert (named["right"], named["count"]) == (right.right, right.n)
            assert (named["low"], named["high"]) == pytest.approx(right.interval, abs=1e-12)
            assert named["given"] == int((confusion.sum(dim=0) > 0).sum())


@pytest.mark.browser
def test_the_first_steps_are_recorded_as_the_package_takes_them(opened, mnist):
    train, valid = data.split(mnist, valid=data.VALID_SIZE["mnist"])
    some = train[torch.randperm(len(train), generator=torch.Generator().manual_seed(0))[:10_000]]
    ours = mnist.images[[recorded.OURS]]
    last = film(recorded.network(), some, valid[:500], ours, 0.1, EPOCHS["steps"][:6])[-1]
    told = EPOCHS["films"][1][5]
    assert last.train_loss == pytest.approx(told["train"], abs=2e-3)
    assert last.ours.tolist() == pytest.approx(told["ours"], abs=2e-3)
    units = asked(opened, "epochs", "m.weights(1, 5).map((unit) => [...unit])")
    inner = last.weights.view(-1, 28, 28)[:, recorded.INNER, recorded.INNER].flatten(1)
    for shown in torch.tensor(units):
        off = (inner.clamp(-recorded.LARGEST_WEIGHT, recorded.LARGEST_WEIGHT) - shown).abs()
        assert off.amax(dim=1).min() < recorded.LARGEST_WEIGHT / 31  # one of its units, to a step
