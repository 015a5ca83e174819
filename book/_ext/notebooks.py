"""Make the book's notebooks from their text, or measure the ledger's figures anew.

    python book/_ext/notebooks.py make [NAME …]
    python book/_ext/notebooks.py results [--write | --join] [NAME …]

A notebook is always made whole: converted, executed from top to bottom, then written.

An entry with a tolerance keeps what each kind of processor gave, the lowest and the highest, as ``processors``; the
tolerance covers them all. ``--write`` knows one kind, this machine's. The others' stay where this kind gives nothing
that it hadn't given before, so that the figure is still the same one; else they go, and ``--join`` on such a machine
brings them back.
"""

import argparse
import base64
import io
import json
import os
import platform
import re
import sys
import tempfile
from contextlib import suppress
from itertools import chain
from pathlib import Path
from unittest import mock

import jupytext
import nbformat
import torch
from nbclient import NotebookClient
from PIL import Image

from digitlib.book import eyes
from digitlib.book.entries import entries
from digitlib.book.ledger import agrees, measured_now, write
from digitlib.data import VALID_SIZE
from digitlib.files import write_whole
from digitlib.show import VIEW
from digitlib.weights import SHIPPED, TINY, checksum

BOOK = Path(__file__).parents[1]
SEEDS = (1, 2, 3, 4)  # besides 0
# How a chapter loads the weights that come with the package or the project.
LOADED = {
    "export.load_model()": SHIPPED,
    "DigitClassifier.load()": SHIPPED,
    "weights.TINY": TINY,
    "search.weights()": BOOK.parent / "benchmarks" / "record.safetensors",
    "eyes.load()": eyes.WEIGHTS,
}
# The same sums in another order: as on a processor without wide instructions, and as on one without the widest.
OLD_PROCESSOR = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
}
COMMON_PROCESSOR = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}
# What the figures of record and the stored notebooks are made with, on any number of cores.
THREADS = {"OMP_NUM_THREADS": "2"}
# Besides this machine with those.
MACHINES = (
    {"OMP_NUM_THREADS": "1"},
    {"OMP_NUM_THREADS": "4"},
    OLD_PROCESSOR,
    COMMON_PROCESSOR,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    for run in (make, results):
        command = commands.add_parser(run.__name__, help=run.__doc__)
        command.add_argument(
            "names",
            nargs="*",
            metavar="NAME",
            help="such as 03-train; all if none is given",
        )
        command.set_defaults(run=run)
    recording = command.add_mutually_exclusive_group()
    recording.add_argument(
        "--write",
        action="store_true",
        help="measure tolerances and spreads too, write the ledger",
    )
    recording.add_argument(
        "--join",
        action="store_true",
        help="let tolerances take in this kind of processor too, and record nothing else",
    )
    command.add_argument(
        "--dataset", choices=VALID_SIZE, action="append", help="both if none is given"
    )
    options = parser.parse_args(arguments)
    options.names = options.names or sorted(path.stem for path in (BOOK / "text").glob("[0-9]*.md"))
    return options.run(options)


def make(options) -> int:
    """Execute the text on MNIST and store the notebooks."""
    settings = {"DIGITLIB_CHECK": "1", "DIGITLIB_DATASET": "mnist", "TQDM_DISABLE": "1"}
    os.environ |= settings | THREADS
    for name in options.names:
        notebook = execute(read(name))
        write_whole(BOOK / f"{name}.ipynb", (nbformat.writes(notebook) + "\n").encode())
        print(f"made book/{name}.ipynb", flush=True)
    return 0


def read(name: str) -> nbformat.NotebookNode:
    """A chapter's text as a notebook without outputs; cells are named by their place, so that re-making is stable."""
    notebook = jupytext.read(BOOK / "text" / f"{name}.md")
    notebook.cells = list(chain.from_iterable(map(divided, notebook.cells)))
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02}"
    close_solutions(notebook)
    return notebook


def divided(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """A cell of text, cut before each lower heading, since Jupyter and Colab fold from a cell's first line."""
    if cell.cell_type != "markdown":
        return [cell]
    parts = re.split(r"\n+(?=#{3,4} )", cell.source)
    return [nbformat.v4.new_markdown_cell(part) for part in parts]


def close_solutions(notebook: nbformat.NotebookNode) -> None:
    """Let Jupyter and Colab show the sections named "Solution" closed, each in its own way."""
    closed = [
        cell for cell in notebook.cells if re.match(r"#+ Solution$", cell.source, re.MULTILINE)
    ]
    for cell in closed:
        cell.metadata |= {"jp-MarkdownHeadingCollapsed": True, "id": cell["id"]}
    if closed:
        notebook.metadata["colab"] = {"collapsed_sections": [cell["id"] for cell in closed]}


def execute(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Run all cells in a fresh kernel and keep what reads the same everywhere: no widget state, no versions."""
    client = NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(BOOK)}},
        record_timing=False,
        coalesce_streams=True,  # a busy machine sends what a cell prints in pieces
        store_widget_state=False,
    )
    client.execute()
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data.pop(
                    VIEW, None
                )  # a view without its kernel is an empty box; the picture stays
                if picture := output.data.get("image/png"):
                    output.data["image/png"] = smaller(picture)
    return notebook


def smaller(picture: str) -> str:
    """A PNG in base64 with 64 colours at most, which takes a third of the room in the repository and on the pages.

    Figures are drawn in a few colours and smoothed at their edges. Of bars, curves, digits and a matrix, fewer than one
    pixel in a thousand is off by more than 16 of 255 levels, on white. What has a palette stays as it is.
    """
    image = Image.open(io.BytesIO(base64.b64decode(picture)))
    if image.mode == "P":
        return picture
    few = image.convert("RGBA").quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.save(file, "PNG", optimize=True)
    made = base64.b64encode(file.getvalue()).decode()
    return min(made, picture, key=len)


def results(options) -> int:
    """Measure every figure of the ledger anew and print old, new and difference."""
    os.environ["TQDM_DISABLE"] = "1"
    ledger = {dataset: entries(dataset) for dataset in VALID_SIZE}
    disagreements = 0
    for dataset in options.dataset or VALID_SIZE:
        os.environ["DIGITLIB_DATASET"] = dataset
        for name in options.names:
            found = measure(name)
            for entry, told in found.items():
                disagreements += report(dataset, entry, ledger[dataset].get(entry), told)
            if options.write:
                trained = {key for part in ledger.values() for key in part if "spread" in part[key]}
                add(name, ledger[dataset], found, trained)
            if options.join:
                join(ledger[dataset], [found, *on_machines(name)], processor())
            if options.write or options.join:
                write(ledger)
    for name in slow(ledger):
        print(f"not measured here, too slow: {name}")
    print(f"{disagreements} outside their tolerance")
    return 1 if disagreements and not (options.write or options.join) else 0


def slow(ledger: dict[str, dict]) -> list[str]:
    """The entries that no chapter measures, each with the command that does."""
    return [
        f"{name} ({entry['command']})"
        for part in ledger.values()
        for name, entry in part.items()
        if not entry.get("command", "make results").startswith("make results")
    ]


def measure(name: str, seed: int = 0, machine: dict[str, str] | None = None) -> dict[str, dict]:
    """Run a chapter's text and collect what it hands to the ledger: by entry its ``value``, ``n``, ``effective``."""
    notebook = read(name)
    for cell in notebook.cells:
        cell["source"] = cell["source"].replace("SEED = 0", f"SEED = {seed}")
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as record:
        settings = {"DIGITLIB_RECORD": record.name} | THREADS | (machine or {})
        with mock.patch.dict(os.environ, settings):
            execute(notebook)
        lines = [json.loads(line) for line in record.read().decode().splitlines()]
    return {line.pop("name"): line for line in lines}


def on_machines(name: str) -> list[dict]:
    """What a chapter measures with other threads and instructions than this machine's."""
    return [measure(name, machine=machine) for machine in MACHINES]


def processor() -> str:
    """This machine's kind of processor: its maker and its widest instructions, such as ``"AMD AVX512"``."""
    maker = platform.machine()
    with suppress(OSError):  # another system than Linux
        about = Path("/proc/cpuinfo").read_text()
        if found := re.search(r"^vendor_id\s*:\s*(?:Authentic|Genuine)?(\S+)", about, re.MULTILINE):
            maker = found[1]
    return f"{maker} {torch.backends.cpu.get_cpu_capability()}"


def join(ledger: dict[str, dict], runs: list[dict], kind: str) -> None:
    """Let each tolerance take in what a kind of processor gave in several runs; none becomes narrower.

    Raises:
        ValueError: a figure of another number of digits, which is another figure.
    """
    for key, told in runs[0].items():
        entry = ledger.get(key, {})
        if "tolerance" not in entry:  # a claim, which holds or doesn't; or not recorded yet
            continue
        if told["n"] != entry["n"]:
            raise ValueError(f"expected {key} of {entry['n']} digits, as recorded, got {told['n']}")
        known = entry.setdefault("processors", {})
        known[kind] = ends([*known.get(kind, []), *(run[key]["value"] for run in runs)])
        wider = max(entry["tolerance"], tolerance(entry))
        if wider > entry["tolerance"]:
            print(f"  {key}: tolerance {entry['tolerance']:.4g}, now {wider:.4g}")
        entry["tolerance"] = wider


def ends(figures: list[float]) -> list[float]:
    """The lowest and the highest."""
    return [min(figures), max(figures)]


def tolerance(entry: dict) -> float:
    """Twice an entry's range over all kinds of processor, at least one digit in n, or a hundredth of other numbers."""
    lowest, highest = ends([entry["value"], *chain(*entry["processors"].values())])
    least = 1 / entry["n"] if entry["n"] else 0.01 * abs(entry["value"])
    return max(2 * (highest - lowest), least)


def add(
    name: str, ledger: dict[str, dict], found: dict[str, dict], trained: set[str] = frozenset()
) -> None:
    """Record what a chapter has just measured, with tolerance over machines, spread over seeds, command and origin.

    A chapter that trains nothing has no seed of its own, and its entries no spread. Those that are ``trained`` have
    one for another data set.
    """
    text = "\n".join(cell["source"] for cell in read(name).cells)
    seeds = SEEDS if "SEED = 0" in text else ()
    by_machine = [found, *on_machines(name)]
    by_seed = [found, *(measure(name, seed=seed) for seed in seeds)]
    for key, told in found.items():
        old = ledger.get(key, {})
        ledger[key] = entry = {
            **told,
            "seed": 0,
            "command": f"make results NB={name}",
            **measured_now(),
            **origin("" if key in trained else text, [run[key]["value"] for run in by_seed]),
        }
        same_seed = [run[key]["value"] for run in by_machine]
        if "at_least" not in old:
            entry["processors"] = processors(key, old, entry, processor(), ends(same_seed))
            entry["tolerance"] = tolerance(entry)
            continue
        entry["at_least"] = old["at_least"]
        if (lowest := min(entry.get("spread", same_seed))) < entry["at_least"]:
            print(f"  {key}: a seed gave less than the claim, {lowest:.6g}")


def processors(key: str, old: dict, entry: dict, kind: str, now: list[float]) -> dict:
    """What each kind of processor gave: this one now, and the others before, if the figure is still the same one."""
    known = old.get("processors", {})
    same = all(old.get(field) == entry.get(field) for field in ("n", "weights"))
    if same and kind in known and ends([*known[kind], *now]) == known[kind]:
        return known
    for other in sorted(set(known) - {kind}):
        print(f"  {key}: recorded anew, without what {other} gave")
    return {kind: now}


def origin(text: str, all_seeds: list[float]) -> dict:
    """What a figure hangs on: the stored weights that its chapter loads, where no seed changes it; or its spread."""
    files = {path for call, path in LOADED.items() if call in text}
    if files and len(set(all_seeds)) == 1:
        return {"weights": {path.name: checksum(path) for path in sorted(files)}}
    if len(all_seeds) == 1:
        return {}
    return {"spread": [min(all_seeds), max(all_seeds)], "seeds": len(all_seeds)}


def report(dataset: str, name: str, entry: dict | None, told: dict) -> bool:
    """Print one line, old, new and difference; return whether they disagree."""
    value, n = told["value"], told["n"]
    if entry is None or "value" not in entry:
        claim = f", at least {entry['at_least']}" if entry else ""
        print(f"{dataset:9} {name:32} new {value:.6f}{claim}", flush=True)
        return False
    verdict = "" if agrees(entry, value, n) else "   DISAGREES"
    old = entry["value"]
    print(
        f"{dataset:9} {name:32} old {old:.6f}   new {value:.6f}   difference {value - old:+.6f}{verdict}",
        flush=True,
    )
    return bool(verdict)


if __name__ == "__main__":
    sys.exit(main())
