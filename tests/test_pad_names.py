"""The pad with other classes than digits: names of any length and script, and any number of them."""

import base64

import inlining as extension
import numpy as np
import pytest

from digitlib import data, weights
from digitlib.preprocess import prepare
from drawings import STROKES
from gestures import painted, stroke
from pads import failures, guess, ink, seen, weights_file

FIVE = ["cat", "T-shirt/top", "a class whose name goes on and on until it ends", "猫", "<b>x</b>"]
LETTERS = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstu"]


def words(count):
    return [f"{'nearly ' * (i % 4)}number {i}" for i in range(count)]


@pytest.fixture
def visit(tab, static_site):
    """Opens the static page with a weights file of some classes; afterwards nothing failed there."""

    def open_pad(classes, width=1000, **said):
        content = classes  # a file's, or the names of some
        if not isinstance(classes, bytes):
            _, content = weights_file(len(classes) + 1, classes=classes, **said)
        tab.set_viewport_size({"width": width, "height": 800})
        tab.route("**/digits.safetensors", lambda route: route.fulfill(body=content))
        tab.goto(static_site.address)
        tab.wait_for_selector(".pad-canvas")
        return tab

    with failures(tab) as errors:
        yield open_pad
    tab.unroute_all()
    assert errors == []


def draw(page, digit=3):
    for points in STROKES[digit]:
        stroke(page, points)
    painted(page)


def test_a_name_is_text_and_whole_in_its_title(visit):
    page = visit(FIVE)
    names = page.locator(".pad-name")
    assert names.all_inner_texts() == FIVE
    assert [name.get_attribute("title") for name in names.all()] == FIVE
    assert page.locator(".pad-label option").all_text_contents() == ["…", *FIVE]
    assert page.locator(".pad b").count() == 0


def test_a_browser_that_translates_leaves_names_alone(visit):
    page = visit(FIVE)
    names = page.locator(".pad-name, .pad-label")
    assert names.evaluate_all("(parts) => parts.map((part) => part.translate)") == [False] * 6
    left = "document.querySelector('.pad-guess').translate"
    assert page.evaluate(left)  # "Draw something"
    draw(page)
    assert guess(page) in FIVE and not page.evaluate(left)


BOXES = """(rows) => rows.map((row) => {
  const [name, track, percent] = [".pad-name", ".pad-track", ".pad-percent"].map((part) => row.querySelector(part));
  const [a, b, c] = [name, track, percent].map((part) => part.getBoundingClientRect());
  return { left: a.left, right: c.right, bar: b.width, name: a.width, apart: c.left - a.right,
    whole: percent.scrollWidth <= percent.clientWidth, top: a.top, bottom: Math.max(a.bottom, b.bottom) };
})"""


@pytest.mark.parametrize("width", [320, 390, 1000])
@pytest.mark.parametrize(
    "classes",
    [FIVE, words(2), words(10), words(20), words(47), LETTERS, ["x" * 300, "y"]],
    ids=["five", "2", "10", "20", "47", "letters", "endless"],
)
def test_bars_fit(visit, classes, width):
    """All in sight at any width, each with its name, a bar and its whole share; 47 take little more than a screen."""
    page = visit(classes, width)
    draw(page)
    page.get_by_text("More", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.locator(".pad-bars li").evaluate_all(BOXES)
    assert len(boxes) == len(classes)
    for box in boxes:
        assert box["left"] >= 0 and box["right"] <= width
        assert box["bar"] >= 40 and box["name"] >= 8 and box["apart"] >= 0 and box["whole"]
    assert max(box["bottom"] for box in boxes) - min(box["top"] for box in boxes) <= 900
    columns = len({box["left"] for box in boxes})
    assert columns >= 4 or classes != LETTERS
    assert (columns > 1) == (len(classes) > 12)


@pytest.mark.parametrize("classes", [FIVE, LETTERS])
def test_the_best_is_named_and_its_share_is_told(visit, classes):
    page = visit(classes)
    assert guess(page) == page.locator("h1").inner_text() == page.title() == "Draw something"
    assert not page.locator(".pad-samples").is_visible()
    assert "digit" not in page.locator("main").inner_text().lower()
    draw(page)
    best = page.locator(".pad-best .pad-name").inner_text()
    label = int(page.locator(".pad-guess").get_attribute("data-label"))
    assert guess(page) == best == classes[label]
    assert page.locator(".pad-guess").get_attribute("title") == best
    share = page.locator(".pad-best .pad-percent").inner_text()
    page.get_by_text(f"{best}, {share}", exact=True).wait_for(state="attached")
    assert page.locator(".pad-spoken").text_content() == f"{best}, {share}"


def test_what_is_none_of_these_is_said(visit):
    page = visit(FIVE, calibration={"threshold": -1e9})
    draw(page)
    assert guess(page) == "None of these, I think"
    assert page.locator(".pad-refused").count() == 1 and page.locator(".pad-best").count() == 0


@pytest.mark.parametrize("preparation", ["digit", "picture"])
def test_the_drawing_is_prepared_as_the_weights_say(visit, preparation):
    page = visit(LETTERS, preparation=preparation)
    small = [(x / 3 + 5, y / 3 + 5) for x, y in STROKES[7][0]]
    stroke(page, small)
    painted(page)
    np.testing.assert_array_equal(seen(page), prepare(ink(page), preparation))
    page.get_by_text("More", exact=True).click()
    chosen = page.get_by_text("bounding box centred")
    assert chosen.is_visible() == (preparation == "digit")


def named(name):
    return lambda download: download.suggested_filename == name


def exported(page, folder):
    """What the pad has kept, exported into a folder and read."""
    with (
        page.expect_download(named("drawings-images-idx3-ubyte")) as first,
        page.expect_download(named("drawings-labels-idx1-ubyte")) as second,
        page.expect_download(named("drawings-classes.json")) as third,
    ):
        page.get_by_role("button", name="Export").click()
    for file in (first, second, third):
        file.value.save_as(folder / file.value.suggested_filename)
    return data.load(folder)


@pytest.mark.parametrize("preparation", ["digit", "picture"])
def test_collected_labels_count_the_classes(visit, tmp_path, preparation):
    page = visit(FIVE, preparation=preparation)
    page.get_by_text("More", exact=True).click()
    count, keep = page.locator(".pad-count"), page.get_by_role("button", name="Keep")
    keep.click()
    assert count.inner_text() == "Draw something first."
    draw(page, 5)
    keep.click()
    assert count.inner_text() == "Choose what it is first."
    images = [prepare(ink(page), preparation)]
    page.get_by_label("This is").select_option(label="<b>x</b>")
    keep.click()
    assert count.inner_text() == "1 kept; the last: <b>x</b>."
    draw(page, 7)
    images.append(prepare(ink(page), preparation))
    page.get_by_label("This is").select_option(label="cat")
    keep.click()
    kept = exported(page, tmp_path)
    assert kept.labels.tolist() == [4, 0]
    assert (kept.classes, kept.preparation) == (tuple(FIVE), preparation)
    np.testing.assert_array_equal(kept.images.numpy(), images)


def test_a_pad_that_has_learned_nothing_collects_what_a_first_network_learns(visit, tmp_path):
    """Its file names the classes; it is the pad's own way to keep drawings, and nothing else, that is used."""
    file = tmp_path / "untrained.safetensors"
    weights.save(file, weights.untrained(["camp", "rest", "well"]))
    page = visit(file.read_bytes())
    page.get_by_text("More", exact=True).click()
    names = ["camp", "well", "well"]
    for digit, name in zip((4, 0, 6), names, strict=True):
        draw(page, digit)
        assert guess(page) == "None of these, I think"
        page.get_by_label("This is").select_option(label=name)
        page.get_by_role("button", name="Keep").click()
    kept = exported(page, tmp_path / "kept")
    assert [kept.classes[label] for label in kept.labels] == names
    assert kept.classes == ("camp", "rest", "well") and kept.preparation == "digit"
    assert kept.images.shape == (3, 28, 28) and kept.images.flatten(1).any(1).all()


def test_of_digits_two_files_tell_all(visit, tmp_path):
    page = visit([*"0123456789"])
    page.get_by_text("More", exact=True).click()
    draw(page, 7)
    page.get_by_label("This is a").select_option(label="7")
    page.get_by_role("button", name="Keep").click()
    got = []
    page.on("download", lambda file: got.append(file))
    with page.expect_download(named("drawings-labels-idx1-ubyte")):
        page.get_by_role("button", name="Export").click()
    # A second export: what the first would have written besides has come by now.
    with page.expect_download(lambda file: len(got) >= 4):
        page.get_by_role("button", name="Export").click()
    names = ["drawings-images-idx3-ubyte", "drawings-labels-idx1-ubyte"]
    assert [file.suggested_filename for file in got] == 2 * names
    for file in got[:2]:
        file.save_as(tmp_path / file.suggested_filename)
    kept = data.load(tmp_path)
    assert (kept.labels.tolist(), kept.preparation, len(kept.classes)) == ([7], "digit", 10)


# Renders a pad whose values a test sets as window.values; window.heard are who wants to know of other weights.
RENDER = """async ([values, answer]) => {
  const { default: pad } = await import(new URL("pad.mjs", location));
  window.values = values;
  window.heard = [];
  if (answer) values.classify = async () => answer;
  const model = {
    get: (name) => values[name],
    set: (name, value) => { values[name] = value; },
    on: (_, callback) => heard.push(callback),
  };
  pad.render({ model, el: document.getElementById("pad") });
}"""


@pytest.mark.parametrize("name", [{}, {"name": "cat"}])
def test_a_server_may_know_other_classes(visit, name):
    """It tells which, and how it prepares drawings; its answers may leave the name out."""
    page = visit(LETTERS)
    answer = {"label": 0, "reason": None, "probabilities": [0.9, 0.1, 0, 0, 0]} | name
    page.evaluate(RENDER, [{"classes": FIVE, "preparation": "picture"}, answer])
    assert guess(page) == "Draw something"
    draw(page)
    page.wait_for_selector(".pad-guess[data-label='0']")
    assert guess(page) == "cat"
    assert page.locator(".pad-percent").all_inner_texts() == ["90 %", "10 %", "0 %", "0 %", "0 %"]
    np.testing.assert_array_equal(seen(page), prepare(ink(page), "picture"))
    page.wait_for_function("values.prediction?.name === 'cat'")
    assert not page.locator(".pad-samples").is_visible()


def test_a_server_that_names_no_classes_knows_digits(visit):
    page = visit(FIVE)
    answer = {"label": 7, "reason": None, "probabilities": [0.1] * 10}
    page.evaluate(RENDER, [{}, answer])
    page.get_by_role("button", name="7", exact=True).click()
    page.wait_for_selector(".pad-guess[data-label='7']")
    assert guess(page) == "This is a 7"
    page.wait_for_function("values.prediction?.name === '7'")


def test_other_weights_bring_their_names(visit):
    """A host may exchange them; what is drawn stays and is named anew."""
    page = visit(FIVE)
    contents = [
        base64.b64encode(weights_file(len(names) + 1, classes=names)[1]).decode()
        for names in (FIVE, LETTERS)
    ]
    page.evaluate(RENDER, [{"weights": contents[0]}, None])
    draw(page)
    drawn = ink(page)
    assert guess(page) in FIVE
    page.get_by_text("More", exact=True).click()
    change = "(weights) => { values.weights = weights; heard.forEach((callback) => callback()); }"
    page.get_by_label("This is").select_option(label="cat")
    page.get_by_role("button", name="Keep").click()
    draw(page)
    page.evaluate(change, contents[1])
    painted(page)
    page.get_by_label("This is").select_option(label="B")
    page.get_by_role("button", name="Keep").click()
    count = page.locator(".pad-count").inner_text()
    assert count == "Export and drop what was kept of other classes first."
    assert page.locator(".pad-name").all_inner_texts() == LETTERS
    assert guess(page) in LETTERS
    np.testing.assert_array_equal(ink(page), drawn)
    page.evaluate(change, "nothing")
    assert guess(page).startswith("expected a digitlib weights file")


def test_one_file_holds_a_pad_of_other_classes(tab, tmp_path):
    path = tmp_path / "pad.html"
    _, content = weights_file(6, classes=FIVE)
    path.write_text(extension.inlined(content), encoding="utf-8")
    tab.goto(path.as_uri())
    tab.get_by_role("heading", name="Draw something").wait_for()
    assert tab.title() == "Draw something"
    assert tab.locator(".pad-name").all_inner_texts() == FIVE
