"""Visit pages in a browser and print what keeps anybody out of them: ``python book/_ext/visiting.py FOLDER …``.

Each page is opened once and seen on a phone and on a laptop, light and dark. What axe-core finds is printed, of any
impact, and what the console says; then whether the page is wider than a screen, down to a small phone's, and a laptop's
whose reader has doubled all sizes. The exit status is 0 where there was nothing to print.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from servers import launch, listening  # noqa: E402

WIDTHS = (1280, 390)
NARROW = (640, 320)
"""Half a laptop's width, and the smallest phone's."""
ASKING = AXE_SCRIPT + (ROOT / "book" / "_ext" / "visiting.js").read_text("utf-8")


def visit(page: Page, address: str, parts: str = "") -> Iterator[str]:
    """What is wrong with the page at an address, or with some parts of its text, in each of the four settings."""
    told: list[str] = []

    def listen(message) -> None:
        if message.type in ("error", "warning"):
            told.append(message.text)

    def complain(error) -> None:
        told.append(str(error))

    page.on("console", listen)
    page.on("pageerror", complain)
    page.goto(address)
    page.evaluate(ASKING)
    page.evaluate("wake()")
    if parts:
        page.evaluate("keep", parts)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = page.evaluate("faults()")
            yield from (f"{width} {scheme}: {fault}" for fault in found)
    for width in (*WIDTHS, *NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        yield from page.evaluate("wider()")
    page.remove_listener("console", listen)
    page.remove_listener("pageerror", complain)
    yield from (f"console: {line}" for line in told)


def stays(path: Path) -> bool:
    """Whether a page is there to be read, and doesn't lead to another by itself."""
    return 'http-equiv="refresh"' not in path.read_text("utf-8")[:1000].lower()


def main(folders: list[str]) -> None:
    """Visit every page of some folders."""
    count = faults = 0
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for folder in map(Path, folders):
            with listening(folder) as address:
                for path in filter(stays, sorted(folder.rglob("*.html"))):
                    page = browser.new_page()
                    for fault in visit(page, address + path.relative_to(folder).as_posix()):
                        print(f"{path}: {fault}", flush=True)
                        faults += 1
                    page.close()
                    count += 1
        browser.close()
    print(f"{count} pages, {faults} faults")
    if faults or not count:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
