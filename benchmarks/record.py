"""The recipe ``record``, and the search that it came from: ``python benchmarks/record.py [NAME …]``.

Trains ``record, seed 0`` to ``record, seed 4``, or those of them that are named: from the 55,000 training digits, asked
about the 5,000 validation digits; no test digit is read here. With ``--out FOLDER`` their weights are written too. The
search itself is over; what trained its candidates stands in commit e8f6caf.

``benchmarks/record.jsonl`` is the log of both, to which a training adds a line. From it come ``benchmarks/record.md``
and ``digitlib/book/search.json``, which is what the chapter shows. A line holds, beside a run's ``name``,

- its ``table``, the ``row`` in it, and where something was ``expected`` of it, that;
- how it was trained: the ``recipe``, and who it was ``taught`` by, or how many epochs it went on with the ``whole`` of
  the digits; or the settings of a ``candidate``, as that commit explains them; ``on`` what, and the ``seconds``;
- its ``curve``: the last epoch's figures, and of the network that the chapter shows every fifth one's.

A line of the same name takes the earlier one's place. Without a curve it adds to it: when ``digitlib evaluate --test``
has been asked about weights, its count is appended by hand, ``{"name": "record, seed 0", "test_wrong": 50}``, and
``--tables`` writes the tables anew and trains nothing.
"""

import argparse
import json
import time
from pathlib import Path

from digitlib import data, export
from digitlib.engine import hardware
from digitlib.files import write_whole
from digitlib.recipes import Recipe
from digitlib.train import Epoch, fit
from tables import share, table

LOG = Path(__file__).with_name("record.jsonl")
DIGEST = LOG.parents[1] / "digitlib" / "book" / "search.json"
RUNS = {f"record, seed {seed}": Recipe.named("record", seed=seed) for seed in range(5)}
SHOWN = "record, seed 0"


def main() -> None:
    """Train the named ones, all five if there is none, and write log and tables after each."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f'"{SHOWN}" …')
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="for the weights")
    parser.add_argument("--tables", action="store_true", help="train nothing")
    options = parser.parse_args()
    if unknown := [repr(name) for name in options.names if name not in RUNS]:
        names = ", ".join(map(repr, RUNS))
        parser.error(f"expected names out of {names}, got {', '.join(unknown)}")
    if options.out and not options.out.is_dir():
        parser.error(f"{options.out}: no such folder")
    if options.tables:
        return write(read())
    train, valid = data.split(data.load("mnist"))
    device = hardware.best_device()
    precision = hardware.best_precision(device)
    for name in options.names or RUNS:
        start, recipe = time.perf_counter(), RUNS[name].but(precision=precision)
        model = recipe.model()
        curve = points(fit(model, train, valid, recipe.training), len(valid))
        if options.out:
            path = options.out / f"{name}.safetensors"
            command = f'python benchmarks/record.py --out FOLDER "{name}"'
            export.export_weights(model, path, valid, "mnist", recipe.flat(), command)
        add(
            {
                "name": name,
                "table": "The recipe",
                "row": 1 + list(RUNS).index(name),
                "recipe": recipe.flat(),
                "on": f"{hardware.describe(device)}, {precision}",
                "seconds": round(time.perf_counter() - start),
                "curve": curve if name == SHOWN else curve[-1:],
            }
        )
        write(read())


def points(history: list[Epoch], n: int) -> list[dict]:
    """What training, and validation on n digits, came to after every fifth epoch and after the last."""
    return [
        {
            "epoch": epoch.number,
            "train_loss": epoch.train_loss,
            "train_error": 1 - epoch.train_accuracy,
            "wrong": round(n * (1 - epoch.valid_accuracy)),
            "loss": epoch.valid_loss,
        }
        for epoch in history
        if epoch.number % 5 == 0 or epoch is history[-1]
    ]


# --- the log -------------------------------------------------------------------------------------------------------


def add(run: dict) -> None:
    """Append a line to the log."""
    with LOG.open("a") as file:
        file.write(json.dumps(run) + "\n")


def read() -> dict[str, dict]:
    """What the log says of each run, by name, in the order in which they came."""
    log: dict[str, dict] = {}
    for line in LOG.read_text().splitlines():
        run = json.loads(line)
        name = run["name"]
        log[name] = run if "curve" in run else log[name] | run
    return log


# --- what is made from it ------------------------------------------------------------------------------------------


def write(log: dict[str, dict]) -> None:
    """Write the tables, and what the chapter shows of them."""
    lines = [TOP]
    for title in ("Candidates", "The last round"):
        rows = [row(run) for run in runs_in(title, log)]
        lines += ["", f"## {title}", "", *table(COLUMNS, rows)]
    rows = [final_row(run) for run in runs_in("The recipe", log)]
    lines += ["", FINAL, "", *table(FINAL_COLUMNS, rows), "", mean(log), "", PUBLISHED]
    write_whole(LOG.with_suffix(".md"), ("\n".join(lines) + "\n").encode())
    write_whole(DIGEST, (json.dumps(digest(log), indent=1) + "\n").encode())


def digest(log: dict[str, dict]) -> dict:
    """What the chapter shows: how many validation digits each got wrong, and the history of the published network."""
    curve = log[SHOWN]["curve"]
    return {
        "wrong": {name: run["curve"][-1]["wrong"] for name, run in log.items()},
        "history": {
            key: [point[key] for point in curve] for key in ("epoch", "train_error", "wrong")
        },
    }


def runs_in(title: str, log: dict[str, dict]) -> list[dict]:
    """The runs of one table, by row."""
    runs = [run for run in log.values() if run["table"] == title]
    return sorted(runs, key=lambda run: run["row"])


def row(run: dict) -> list:
    """A line of the search's tables."""
    last, n = run["curve"][-1], data.VALID_SIZE["mnist"]
    average = ["", ""]
    if "average_wrong" in last:
        average = [last["average_wrong"], f"{last['average_loss']:.4f}"]
    return [
        *(run["name"], run.get("expected", ""), last["wrong"], share(last["wrong"], n)),
        *(f"{last['loss']:.4f}", *average, f"{100 * last['train_error']:.2f} %"),
        *(last["epoch"], run["on"], run["seconds"]),
    ]


def final_row(run: dict) -> list:
    """A line of the last table."""
    valid = f"{run['curve'][-1]['wrong']} of {data.VALID_SIZE['mnist']:,}"
    if "whole" in run:  # it has learned from them
        valid = ""
    test, error = "not read", ""
    if "test_wrong" in run:
        test = f"{run['test_wrong']} of 10,000"
        error = share(run["test_wrong"], 10_000)
    return [run["name"], valid, test, error, run["seconds"]]


def mean(log: dict[str, dict]) -> str:
    """A sentence on the five seeds of the recipe itself."""
    wrong = [log[name].get("test_wrong") for name in RUNS]
    if None in wrong:
        return "Not all of the five seeds were asked about the test digits."
    low, high = (f"{one / 100:.2f}" for one in (min(wrong), max(wrong)))
    return f"The five seeds of `record`: {sum(wrong) / 500:.2f} % on average, {low} to {high}."


TOP = """# The search for the best fully connected network

Each was trained once, on 55,000 digits, with seed 0 unless its name says another, and asked about 5,000 validation
digits. The interval is as wide as four tenths of a point, and most lie within it: the errors alone can't tell which is
better. The loss, which also counts how sure an answer was, tells a little more; with smoothed labels it is another
loss, not to be compared.

What was expected was written down before the trainings on the GPU; of those on a processor, with the results at hand,
it is what is usually said. On a processor each ran beside another, on a core of its own, in float32; on the GPU eight
to sixteen ran beside each other, in bfloat16, so the seconds are rough.

`python benchmarks/record.py` trains the recipe with its five seeds and writes these tables from the log,
`benchmarks/record.jsonl`. What trained all the others stands in commit e8f6caf."""

COLUMNS = (
    *("candidate", "expected", "wrong", "validation error", "loss"),
    *("averaged weights", "their loss", "in training", "epochs", "on", "seconds"),
)

FINAL = """## The recipe

In the last round nothing stood out, so the recipe `record` is the one that took least time: AdamW in batches of 1,024.
It was trained with five seeds, and beside it, to be told apart: the same followed by 25 epochs on all 60,000 digits at
a third of the rate, and three networks that learned from labels (0.3) and from the mean answers of four networks of the
last round (0.7). Then each was asked about the test digits, once, with its weights rounded to 8 bits, and nothing was
chosen by it. Seed 0, which is the last round's own, had been named before that for the weights to publish. The seconds
are without the four teachers'."""

FINAL_COLUMNS = ("network", "validation", "test", "test error", "seconds")

PUBLISHED = """Aimed at were 0.50 % at most on average, and 0.35 % to be level with the record. Published for one fully
connected network: 0.70 % with one hidden layer of 800 (Simard and others, 2003), 0.49 to 0.35 % with up to 12.1 million
weights (Cireşan and others, 2010, arXiv 1003.0358; 114 hours for the largest), 0.57 % without deformations (Ladder
network, Rasmus and others, 2015). Why the validation digits promised more: [known and unknown writers](writers.md)."""

if __name__ == "__main__":
    main()
