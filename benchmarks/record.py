"""The search for the best fully connected network: ``python benchmarks/record.py NAME …`` trains and logs candidates.

Each learns from the 55,000 training digits and is asked about the 5,000 validation digits; no test digit is read here.
``benchmarks/record.json`` keeps what came out, a candidate once, and ``benchmarks/record.md`` is written from it.
On a processor two were trained side by side, each on a core of its own:

    OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/record.py "a first guess"

On the GPU the functions of this file were started for up to sixteen at once. With ``--out FOLDER`` the weights of each
recipe are written too. When ``digitlib evaluate --test`` has been asked about the last ones, its counts are put into
the log by hand, as ``test_wrong``.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from digitlib import data, evaluate, export, hardware, redrawn
from digitlib.augment import Deform
from digitlib.data import Digits, scale
from digitlib.evaluate import wilson
from digitlib.model import Normalize
from digitlib.train import RECIPES, Recipe, fit, in_precision, train_epoch
from digitlib.weights import write_whole

LOG = Path(__file__).with_name("record.json")
DIGEST = LOG.parents[1] / "digitlib" / "record.json"
RECORD = RECIPES["record"]
FULL = RECORD.deform


@dataclass(frozen=True)
class Candidate:
    """What to train, and how, with the ingredients that were weighed.

    Attributes:
        hidden, epochs, batch, rate, decay, redrawn, seed: as of a :class:`~digitlib.train.Recipe`.
        optimizer: ``"AdamW"``; ``"SGD"``, gradient descent with Nesterov's momentum; or ``"Muon"`` for all matrices but
            the last one's, beside AdamW.
        norm: batch normalisation after each linear layer but the last.
        dropout: the part of the numbers that is left out after each ReLU.
        smoothing: the part of a label that is shared out evenly among the ten digits.
        average: the half-life, in epochs, of the average over the weights' past, which is measured beside the weights;
            0 for none.
        strength: how many times as strong as ``FULL`` digits are deformed.
        straight, bent: the same for what leaves lines straight alone, and for bending alone.
        pen: how far, in pixels, strokes grow thinner or thicker on each side.
        fine: standard deviation, in pixels, of a second bending between 10 x 10 points.
        fade: the part of the epochs, the last, in which the deformations grow weaker.
        floor: the strength to which they do, in parts of the strength before.
    """

    hidden: tuple[int, ...] = (1024, 1024, 512)
    epochs: int = 40
    batch: int = 512
    rate: float = 3e-3
    decay: float = 0.05
    optimizer: str = "AdamW"
    norm: bool = True
    dropout: float = 0.0
    smoothing: float = 0.0
    average: float = 2.0
    strength: float = 1.0
    straight: float = 1.0
    bent: float = 1.0
    pen: float = 0.0
    fine: float = 0.0
    fade: float = 0.0
    floor: float = 0.0
    redrawn: float = 0.0
    seed: int = 0


FIRST = Candidate()
WEAKER = replace(FIRST, strength=0.7)
FADED = replace(WEAKER, fade=0.3, floor=0.3)
SHORT = replace(FADED, floor=0.0)
LONG = replace(
    FIRST,
    hidden=RECORD.hidden,
    epochs=300,
    average=0.0,
    fade=0.3,
    redrawn=0.3,
)

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
    "weaker, fading to none": (SHORT, "some variety should stay"),
    "half as strong, fading": (replace(FADED, strength=0.5), "less to learn from"),
    "weaker, fading, SGD": (
        replace(FADED, optimizer="SGD", rate=0.1, decay=5e-4),
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
    "on a GPU": (SHORT, "no difference: 24 wrong, give or take 5"),
    "on a GPU, seed 1": (replace(SHORT, seed=1), "19 to 29 wrong"),
    "on a GPU, seed 2": (replace(SHORT, seed=2), "19 to 29 wrong"),
    "on a GPU, seed 3": (replace(SHORT, seed=3), "19 to 29 wrong"),
    "no deformations": (replace(SHORT, strength=0.0), "75 wrong"),
    "no bending": (replace(SHORT, bent=0.0), "35 wrong: bending is worth a third"),
    "nothing but bending": (replace(SHORT, straight=0.0), "40 wrong"),
    "full strength, fading to none": (
        replace(SHORT, strength=1.0),
        "26 wrong: too much for 40 epochs",
    ),
    "thinner and thicker pens": (
        replace(SHORT, pen=0.3),
        "nothing: the digits have many pens already",
    ),
    "a redrawn digit for each": (
        replace(SHORT, redrawn=1.0, epochs=20),
        "too many of them: 26 wrong",
    ),
    "batches of 256": (
        replace(SHORT, batch=256),
        "a little better, for twice the steps",
    ),
    "batches of 1,024": (replace(SHORT, batch=1024), "no difference"),
    "batches of 2,048": (
        replace(SHORT, batch=2048, rate=6e-3),
        "a little worse: few steps",
    ),
    "twice the rate": (replace(SHORT, rate=6e-3), "no difference"),
    "Muon": (
        replace(SHORT, optimizer="Muon"),
        "learns faster: 20 wrong",
    ),
    "one hidden layer of 800": (
        replace(SHORT, hidden=(800,)),
        "35 wrong, as in Simard's paper of 2003",
    ),
    "long": (LONG, "18 wrong; this is to beat"),
    "long, seed 1": (replace(LONG, seed=1), "as much, give or take 4"),
    "long, a third of it": (replace(LONG, epochs=100), "21 wrong"),
    "long, weaker deformations": (
        replace(LONG, strength=0.7),
        "worse: at this length variety runs out",
    ),
    "long, stronger deformations": (
        replace(LONG, strength=1.4),
        "as good: time enough to learn them",
    ),
    "long, stronger, fading over two thirds": (
        replace(LONG, strength=1.4, fade=0.65),
        "a little better than fading late",
    ),
    "long, dropout": (replace(LONG, dropout=0.1), "no difference"),
    "long, smoothed labels": (replace(LONG, smoothing=0.1), "a little better"),
    "long, more decay": (replace(LONG, decay=0.3), "a little better"),
    "long, no redrawn digits": (replace(LONG, redrawn=0.0), "a little worse"),
    "long, batches of 1,024": (replace(LONG, batch=1024), "no difference"),
    "long, SGD": (
        replace(LONG, optimizer="SGD", rate=0.1, decay=5e-4),
        "no difference",
    ),
    "long, a smaller network": (
        replace(LONG, hidden=(2048, 1024, 512)),
        "a little worse: a third of the weights",
    ),
}
"""Each candidate by name, with what was expected of it."""


@dataclass(frozen=True)
class Run:
    """A recipe as ``fit`` trains it, and what may be added to it.

    Attributes:
        recipe: the recipe.
        taught: the names of other runs, whose mean answers it learns from.
        whole: epochs of a second stage, on all 60,000 digits at a third of the rate.
    """

    recipe: Recipe
    taught: tuple[str, ...] = ()
    whole: int = 0


ADAMW = replace(RECORD, batch=512)
SGD = replace(ADAMW, optimizer="SGD", rate=0.1, decay=5e-4)

LAST_ROUND = {
    "AdamW": (Run(ADAMW), "14 wrong, give or take 3: as at 300 epochs"),
    "AdamW, seed 1": (Run(replace(ADAMW, seed=1)), "the same"),
    "AdamW, smoothed labels": (
        Run(replace(ADAMW, smoothing=0.1)),
        "13: a little better",
    ),
    "AdamW, smoothed labels, seed 1": (
        Run(replace(ADAMW, smoothing=0.1, seed=1)),
        "13",
    ),
    "AdamW, smoothed labels, more decay": (
        Run(replace(ADAMW, smoothing=0.1, decay=0.3)),
        "13",
    ),
    "AdamW, smoothed labels, stronger": (
        Run(replace(ADAMW, smoothing=0.1, deform=FULL.times(1.3))),
        "15: too strong for 200 epochs",
    ),
    "AdamW, batches of 1,024": (Run(RECORD), "15: fewer steps"),
    "SGD": (Run(SGD), "13: a little better than AdamW"),
    "SGD, seed 1": (Run(replace(SGD, seed=1)), "13"),
    "SGD, smoothed labels": (Run(replace(SGD, smoothing=0.1)), "12: both help"),
    "SGD, smoothed labels, seed 1": (Run(replace(SGD, smoothing=0.1, seed=1)), "12"),
    "SGD, more decay": (Run(replace(SGD, decay=1e-3)), "13: no difference"),
}
"""The last round, trained as recipes: each by name, with what was expected of it."""

TEACHERS = ("SGD", "SGD, seed 1", "AdamW", "AdamW, seed 1")
FINAL = (
    {f"record, seed {seed}": Run(replace(RECORD, seed=seed)) for seed in range(5)}
    | {
        f"record, then all 60,000, seed {seed}": Run(
            replace(RECORD, seed=seed), whole=25
        )
        for seed in range(5)
    }
    | {
        f"taught by four, seed {seed}": Run(
            replace(RECORD, seed=seed, distil=0.7), TEACHERS
        )
        for seed in range(3)
    }
)
"""What was trained when nothing was to be chosen any more, by name."""

EVERY = {name: what for name, (what, _) in (CANDIDATES | LAST_ROUND).items()} | FINAL
"""All of them by name."""


def main() -> None:
    """Train the named ones, all if there is none, and write log and table after each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--out", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    if unknown := set(options.names) - set(EVERY):
        parser.error(f"no candidate is called {' or '.join(map(repr, unknown))}")
    if options.out and not options.out.is_dir():
        parser.error(f"{options.out}: no such folder")
    train, valid = data.split(data.load("mnist"))
    device = hardware.best_device()
    precision = hardware.best_precision(device)
    for name in options.names or EVERY:
        start, what = time.perf_counter(), EVERY[name]
        if isinstance(what, Run):
            model, curve = run(what, train, valid)
            if options.out:
                path = options.out / f"{name}.safetensors"
                recipe = replace(what.recipe, precision=precision)
                command = f'python benchmarks/record.py --out FOLDER "{name}"'
                export.export_weights(model, path, valid, "mnist", recipe, command)
        else:
            with hardware.own_cores():
                curve = trained(what, train, valid)
        log = json.loads(LOG.read_text())
        log[name] = {
            "candidate": asdict(what),
            "on": f"{hardware.describe(device)}, {precision}",
            "curve": curve,
            "seconds": round(time.perf_counter() - start),
        }
        write(log)


def run(what: Run, train: Digits, valid: Digits) -> tuple[nn.Sequential, list[dict]]:
    """The trained model, and what training and validation came to after every fifth epoch of the first stage."""
    device = hardware.best_device()
    recipe = replace(what.recipe, precision=hardware.best_precision(device))
    teacher = None
    if what.taught:
        members = [run(LAST_ROUND[name][0], train, valid)[0] for name in what.taught]
        teacher = Committee(members, recipe.precision)
    model = recipe.network()
    history = fit(model, train, valid, recipe, teacher=teacher)
    if what.whole:
        more = replace(recipe, epochs=what.whole, rate=recipe.rate / 3)
        fit(model, data.load("mnist"), valid, more)
    curve = [
        {
            "epoch": epoch.number,
            "train_loss": epoch.train_loss,
            "train_error": 1 - epoch.train_accuracy,
            "wrong": round(len(valid) * (1 - epoch.valid_accuracy)),
            "loss": epoch.valid_loss,
        }
        for epoch in history
        if epoch.number % 5 == 0 or epoch.number == recipe.epochs
    ]
    return model, curve


class Committee(nn.Module):
    """Several networks as one: the logarithm of their mean probabilities."""

    def __init__(self, members: list[nn.Module], precision: str):
        super().__init__()
        self.members, self.precision = nn.ModuleList(members), precision

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From ``(N, 28, 28)`` to ``(N, 10)``."""
        shares = [
            in_precision(member, self.precision, x.device)(x).softmax(1)
            for member in self.members
        ]
        return torch.stack(shares).mean(0).log()


def trained(candidate: Candidate, train: Digits, valid: Digits) -> list[dict]:
    """What training and validation came to after every fifth epoch."""
    device, curve = hardware.best_device(), []
    model = network(candidate).to(device)
    if candidate.redrawn:
        train = redrawn.mixed(train, candidate.redrawn, candidate.seed)
    images, labels = train.images.to(device), train.labels.to(device)
    per_epoch = -(-len(train) // candidate.batch)
    optimizer, *schedulers = optimizing(model, candidate, candidate.epochs * per_epoch)
    average = None
    if candidate.average:
        decay = 0.5 ** (1 / (per_epoch * candidate.average))
        average = AveragedModel(
            model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True
        )
        schedulers.append(Averaging(average, model))
    learner = in_precision(model, hardware.best_precision(device), device)
    for number in range(1, candidate.epochs + 1):
        model.train()
        batches = deformed(images, labels, candidate, number)
        losses, right, seen = train_epoch(
            learner, batches, optimizer, Together(*schedulers)
        )
        if number % 5 and number < candidate.epochs:
            continue
        said = {"epoch": number, "train_loss": losses.sum().item() / seen}
        said["train_error"] = 1 - right.item() / seen
        said |= asked(model, valid, "")
        curve.append(said | (asked(average, valid, "average_") if average else {}))
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


def optimizing(model: nn.Module, candidate: Candidate, steps: int) -> list:
    """The optimizer, and the schedulers of its rate."""
    settings = {"lr": candidate.rate, "weight_decay": candidate.decay}
    if candidate.optimizer == "SGD":
        momentum = {"momentum": 0.9, "nesterov": True}
        optimizers = [torch.optim.SGD(model.parameters(), **momentum, **settings)]
    else:
        matrices = []
        if candidate.optimizer == "Muon":
            matrices = [part for part in model[:-1].parameters() if part.dim() == 2]
        apart = {id(part) for part in matrices}
        others = [part for part in model.parameters() if id(part) not in apart]
        optimizers = [torch.optim.AdamW(others, fused=True, **settings)]
        if matrices:  # its steps as large as AdamW's, so that the same rate serves both
            muon = torch.optim.Muon(
                matrices, adjust_lr_fn="match_rms_adamw", **settings
            )
            optimizers.append(muon)
    cycle = {"max_lr": candidate.rate, "total_steps": steps, "pct_start": 0.1}
    schedulers = [
        torch.optim.lr_scheduler.OneCycleLR(part, cycle_momentum=False, **cycle)
        for part in optimizers
    ]
    return [Together(*optimizers), *schedulers]


class Together:
    """Several optimizers or schedulers as one."""

    def __init__(self, *parts):
        self.parts = parts

    def step(self) -> None:
        """A step of each."""
        for part in self.parts:
            part.step()

    def zero_grad(self) -> None:
        """Forget the gradients of all."""
        for part in self.parts:
            part.zero_grad()


class Averaging:
    """Keeps the average of the weights, step by step."""

    def __init__(self, average: AveragedModel, model: nn.Module):
        self.average, self.model = average, model

    def step(self) -> None:
        """Take the weights in."""
        self.average.update_parameters(self.model)


def deformed(
    images: torch.Tensor, labels: torch.Tensor, candidate: Candidate, number: int
) -> Iterator[tuple]:
    """The batches of an epoch."""
    order, luck = (
        torch.Generator().manual_seed(1_000 * candidate.seed + number + apart)
        for apart in (0, 1_000_003)
    )
    strength = candidate.strength * faded(candidate, number)
    deform = replace(
        FULL.times(strength * candidate.straight),
        elastic=FULL.elastic * strength * candidate.bent,
        pen=candidate.pen * strength,
    )
    fine = Deform(elastic=candidate.fine * strength, coarseness=10)
    shuffled = torch.randperm(len(images), generator=order).to(images.device)
    for batch in shuffled.split(candidate.batch):
        x, y = scale(images.index_select(0, batch)), labels[batch]
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
    """Write the log, the tables that are made from it, and what the chapter shows of it."""
    tables = TOP
    for title, names in (("candidates", CANDIDATES), ("the last round", LAST_ROUND)):
        rows = [row(name, names[name][1], log[name]) for name in names if name in log]
        tables += "\n".join(["", "", f"## {title.capitalize()}", "", HEAD, *rows])
    rows = [final_row(name, log[name]) for name in FINAL if name in log]
    tables += "\n".join(["", "", FINAL_HEAD, *rows, "", mean(log), "", PUBLISHED])
    write_whole(LOG, (json.dumps(log, indent=1) + "\n").encode())
    write_whole(LOG.with_suffix(".md"), (tables.rstrip() + "\n").encode())
    write_whole(DIGEST, (json.dumps(digest(log), indent=1) + "\n").encode())


def digest(log: dict) -> dict:
    """What the chapter shows: how many validation digits each got wrong, and the history of the published network."""
    curve = log["record, seed 0"]["curve"]
    return {
        "wrong": {name: entry["curve"][-1]["wrong"] for name, entry in log.items()},
        "history": {
            key: [line[key] for line in curve]
            for key in ("epoch", "train_error", "wrong")
        },
    }


def row(name: str, expected: str, entry: dict) -> str:
    """A line of the search's tables."""
    last, n = entry["curve"][-1], data.VALID_SIZE["mnist"]
    average = "| | |"
    if "average_wrong" in last:
        average = f"| {last['average_wrong']} | {last['average_loss']:.4f} |"
    return (
        f"| {name} | {expected} | {last['wrong']} | {share(last['wrong'], n)} | {last['loss']:.4f} {average} "
        f"{100 * last['train_error']:.2f} % | {last['epoch']} | {entry['on']} | {entry['seconds']} |"
    )


def final_row(name: str, entry: dict) -> str:
    """A line of the last table; its test digits are written into the log by hand, once they were read."""
    n = data.VALID_SIZE["mnist"]
    valid = f"{entry['curve'][-1]['wrong']} of {n:,}"
    if entry["candidate"]["whole"]:  # it has learned from them
        valid = ""
    test, error = "not read", ""
    if "test_wrong" in entry:
        test = f"{entry['test_wrong']} of 10,000"
        error = share(entry["test_wrong"], 10_000)
    return f"| {name} | {valid} | {test} | {error} | {entry['seconds']} |"


def mean(log: dict) -> str:
    """A sentence on the five seeds of the recipe itself."""
    read = [log[f"record, seed {seed}"].get("test_wrong") for seed in range(5)]
    if None in read:
        return "Not all of the five seeds were asked about the test digits."
    low, high = (f"{one / 100:.2f}" for one in (min(read), max(read)))
    return f"The five seeds of `record`: {sum(read) / 500:.2f} % on average, {low} to {high}."


def share(wrong: int, n: int) -> str:
    """So many of n as per cent, with their interval."""
    low, high = wilson(wrong, n)
    return f"{100 * wrong / n:.2f} % ({100 * low:.2f} to {100 * high:.2f})"


TOP = """# The search for the best fully connected network

Each was trained once, on 55,000 digits, with seed 0 unless its name says another, and asked about 5,000 validation
digits. The interval is as wide as four tenths of a point, and most lie within it: the errors alone can't tell which is
better. The loss, which also counts how sure an answer was, tells a little more; with smoothed labels it is another
loss, not to be compared.

What was expected was written down before the trainings on the GPU; of those on a processor, with the results at hand,
it is what is usually said. On a processor each ran beside another, on a core of its own, in float32; on the GPU eight
to sixteen ran beside each other, in bfloat16, so the seconds are rough.

`python benchmarks/record.py` trains them all and writes these tables."""

COLUMNS = (
    *("candidate", "expected", "wrong", "validation error", "loss"),
    *("averaged weights", "their loss", "in training", "epochs", "on", "seconds"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}"

FINAL_HEAD = """## The recipe

In the last round nothing stood out, so the recipe `record` is the one that took least time: AdamW in batches of 1,024.
It was trained with five seeds, and beside it, to be told apart: the same followed by 25 epochs on all 60,000 digits at
a third of the rate, and three networks that learned from labels (0.3) and from the mean answers of four networks of the
last round (0.7). Then each was asked about the test digits, once, with its weights rounded to 8 bits, and nothing was
chosen by it. Seed 0, which is the last round's own, had been named before that for the weights to publish. The seconds
are without the four teachers'.

| network | validation | test | test error | seconds |
| --- | --- | --- | --- | --- |"""

PUBLISHED = """Aimed at were 0.50 % at most on average, and 0.35 % to be level with the record. Published for one fully
connected network: 0.70 % with one hidden layer of 800 (Simard and others, 2003), 0.49 to 0.35 % with up to 12.1 million
weights (Cireşan and others, 2010, arXiv 1003.0358; 114 hours for the largest), 0.57 % without deformations (Ladder
network, Rasmus and others, 2015). Why the validation digits promised more: [known and unknown writers](writers.md)."""

if __name__ == "__main__":
    main()
