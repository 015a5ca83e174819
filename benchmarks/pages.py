"""What a phone waits for on the book's pages, after ``make book``: ``python benchmarks/pages.py [PAGE …]``.

Each page is opened five times, or once where no pad stands, with nothing kept from before, on an emulated mid-range
phone (390 by 844, four times slower than this machine) over slow 4G (1.6 Mbit/s down, 750 kbit/s up, 150 ms for each
request), from a server on this machine that compresses as web servers do. Where the pad stands, a finger draws a
one as soon as the field is there, again until it is answered. With ``--before`` a former build of the book takes turns
with this one on the pages with a pad. The tables go to the screen and, where all pages were opened, to
``benchmarks/pages.md``.
"""

import argparse
import contextlib
import gzip
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import ClassVar

from playwright.sync_api import Browser, Page, sync_playwright

import bench
from digitlib.files import write_whole
from drawings import STROKES
from gestures import PHONE, places, swipe
from servers import Quiet, launch, listening
from tables import spread, table

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
WITH_PAD = ("book/index", "book/05-deploy")
OPENED = 5  # times
OTHERS = 1  # a page without a pad
SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 200_000,
    "uploadThroughput": 93_750,
}
SLOWER = 4  # than this machine is the phone's processor
PACKED = (".html", ".css", ".js", ".json", ".svg", ".mjs")
PICTURES = (".png", ".webp", ".svg", ".jpg", ".gif", ".ico")
WEIGHTS = ("pad.html",)
"""Files that hold the weights, and little else."""
HEAD = [
    "page",
    "requests",
    "kB before pictures and weights",
    "kB of all",
    "s to text",
    "s to the first answer",
]
# When the pad first names a class.
LISTEN = """() => new MutationObserver(() => {
  if (document.querySelector(".pad-guess")?.dataset.label)
    window.answered ??= performance.timeOrigin + performance.now();
}).observe(document, { subtree: true, attributeFilter: ["data-label"] })"""
PATIENCE = 60  # seconds until a pad that says nothing is given up
TEXT = "performance.getEntriesByName('first-contentful-paint').at(0)?.startTime"


@dataclass
class Visit:
    """What one opening of a page cost.

    Attributes:
        sent: the files that were asked for, and the bytes of each as they went out.
        text: seconds to the first text.
        answer: seconds to the pad's first answer; None where no pad stands.
    """

    sent: list[tuple[str, int]] = field(default_factory=list)
    text: float = 0.0
    answer: float | None = None

    def bytes(self, without: tuple[str, ...] = ()) -> int:
        """Of the files whose names don't end so."""
        return sum(size for name, size in self.sent if not name.endswith(without))


class Compressing(Quiet):
    """Serves files as web servers do, compressed where that makes sense, and notes what it sent."""

    protocol_version = "HTTP/1.1"
    sent: ClassVar[list[tuple[str, int]]] = []

    def do_GET(self) -> None:
        """Send a file."""
        name = self.path.partition("?")[0]
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        content = path.read_bytes()
        self.send_response(200)
        if name.endswith(PACKED):
            content = gzip.compress(content, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.sent.append((name, len(content)))
        self.wfile.write(content)


@contextlib.contextmanager
def phone(browser: Browser) -> Iterator[Page]:
    """A page of a slow phone that keeps nothing."""
    context = browser.new_context(**PHONE | {"viewport": {"width": 390, "height": 844}})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page
    context.close()


def visit(browser: Browser, address: str, name: str) -> Visit:
    """Open a page and, where the pad stands, draw."""
    Compressing.sent.clear()
    made = Visit()
    with phone(browser) as page:
        page.goto(f"{address}{name}.html", wait_until="commit")
        if name in WITH_PAD:
            made.answer = first_answer(page)
        page.wait_for_load_state("load")
        page.wait_for_function(f"{TEXT} > 0")
        made.text = page.evaluate(TEXT) / 1_000
        made.sent = list(Compressing.sent)
    return made


def first_answer(page: Page) -> float:
    """Seconds until the pad names a digit to a finger that draws as soon as there is a field, again and again."""
    frame = page.wait_for_selector(".pad-frame", state="attached")
    frame.scroll_into_view_if_needed()
    pad = frame.content_frame()
    pad.wait_for_selector(".pad-canvas").scroll_into_view_if_needed()
    pad.evaluate(LISTEN)
    until = time.monotonic() + PATIENCE
    while not (answered := pad.evaluate("window.answered ?? null")):
        if time.monotonic() > until:
            raise TimeoutError(f"expected an answer of the pad within {PATIENCE} s, got none")
        swipe(page, places(pad, STROKES[1][0]))
    return (answered - page.evaluate("performance.timeOrigin")) / 1_000


def row(name: str, visits: list[Visit]) -> list:
    """A page's line in a table; what it weighs is that of its shortest visit."""
    least = min(visits, key=lambda one: len(one.sent))
    weighed = [f"{least.bytes(without) / 1_000:.0f}" for without in (PICTURES + WEIGHTS, ())]
    answers = [one.answer for one in visits if one.answer is not None]
    times = [spread([one.text for one in visits], ".2f"), spread(answers, ".2f")]
    return [name, len(least.sent), *weighed, *times]


def measured(folders: dict[str, Path], names: list[str]) -> list[list]:
    """The lines of pages in each build of the book, which take turns."""
    rows = []
    with contextlib.ExitStack() as stack:
        browser = launch(stack.enter_context(sync_playwright()))
        stack.callback(browser.close)
        books = [
            (build, stack.enter_context(listening(folder, Compressing)))
            for build, folder in folders.items()
        ]
        for name in names:
            turns = [
                [visit(browser, at, name) for _, at in books]
                for _ in range(OPENED if name in WITH_PAD else OTHERS)
            ]
            for (build, _), visits in zip(books, zip(*turns, strict=True), strict=True):
                rows.append(row(f"{name}{build}", list(visits)))
                print(*rows[-1], sep=" | ", flush=True)
    return rows


def main(names: list[str], before: Path | None) -> None:
    """Open every page and write the tables, or open the named ones and print theirs."""
    chosen = names or [
        path.relative_to(HTML).with_suffix("").as_posix() for path in sorted(HTML.rglob("*.html"))
    ]
    text = ["# What a phone waits for", "", *said()]
    if before:
        shown = [name for name in WITH_PAD if name in chosen]
        text += ["", *table(HEAD, measured({", before": before, "": HTML}, shown))]
        chosen = [name for name in chosen if name not in shown]
    text += ["", *table(HEAD, measured({"": HTML}, chosen))]
    if not names:
        write_whole(Path(__file__).with_suffix(".md"), "\n".join([*text, ""]).encode())


def said() -> list[str]:
    """How it was measured."""
    machine = (
        f"{bench.processor()}, {os.cpu_count()} cores, with a load of {os.getloadavg()[1]:.1f}"
    )
    return [
        f"Measured on {date.today()} by `python benchmarks/pages.py`, each page {OPENED} times, or once where no "
        f"pad stands, server and browser on one machine: {machine} when it began. The phone is emulated: 390 by 844, "
        f"a processor {SLOWER} times slower than that one, 1.6 Mbit/s down, 150 ms for a request. Sizes are as sent, "
        "compressed; pictures that come when one gets there are not among them. "
        'A row with "before" is of a former build.',
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "pages", nargs="*", metavar="PAGE", help="such as book/index; all, if none is given"
    )
    parser.add_argument("--before", type=Path, metavar="BUILT", help="a former build of the book")
    given = parser.parse_args()
    main(given.pages, given.before)
