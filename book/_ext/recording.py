"""Record the pad in a real browser while digits are drawn on it: ``python book/_ext/recording.py``.

Writes ``book/_static/pad.webp``, the animation that the README shows, and ``book/_static/pad.png``, the still picture
of its first digit.
"""

import io
import math
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from digitlib.files import write_whole

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from drawings import STROKES  # noqa: E402
from gestures import places  # noqa: E402
from servers import launch, served  # noqa: E402

STATIC = ROOT / "book" / "_static"
DIGITS = (4, 7, 2)
SIZE = {"width": 680, "height": 900}
FRAME = 70  # milliseconds
PIECE = 16  # pixels of a stroke from one picture to the next


def main() -> None:
    """Serve the pad, draw, and write both pictures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(folder) as site,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
        page.goto(site.address)
        page.wait_for_selector(".pad-canvas")
        parts = [drawn(page, digit) for digit in DIGITS]
        browser.close()
    frames = [frame for part in parts for frame in part]
    movie, still = io.BytesIO(), io.BytesIO()
    frames[0].save(
        movie,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=FRAME,
        loop=0,
        quality=70,
        method=6,
    )
    write_whole(STATIC / "pad.webp", movie.getvalue())
    parts[0][-1].save(still, "PNG", optimize=True)
    write_whole(STATIC / "pad.png", still.getvalue())
    print(f"{len(frames)} pictures, {len(movie.getvalue()):,} bytes")


def drawn(page: Page, digit: int) -> list[Image.Image]:
    """Draw one digit with the mouse on a cleared pad, and return what was seen, a picture for each piece of it."""
    page.get_by_role("button", name="Clear").click()
    frames = [seen(page)]
    for points in STROKES[digit]:
        path = places(page, points)
        page.mouse.move(*path[0])
        page.mouse.down()
        for (x0, y0), (x1, y1) in pairwise(path):
            pieces = max(1, round(math.dist((x0, y0), (x1, y1)) / PIECE))
            for k in range(1, pieces + 1):
                part = k / pieces
                page.mouse.move(x0 + part * (x1 - x0), y0 + part * (y1 - y0))
                page.wait_for_timeout(30)
                frames.append(seen(page))
        page.mouse.up()
    page.wait_for_timeout(300)
    return frames + [seen(page)] * 12  # a second to look at the answer


def seen(page: Page) -> Image.Image:
    """A picture of the page from its top to the samples."""
    last = page.locator(".pad-samples").bounding_box()
    height = round(last["y"] + last["height"] + 16)
    clip = {"x": 0, "y": 0, "width": SIZE["width"], "height": height}
    return Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")


if __name__ == "__main__":
    main()
