"""What does a convolution bring? ``python benchmarks/eyes.py`` trains it with five seeds, recipe ``base`` beside it.

Both learn from the 55,000 training digits, deformed in the same way, and are asked about the same digits: the 5,000 of
validation, the same three pixels further right, a thousand of them spoilt in forty ways, scikit-learn's digits by other
hands, and pictures as people send them (``album.py``), read by the package. No test digit is read.

``benchmarks/eyes.jsonl`` is the log, a line a training; a line of the same name takes the earlier one's place. From it
come ``benchmarks/eyes.md``, ``digitlib/book/eyes.json`` and the ledger's ``eyes.…``. ``--tables`` trains nothing.
``--out FILE`` writes weights of the convolutional network's seed 0, which the chapter shows. Names such as
``"eyes, seed 0"`` train those alone, or what was tried before, each with seed 0 and asked about the validation digits
alone (:data:`CANDIDATES`).
"""

import argparse
import functools
import json
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import nn

import bench
from album import CONDITIONS, draw
from digitlib import data, evaluate
from digitlib.accuracy import Accuracy
from digitlib.book import eyes, ledger
from digitlib.book.entries import entries
from digitlib.data import Images
from digitlib.engine import hardware
from digitlib.evaluate import mcnemar
from digitlib.files import write_whole
from digitlib.folder import gather
from digitlib.model import CNN
from digitlib.picture import read_image
from digitlib.recipes import Recipe
from digitlib.report import corruptions
from digitlib.train import Training, fit
from tables import share, spread, table

LOG = Path(__file__).with_suffix(".jsonl")
DIGEST = LOG.parents[1] / "digitlib" / "book" / "eyes.json"
SEEDS = range(5)
NETWORKS = ("eyes", "base", "base, fading")
SHOWN = "eyes, seed 0"
RUNS = {f"{network}, seed {seed}": (network, seed) for seed in SEEDS for network in NETWORKS}
# What was tried, with what differs from the training that was chosen.
CANDIDATES = {"no fading, rate 1e-2": {"fade": 0.0, "rate": 1e-2}}
PICTURES = 5  # of each condition
EXAMS = {
    "full": "validation",
    "moved": "moved by three pixels",
    "spoilt": "spoilt",
    "other-hands": "other hands",
    "pictures": "pictures as sent",
}
# What goes to the ledger, with what its name ends in there; recipe base's other figures are there as that recipe's.
TOLD = {
    "eyes": ("", ["full", "moved", "other-hands", "pictures"]),
    "base": ("-base", ["other-hands", "pictures"]),
    "base, fading": ("-fading", ["full"]),
}


def main() -> None:
    """Train and ask the named ones, all if there is none; write log, tables and ledger after each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("?")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help='"eyes, seed 0" …')
    parser.add_argument("--out", type=Path, metavar="FILE", help="for the weights of seed 0")
    parser.add_argument("--tables", action="store_true", help="train nothing")
    options = parser.parse_args()
    if unknown := set(options.names) - {*RUNS, *CANDIDATES}:
        names = ", ".join([*RUNS, *CANDIDATES])
        parser.error(f"expected names out of {names}, got {', '.join(unknown)}")
    if options.tables:
        return write(read())
    train, valid = data.split(data.load("mnist"))
    for name in options.names or RUNS:
        model, training = made(name)
        start = time.perf_counter()
        history = fit(model, train, valid, training)
        seconds = time.perf_counter() - start
        if options.out and name == SHOWN:
            tensors = {name: part.contiguous() for name, part in model.state_dict().items()}
            write_whole(options.out, save(tensors))
        line = {
            "name": name,
            "on": f"{bench.processor()}, {hardware.describe(hardware.best_device())}",
            "seconds": round(seconds),
            "weights": sum(weight.numel() for weight in model.parameters()),
            "training": asdict(training),
            "curve": [round((1 - epoch.valid_accuracy) * len(valid)) for epoch in history],
        }
        if name in RUNS:
            right = asked(model, valid)
            line["n"] = {exam: truths.numel() for exam, truths in right.items()}
            # Of forty thousand answers the counts of each way will do.
            line["spoilt"] = right.pop("spoilt").sum(1).tolist()
            line["wrong"] = {
                exam: (~truths).nonzero().ravel().tolist() for exam, truths in right.items()
            }
        add(line)
        print(f"{name}: {line['curve'][-1]} of {len(valid):,} wrong, {seconds:.0f} s", flush=True)
    write(read())


def made(name: str) -> tuple[nn.Sequential, Training]:
    """A network, untrained, and how it is to learn."""
    if name in CANDIDATES:
        return CNN(eyes.CHANNELS), replace(eyes.TRAINING, **CANDIDATES[name])
    network, seed = RUNS[name]
    if network == "eyes":
        return CNN(eyes.CHANNELS, seed=seed), replace(eyes.TRAINING, seed=seed)
    changes = {"fade": eyes.TRAINING.fade} if network == "base, fading" else {}
    recipe = Recipe.named("base", seed=seed, **changes)
    return recipe.model(), recipe.training


def asked(model: nn.Module, valid: Images) -> dict[str, torch.Tensor]:
    """Which answers are right, booleans ``(N,)``, in each exam."""
    named = functools.partial(evaluate.logits, model)
    some, foreign = valid[: eyes.SPOILT], data.load("optdigits")
    spoilt = corruptions.truths(named, some).values()
    photos, labels = pictures()
    return {
        "full": named(valid.images).argmax(1) == valid.labels,
        "moved": named(valid.images.roll(3, dims=2)).argmax(1) == valid.labels,
        "spoilt": torch.stack([true for kind in spoilt for true in kind.values()]),  # (40, N)
        "other-hands": named(foreign.images).argmax(1) == foreign.labels,
        "pictures": named(photos).argmax(1) == labels,
    }


@functools.cache
def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    """Digits as people send them, as the package reads them, and their labels; one without ink is dark all over."""
    some = [(one, i) for one in CONDITIONS.values() if one.named for i in range(PICTURES)]
    labels = []

    def drawing(place: int) -> np.ndarray:
        image, label = draw(*some[place])
        labels.append(label)
        return read_image(image)

    found = gather(drawing, len(some), "digit")
    images = np.zeros((len(some), 28, 28), dtype=np.uint8)
    images[found.kept] = found.images
    return torch.from_numpy(images), torch.tensor(labels)


def read() -> dict[str, dict]:
    """The log's lines by name."""
    lines = map(json.loads, LOG.read_text().splitlines()) if LOG.is_file() else ()
    return {line["name"]: line for line in lines}


def add(line: dict) -> None:
    """Write a line to the log, in the place of an earlier one."""
    lines = read() | {line["name"]: line}
    text = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in lines.values())
    write_whole(LOG, text.encode())


def of(lines: dict[str, dict], network: str) -> list[dict]:
    """The lines of one network, by seed."""
    return [lines[name] for name, (one, _) in RUNS.items() if one == network and name in lines]


def rights(line: dict, exam: str) -> torch.Tensor:
    """Which answers were right, booleans ``(N,)``."""
    right = torch.ones(line["n"][exam], dtype=torch.bool)
    right[line["wrong"][exam]] = False
    return right


def write(lines: dict[str, dict]) -> None:
    """The page, and the ledger's entries once all seeds are there."""
    if not all(name in lines for name in RUNS):
        return
    parts = [OPENING.format(on=lines[SHOWN]["on"]), "\n".join(sums(lines))]
    parts += ["## Seed by seed", "\n".join(pairs(lines))]
    tried = [
        [name, lines[name]["weights"], lines[name]["curve"][-1], lines[name]["seconds"]]
        for name in (*CANDIDATES, SHOWN)
        if name in lines
    ]
    parts += [
        "## What was tried",
        "\n".join(table(["training", "weights", "wrong", "seconds"], tried)),
    ]
    write_whole(LOG.with_suffix(".md"), ("\n\n".join(parts) + "\n").encode())
    write_whole(DIGEST, (json.dumps(digest(lines)) + "\n").encode())
    record(lines)


def digest(lines: dict[str, dict]) -> dict[str, dict[str, dict[str, list[int]]]]:
    """How many spoilt digits were named right, by network, kind and severity, for each seed: for the chapter."""
    ways = [
        (kind, str(much))
        for kind, way in corruptions.CORRUPTIONS.items()
        for much in way.severities
    ]
    told: dict[str, dict[str, dict[str, list[int]]]] = {}
    for network in NETWORKS:
        by_way = zip(*(line["spoilt"] for line in of(lines, network)), strict=True)
        for (kind, much), right in zip(ways, by_way, strict=True):
            told.setdefault(network, {}).setdefault(kind, {})[much] = list(right)
    return told


def mistakes(line: dict, exam: str) -> int:
    """How many answers were wrong."""
    if exam == "spoilt":
        return line["n"][exam] - sum(line["spoilt"])
    return len(line["wrong"][exam])


def sums(lines: dict[str, dict]) -> list[str]:
    """Mistakes in each exam and seconds, over the seeds."""
    n = lines[SHOWN]["n"]
    head = [f"{words}, of {n[exam]:,}" for exam, words in EXAMS.items()]
    rows = [
        [
            network,
            f"{some[0]['weights']:,}",
            spread([line["seconds"] for line in some], ".0f"),
            *(spread([mistakes(line, exam) for line in some], ".0f") for exam in EXAMS),
        ]
        for network, some in ((network, of(lines, network)) for network in NETWORKS)
    ]
    return table(["network", "weights", "seconds", *head], rows)


def pairs(lines: dict[str, dict]) -> list[str]:
    """Both networks on the same digits, seed by seed: who alone is wrong, and how probable that is under coins."""
    rows = []
    for one, other in zip(of(lines, "eyes"), of(lines, "base"), strict=False):
        ours, theirs = rights(one, "full"), rights(other, "full")
        alone = (~ours & theirs).sum().item(), (ours & ~theirs).sum().item()
        wrong = [share(mistakes(line, "full"), line["n"]["full"]) for line in (one, other)]
        rows.append(
            [one["name"].rpartition(" ")[2], *wrong, *alone, f"{mcnemar(ours, theirs):.2g}"]
        )
    return table(
        ["seed", "eyes, wrong", "base, wrong", "only eyes wrong", "only base wrong", "McNemar's p"],
        rows,
    )


def record(lines: dict[str, dict]) -> None:
    """What the chapter tells: means and spreads over the seeds, into the ledger."""
    told = {dataset: entries(dataset) for dataset in data.VALID_SIZE}
    for network, (ending, exams) in TOLD.items():
        for exam in exams:
            right = [Accuracy.of(rights(line, exam)) for line in of(lines, network)]
            entry = ledger.mean_of(right, right[0].n, "seeds", "python benchmarks/eyes.py")
            told["mnist"][f"eyes.{exam}{ending}"] = entry
    ledger.write(told)


OPENING = """# What does a convolution bring?

Made by `python benchmarks/eyes.py` on {on}: five seeds of the convolutional network of the
chapter *Give it eyes*, and of recipe `base`, trained on the same digits, as it is and with deformations that fade as
those of `eyes` do. Counts of mistakes: the median of five seeds, the smallest and the largest; brackets behind shares
hold 95 % intervals. A thousand validation digits are spoilt in ten ways, each in four strengths, and pictures as sent
are five of each condition of `pictures.md` that shows a digit. Seed 0 of `eyes` was trained alone on the machine;
beside the others other things ran, so their seconds are too many (most so where deformations of `base` fade: that was
on one thread)."""


if __name__ == "__main__":
    main()
