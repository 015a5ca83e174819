"""The pad in real hands: noise on canvases, palms and pens, translations, forced colours, turned pages, scrolling."""

import base64
import io
from itertools import pairwise
from types import SimpleNamespace

import inlining
import numpy as np
import pytest
from PIL import Image

from digitlib import data
from digitlib.classify import DigitClassifier
from digitlib.hosts import limits
from digitlib.preprocess import preprocess
from digitlib.weights import SHIPPED
from drawings import STROKES
from gestures import BY_KEYS, PHONE, painted, places, press, stroke, swipe
from pads import failures, guess, ink, weights_file

SMALL = {
    digit: [[(x / 4 + 8, y / 4 + 60) for x, y in line] for line in lines]
    for digit, lines in STROKES.items()
}

# What some browsers do to whatever a page reads from a canvas, so that it can't tell one visitor from another.
NOISE = """() => {
  const context = CanvasRenderingContext2D.prototype, canvas = HTMLCanvasElement.prototype;
  const { getImageData } = context, { toDataURL, toBlob } = canvas;
  const noise = (image) => {
    for (let i = 0; i < image.data.length; i += 4 * 41) image.data.fill(image.data[i] + 1 + (i % 2), i, i + 3);
    return image;
  };
  context.getImageData = function (...box) { return noise(getImageData.apply(this, box)); };
  const copy = (original) => {
    const other = new OffscreenCanvas(original.width, original.height);
    const noisy = Object.assign(document.createElement("canvas"), { width: other.width, height: other.height });
    const read = getImageData.call(original.getContext("2d"), 0, 0, other.width, other.height);
    noisy.getContext("2d").putImageData(noise(read), 0, 0);
    return noisy;
  };
  canvas.toDataURL = function (...how) { return toDataURL.apply(copy(this), how); };
  canvas.toBlob = function (...how) { return toBlob.apply(copy(this), how); };
}"""


@pytest.fixture
def visit(browser, static_site):
    """Opens the pad in a page of its own; afterwards nothing failed there."""
    pages = []

    def open_pad(script=None, **options):
        page = browser.new_page(reduced_motion="reduce", **options)
        watching = failures(page)
        pages.append((page, watching, watching.__enter__()))
        if script:
            page.add_init_script(f"({script})()")
        page.goto(static_site.address)
        page.wait_for_selector(".pad-canvas")
        return page

    yield open_pad
    for page, watching, errors in pages:
        watching.__exit__(None, None, None)
        page.close()
        assert errors == []


@pytest.fixture
def page(visit):
    return visit()


def wait_for_label(page, label):
    page.wait_for_selector(f".pad-guess[data-label='{label}']", timeout=5000)


def draw(page, lines):
    for points in lines:
        stroke(page, points)
    painted(page)


# ---------------------------------------------------------------- noise

# Renders a pad beside a host that keeps what it is given.
HOST = """async (served) => {
  const { default: pad } = await import(new URL("pad.mjs", location));
  window.values = { weights: await (await fetch("digits.safetensors")).arrayBuffer(), asked: null };
  const classify = async ({ levels, png }) => {
    Object.assign(values, { levels: levels.reduce((sum, level) => sum + level, 0), asked: await png() });
    return { label: 7, reason: null, probabilities: Array(10).fill(0.1) };
  };
  const model = {
    get: (name) => ({ weights: values.weights, classify: served && classify })[name],
    set: (name, value) => { values[name] = value; },
  };
  pad.render({ model, el: document.getElementById("pad") });
}"""


def test_a_browser_that_adds_noise_changes_no_answer(visit):
    """Small digits are still named, and hosts, files and exports get what was drawn, to the last grey level."""
    page = visit(NOISE)
    assert ink(page).any()  # an empty sheet, as this browser gives it
    page.get_by_label("Pen").fill("8")
    for digit, lines in SMALL.items():
        draw(page, lines)
        wait_for_label(page, digit)
        page.get_by_role("button", name="Clear").click()
        wait_for_label(page, "")


@pytest.mark.parametrize("served", [False, True])
def test_a_browser_that_adds_noise_gives_a_host_the_drawing(visit, served):
    got = []
    for script in (None, NOISE):
        page = visit(script)
        page.evaluate(HOST, served)
        page.locator(".pad-sample").nth(2).click()  # a small 5
        page.wait_for_function("values.prediction?.label > 0")
        levels = np.frombuffer(base64.b64decode(page.evaluate("values.drawing")), np.uint8)
        got.append(levels.reshape(280, 280))
        if served:
            assert page.evaluate("values.levels") == levels.sum()
            np.testing.assert_array_equal(limits.decode(page.evaluate("values.asked")), got[-1])
    np.testing.assert_array_equal(*got)
    assert DigitClassifier.load().classify(got[1]).label == 5


def test_a_browser_that_adds_noise_saves_and_exports_the_drawing(visit, tmp_path):
    saved, kept = [], []
    for script in (None, NOISE):
        page = visit(script)
        page.get_by_text("More", exact=True).click()
        draw(page, SMALL[7])
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Save as PNG").click()
        picture = Image.open(io.BytesIO(waiting.value.path().read_bytes()))
        assert (picture.format, picture.size, picture.mode) == ("PNG", (280, 280), "L")
        saved.append(np.asarray(picture))
        page.get_by_label("This is a").select_option("7")
        page.get_by_role("button", name="Keep").click()
        kept.append(exported(page, tmp_path))
    np.testing.assert_array_equal(*saved)
    for digits in kept:
        np.testing.assert_array_equal(digits.images[0].numpy(), preprocess(saved[0]))


def exported(page, folder):
    """What Export writes, read back."""
    got = []
    page.on("download", lambda file: got.append(file))
    with page.expect_download(lambda file: len(got) >= 2):
        page.locator(".pad-export").click()
    names = [file.suggested_filename for file in got]
    assert names == ["drawings-images-idx3-ubyte", "drawings-labels-idx1-ubyte"]
    for file in got:
        file.save_as(folder / file.suggested_filename)
    return data.read_idx(*(folder / name for name in names))


# Strokes as the browser would draw them, and the pad's levels of the same.
BESIDE = """(strokes) => {
  const context = new OffscreenCanvas(280, 280).getContext("2d");
  Object.assign(context, { lineCap: "round", lineJoin: "round", strokeStyle: "white", lineWidth: 22 });
  context.fillRect(0, 0, 280, 280);
  for (const points of strokes) {
    context.beginPath();
    points.forEach(([x, y]) => context.lineTo(2.8 * x, 2.8 * y));
    context.stroke();
  }
  const { data } = context.getImageData(0, 0, 280, 280);
  let letters = "";
  for (let i = 0; i < data.length; i += 4) letters += String.fromCharCode(data[i]);
  return btoa(letters);
}"""


@pytest.mark.parametrize("digit", STROKES)
def test_the_sheet_is_drawn_as_a_canvas_would(page, digit):
    """Round ends and joins, smooth edges: the model can hardly tell which of the two it was given."""
    draw(page, STROKES[digit])
    content = base64.b64decode(page.evaluate(BESIDE, STROKES[digit]))
    ours, theirs = ink(page), np.frombuffer(content, np.uint8).reshape(280, 280)
    apart = np.abs(ours.astype(int) - theirs)
    assert apart.mean() < 1 and (apart > 96).sum() < 30
    shares = [DigitClassifier.load().classify(sheet).probabilities for sheet in (ours, theirs)]
    assert np.abs(shares[0] - shares[1]).max() < 0.05


# ---------------------------------------------------------------- palm, pen and fingers


@pytest.fixture
def hand():
    """What a hand does on a page's glass, by the browser's own way in, which remembers the last touch."""
    sessions = {}

    def send(page, kind, event):
        if page not in sessions:
            sessions[page] = page.context.new_cdp_session(page)
        sessions[page].send(f"Input.dispatch{kind}Event", event)

    def touch(page, kind, *points):
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        send(page, "Touch", {"type": f"touch{kind}", "touchPoints": points})

    def pen(page, path, amid=lambda: None):
        kinds = ["mousePressed", *["mouseMoved"] * (len(path) - 1), "mouseReleased"]
        for kind, (x, y) in zip(kinds, [*path, path[-1]], strict=True):
            event = {"type": kind, "x": x, "y": y, "button": "left", "pointerType": "pen"}
            down = kind != "mouseReleased"
            send(page, "Mouse", event | {"buttons": int(down), "clickCount": 1})
            if (x, y) == path[len(path) // 2]:
                amid()

    return SimpleNamespace(touch=touch, pen=pen)


def along(page, points):
    """Places of a stroke, ten from one point to the next."""
    corners = places(page, points)
    shares = [i / 10 for i in range(1, 11)]
    path = [corners[0]]
    for (x0, y0), (x1, y1) in pairwise(corners):
        path += [(x0 + (x1 - x0) * k, y0 + (y1 - y0) * k) for k in shares]
    return path


@pytest.fixture
def held(visit):
    """A phone whose clock runs only when a test moves it."""
    page = visit(**PHONE)
    page.clock.install(time=0)
    page.goto(page.url)
    page.wait_for_selector(".pad-canvas")
    page.clock.pause_at(1000)
    return page


def test_the_pen_wins_over_a_palm_that_rests(held, hand):
    [palm] = places(held, [(88, 92)])
    [points] = STROKES[7]
    hand.pen(held, along(held, points))
    alone = ink(held)
    held.get_by_role("button", name="Clear").click()
    held.clock.run_for(5_000)
    hand.touch(held, "Start", palm)
    assert ink(held).any()  # it could have been a finger
    hand.pen(held, along(held, points))
    hand.touch(held, "Move", (palm[0] - 9, palm[1] - 9))
    hand.touch(held, "End")
    np.testing.assert_array_equal(ink(held), alone)
    held.clock.run_for(100)
    wait_for_label(held, 7)


def test_a_palm_that_comes_with_the_pen_draws_nothing_and_a_finger_later_does(held, hand):
    [palm] = places(held, [(88, 92)])
    hand.pen(held, along(held, STROKES[1][0]))
    alone = ink(held)
    held.get_by_role("button", name="Clear").click()

    def rest():
        hand.touch(held, "Start", palm)
        hand.touch(held, "Move", (palm[0] - 9, palm[1] - 9))

    hand.pen(held, along(held, STROKES[1][0]), amid=rest)
    hand.touch(held, "End")
    held.clock.run_for(500)
    hand.touch(held, "Start", palm)
    hand.touch(held, "End")
    np.testing.assert_array_equal(ink(held), alone)
    held.clock.run_for(2_000)
    hand.touch(held, "Start", palm)
    hand.touch(held, "End")
    assert (ink(held) > 0).sum() > (alone > 0).sum() + 300


@pytest.mark.parametrize("width", [320, 360, 390])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_thumb_beside_the_sheet_scrolls(visit, width, side):
    page = visit(**PHONE | {"viewport": {"width": width, "height": 600}})
    box = page.locator(".pad-canvas").bounding_box()
    assert box["width"] >= 200
    margin = box["x"] if side == "left" else width - box["x"] - box["width"]
    assert margin >= 44
    x = margin / 2 if side == "left" else width - margin / 2
    middle = box["y"] + box["height"] / 2
    swipe(page, [(x, middle), (x, middle - 150)])
    page.wait_for_function("window.scrollY > 50")
    assert not ink(page).any()


def test_two_fingers_on_the_sheet_scroll_and_draw_nothing(visit, hand):
    page = visit(**PHONE)
    draw(page, STROKES[1])
    drawn = ink(page)
    (x, y), (other, _) = places(page, [(35, 70), (70, 70)])
    hand.touch(page, "Start", (x, y))
    hand.touch(page, "Start", (x, y), (other, y))
    for up in range(10, 210, 10):
        hand.touch(page, "Move", (x, y - up), (other, y - up))
    hand.touch(page, "End")
    page.wait_for_function("window.scrollY > 50")
    np.testing.assert_array_equal(ink(page), drawn)


def test_a_page_on_its_side_can_be_scrolled(visit):
    """The sheet leaves some of the height of a phone that lies."""
    page = visit(**PHONE | {"viewport": {"width": 700, "height": 340}})
    assert page.locator(".pad-canvas").bounding_box()["height"] <= 340 - 44


# ---------------------------------------------------------------- a page that was translated

# What the browser does to a page that it translates: each text lies in two elements more, in other words.
TRANSLATE = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    const kept = walker.currentNode.parentElement.closest("[translate=no], script, style");
    if (!kept && walker.currentNode.data.trim()) texts.push(walker.currentNode);
  }
  for (const text of texts) {
    const [outer, inner] = [document.createElement("font"), document.createElement("font")];
    inner.textContent = `\u00fcbersetzt (${[...text.data.trim()].reverse().join("")})`;
    outer.append(inner);
    text.replaceWith(outer);
  }
  document.documentElement.lang = "de";
}"""


def test_a_translated_page_works_as_before(page, tmp_path):
    page.locator(".pad-more summary").click()
    page.evaluate(TRANSLATE)
    assert "\u00fcbersetzt" in page.locator(".pad-clear").inner_text()
    slider = page.locator(".pad-pen input").bounding_box()
    assert slider["width"] >= 60  # longer words push it to the next line
    for i, label in enumerate(["2", "7", "5"]):
        page.locator(".pad-sample").nth(i).click()
        wait_for_label(page, label)
        page.locator(".pad-label").select_option(index=1 + int(label))
        page.locator(".pad-keep").click()
        wait_for_label(page, "")
    page.locator(".pad-drop").click()
    assert exported(page, tmp_path).labels.tolist() == [2, 7]
    assert page.locator(".pad-name").all_inner_texts() == [*"0123456789"]
    assert page.locator(".pad-label option").all_inner_texts()[1:] == [*"0123456789"]
    page.locator(".pad-sample").nth(3).click()
    page.wait_for_selector(".pad-refused")
    assert guess(page) == "Not a digit, I think"


# ---------------------------------------------------------------- colours that the reader forces


def shot(page, selector):
    picture = Image.open(io.BytesIO(page.locator(selector).first.screenshot()))
    return np.asarray(picture.convert("L")).astype(int)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_leave_bars_edge_and_slider(page, scheme):
    page.emulate_media(forced_colors="active", color_scheme=scheme, reduced_motion="reduce")
    ground = shot(page, "header p")[0, 0]
    draw(page, STROKES[7])
    wait_for_label(page, 7)
    best = np.abs(shot(page, ".pad-best .pad-track") - ground)
    assert (best[best.shape[0] // 2, 4:40] > 60).all()  # the bar, from its beginning
    edge = np.abs(shot(page, "li:not(.pad-best) .pad-track") - ground)
    assert (edge[:, edge.shape[1] // 2] > 60).any()  # the edge of an empty one
    slider = np.abs(shot(page, ".pad-pen input") - ground)
    middle = slider[slider.shape[0] // 2]
    assert (middle > 60).mean() > 0.9  # its track, all along
    assert ((slider > 60).sum(axis=0) >= 16).any()  # and its thumb
    assert page.evaluate(EDGE) != page.evaluate("getComputedStyle(document.body).backgroundColor")


EDGE = "getComputedStyle(document.querySelector('.pad-canvas')).borderTopColor"


# ---------------------------------------------------------------- pages that run or lie otherwise


def test_in_a_page_from_right_to_left_bars_begin_beside_their_names(page):
    page.evaluate("document.documentElement.dir = 'rtl'")
    page.locator(".pad-canvas").focus()
    press(page, BY_KEYS[7])
    wait_for_label(page, 7)
    for name, bar in page.locator(".pad-bars li").evaluate_all(ENDS):
        assert min(abs(bar[0] - name[1]), abs(name[0] - bar[1])) <= 12
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cursor, sheet = (page.locator(f".pad-{name}").bounding_box() for name in ("cursor", "canvas"))
    x, y = (
        280 * (cursor[axis] + cursor[side] / 2 - sheet[axis]) / sheet[side]
        for axis, side in (("x", "width"), ("y", "height"))
    )
    assert ink(page)[int(y), int(x)] == 255  # the cursor lies over what it drew
    assert 0 < x < 250


# From where to where a name and its bar go; a bar of no length lies where it would begin.
ENDS = """(rows) => rows.map((row) => [".pad-name", ".pad-fill"].map((part) => {
  const { left, right } = row.querySelector(part).getBoundingClientRect();
  return [left, right];
}))"""
TURNED = [
    "rotate(90deg)",
    "rotate(-20deg)",
    "scaleX(-1)",
    "scale(0.7, 0.5)",
    "skewX(20deg) rotate(180deg)",
]


@pytest.mark.parametrize("turned", TURNED)
def test_a_stroke_lands_under_the_pointer_however_the_page_is_turned(page, turned):
    """One line over the page, from where to where the sheet's points lie, seen from outside."""
    page.evaluate("(how) => { document.querySelector('main').style.transform = how; }", turned)
    page.evaluate("document.querySelector('main').style.transformOrigin = '400px 300px'")
    at = page.evaluate(WHERE, [[30, 20], [30, 80], [60, 80]])
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()
    painted(page)
    drawn = ink(page)
    rows, columns = np.nonzero(drawn > 127)
    bounds = [columns.min(), columns.max(), rows.min(), rows.max()]
    expected = [2.8 * 30 - 11, 2.8 * 60 + 11, 2.8 * 20 - 11, 2.8 * 80 + 11]
    np.testing.assert_allclose(bounds, expected, atol=3)
    assert drawn[int(2.8 * 50), int(2.8 * 30)] == 255 and drawn[int(2.8 * 50), int(2.8 * 60)] == 0


# Where points of the sheet, in hundredths, are shown: of an element put there, moved by the same transformation.
WHERE = """(points) => points.map(([x, y]) => {
  const point = document.createElement("i");
  point.style.cssText = `position: absolute; left: ${x}%; top: ${y}%; width: 0; height: 0`;
  document.querySelector(".pad-sheet").append(point);
  const { left, top } = point.getBoundingClientRect();
  point.remove();
  return [left, top];
})"""


# ---------------------------------------------------------------- while there is no pad yet, or can't be one

WAITING = "The drawing pad is on its way."


@pytest.mark.parametrize(
    "policy",
    ["default-src 'self'", "default-src 'none'", "script-src 'self'; connect-src 'none'"],
)
def test_a_strict_policy_gets_a_message(browser, static_site, policy):
    page = browser.new_page()
    headers = {"content-security-policy": policy}

    def answer(route):
        got = route.fetch()
        route.fulfill(response=got, headers=got.headers | headers)

    page.route(static_site.address, answer)
    page.goto(static_site.address)
    page.wait_for_load_state("load")
    told = page.locator("#pad").inner_text()
    assert told.startswith(WAITING) and "a policy of the server" in told
    page.close()


def test_without_a_script_the_page_says_what_it_needs(browser, static_site):
    page = browser.new_page(java_script_enabled=False)
    page.goto(static_site.address)
    assert "JavaScript is switched off" in page.locator("#pad").inner_text()
    page.close()


def test_a_page_without_its_module_says_what_is_missing(browser, static_site):
    page = browser.new_page()
    page.route("**/pad.mjs", lambda route: route.fulfill(status=404))
    page.goto(static_site.address)
    page.get_by_text("It needs pad.mjs and digits.safetensors").wait_for()
    page.unroute_all()
    page.get_by_text("Try again").click()
    page.wait_for_selector(".pad-canvas")
    page.close()


def test_one_file_says_what_its_policy_forbids(browser, static_site):
    """The book's page, where scripts inside it may run, and modules of its own making not."""
    page = browser.new_page()
    policy = "script-src 'unsafe-inline'"
    content = inlining.inlined(SHIPPED.read_bytes())
    page.route(
        static_site.address,
        lambda route: route.fulfill(
            body=content, headers={"content-security-policy": policy, "content-type": "text/html"}
        ),
    )
    page.goto(static_site.address)
    page.get_by_text("The drawing pad could not start").wait_for()
    page.close()


def test_weights_are_waited_for_and_asked_for_again(browser, static_site):
    """The place says so, and that they don't come; after another try the pad draws, and the page has its words."""
    page = browser.new_page()
    held, classes = [], ["cat", "dog"]
    page.route("**/digits.safetensors", lambda route: held.append(route))

    def answer(**how):
        page.get_by_text(WAITING, exact=True).wait_for()
        assert page.locator(".pad-told[role=status]").count() == 1
        while not held:
            page.wait_for_timeout(10)
        held.pop().fulfill(**how)

    _, content = weights_file(3, classes=classes)
    refused = "expected a digitlib weights file: it is cut short or something else, at"
    wrong = [
        ({"status": 503}, "no weights: digits.safetensors gave 503"),
        ({"body": content[:-8]}, f"{refused} {len(content) - 8} bytes"),
    ]
    with failures(page) as errors:
        page.goto(static_site.address)
        for how, why in wrong:
            answer(**how)
            told = f"The drawing pad could not start ({why})."
            page.get_by_text(told, exact=True).wait_for()
            assert page.locator("[role=alert]").count() == 1
            page.get_by_role("button", name="Try again").click()
        answer(body=content)
        page.get_by_role("heading", name="Draw something").wait_for()
    assert errors == [why for _, why in wrong]
    assert page.locator(".pad-name").all_inner_texts() == classes
    page.close()
