"""The search for the best fully connected network: ``python benchmarks/record.py NAME …`` trains and logs candidates.

Each learns from the 55,000 training digits and is asked about the 5,000 validation digits, never about the test digits.
``benchmarks/record.json`` keeps what came out, a candidate once, and ``benchmarks/record.md`` is written from it. Two
candidates can be trained side by side, each on a core of its own; the log was made so:

    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/record.py "a first guess"
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from digitlib import data, evaluate, hardware, redrawn
from digitlib.augment import Deform
from digitlib.data import Digits, scale
from digitlib.evaluate import wilson
from digitlib.model import Normalize
from digitlib.train import train_epoch
from digitlib.weights import write_whole

LOG = Path(__file__).with_name("record.json")
FULL = Deform(rotation=12, scale=0.15, shear=0.1, shift=2.0, elastic=1.0)


@dataclass(frozen=True)
class Candidate:
    """What to train, and how, with the ingredients that were weighed.

    Attributes:
        hidden, epochs, batch, rate, decay, redrawn, seed: as of a :class:`~digitlib.train.Recipe`.
        sgd: gradient descent with Nesterov's momentum in place of AdamW.
        norm: batch normalisation after each linear layer but the last.
        dropout: the part of the numbers that is left out after each ReLU.
        smoothing: the part of a label that is shared out evenly among the ten digits.
        average: the half-life, in epochs, of the average over the weights' past, which is measured beside the weights.
        strength: how many times as strong as ``FULL`` digits are deformed.
        fine: standard deviation, in pixels, of a second bending between 10 x 10 points.
        fade: the part of the epochs, the last, in which the deformations grow weaker.
        floor: the strength to which they do, in parts of the strength before.
    """

    hidden: tuple[int, ...] = (1024, 1024, 512)
    epochs: int = 40
    batch: int = 512
    rate: float = 3e-3
    decay: float = 0.05
    sgd: bool = False
    norm: bool = True
    dropout: float = 0.0
    smoothing: float = 0.0
    average: float = 2.0
    strength: float = 1.0
    fine: float = 0.0
    fade: float = 0.0
    floor: float = 0.0
    redrawn: float = 0.0
    seed: int = 0


FIRST = Candidate()
WEAKER = replace(FIRST, strength=0.7)
FADED = replace(WEAKER, fade=0.3, floor=0.3)

CANDIDATES = {
    "a first guess": (FIRST, ""),
    "stronger deformations": (
        replace(FIRST, strength=1.3),
        "more of it, more to learn from",
    ),
    "weaker deformations": (WEAKER, "less to learn from"),
    "finer bending besides": (replace(FIRST, fine=0.5), "a new kind of variety helps"),
    "smoothed labels": (replace(FIRST, smoothing=0.1), "helps a little"),
    "fading deformations": (
        replace(FIRST, fade=0.25, floor=0.3),
        "the last epochs should look like the exam",
    ),
    "weaker, fading": (FADED, "both help"),
    "weaker, fading to none": (replace(FADED, floor=0.0), "some variety should stay"),
    "half as strong, fading": (replace(FADED, strength=0.5), "less to learn from"),
    "weaker, fading, SGD": (
        replace(FADED, sgd=True, rate=0.1, decay=5e-4),
        "reaches better minima, slowly",
    ),
    "weaker, fading, wider": (replace(FADED, hidden=(2048, 1024, 512)), "helps"),
    "weaker, fading, deeper": (
        replace(FADED, hidden=(1024, 1024, 1024, 512, 256)),
        "helps",
    ),
    "weaker, fading, dropout": (
        replace(FADED, dropout=0.1),
        "helps against learning by heart",
    ),
    "weaker, fading, no normalisation": (
        replace(FADED, norm=False, rate=1e-3),
        "trains as well, slower",
    ),
    "weaker, fading, smoothed labels": (
        replace(FADED, smoothing=0.05),
        "helps a little",
    ),
    "weaker, fading, more decay": (
        replace(FADED, decay=0.3),
        "helps against learning by heart",
    ),
    "weaker, fading, redrawn digits": (
        replace(FADED, redrawn=0.3, epochs=31),
        "other pens than the exam's",
    ),
}
"""Each candidate by name, with what is usually said of it."""


def main(names: list[str]) -> None:
    """Train the named candidates, all if there is none, and write log and table after each."""
    train, valid = data.split(data.load("mnist"))
    for name in names or CANDIDATES:
        candidate, _ = CANDIDATES[name]
        start = time.perf_counter()
        with hardware.own_cores():
            curve = trained(candidate, train, valid)
        found = {"curve": curve, "seconds": round(time.perf_counter() - start)}
        log = json.loads(LOG.read_text()) if LOG.is_file() else {}
        log[name] = {"candidate": asdict(candidate), **found}
        write(log)


def trained(candidate: Candidate, train: Digits, valid: Digits) -> list[dict]:
    """What training and validation came to after every fifth epoch."""
    model, curve = network(candidate), []
    if candidate.redrawn:
        train = redrawn.mixed(train, candidate.redrawn, candidate.seed)
    per_epoch = -(-len(train) // candidate.batch)
    optimizer, scheduler = optimizing(model, candidate, candidate.epochs * per_epoch)
    decay = 0.5 ** (1 / (per_epoch * candidate.average))
    average = AveragedModel(
        model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True
    )
    for number in range(1, candidate.epochs + 1):
        model.train()
        batches = deformed(train, candidate, number)
        losses, right, seen = train_epoch(
            model, batches, optimizer, Averaging(scheduler, average, model)
        )
        if number % 5 and number < candidate.epochs:
            continue
        said = {"epoch": number, "train_loss": losses.sum().item() / seen}
        said["train_error"] = 1 - right.item() / seen
        curve.append(said | asked(model, valid, "") | asked(average, valid, "average_"))
        print(curve[-1], flush=True)
    return curve


def network(candidate: Candidate) -> nn.Sequential:
    """Linear layers, with what the candidate has between them; normalised ones have no bias, unlike a recipe's."""
    widths, layers = [784, *candidate.hidden], [Normalize(), nn.Flatten()]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(candidate.seed)
        for n_in, n_out in pairwise(widths):
            layers += [nn.Linear(n_in, n_out, bias=not candidate.norm)]
            layers += [nn.BatchNorm1d(n_out)] if candidate.norm else []
            layers += [nn.ReLU()]
            layers += [nn.Dropout(candidate.dropout)] if candidate.dropout else []
        layers += [nn.Linear(widths[-1], 10)]
    return nn.Sequential(*layers)


def optimizing(model: nn.Module, candidate: Candidate, steps: int):
    """The optimizer, and the scheduler of its rate."""
    settings = {"lr": candidate.rate, "weight_decay": candidate.decay}
    if candidate.sgd:
        optimizer = torch.optim.SGD(
            model.parameters(), momentum=0.9, nesterov=True, **settings
        )
    else:
        optimizer = torch.optim.AdamW(model.parameters(), fused=True, **settings)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=candidate.rate,
        total_steps=steps,
        pct_start=0.1,
        cycle_momentum=False,
    )


class Averaging:
    """A scheduler that keeps the average of the weights, too: what ``train_epoch`` calls after each step."""

    def __init__(self, scheduler, average: AveragedModel, model: nn.Module):
        self.scheduler, self.average, self.model = scheduler, average, model

    def step(self) -> None:
        """A step of both."""
        self.scheduler.step()
        self.average.update_parameters(self.model)


def deformed(train: Digits, candidate: Candidate, number: int) -> Iterator[tuple]:
    """The batches of an epoch."""
    order, luck = (
        torch.Generator().manual_seed(1_000 * candidate.seed + number + apart)
        for apart in (0, 1_000_003)
    )
    strength = candidate.strength * faded(candidate, number)
    deform = FULL.times(strength)
    fine = Deform(elastic=candidate.fine * strength, coarseness=10)
    for batch in torch.randperm(len(train), generator=order).split(candidate.batch):
        x, y = scale(train.images.index_select(0, batch)), train.labels[batch]
        x = deform(x, luck) if strength else x
        x = fine(x, luck) if fine.elastic else x
        if candidate.smoothing:
            y = F.one_hot(y, 10) * (1 - candidate.smoothing) + candidate.smoothing / 10
        yield x, y


def faded(candidate: Candidate, number: int) -> float:
    """The strength of an epoch's deformations, in parts of what it was at first."""
    if not candidate.fade:
        return 1.0
    left = (candidate.epochs - number) / (candidate.epochs * candidate.fade)
    return min(1.0, candidate.floor + (1 - candidate.floor) * left)


def asked(model: nn.Module, valid: Digits, prefix: str) -> dict:
    """How many validation digits are wrong, and their mean loss."""
    answers = evaluate.logits(model, valid.images)
    wrong = int((answers.argmax(1) != valid.labels).sum())
    loss = F.cross_entropy(answers, valid.labels).item()
    return {f"{prefix}wrong": wrong, f"{prefix}loss": loss}


def write(log: dict) -> None:
    """Write the log, and the table that is made from it."""
    rows = [row(name, **log[name]) for name in CANDIDATES if name in log]
    write_whole(LOG, (json.dumps(log, indent=1) + "\n").encode())
    write_whole(LOG.with_suffix(".md"), ("\n".join([TOP, *rows]) + "\n").encode())


def row(name: str, candidate: dict, curve: list[dict], seconds: int) -> str:
    """A candidate's line in the table."""
    last, n = curve[-1], data.VALID_SIZE["mnist"]
    low, high = wilson(last["wrong"], n)
    return (
        f"| {name} | {CANDIDATES[name][1]} | {100 * last['wrong'] / n:.2f} % ({100 * low:.2f} to {100 * high:.2f}) "
        f"| {last['loss']:.4f} | {100 * last['average_wrong'] / n:.2f} % | {last['average_loss']:.4f} "
        f"| {100 * last['train_error']:.2f} % | {last['epoch']} | {seconds} |"
    )


TOP = """# The search for the best fully connected network

Each candidate was trained once, with seed 0, on 55,000 digits, and asked about 5,000 validation digits. The interval is
as wide as four tenths of a point, and most candidates lie within it: the errors alone can't tell which is better. The
loss, which also counts how sure an answer was, tells a little more; with smoothed labels it is another loss, not to be
compared. A training ran beside another, each on a core of its own (two cores with AVX2, float32), so the seconds are
rough. What is usually said was written down with the results at hand.

`python benchmarks/record.py` trains them all and writes this table.

| candidate | usually said | validation error | loss | averaged weights | their loss | in training | epochs | seconds |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |"""

if __name__ == "__main__":
    main(sys.argv[1:])
