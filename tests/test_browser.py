"""The static pad as a visitor meets it: mouse, finger, keys, every button, and no request to anywhere else."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contrasts import contrast
from digitlib import data
from digitlib.classify import DigitClassifier
from digitlib.drawn import styles
from digitlib.preprocess import preprocess
from drawings import STROKES
from gestures import BY_KEYS, PHONE, painted, places, press, stroke, swipe
from pads import guess, ink, seen

BOOK = Path(__file__).parents[1] / "_build" / "html"
FRAME = 20  # milliseconds, one at least of the frames in which the pad answers


@pytest.fixture(scope="module")
def tabs(browser):
    """A computer's page, a phone's, and one whose clock runs only when a test moves it.

    They serve every test of the file: to make one takes longer than most tests.
    """
    pages = {name: browser.new_page() for name in ("computer", "held")}
    pages["phone"] = browser.new_page(**PHONE)
    pages["held"].clock.install(time=0)
    pages["held"].clock.pause_at(1000)
    yield pages
    for page in pages.values():
        page.close()


@pytest.fixture
def watched(tabs):
    """Opens an address in a page, and notes what is asked of anybody and what fails there."""
    visited, requests, errors = [], [], []

    def on_request(request):
        requests.append(request.url)

    def on_error(error):
        errors.append(str(error))

    def open_page(
        address,
        tab="computer",
        size=(900, 800),
        scheme="light",
        motion="no-preference",
    ):
        page = tabs[tab]
        visited.append(page)
        page.on("request", on_request)
        page.on("pageerror", on_error)
        if tab != "phone":
            page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme, reduced_motion=motion)
        page.goto(address)
        return page

    yield open_page, requests, errors
    for page in visited:
        page.mouse.up()
        page.unroute_all()
        page.remove_listener("request", on_request)
        page.remove_listener("pageerror", on_error)


@pytest.fixture
def visit(watched, static_site):
    """Opens the pad; afterwards nothing was asked of anybody else and nothing failed."""
    open_page, requests, errors = watched

    def open_pad(*tab, **options):
        page = open_page(static_site.address, *tab, **options)
        page.wait_for_selector(".pad-canvas")
        return page

    yield open_pad
    own = (static_site.address, "blob:", "data:")
    assert requests and [url for url in requests if not url.startswith(own)] == []
    assert errors == []


@pytest.fixture
def page(visit):
    return visit()


def wait_for_label(page, label):
    page.wait_for_selector(f".pad-guess[data-label='{label}']", timeout=5000)


def wait_for_guess(page, text):
    page.wait_for_function(
        "(text) => document.querySelector('.pad-guess').textContent === text", arg=text
    )


@pytest.mark.parametrize("digit", STROKES)
def test_a_drawn_digit_is_named(page, digit):
    for points in STROKES[digit]:
        stroke(page, points)
    painted(page)
    wait_for_label(page, digit)
    assert guess(page) == f"This is a {digit}"
    shares = [int(text.split()[0]) for text in page.locator(".pad-percent").all_inner_texts()]
    assert len(shares) == 10 and shares.index(max(shares)) == digit
    assert 95 <= sum(shares) <= 105
    assert DigitClassifier.load().classify(ink(page)).label == digit
    np.testing.assert_array_equal(seen(page), preprocess(ink(page)))


@pytest.mark.parametrize("name", styles.STYLES)
def test_a_digit_in_another_hand_is_named(page, name):
    """A 1 with a flag is no 7."""
    for line in styles.STYLES[name].lines:
        stroke(page, [(100 * x, 100 * y) for x, y in line])
    wait_for_label(page, styles.STYLES[name].digit)


def test_a_tap_is_a_dot(page):
    stroke(page, [(50, 50)])
    assert 350 <= np.count_nonzero(ink(page)) <= 450  # a circle of 22: 380


@pytest.mark.parametrize("taken", ["blur()", "releasePointerCapture(1)"])
def test_a_stroke_goes_on_when_focus_or_capture_is_taken(page, taken):
    """The mouse is pointer 1."""
    [points] = STROKES[3]
    take = f"document.querySelector('.pad-canvas').{taken}"
    stroke(page, points, watch=lambda: page.evaluate(take))
    wait_for_label(page, 3)


def test_a_stroke_goes_on_over_what_is_selected(page):
    """The browser would drag that along, and the pen would be gone after its first move."""
    page.evaluate("getSelection().selectAllChildren(document.body)")
    [points] = STROKES[3]
    stroke(page, points)
    wait_for_label(page, 3)


def test_the_bars_move_during_the_stroke(page):
    moved = []
    [points] = STROKES[3]
    bars = page.locator(".pad-percent")

    def watch():
        painted(page)
        moved.append(tuple(bars.all_inner_texts()))

    stroke(page, points, watch=watch)
    assert len(set(moved)) >= 3


@pytest.mark.parametrize("digit", [1, 3, 7])
def test_a_finger_draws_on_a_phone_and_the_page_stays(visit, digit):
    page = visit("phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.documentElement.scrollHeight") > 700
    for points in STROKES[digit]:
        swipe(page, places(page, points))
    wait_for_label(page, digit)
    assert page.evaluate("window.scrollY") == 0


def test_beside_the_sheet_a_finger_scrolls(visit):
    page = visit("phone")
    swipe(page, [(200, 650), (200, 300)])
    page.wait_for_function("window.scrollY > 0")


@pytest.mark.parametrize("digit", BY_KEYS)
def test_keys_draw_alone(visit, digit):
    page = visit("held")
    page.keyboard.press("Tab")
    assert page.locator(".pad-canvas:focus").count() == 1
    assert page.locator(".pad-cursor").is_visible()
    assert "Space" in page.locator(".pad-help").inner_text()
    press(page, BY_KEYS[digit])
    page.clock.run_for(FRAME)
    wait_for_label(page, digit)
    page.clock.run_for(1_000)
    spoken = page.locator(".pad-spoken").inner_text()
    assert spoken.startswith("Pen up, row ") and f"This is a {digit}, " in spoken
    assert page.locator(".pad-spoken[role=status]").count() == 1
    press(page, "Delete")
    page.clock.run_for(FRAME)
    wait_for_label(page, "")
    assert not ink(page).any()


def test_escape_lifts_the_pen_and_backspace_takes_back(page):
    press(page, "Tab Space ArrowDown Escape")
    drawn = ink(page)
    press(page, "ArrowRight ArrowRight")
    np.testing.assert_array_equal(ink(page), drawn)
    press(page, "Space ArrowDown Space")
    assert (ink(page) > 0).sum() > (drawn > 0).sum()
    press(page, "Control+z")
    np.testing.assert_array_equal(ink(page), drawn)
    press(page, "Backspace")
    assert not ink(page).any()


def test_the_live_region_waits_for_the_end(visit):
    """A screen reader hears one sentence, not each of the changes of a stroke."""
    page = visit("held")
    page.evaluate(
        """() => {
          window.heard = [];
          new MutationObserver(() => heard.push(document.querySelector(".pad-spoken").textContent))
            .observe(document.querySelector(".pad-spoken"), { childList: true });
        }"""
    )
    stroke(page, STROKES[2][0], watch=lambda: page.clock.run_for(600))
    assert page.locator(".pad-guess").get_attribute("data-label") == "2"
    assert page.evaluate("heard") == []
    page.clock.run_for(60_000)
    [sentence] = page.evaluate("heard")
    assert sentence.startswith("This is a 2, ") and sentence.endswith(" %")


def test_undo_takes_back_the_last_stroke(page):
    first, second = STROKES[4]
    stroke(page, first)
    drawn = ink(page)
    stroke(page, second)
    wait_for_label(page, 4)
    page.get_by_role("button", name="Undo").click()
    np.testing.assert_array_equal(ink(page), drawn)
    page.get_by_role("button", name="Undo").click()
    wait_for_label(page, "")
    assert not ink(page).any() and not seen(page).any()


def test_clear(page):
    assert guess(page) == "Draw a digit"
    stroke(page, STROKES[1][0])
    wait_for_label(page, 1)
    page.get_by_role("button", name="Clear").click()
    wait_for_label(page, "")
    assert guess(page) == "Draw a digit" and not ink(page).any()


def test_pen_width(page):
    widths = []
    for width in ("8", "40"):
        page.get_by_label("Pen").fill(width)
        stroke(page, STROKES[1][0])
        widths.append((ink(page)[140] > 127).sum())
        page.get_by_role("button", name="Clear").click()
    assert abs(widths[0] - 8) <= 1 and abs(widths[1] - 40) <= 1


def test_what_the_model_sees_follows_the_switch(page):
    small = [(x / 3 + 5, y / 3 + 5) for x, y in STROKES[7][0]]
    stroke(page, small)
    painted(page)
    images = {"mass": seen(page)}
    np.testing.assert_array_equal(images["mass"], preprocess(ink(page)))
    page.get_by_text("More", exact=True).click()
    for name, text in (("box", "bounding box"), ("plain", "plain resizing")):
        page.get_by_label(text).check()
        painted(page)
        images[name] = seen(page)
    assert images["plain"][14:].sum() == 0  # in its corner still
    assert images["box"].any(axis=1).sum() == images["mass"].any(axis=1).sum() == 20
    assert not np.array_equal(images["box"], images["mass"])
    page.get_by_label("as MNIST was made").check()
    painted(page)
    np.testing.assert_array_equal(seen(page), images["mass"])


@pytest.mark.parametrize("name", ["2", "7", "a small 5", "a scribble"])
@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_samples(visit, name, motion):
    """They draw themselves as a hand would, or at once where the reader wants no motion."""
    page = visit("held", motion=motion)
    page.get_by_role("button", name=name, exact=True).click()
    page.clock.run_for(5 * FRAME)
    begun = ink(page)
    page.clock.run_for(5_000)
    assert begun.any() and (begun == ink(page)).all() == (motion == "reduce")
    if name == "a scribble":
        wait_for_guess(page, "Not a digit, I think")
    else:
        wait_for_label(page, int(name[-1]))


def test_drawing_stops_a_sample(visit):
    page = visit("held")
    page.get_by_role("button", name="a scribble").click()
    page.clock.run_for(5 * FRAME)
    assert ink(page).any()
    page.get_by_role("button", name="Clear").click()
    page.clock.run_for(5_000)
    assert not ink(page).any()


def test_a_drawing_is_saved_as_png(page):
    stroke(page, STROKES[2][0])
    page.get_by_text("More", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as PNG").click()
    assert waiting.value.suggested_filename == "drawing.png"
    picture = np.asarray(Image.open(io.BytesIO(waiting.value.path().read_bytes())))
    np.testing.assert_array_equal(picture, ink(page))


def named(name):
    return lambda download: download.suggested_filename == name


def test_collected_drawings_are_read_back(page, tmp_path):
    page.get_by_text("More", exact=True).click()
    count = page.locator(".pad-count")
    page.get_by_role("button", name="Keep").click()
    assert count.inner_text() == "Draw a digit first."
    images = []
    for digit in (7, 1, 3):
        stroke(page, STROKES[digit][0])
        if not images:
            page.get_by_role("button", name="Keep").click()
            assert count.inner_text() == "Choose which digit it is first."
        images.append(preprocess(ink(page)))
        page.get_by_label("This is a").select_option(str(digit))
        page.get_by_role("button", name="Keep").click()
        assert not ink(page).any()
    assert count.inner_text() == "3 kept; the last is a 3."
    page.get_by_role("button", name="Drop last").click()
    assert count.inner_text() == "2 kept; the last is a 1."
    with (
        page.expect_download(named("drawings-images-idx3-ubyte")) as first,
        page.expect_download(named("drawings-labels-idx1-ubyte")) as second,
    ):
        page.get_by_role("button", name="Export").click()
    digits = data.read_idx(first.value.path(), second.value.path())
    assert digits.labels.tolist() == [7, 1]
    np.testing.assert_array_equal(digits.images.numpy(), images[:2])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_shows_in_both_schemes(visit, scheme):
    page = visit(scheme=scheme)
    style = "getComputedStyle(document.querySelector('{}')).{}"
    ground = page.evaluate(style.format("body", "backgroundColor"))
    assert (contrast(ground, "#fff") < 3) == (scheme == "light")
    for name in (".pad-guess", ".pad-percent", ".pad-clear", ".pad-seen figcaption"):
        colour = page.evaluate(style.format(name, "color"))
        assert contrast(colour, ground) >= 4.5


BOXES = """(controls) => controls.map((control) => {
  const { width, height } = control.getBoundingClientRect();
  return { width, height, text: control.innerText };
})"""


@pytest.mark.parametrize("width", [320, 390, 1600])
def test_it_fits_and_can_be_touched(visit, width):
    page = visit(size=(width, 800))
    page.get_by_text("More", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in page.locator(".pad-button, .pad-label, .pad summary").evaluate_all(BOXES):
        assert box["width"] >= 44 and box["height"] >= 44, box["text"]
    for box in page.locator(".pad-placement label, .pad-pen").evaluate_all(BOXES):
        assert box["height"] >= 44, box["text"]
    if width < 600:
        guess, field = (page.locator(name).bounding_box() for name in (".pad-guess", ".pad-canvas"))
        assert guess["y"] + guess["height"] < field["y"]  # no hand lies on it
        assert field["y"] + field["height"] < 800


@pytest.fixture
def read(watched):
    """Opens a page of the built book from the disk; afterwards nothing but the disk was asked."""
    if not BOOK.exists():
        pytest.skip("the book is not built; make book builds it")
    open_page, requests, errors = watched

    def open_chapter(name, *tab):
        page = open_page((BOOK / "book" / name).as_uri(), *tab, size=(1280, 720))
        page.wait_for_selector(".pad-frame[style*='px']")  # it took its page's height
        canvas = page.frame_locator(".pad-frame").locator(".pad-canvas")
        canvas.click(trial=True)  # in sight, still and on top
        return page, page.frames[1]

    yield open_chapter
    disk = (BOOK.as_uri(), "blob:", "data:")
    assert requests and [url for url in requests if not url.startswith(disk)] == []
    # The book's theme declares the constants of a tool that is not used here twice.
    assert [error for error in errors if "THEBE_JS_URL" not in error] == []


@pytest.mark.parametrize("name", ["index.html", "05-deploy.html"])
@pytest.mark.parametrize("digit", [2, 7])
def test_the_books_own_pages_name_a_digit(read, name, digit):
    page, frame = read(name)
    for points in STROKES[digit]:
        stroke(page, points, frame=frame)
    wait_for_label(frame, digit)


@pytest.mark.parametrize("name", ["index.html", "05-deploy.html"])
def test_a_finger_draws_in_the_book(read, name):
    page, frame = read(name, "phone")
    frame.locator(".pad-canvas").scroll_into_view_if_needed()
    before = page.evaluate("window.scrollY")
    swipe(page, places(frame, STROKES[3][0]))
    wait_for_label(frame, 3)
    assert page.evaluate("window.scrollY") == before


def test_keys_draw_in_the_book(read):
    page, frame = read("index.html")
    frame.locator(".pad-canvas").focus()
    press(page, BY_KEYS[7])
    wait_for_label(frame, 7)


def test_the_pad_says_when_it_was_ready(page):
    """Read by who measures; how long it takes is no matter of right and wrong."""
    marks = page.evaluate(
        "['pad-start', 'pad-ready'].map((name) => performance.getEntriesByName(name)[0].startTime)"
    )
    assert 0 < marks[0] < marks[1]


def test_a_scribble_is_no_digit(visit):
    page = visit("held")
    zigzag = [(10 + 80 * (i % 2), 8 + 6 * i) for i in range(15)]
    stroke(page, zigzag)
    page.clock.run_for(1_000)
    wait_for_guess(page, "Not a digit, I think")
    assert "Not a digit" in page.locator(".pad-spoken").inner_text()
    assert page.locator(".pad-best").count() == 0
