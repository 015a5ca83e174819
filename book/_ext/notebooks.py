"""Make the book's notebooks from their text, or measure the ledger's figures anew.

    python book/_ext/notebooks.py make [NAME …]
    python book/_ext/notebooks.py results [--write] [NAME …]

A notebook is always made whole: converted, executed from top to bottom, then written.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

import jupytext
import nbformat
from nbclient import NotebookClient

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
    "record.weights()": BOOK.parent / "benchmarks" / "record.safetensors",
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
# Besides this machine as it is.
MACHINES = (
    {"OMP_NUM_THREADS": "1"},
    {"OMP_NUM_THREADS": "2"},
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
    command.add_argument(
        "--write",
        action="store_true",
        help="measure tolerances and spreads too, write the ledger",
    )
    command.add_argument(
        "--widen",
        action="store_true",
        help="let tolerances take in this machine too, and record nothing else",
    )
    command.add_argument(
        "--dataset", choices=VALID_SIZE, action="append", help="both if none is given"
    )
    options = parser.parse_args(arguments)
    options.names = options.names or sorted(path.stem for path in (BOOK / "text").glob("[0-9]*.md"))
    return options.run(options)


def make(options) -> int:
    """Execute the text on MNIST and store the notebooks."""
    os.environ |= {"DIGITLIB_CHECK": "1", "DIGITLIB_DATASET": "mnist", "TQDM_DISABLE": "1"}
    for name in options.names:
        notebook = execute(read(name))
        write_whole(BOOK / f"{name}.ipynb", (nbformat.writes(notebook) + "\n").encode())
        print(f"made book/{name}.ipynb", flush=True)
    return 0


def read(name: str) -> nbformat.NotebookNode:
    """A chapter's text as a notebook without outputs; cells are named by their place, so that re-making is stable."""
    notebook = jupytext.read(BOOK / "text" / f"{name}.md")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02}"
    return notebook


def execute(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Run all cells in a fresh kernel and keep what reads the same everywhere: no widget state, no versions."""
    client = NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(BOOK)}},
        record_timing=False,
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
    return notebook


def results(options) -> int:
    """Measure every figure of the ledger anew and print old, new and difference."""
    os.environ["TQDM_DISABLE"] = "1"
    ledger = {dataset: entries(dataset) for dataset in VALID_SIZE}
    disagreements = 0
    for dataset in options.dataset or VALID_SIZE:
        os.environ["DIGITLIB_DATASET"] = dataset
        for name in options.names:
            found = measure(name)
            for entry, (value, n) in found.items():
                disagreements += report(dataset, entry, ledger[dataset].get(entry), value, n)
                if options.write:
                    ledger[dataset].setdefault(entry, {}).update({"value": value, "n": n})
            if options.write:
                add_uncertainty(name, ledger[dataset])
                write(ledger)
            if options.widen:
                widen(ledger[dataset], [found, *on_machines(name)])
                write(ledger)
    for name in slow(ledger):
        print(f"not measured here, too slow: {name}")
    print(f"{disagreements} outside their tolerance")
    return 1 if disagreements and not (options.write or options.widen) else 0


def slow(ledger: dict[str, dict]) -> list[str]:
    """The entries that no chapter measures, each with the command that does."""
    return [
        f"{name} ({entry['command']})"
        for part in ledger.values()
        for name, entry in part.items()
        if not entry.get("command", "make results").startswith("make results")
    ]


def measure(
    name: str, seed: int = 0, machine: dict[str, str] | None = None
) -> dict[str, tuple[float, int | None]]:
    """Run a chapter's text and collect what it hands to the ledger: ``{entry: (value, n)}``."""
    notebook = read(name)
    for cell in notebook.cells:
        cell["source"] = cell["source"].replace("SEED = 0", f"SEED = {seed}")
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as record:
        settings = {"DIGITLIB_RECORD": record.name} | (machine or {})
        with mock.patch.dict(os.environ, settings):
            execute(notebook)
        lines = [json.loads(line) for line in record.read().decode().splitlines()]
    return {line["name"]: (line["value"], line["n"]) for line in lines}


def on_machines(name: str) -> list[dict]:
    """What a chapter measures with other threads and instructions than this machine's."""
    return [measure(name, machine=machine) for machine in MACHINES]


def widen(ledger: dict[str, dict], runs: list[dict]) -> None:
    """Let each tolerance take in what this kind of machine gives: twice as far as the furthest of its figures."""
    for key in runs[0]:
        entry = ledger[key]
        if "tolerance" not in entry:
            continue
        apart = max(abs(run[key][0] - entry["value"]) for run in runs)
        if 2 * apart > entry["tolerance"]:
            print(f"  {key}: tolerance {entry['tolerance']:.4g}, now {2 * apart:.4g}")
            entry["tolerance"] = 2 * apart


def add_uncertainty(name: str, ledger: dict[str, dict]) -> None:
    """Complete the entries of a chapter just measured: tolerance over machines, spread over seeds, command, origin.

    A chapter that trains nothing has no seed of its own, and its entries no spread.
    """
    text = "\n".join(cell["source"] for cell in read(name).cells)
    seeds = SEEDS if "SEED = 0" in text else ()
    by_machine = on_machines(name)
    by_seed = [measure(name, seed=seed) for seed in seeds]
    for key in by_machine[0]:
        entry = ledger[key]
        for old in ("spread", "seeds", "weights"):
            entry.pop(old, None)
        same_seed = [entry["value"], *(run[key][0] for run in by_machine)]
        all_seeds = [entry["value"], *(run[key][0] for run in by_seed)]
        entry |= {"seed": 0, "command": f"make results NB={name}", **measured_now()}
        entry |= origin(text, all_seeds)
        if "at_least" not in entry:
            least = 1 / entry["n"] if entry["n"] else 0.01 * abs(entry["value"])
            entry["tolerance"] = max(2 * (max(same_seed) - min(same_seed)), least)
        elif (lowest := min(entry.get("spread", same_seed))) < entry["at_least"]:
            print(f"  {key}: a seed gave less than the claim, {lowest:.6g}")


def origin(text: str, all_seeds: list[float]) -> dict:
    """What a figure hangs on: the stored weights that its chapter loads, where no seed changes it; or its spread."""
    files = {path for call, path in LOADED.items() if call in text}
    if files and len(set(all_seeds)) == 1:
        return {"weights": {path.name: checksum(path) for path in sorted(files)}}
    if len(all_seeds) == 1:
        return {}
    return {"spread": [min(all_seeds), max(all_seeds)], "seeds": len(all_seeds)}


def report(dataset: str, name: str, entry: dict | None, value: float, n: int | None) -> bool:
    """Print one line, old, new and difference; return whether they disagree."""
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
