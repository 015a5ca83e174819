"""How a visitor draws on a pad in a browser: with the mouse, with a finger, by keys."""

from itertools import pairwise

SIDE = 100  # of the square in which the strokes are given
MOVES = 4  # from one point of a stroke to the next: as many as a quick hand makes
PHONE = {
    "viewport": {"width": 390, "height": 700},
    "has_touch": True,
    "is_mobile": True,
}
# From the middle of the sheet's upper quarter.
BY_KEYS = {
    1: "Space Shift+ArrowDown Shift+ArrowDown Shift+ArrowDown Shift+ArrowDown Space",
    7: "Shift+ArrowLeft Space Shift+ArrowRight Shift+ArrowRight "
    + "End " * 4
    + "ArrowDown End " * 4
    + "Space",
}


def places(page, points):
    """Where points of the sheet lie in the window; ``page`` may be a frame."""
    box = page.locator(".pad-canvas").bounding_box()
    return [
        (box["x"] + x * box["width"] / SIDE, box["y"] + y * box["height"] / SIDE) for x, y in points
    ]


def stroke(page, points, watch=lambda: None, frame=None):
    """Draw one stroke with the mouse, calling ``watch`` after each piece of it."""
    first, *rest = places(frame or page, points)
    page.mouse.move(*first)
    page.mouse.down()
    for place in rest:
        page.mouse.move(*place, steps=MOVES)
        watch()
    page.mouse.up()


def painted(page):
    """Wait for the next frame, in which the pad says what it sees now; ``page`` may be a frame."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => done()))")


def swipe(page, path):
    """Move a finger along a path, in small steps."""
    touch = page.context.new_cdp_session(page)
    steps = [path[0]]
    for (x0, y0), (x1, y1) in pairwise(path):
        shares = [k / MOVES for k in range(1, MOVES + 1)]
        steps += [(x0 + (x1 - x0) * k, y0 + (y1 - y0) * k) for k in shares]
    for i, (x, y) in enumerate(steps):
        points = [{"x": x, "y": y}]
        kind = "touchMove" if i else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def press(page, keys):
    """Press keys, one after another, given by their names."""
    for key in keys.split():
        page.keyboard.press(key)
