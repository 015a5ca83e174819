"""What a chapter asks of a learner's machine: ``python benchmarks/classroom.py [NAME …]``, on Linux, alone on it.

Each chapter, or each that is named such as ``03-train``, runs from top to bottom in a kernel of its own with one
thread, in an empty folder. The table goes to the screen and, where all ran, to ``benchmarks/classroom.md``, which the
page for those who teach shows.
"""

import os
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient

import bench
from digitlib.files import write_whole
from tables import table

BOOK = Path(__file__).parents[1] / "book"
# The kernel's own word for the most memory that it ever held, without processes that it started.
ASK = """import re
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])"""
HEAD = ["chapter", "seconds", "peak memory, MB"]
SETTINGS = {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}


def main(names: list[str]) -> None:
    """Run the chapters, print the table, and write it if it is whole."""
    os.environ |= SETTINGS
    rows = []
    for name in names or sorted(path.stem for path in BOOK.glob("[0-9]*.ipynb")):
        notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
        seconds, peak = run(notebook)
        rows.append([title(notebook, name), round(seconds), f"{peak:,.0f}"])
        print(*rows[-1], sep=" | ", flush=True)
    text = "\n".join(
        [
            "# What a chapter asks of a learner's machine",
            "",
            f"Measured on {date.today()} by `python benchmarks/classroom.py`, with one thread: {bench.processor()}, "
            f"torch {version('torch')}. Seconds from the kernel's start to the last cell, MNIST being at hand; memory "
            "of the kernel alone, without JupyterLab, the browser and what else runs.",
            "",
            *table(HEAD, rows),
        ]
    )
    print(text)
    if not names:
        write_whole(Path(__file__).with_name("classroom.md"), (text + "\n").encode())


def title(notebook: nbformat.NotebookNode, name: str) -> str:
    """A chapter's number and the line that it opens with."""
    return f"{int(name[:2])} {notebook.cells[0].source.partition(chr(10))[0].removeprefix('# ')}"


def run(notebook: nbformat.NotebookNode) -> tuple[float, float]:
    """Run a notebook's cells in a fresh kernel: the seconds, and the kernel's peak memory in MB of a million bytes."""
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=900,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
        )
        start = time.perf_counter()
        client.execute()
        seconds = time.perf_counter() - start
    return seconds, 1_024 * int(notebook.cells[-1].outputs[0].text) / 1e6


if __name__ == "__main__":
    main(sys.argv[1:])
