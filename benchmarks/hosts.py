"""The pad in each of its hosts, in a real browser: ``python benchmarks/hosts.py [HOST …]``, after ``make book``.

In each host ten digits are drawn with the mouse, one with keys and, on a phone's screen, three with a finger. The
table goes to the screen and to ``benchmarks/hosts.md``. JupyterLab takes part where ``jupyter-lab`` can be started.
"""

import contextlib
import json
import os
import shutil
import sys
import tempfile
from datetime import date
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
from playwright.sync_api import sync_playwright

import bench
from clients import visits
from digitlib.files import write_whole
from drawings import STROKES, draw
from gestures import BY_KEYS, PHONE, places, press, stroke, swipe
from servers import launch, served, serving
from tables import spread, table

ROOT = Path(__file__).parents[1]

WIDE = {"viewport": {"width": 1280, "height": 900}}
FINGER = (1, 3, 7)
OPENED = 5  # times, to see how long the pad takes
HEAD = ["host", "by mouse", "by finger", "by keys", "ready, ms"]
HEAD += ["answers in a second", "pointer-up to label, ms", "asked elsewhere"]

# Notes when the guess or a bar changes, and when the pointer goes up.
WATCH = """() => {
  window.changes = [];
  const note = () => changes.push(performance.now());
  const how = { childList: true, characterData: true, subtree: true };
  const observer = new MutationObserver(note); // told once for all that an answer changes
  for (const name of [".pad-guess", ".pad-bars"]) observer.observe(document.querySelector(name), how);
  addEventListener("pointerup", () => { window.up = performance.now(); }, true);
}"""
READY = (
    "['pad-start', 'pad-ready'].map((name) => performance.getEntriesByName(name).at(-1).startTime)"
)
# 200 predictions from the canvas of 280 x 280 on, the preparation included; the first 20 warm up.
PREDICT = """async () => {
  const pad = await import(new URL("pad.mjs", location));
  const network = pad.readWeights(await (await fetch("digits.safetensors")).arrayBuffer());
  const { data } = document.querySelector(".pad-canvas").getContext("2d").getImageData(0, 0, 280, 280);
  const levels = Uint8Array.from({ length: 280 * 280 }, (_, i) => data[4 * i]);
  const times = [];
  for (let i = 0; i < 220; i++) {
    const start = performance.now();
    pad.classify(network, pad.preprocess(levels, 280, 280));
    times.push(performance.now() - start);
  }
  return times.slice(20);
}"""


@contextlib.contextmanager
def book():
    """The built book's landing page, from the disk."""
    page = ROOT / "_build" / "html" / "book" / "index.html"
    if not page.exists():
        raise FileNotFoundError(f"{page}: no such file; make book makes it")
    yield page.as_uri()


@contextlib.contextmanager
def static():
    """The folder of a static Space."""
    with tempfile.TemporaryDirectory() as folder, served(folder) as site:
        yield site.address


@contextlib.contextmanager
def gradio():
    """The app."""
    command = [sys.executable, "-m", "digitlib", "app", "--port", "{port}"]
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder, "log"), command) as url,
    ):
        yield url


CELLS = ["from digitlib.hosts.notebook import DigitPad\npad = DigitPad()\npad"]
CELLS += ["pad.prediction['label'], pad.image.shape"]


@contextlib.contextmanager
def jupyterlab():
    """A notebook of two cells, with this environment's kernel and widgets."""
    with tempfile.TemporaryDirectory() as folder:
        cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
        spec = {"name": "digits", "display_name": "digits", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
        nbformat.write(notebook, Path(folder, "pad.ipynb"))
        kernel = Path(folder, "kernels", "digits")
        kernel.mkdir(parents=True)
        start = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (kernel / "kernel.json").write_text(json.dumps(spec | {"argv": start}))
        paths = [folder, str(Path(sys.prefix, "share", "jupyter"))]
        environment = {**os.environ, "JUPYTER_PATH": os.pathsep.join(paths)}
        command = [
            "jupyter-lab",
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port={port}",
        ]
        command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"]
        with serving(Path(folder, "log"), command, env=environment) as url:
            yield f"{url}/lab/tree/pad.ipynb?reset"


HOSTS = {"book, from a file": book, "static folder": static, "Gradio": gradio}
if shutil.which("jupyter-lab"):
    HOSTS["JupyterLab"] = jupyterlab


def main(names: list[str]) -> None:
    """Draw in every host and write the table, or draw in the named ones and print it."""
    rows, lines = [], []
    with sync_playwright() as playwright:
        browser = launch(playwright)
        chromium = browser.version
        for name in names or HOSTS:
            with HOSTS[name]() as url:
                rows.append([name, *measured(browser, url, name)])
                print(rows[-1], flush=True)
                if name == "static folder":
                    lines.append(predicting(browser, url))
                if name == "Gradio":
                    lines.append(besieged(url))
        browser.close()
    text = "\n".join(
        [
            "# The pad in its hosts",
            "",
            f"Measured on {date.today()} by `python benchmarks/hosts.py`, servers and Chromium {chromium} on one "
            f"machine without a GPU: {bench.processor()}, {os.cpu_count()} cores.",
            "",
            *table(HEAD, rows),
            "",
            *lines,
        ]
    )
    print(text)
    if not names:
        write_whole(Path(__file__).with_name("hosts.md"), (text + "\n").encode())


def measured(browser, url: str, name: str) -> list[str]:
    """A row of the table, without the host's name."""
    requests: list[str] = []
    ready = []
    for _ in range(OPENED):
        page, pad = opened(browser, url, WIDE, requests)
        ready.append(np.diff(pad.evaluate(READY))[0])
        if len(ready) < OPENED:
            page.context.close()
    pad.evaluate(WATCH)
    right, late = 0, []
    for digit, strokes in STROKES.items():
        label, milliseconds = drawn(page, pad, strokes)
        right += label == str(digit)
        late.append(milliseconds)
        if name == "JupyterLab" and digit == 9:
            print(in_python(page))
        emptied(page, pad)
    updates = updates_of_a_stroke(page, pad)
    emptied(page, pad)
    pad.locator(".pad-canvas").focus()
    press(page, BY_KEYS[7])
    page.wait_for_timeout(500)
    by_keys = said(pad) == "7"
    page.context.close()
    touched = "-"
    if name != "JupyterLab":  # no front end for a phone
        page, pad = opened(browser, url, PHONE, requests)
        touched = f"{sum(by_finger(page, pad, digit) for digit in FINGER)} of {len(FINGER)}"
        page.context.close()
    own = url.rpartition("/book/")[0] if url.startswith("file:") else "/".join(url.split("/")[:3])
    strange = {
        u
        for u in requests
        if not u.startswith((own, own.replace("http", "ws", 1), "blob:", "data:"))
    }
    if strange:
        print("elsewhere:", sorted(strange))
    return [
        f"{right} of {len(STROKES)}",
        touched,
        "1 of 1" if by_keys else "0 of 1",
        spread(ready, ".0f"),
        f"{updates}",
        spread(late, ".0f"),
        f"{len(strange)} of {len(requests)}",
    ]


def opened(browser, url: str, screen: dict, requests: list[str]):
    """A page in a context of its own, and what holds the pad: the page or a frame in it."""
    page = browser.new_context(**screen).new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.goto(url)
    if "/lab/" in url:
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
    for turn in range(300):
        if "/lab/" in url and turn % 50 == 10:  # and again if no kernel was there yet
            page.locator(".jp-CodeCell").first.click()
            page.keyboard.press("Control+Enter")
        for frame in page.frames:
            if frame.locator(".pad-canvas").count():
                frame.locator(".pad-canvas").scroll_into_view_if_needed()
                page.wait_for_timeout(500)
                # It lies still, and on top: a host may veil it while it loads.
                frame.locator(".pad-canvas").click(trial=True)
                return page, frame
        page.wait_for_timeout(200)
    raise TimeoutError(f"{url}: no pad")


def drawn(page, pad, strokes) -> tuple[str, float]:
    """Draw with the mouse; the label, and the milliseconds from the last pointer-up to the last change."""
    pad.evaluate("window.changes.length = 0")
    for points in strokes:
        stroke(page, points, frame=pad)
    page.wait_for_timeout(500)
    changes, up = pad.evaluate("[changes, up]")
    return said(pad), changes[-1] - up if changes and changes[-1] > up else 0.0


def updates_of_a_stroke(page, pad) -> int:
    """How often the bars moved while a 3 was drawn in about a second."""
    path = places(pad, STROKES[3][0])
    pad.evaluate("window.changes.length = 0")
    page.mouse.move(*path[0])
    page.mouse.down()
    start = pad.evaluate("performance.now()")
    for (x0, y0), (x1, y1) in pairwise(path):
        for k in range(1, 11):
            page.mouse.move(x0 + (x1 - x0) * k / 10, y0 + (y1 - y0) * k / 10)
            page.wait_for_timeout(12)
    changes = pad.evaluate("changes")
    page.mouse.up()
    return sum(start <= change < start + 1000 for change in changes)


def by_finger(page, pad, digit: int) -> bool:
    """Draw with a finger; the page must not scroll."""
    # Clear of whatever the host keeps at the edges of its window.
    pad.evaluate("document.querySelector('.pad-canvas').scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(300)
    before = page.evaluate("window.scrollY")
    for points in STROKES[digit]:
        swipe(page, places(pad, points))
    page.wait_for_timeout(500)
    right = said(pad) == str(digit) and page.evaluate("window.scrollY") == before
    emptied(page, pad)
    return right


def said(pad) -> str:
    """The label that the pad shows; empty for none."""
    return pad.locator(".pad-guess").get_attribute("data-label")


def emptied(page, pad) -> None:
    """Clear the sheet, and wait for what that changes."""
    pad.get_by_role("button", name="Clear").click()
    page.wait_for_timeout(300)


def in_python(page) -> str:
    """What the notebook's second cell says of the drawing."""
    cell = page.locator(".jp-CodeCell").nth(1)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    cell.locator(".jp-OutputArea-output").wait_for()
    return f"in Python: {cell.locator('.jp-OutputArea-output').inner_text()}"


def predicting(browser, url: str) -> str:
    """A sentence about the time of a prediction in the browser."""
    page, pad = opened(browser, url, WIDE, [])
    stroke(page, STROKES[8][0], frame=pad)
    times = page.evaluate(PREDICT)
    page.context.close()
    return (
        "A prediction in the browser, from the drawing of 280 x 280 on, takes "
        f"{spread(times, '.2f')} ms, {len(times)} times asked."
    )


def besieged(url: str) -> str:
    """A sentence about 200 requests to the API, from 20 clients at once."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = {digit: Path(folder, f"{digit}.png") for digit in STROKES}
        for digit, path in pictures.items():
            draw(digit).save(path)
        answers = visits(url, pictures)
    times = np.array([seconds for _, seconds in answers])
    right = sum(right for right, _ in answers)
    p50, p99 = np.quantile(times, [0.5, 0.99])
    return (
        f"\nThe Gradio API was asked {len(answers)} times by 20 clients at once: {right} answers were right; half came "
        f"within {p50:.2f} s, 99 % within {p99:.2f} s, the upload included."
    )


if __name__ == "__main__":
    main(sys.argv[1:])
