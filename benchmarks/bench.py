"""digitlib beside its peers, measured in one run: ``make bench``.

Everything runs after the other on an otherwise idle machine, the rounds of the peers interleaved. The table goes to the
screen and to ``benchmarks/results.md``.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from datetime import date
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import peers
from digitlib import augment, data, export, hardware
from digitlib.classify import DigitClassifier
from digitlib.model import MLP
from digitlib.train import RECIPES, Recipe, fit
from digitlib.weights import write_whole

HERE = Path(__file__).parent
LIMIT = 600  # seconds for one training


def main() -> int:
    """Measure what is asked for, everything if nothing is, and write the table."""
    parts = {
        "train": race,
        "steps": steps,
        "predict": predictions,
        "growth": growth,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    parser.add_argument("--rounds", type=int, default=3, help="runs of each peer")
    parser.add_argument("--out", type=Path, default=HERE / "results.md")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(parts):
        parser.error(f"expected parts out of {', '.join(parts)}, got {unknown}")
    lines = about()
    for name in options.parts or parts:
        lines += ["", *parts[name](options)]
        print("\n".join(lines[-40:]), flush=True)
        write_whole(options.out, ("\n".join(lines) + "\n").encode())
    return 0


def about() -> list[str]:
    """The machine and the versions."""
    packages = "torch", "torchvision", "numpy", "scikit-learn", "onnxruntime"
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    device = hardware.best_device()
    return [
        "# digitlib beside its peers",
        "",
        f"Measured on {date.today()} in one run of `make bench`, all figures from this file's run alone: "
        f"{processor()}, {hardware.describe(device)}; best precision {hardware.best_precision(device)}; "
        f"Python {platform.python_version()}, {versions}.",
    ]


def processor() -> str:
    """The processor's name and its widest instructions."""
    name = torch.cpu.get_capabilities().get("cpu_name", platform.processor())
    return f"{name} ({torch.backends.cpu.get_cpu_capability()})"


def table(head: list[str], rows: list[list]) -> list[str]:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]


def spread(values: list[float], form: str = ".1f") -> str:
    """Median, and the lowest and highest where there are several."""
    if not values:
        return "-"
    middle = format(statistics.median(values), form)
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):{form}} to {max(values):{form}})"


# --- time to an accuracy -------------------------------------------------------------------------------------------


def race(options) -> list[str]:
    """Seconds to 98 % and to 99 % of the validation digits, interleaved."""
    root = mnist_folder()
    steps_a_look = {"ours": 10, "theirs": 40}
    sharper = Recipe.named("base", epochs=7)
    runners = {
        "digitlib, recipe quick": (
            [0.98], steps_a_look["ours"],
            lambda watch, seed: peers.digitlib_recipe(watch, Recipe.named("quick", seed=seed)),
        ),
        f"digitlib, recipe base with {sharper.epochs} epochs": (
            [0.98, 0.99], steps_a_look["ours"],
            lambda watch, seed: peers.digitlib_recipe(watch, Recipe.named("base", epochs=sharper.epochs, seed=seed)),
        ),
        "(a) tutorials' loop, the same MLP": (
            [0.98], steps_a_look["theirs"],
            lambda watch, seed: peers.tutorial_loop(watch, root, seed),
        ),
        "(b) official CNN, shuffled": (
            [0.98, 0.99], steps_a_look["theirs"],
            lambda watch, seed: peers.official_example(watch, root, seed, shuffle=True),
        ),
        "(b) official CNN, as published": (
            [0.98, 0.99], steps_a_look["theirs"],
            lambda watch, seed: peers.official_example(watch, root, seed, shuffle=False),
        ),
        "(b) official CNN, shuffled, our loader": (
            [0.98], steps_a_look["theirs"],
            lambda watch, seed: peers.official_example(watch, root, seed, shuffle=True, in_memory=True),
        ),
        "(c) scikit-learn's MLPClassifier, to its best": (
            [], 1,
            lambda watch, seed: peers.scikit_learn(watch, seed),
        ),
    }  # fmt: skip
    warm_up()
    watches = {name: [] for name in runners}
    for seed in range(options.rounds + 2):
        for name, (goals, every, run) in runners.items():
            if seed >= options.rounds and not name.startswith("digitlib"):
                continue
            watch = peers.Watch(goals, LIMIT, every)
            with contextlib.suppress(peers.Stop):
                run(watch, seed)
            watches[name].append(watch)
            print(
                f"{name}, seed {seed}: {watch.reached}, best {watch.best}", flush=True
            )
    return race_report(watches)


def race_report(watches: dict) -> list[str]:
    """The table of times, and the ratios that were to be reached."""
    rows = []
    for name, runs in watches.items():
        row = [name, len(runs)]
        for goal in (0.98, 0.99):
            times = [watch.reached[goal] for watch in runs if goal in watch.reached]
            missed = len(runs) - len(times) if goal in runs[0].goals else 0
            row.append(spread(times) + (f", {missed} did not" if missed else ""))
        best = [100 * watch.best[0] for watch in runs]
        rows.append([*row, spread(best, ".2f"), spread([-w.best[1] for w in runs])])
    lines = ["## Seconds to an accuracy on 5,000 validation digits", ""]
    lines += table(
        ["training", "runs", "to 98 %", "to 99 %", "best seen, %", "after"], rows
    )
    lines += [
        "",
        "Median (lowest to highest). Reading and preparing the data counts, imports don't, and the clock stands still "
        "while the validation digits are measured: every 10 steps of ours, every 40 of (a) and (b), ten times an epoch "
        "of (c). A run stops at its last goal or after 600 seconds; (a) and our loader had 98 % as their only goal.",
        "",
    ]

    quick, base, a, shuffled, published, loader, c = watches
    ours = median_to(watches[quick], 0.98)[0]
    ours_99 = median_to(watches[base], 0.99)[0]
    ratios = [
        (f"{goal:.0%}: {short} / {us}".replace("%", " %"), *median_to(watches[name], goal), time)
        for goal, us, time, short, name in (
            (0.98, "quick", ours, "(a)", a),
            (0.98, "quick", ours, "(b) shuffled", shuffled),
            (0.98, "quick", ours, "(b) as published", published),
            (0.98, "quick", ours, "(b) with our loader", loader),
            (0.99, "base", ours_99, "(b) shuffled", shuffled),
            (0.99, "base", ours_99, "(b) as published", published),
        )
    ]  # fmt: skip
    best_c = statistics.median(-watch.best[1] for watch in watches[c])
    ratios.append(("(c) to its best / quick to 98 %", best_c, True, ours))
    rows = [
        [name, f"{'' if all_did else 'at least '}{theirs / time:.1f}"]
        for name, theirs, all_did, time in ratios
    ]
    return [*lines, *table(["ratio of medians", "times"], rows)]


def median_to(runs: list, goal: float) -> tuple[float, bool]:
    """The median seconds to a goal, those that missed it counted with the limit, and whether all reached it."""
    times = [watch.reached.get(goal, LIMIT) for watch in runs]
    return statistics.median(times), all(goal in watch.reached for watch in runs)


def mnist_folder() -> Path:
    """The folder that torchvision takes as its root."""
    data.load("mnist")
    named = Path(os.environ.get("DIGITLIB_DATA_DIR", ""))
    return named if (named / "MNIST").is_dir() else data.cache_folder()


def warm_up() -> None:
    """Start every library's threads and allocators, and import what is imported late, before the first clock."""
    import torchvision  # noqa: F401

    small = data.load("optdigits")
    fit(MLP((256,)), small, small[:100], Recipe(epochs=2))
    peers.OfficialCNN()(torch.rand(64, 1, 28, 28)).sum().backward()


# --- where a step's time goes --------------------------------------------------------------------------------------


def timed(function, repeats: int = 100) -> float:
    """The median of a call's milliseconds."""
    for _ in range(5):
        function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(1_000 * (time.perf_counter() - start))
    return statistics.median(times)


def steps(_) -> list[str]:
    """The parts of one step, and the rate of its matrix products beside that of a large one."""
    train, _ = data.split(data.load("mnist"))
    images = data.scale(train.images)
    square = torch.rand(2_048, 2_048)
    peak = 2 * 2_048**3 / timed(lambda: square @ square, 10) / 1e6
    rows = []
    for name in ("quick", "base"):
        recipe = RECIPES[name]
        rows += [[name, *row] for row in parts_of_a_step(recipe, images, train, peak)]
    lines = ["## Where a step's time goes", ""]
    lines += table(
        ["recipe", "part", "ms", "share", "products, GFLOP", "GFLOP/s", "of peak"], rows
    )
    lines += [
        "",
        "Medians of 100 on a batch of 256. Peak: a product of two 2,048 x 2,048 matrices in float32, "
        f"{peak:.0f} GFLOP/s in this run. Backward needs no gradient of the pixels, so the first layer costs it one "
        "product, not two.",
        "",
        *precision_report(images, train),
    ]
    return lines


def parts_of_a_step(recipe: Recipe, images, train, peak: float) -> list[list]:
    """Milliseconds of each part, and for the products of matrices their rate."""
    model = MLP(recipe.hidden)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-9, fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1e-9, total_steps=10**6
    )
    random = torch.Generator().manual_seed(0)
    indices = torch.randperm(len(images)).split(recipe.batch)[:200]
    turn = iter(range(10**9))
    deform = recipe.deform or augment.Deform()
    x, y = images[indices[0]], train.labels[indices[0]]

    def load():
        batch = indices[next(turn) % len(indices)]
        return images[batch], train.labels[batch]

    def backward():
        F.cross_entropy(model(x), y).backward()

    def finish():
        optimizer.step()
        cycle.step()

    backward()
    finish()
    macs = [a * b for a, b in pairwise([784, *recipe.hidden, 10])]
    forward_flop = 2 * recipe.batch * sum(macs) / 1e9
    backward_flop = 2 * recipe.batch * (2 * sum(macs) - macs[0]) / 1e9
    forward_ms = timed(lambda: F.cross_entropy(model(x), y))
    parts = [
        ("loading", timed(load), 0),
        ("deforming", timed(lambda: deform(x, random)) if recipe.deform else 0, 0),
        ("forward", forward_ms, forward_flop),
        ("backward", timed(backward) - forward_ms, backward_flop),
        ("optimiser", timed(finish) + timed(optimizer.zero_grad), 0),
    ]
    total = sum(ms for _, ms, _ in parts)
    parts.append(("together", total, forward_flop + backward_flop))
    return [
        [part, f"{ms:.2f}", f"{ms / total:.0%}"]
        + (
            [
                f"{flop:.2f}",
                f"{flop / ms * 1000:.0f}",
                f"{flop / ms * 1000 / peak:.0%}",
            ]
            if flop
            else ["", "", ""]
        )
        for part, ms, flop in parts
    ]


def precision_report(images, train) -> list[str]:
    """An epoch in each number format, and with other numbers of threads."""
    digits = data.Digits(train.images[:10_000], train.labels[:10_000])

    def seconds(**changes):
        recipe = Recipe.named("quick", epochs=1, **changes)
        runs = []
        for _ in range(3):
            runs.append(
                fit(MLP(recipe.hidden), digits, digits[:100], recipe)[0].seconds
            )
        return statistics.median(runs)

    float32, bfloat16 = seconds(), seconds(precision="bfloat16")
    rows = [
        ["float32", f"{float32:.2f}", "1.0"],
        ["bfloat16", f"{bfloat16:.2f}", f"{bfloat16 / float32:.1f}"],
    ]
    cores = torch.get_num_threads()
    for threads in sorted({1, cores, 2 * cores}):
        rows.append(threads_row(threads, float32))
    return table(["an epoch of 10,000 digits, quick", "s", "ratio"], rows)


def threads_row(threads: int, reference: float) -> list[str]:
    """The same epoch with a number of threads, without fit's own limit."""
    train = data.split(data.load("mnist"))[0][:10_000]
    images, model = data.scale(train.images), MLP(RECIPES["quick"].hidden)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        for batch in torch.randperm(len(train)).split(256):
            loss = F.cross_entropy(model(images[batch]), train.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        runs.append(time.perf_counter() - start)
    torch.set_num_threads(before)
    seconds = statistics.median(runs)
    return [f"float32, {threads} threads", f"{seconds:.2f}", f"{seconds / reference:.1f}"]  # fmt: skip


# --- naming digits -------------------------------------------------------------------------------------------------


def predictions(_) -> list[str]:
    """The shipped weights in numpy, PyTorch and ONNX Runtime, at three batch sizes."""
    import onnxruntime  # of the extra "bench"

    classifier, model = DigitClassifier.load(), export.load_model()
    session = onnxruntime.InferenceSession(onnx_bytes(model))
    _, valid = data.split(data.load("mnist"))
    uint8 = np.resize(valid.images.numpy(), (10_000, 28, 28))
    floats = uint8.astype(np.float32) / 255
    tensor = torch.from_numpy(floats)
    rows = []
    for n, repeats in ((1, 2_000), (100, 500), (10_000, 20)):
        ways = {
            "DigitClassifier.logits": lambda n=n: classifier.logits(uint8[:n]),
            "torch, eager": lambda n=n: eager(model, tensor[:n]),
            "ONNX Runtime": lambda n=n: session.run(None, {"x": floats[:n]}),
        }
        if n == 1:
            whole = "DigitClassifier.classify, with preprocessing"
            ways = {whole: lambda: classifier.classify(uint8[0])} | ways
        rows += [[n, name, *percentiles(way, n, repeats)] for name, way in ways.items()]
    lines = ["## Naming digits", ""]
    lines += table(["images", "way", "p50, ms", "p99, ms", "images/s"], rows)
    return [*lines, "", "The shipped weights; the same images in each row."]


@torch.inference_mode()
def eager(model, x):
    """Logits by PyTorch."""
    return model(x)


def percentiles(way, n: int, repeats: int) -> list[str]:
    """Median and 99th percentile of a call in milliseconds, and images a second."""
    for _ in range(repeats // 10):
        way()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        way()
        times.append(1_000 * (time.perf_counter() - start))
    middle, high = np.percentile(times, [50, 99])
    return [f"{middle:.3f}", f"{high:.3f}", f"{1_000 * n / np.mean(times):,.0f}"]


def onnx_bytes(model) -> bytes:
    """The model in ONNX, for any number of images."""
    buffer = io.BytesIO()
    batch = torch.export.Dim("batch")
    program = torch.onnx.export(
        model, (torch.zeros(2, 28, 28),), input_names=["x"], dynamo=True,
        dynamic_shapes=({0: batch},), verbose=False,
    )  # fmt: skip
    program.save(buffer)
    return buffer.getvalue()


# --- growth --------------------------------------------------------------------------------------------------------


def growth(_) -> list[str]:
    """Seconds of an epoch and peak memory by number of images, width and depth, each in a process of its own."""
    cases = [{"images": n} for n in (10_000, 60_000, 200_000, 600_000)]
    cases += [{"hidden": [width]} for width in (64, 256, 1_024, 4_096)]
    cases += [{"hidden": [256] * depth} for depth in (1, 2, 4, 8)]
    rows = []
    for case in cases:
        case = {"images": 20_000, "hidden": [256]} | case
        command = [sys.executable, __file__, "--child", json.dumps(case)]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(result.stdout.splitlines()[-1])
        hidden = " x ".join(map(str, case["hidden"]))
        rows.append([f"{case['images']:,}", hidden, f"{found['parameters']:,}"])
        rows[-1] += [f"{found['seconds']:.2f}", f"{found['memory']:,.0f}"]
    lines = ["## Growth", ""]
    lines += table(["images", "hidden", "numbers", "s an epoch", "peak, MB"], rows)
    lines += [
        "",
        "The second of two epochs of recipe quick. Images beyond MNIST's 60,000 are deformed copies.",
    ]
    return lines


def grow(case: dict) -> dict:
    """Train two epochs on so many images, and say what it took."""
    digits = data.load("mnist")
    deform, random = RECIPES["base"].deform, torch.Generator().manual_seed(0)
    images = torch.empty(case["images"], 28, 28, dtype=torch.uint8)
    labels = torch.empty(case["images"], dtype=torch.int64)
    for part in torch.arange(len(images)).split(10_000):
        x = data.scale(digits.images[part % len(digits)])
        copies = deform(x, random) if part[0] >= len(digits) else x
        images[part] = (255 * copies).round().to(torch.uint8)
        labels[part] = digits.labels[part % len(digits)]
    many = data.Digits(images, labels)
    model = MLP(case["hidden"])
    history = fit(model, many, digits[:100], Recipe.named("quick", epochs=2))
    return {
        "seconds": history[-1].seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(grow(json.loads(sys.argv[2]))))
        sys.exit(0)
    sys.exit(main())
