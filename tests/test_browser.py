"""The app as a visitor meets it: in a browser, drawn on with the mouse and with a finger."""

import socket
import subprocess
import sys
import time
import urllib.request
from itertools import pairwise

import pytest

from drawings import STROKES

SIDE = 100  # of the square in which the strokes are given


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The app, started by its command on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("app") / "log"
    with log.open("w") as file:
        command = [sys.executable, "-m", "digitlib.cli", "app", "--port", str(port)]
        server = subprocess.Popen(command, stdout=file, stderr=file)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            assert server.poll() is None, log.read_text()
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail(f"the app did not answer: {log.read_text()}")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture
def page(browser, address):
    page = browser.new_page(viewport={"width": 900, "height": 700})
    page.goto(address)
    page.wait_for_selector(".pad-canvas")
    yield page
    page.close()


def stroke(page, points, watch=lambda: None, steps=12):
    """Draw one stroke with the mouse, calling ``watch`` after each piece of it."""
    box = page.locator(".pad-canvas").bounding_box()
    places = [
        (box["x"] + x * box["width"] / SIDE, box["y"] + y * box["height"] / SIDE)
        for x, y in points
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=steps)
        page.wait_for_timeout(30)
        watch()
    page.mouse.up()


def guess(page):
    return page.locator(".pad-guess").inner_text()


@pytest.mark.parametrize("digit", STROKES)
def test_a_drawn_digit_is_named(page, digit):
    for points in STROKES[digit]:
        stroke(page, points)
    page.wait_for_selector(f".pad-guess[data-label='{digit}']", timeout=5000)
    assert guess(page) == f"This is a {digit}"
    shares = [
        int(text.split()[0]) for text in page.locator(".pad-percent").all_inner_texts()
    ]
    assert (
        len(shares) == 10
        and shares.index(max(shares)) == digit
        and 95 <= sum(shares) <= 105
    )


def test_the_bars_move_during_the_stroke(page):
    seen = []
    [points] = STROKES[3]
    stroke(
        page,
        points,
        watch=lambda: seen.append(
            tuple(page.locator(".pad-percent").all_inner_texts())
        ),
        steps=8,
    )
    assert len(set(seen)) >= 3


def test_a_blank_asks_for_a_digit_and_clear_goes_back_to_it(page):
    assert guess(page) == "Draw a digit"
    stroke(page, STROKES[1][0])
    page.wait_for_selector(".pad-guess[data-label='1']")
    page.get_by_role("button", name="Clear").click()
    page.wait_for_selector(".pad-guess[data-label='']")
    page.wait_for_timeout(300)  # an answer that was still under way must not come back
    assert guess(page) == "Draw a digit"


def test_a_finger_draws_on_a_phone(browser, address):
    phone = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = phone.new_page()
    page.goto(address)
    page.wait_for_selector(".pad-canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".pad-canvas").bounding_box()
    touch = phone.new_cdp_session(page)
    points = [
        (box["x"] + x * box["width"] / SIDE, box["y"] + y * box["height"] / SIDE)
        for x, y in STROKES[7][0]
    ]
    path = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        path += [
            (x0 + (x1 - x0) * k / 10, y0 + (y1 - y0) * k / 10) for k in range(1, 11)
        ]
    for kind, (x, y) in zip(
        ["touchStart"] + ["touchMove"] * (len(path) - 1), path, strict=True
    ):
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y}]},
        )
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_selector(".pad-guess[data-label='7']", timeout=5000)
    assert page.evaluate("window.scrollY") == 0
    phone.close()
