"""The fewest seconds to 98 % of the validation digits: ``python benchmarks/sprint.py [NAME …]``, alone on a machine.

Each candidate is a change of one that came before, with what was expected of it, written before the run. It trains
with five seeds that the race of ``make bench`` doesn't use, and is asked about the 5,000 validation digits every ten
steps, with the clock stopped. ``benchmarks/sprint.jsonl`` keeps each training, ``benchmarks/choices-sprint.md`` is
written from it.
"""

import contextlib
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import torch
from torch import nn

import bench
import peers
from digitlib import train
from digitlib.engine import hardware
from digitlib.files import write_whole
from digitlib.recipes import Recipe
from digitlib.train import Training
from tables import spread, table

LOG = Path(__file__).with_name("sprint.jsonl")
SEEDS = range(100, 105)
GOAL = 0.98


def early(model: nn.Module, how: Training, steps: int) -> tuple:
    """AdamW, and a cycle whose rate rises over a tenth of the steps in place of three tenths."""
    optimizer, _ = _OPTIMIZER(model, how, steps)
    cycle = torch.optim.lr_scheduler.OneCycleLR
    return optimizer, cycle(optimizer, how.rate, steps, pct_start=0.1)


def muon(model: nn.Module, how: Training, steps: int) -> tuple:
    """Muon for the first matrix, AdamW for all else; its steps are as large as AdamW's."""
    first = model[2].weight
    others = [part for part in model.parameters() if part is not first]
    settings = {"lr": how.rate, "weight_decay": how.decay}
    optimizers = [
        torch.optim.Muon([first], adjust_lr_fn="match_rms_adamw", **settings),
        torch.optim.AdamW(others, fused=True, **settings),
    ]
    cycle = torch.optim.lr_scheduler.OneCycleLR
    cycles = [cycle(optimizer, how.rate, steps, cycle_momentum=False) for optimizer in optimizers]
    return Together(optimizers), Together(cycles)


class Together:
    """Several optimizers or schedules as one."""

    def __init__(self, parts: list):
        self.parts = parts

    def step(self) -> None:
        """A step of each."""
        for part in self.parts:
            part.step()

    def zero_grad(self) -> None:
        """Forget the gradients of all."""
        for part in self.parts:
            part.zero_grad()

    def get_last_lr(self) -> list[float]:
        """The rate of each."""
        return [rate for part in self.parts for rate in part.get_last_lr()]

    @property
    def last_epoch(self) -> int:
        """The steps taken."""
        return self.parts[0].last_epoch


def nothing_known(model: nn.Module) -> None:
    """All answers are equally probable at first: the last layer begins with zeros."""
    nn.init.zeros_(model[-1].weight)
    nn.init.zeros_(model[-1].bias)


_OPTIMIZER = train.optimizer_for


@dataclass(frozen=True)
class Candidate:
    """A recipe, what was expected of it, and what recipes don't have.

    Attributes:
        recipe: the recipe.
        expected: what was expected, written before the run.
        prepare: changes the untrained network.
        optimizing: makes the optimizer and the schedule.
    """

    recipe: Recipe
    expected: str
    prepare: Callable[[nn.Module], None] | None = None
    optimizing: Callable = _OPTIMIZER


QUICK = Recipe.named("quick")
SHORT = QUICK.but(epochs=2)
SMOOTH = SHORT.but(smoothing=0.1)
DESCENT = SMOOTH.but(optimizer="SGD", rate=0.3, decay=1e-4)
CANDIDATES = {
    "quick": Candidate(QUICK, "late in the third epoch, and not with every seed"),
    "two epochs": Candidate(SHORT, "ends below 98 % with most seeds"),
    "two epochs, smoothing 0.05": Candidate(
        SHORT.but(smoothing=0.05), "all seeds, late in the second epoch"
    ),
    "two epochs, smoothing 0.1": Candidate(SMOOTH, "as 0.05 or a little sooner"),
    "two epochs, smoothing 0.2": Candidate(
        SHORT.but(smoothing=0.2), "as 0.1; too much may cost"
    ),
    "rate 12e-3": Candidate(SMOOTH.but(rate=1.2e-2), "a little sooner"),
    "rate 5e-3": Candidate(SMOOTH.but(rate=5e-3), "as soon: less is lost early"),
    "early peak": Candidate(SMOOTH, "a little sooner", optimizing=early),
    "last layer of zeros": Candidate(SMOOTH, "no difference", prepare=nothing_known),
    "width 384": Candidate(
        SMOOTH.but(hidden=(384,)), "fewer steps, each longer: no sooner"
    ),
    "width 192": Candidate(SMOOTH.but(hidden=(192,)), "misses with some seeds"),
    "two hidden layers": Candidate(
        SMOOTH.but(hidden=(256, 128)), "a few steps fewer, each longer"
    ),
    "batches of 128": Candidate(
        SMOOTH.but(batch=128, rate=6e-3), "all seeds, for twice the steps: later"
    ),
    "batches of 512": Candidate(
        SMOOTH.but(batch=512, rate=1.2e-2), "misses with most seeds"
    ),
    "normalisation": Candidate(SMOOTH.but(norm=True), "slower steps: later"),
    "SGD": Candidate(DESCENT, "as few steps, each a little shorter"),
    "Muon": Candidate(SMOOTH, "fewer steps, each longer: later", optimizing=muon),
    "SGD, rate 0.2": Candidate(DESCENT.but(rate=0.2), "a little later"),
    "SGD, rate 0.5": Candidate(DESCENT.but(rate=0.5), "a little sooner"),
    "SGD, rate 0.8": Candidate(DESCENT.but(rate=0.8), "too bold: misses"),
    "SGD, no smoothing": Candidate(
        DESCENT.but(smoothing=0.0), "misses, as AdamW does without"
    ),
    "SGD, smoothing 0.2": Candidate(DESCENT.but(smoothing=0.2), "no difference"),
    "SGD, early peak": Candidate(DESCENT, "a little sooner", optimizing=early),
    "SGD, width 384": Candidate(
        DESCENT.but(hidden=(384,)), "fewer steps, each longer: later"
    ),
    "SGD, width 192": Candidate(
        DESCENT.but(hidden=(192,)), "more steps, each shorter: a draw"
    ),
    "SGD, batches of 128": Candidate(
        DESCENT.but(batch=128, rate=0.2), "more steps, each shorter: later"
    ),
    "SGD, batches of 384": Candidate(
        DESCENT.but(batch=384, rate=0.4), "fewer steps; misses with some seeds"
    ),
    "SGD, batches of 512": Candidate(
        DESCENT.but(batch=512, rate=0.5), "misses with most seeds"
    ),
}  # fmt: skip
"""What a name leaves out is as in "two epochs, smoothing 0.1", and after the comma as in "SGD"."""


def main(names: list[str]) -> None:
    """Train the named candidates, all if there is none, and write log and table."""
    if unknown := set(names) - set(CANDIDATES):
        sys.exit(f"no candidate is called {' or '.join(map(repr, sorted(unknown)))}")
    precision = hardware.best_precision(hardware.best_device())
    with hardware.own_cores():
        bench.warm_up()
        # Seed by seed, so that a machine that grows slower is slower for all.
        for seed in SEEDS:
            for name in names or CANDIDATES:
                line = measured(name, seed, precision)
                print(line, flush=True)
                with LOG.open("a", encoding="utf-8") as log:
                    log.write(json.dumps(line) + "\n")
    write_whole(LOG.with_name("choices-sprint.md"), report().encode())


def measured(name: str, seed: int, precision: str) -> dict:
    """One training, until the goal or its own end, as a line of the log."""
    candidate = CANDIDATES[name]
    recipe = candidate.recipe.but(seed=seed, precision=precision)
    watch = peers.Watch(GOAL, bench.LIMIT, every=10)
    with (
        mock.patch.object(train, "optimizer_for", candidate.optimizing),
        contextlib.suppress(peers.Stop),
    ):
        peers.digitlib_recipe(watch, recipe, candidate.prepare)
    reached = watch.first(GOAL) is not None
    return {
        "name": name,
        "seed": seed,
        "on": f"{bench.processor()}, {hardware.describe(hardware.best_device())}, {precision}",
        "steps": watch.steps,
        "seconds": round(watch.ended, 4),
        "best": round(watch.best[0], 4),
        "reached": reached,
    }


def report() -> str:
    """The page, from the last line that the log holds for each candidate and seed."""
    log = [json.loads(line) for line in LOG.read_text(encoding="utf-8").splitlines()]
    last = {(line["name"], line["seed"]): line for line in log}
    rows = []
    for name, candidate in CANDIDATES.items():
        runs = [line for (one, _), line in last.items() if one == name]
        if not runs:
            continue
        rows.append([
            name,
            candidate.expected,
            f"{sum(run['reached'] for run in runs)} of {len(runs)}",
            spread([run["steps"] for run in runs], ".0f"),
            spread([run["seconds"] for run in runs], ".2f"),
            f"{100 * statistics.mean(run['best'] for run in runs):.2f}",
        ])  # fmt: skip
    head = ["candidate", "expected", "reached 98 %", "steps", "seconds", "best seen, %"]
    on = sorted({line["on"] for line in last.values()})
    return "\n".join([TOP.format(on="; ".join(on)), "", *table(head, rows), "", CHOICE, ""])


TOP = """# The fewest seconds to 98 %

Five seeds each (100 to 104; the race of `make bench` takes others), asked about 5,000 validation digits every ten
steps with the clock stopped; made by `python benchmarks/sprint.py`, seed by seed, in two
runs ("SGD" in both, its later one counts): {on}. Steps and seconds are
medians (lowest to highest) until 98 % was reached, or the recipe's end; reading the data counts. What was expected was
written before these trainings, of the first seventeen after a look at some of them with three other seeds (that
smoothed labels help was known by then), of the rest after those seventeen. What a name leaves out is as in "two
epochs, smoothing 0.1", and after the comma as in "SGD": 784-256-10, batches of 256, two epochs."""

CHOICE = """Chosen: SGD, gradient descent with Nesterov's momentum of 0.9, a rate of 0.3 and labels smoothed by 0.1, by
its steps, which are the same each time: of those that reached 98 % with all five seeds, only a wider network takes
fewer, and each of its steps is longer. By seconds it can't be told from "SGD, early peak" (median 0.83): those of one
candidate differ nearly threefold from seed to seed."""

if __name__ == "__main__":
    main(sys.argv[1:])
