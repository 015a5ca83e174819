"""How smoothly figures follow a finger, after ``make book``: ``python benchmarks/frames.py``.

Each slider of each figure is moved in every frame of the screen, to and fro, for two seconds, on an emulated phone
(390 by 844, four times slower than this machine). The table goes to the screen and to ``benchmarks/frames.md``.
"""

import contextlib
import os
import re
from datetime import date
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

import bench
from digitlib.files import write_whole
from gestures import PHONE
from pages import HTML, SLOWER
from servers import launch, listening
from tables import table

SECONDS = 2
LEAST = 30  # frames a second that a finger should see
HEAD = ["figure", "slider", "frames a second", "longest ms"]
FIGURE = re.compile(r'data-figure="([\w-]+)"')
# Moves a slider once in each frame, and notes when frames come.
MOVE = """([input, seconds]) => new Promise((done) => {
  const [low, high] = [Number(input.min), Number(input.max)];
  const times = [];
  const go = (now) => {
    times.push(now);
    if (now - times[0] > 1000 * seconds) return done(times);
    const before = input.value;
    input.value = low + (high - low) * (0.5 + 0.5 * Math.sin(times.length / 10));
    if (input.value !== before) input.dispatchEvent(new Event("input", { bubbles: true })); // as a browser tells
    requestAnimationFrame(go);
  };
  requestAnimationFrame(go);
})"""


def moved(browser: Browser, address: str, chapter: str, name: str) -> list[list]:
    """A row for each slider of a figure."""
    context = browser.new_context(**PHONE | {"viewport": {"width": 390, "height": 844}})
    page = context.new_page()
    page.goto(f"{address}{chapter}")
    place = page.locator(f"[data-figure={name}]")
    place.scroll_into_view_if_needed()
    page.wait_for_selector(f"[data-figure={name}][data-live]")
    page.wait_for_load_state("networkidle")
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    rows = []
    for slider in place.locator("input[type=range]:visible").all():
        slider.scroll_into_view_if_needed()
        times = page.evaluate(MOVE, [slider.element_handle(), SECONDS])
        waits = [later - sooner for sooner, later in pairwise(times)]
        label = slider.get_attribute("aria-label")
        rows.append([name, label, f"{1000 * len(waits) / sum(waits):.0f}", f"{max(waits):.0f}"])
        print(*rows[-1], sep=" | ", flush=True)
    context.close()
    return rows


def main() -> None:
    """Move every slider and write the table."""
    rows = []
    with contextlib.ExitStack() as stack:
        browser = launch(stack.enter_context(sync_playwright()))
        stack.callback(browser.close)
        address = stack.enter_context(listening(HTML))
        for path in sorted((HTML / "book").glob("*.html")):
            for name in FIGURE.findall(path.read_text("utf-8")):
                rows += moved(browser, address, f"book/{path.name}", name)
    machine = (
        f"{bench.processor()}, {os.cpu_count()} cores, with a load of {os.getloadavg()[1]:.1f}"
    )
    said = (
        f"Measured on {date.today()} by `python benchmarks/frames.py` on {machine} when it ended. Each slider moves in "
        f"every frame for {SECONDS} seconds; the phone is emulated, {SLOWER} times slower than that. The screen shows "
        f"60 frames a second, and a finger should see {LEAST}."
    )
    text = ["# How smoothly figures follow a finger", "", said, "", *table(HEAD, rows), ""]
    write_whole(Path(__file__).with_suffix(".md"), "\n".join(text).encode())


if __name__ == "__main__":
    main()
