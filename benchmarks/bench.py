"""digitlib beside its peers, measured in one run: ``make bench``.

Everything runs after the other on an otherwise idle machine, the rounds of the peers interleaved. The tables go to the
screen and to ``benchmarks/results.md``, where each part has a section that says when and on what it was measured.
Everything runs on the processor; only ``make bench PARTS=gpu`` runs on a GPU, and nothing beside it.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

import peers
from digitlib import data, export, mnist
from digitlib.classify import DigitClassifier
from digitlib.engine import hardware
from digitlib.files import write_whole
from digitlib.model import MLP
from digitlib.recipes import RECIPES, Recipe
from digitlib.train import Training, fit
from listing import peak_memory
from stopwatch import Stopwatch
from tables import spread, table

RESULTS = Path(__file__).with_name("results.md")
LIMIT = 600  # seconds for one training
GOAL = 0.98
FILES = 10_000


def main() -> int:
    """Measure everything, or the named parts, and write their sections anew."""
    parts = {
        "train": race,
        "steps": steps,
        "predict": predictions,
        "files": files,
        "growth": growth,
        "sprint": sprint,
        "gpu": race_on_gpu,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    parser.add_argument("--rounds", type=int, default=3, help="runs of each peer")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(parts):
        parser.error(f"expected parts out of {', '.join(parts)}, got {unknown}")
    if options.parts == ["gpu"]:
        if not torch.cuda.is_available():
            parser.error("expected a GPU for part gpu, got none that CUDA sees")
    elif "gpu" in options.parts:
        parser.error("expected part gpu alone, since all others run on the processor")
    else:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the peers stay on the processor, and so do we
        del parts["gpu"]
    with hardware.own_cores():  # for the peers too
        for name in options.parts or parts:
            title, *lines = parts[name](options)
            section = "\n".join([title, "", about(name), *lines])
            print(section, flush=True)
            text = with_section(RESULTS.read_text(encoding="utf-8"), section)
            write_whole(RESULTS, text.encode())
    return 0


def about(part: str) -> str:
    """When, on what machine and with which versions a part was measured."""
    packages = "torch", "torchvision", "numpy", "scikit-learn", "onnxruntime"
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    device = hardware.best_device()
    return (
        f"Measured on {date.today()} in one run of `make bench PARTS={part}`: {processor()}, "
        f"{hardware.describe(device)}; best precision {hardware.best_precision(device)}; "
        f"Python {platform.python_version()}, {versions}."
    )


def with_section(text: str, section: str) -> str:
    """A page with the section of the same heading replaced, or added at its end."""
    head, *sections = text.rstrip().split("\n\n## ")
    section = section.strip().removeprefix("## ")
    title = section.partition("\n")[0]
    titles = [one.partition("\n")[0] for one in sections]
    place = titles.index(title) if title in titles else len(sections)
    return "\n\n## ".join([head, *sections[:place], section, *sections[place + 1 :]]) + "\n"


def processor() -> str:
    """The processor's name and its widest instructions."""
    told = getattr(torch.cpu, "get_capabilities", dict)()  # not every torch tells
    name = told.get("cpu_name", platform.processor())
    return f"{name} ({torch.backends.cpu.get_cpu_capability()})"


def milliseconds(function, repeats: int, warm_up: int) -> list[float]:
    """How long each of some calls takes, after a few that don't count."""
    for _ in range(warm_up):
        function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(1_000 * (time.perf_counter() - start))
    return times


# --- time to an accuracy -------------------------------------------------------------------------------------------


QUICK, BASE = "digitlib, recipe quick", "digitlib, recipe base with 7 epochs"
SPRINT = "digitlib, recipe sprint"
FLOAT32 = "digitlib, recipe quick, in float32"
OURS = QUICK, FLOAT32, BASE
TUTORIAL = "(a) the tutorials' loop, quick's network"
FED = "(a) the tutorials' loop, quick's network, our loader"
SHUFFLED, PUBLISHED = "(b) official CNN, shuffled", "(b) official CNN, as published"
LOADED = "(b) official CNN, shuffled, our loader"
SKLEARN = "(c) scikit-learn's MLPClassifier, quick's width"


def sprint(_) -> list[str]:
    """Seconds to 98 % of the validation digits, in five interleaved rounds."""
    root = mnist_folder()
    precision = hardware.best_precision(hardware.best_device())
    recipes = {name: Recipe.named(name, precision=precision) for name in ("sprint", "quick")}

    def ours(name):
        return lambda w, i: peers.digitlib_recipe(w, recipes[name].but(seed=i))

    runners = {
        SPRINT: (GOAL, 10, ours("sprint")),
        QUICK: (GOAL, 10, ours("quick")),
        TUTORIAL: (GOAL, 40, lambda w, i: peers.tutorial_loop(w, root, i)),
        SHUFFLED: (GOAL, 40, lambda w, i: peers.official_example(w, root, i, True)),
    }
    warm_up()
    watches = {name: [] for name in runners}
    for seed in range(5):
        run_each(runners, seed, watches)
    rows = [
        [name, len(runs), reached(runs, GOAL, ".2f"), *over_ours(watches, name)]
        for name, runs in watches.items()
    ]
    head = ["training", "runs", "seconds to 98 %", "over sprint", "over quick"]
    return [
        "## The fewest seconds to 98 %",
        "",
        *table(head, rows),
        "",
        "Measured as the seconds to an accuracy above, all in one run, seed by seed; the last two columns are ratios "
        "of the medians. "
        "`sprint` was chosen with other seeds: `benchmarks/choices-sprint.md`.",
    ]


def over_ours(watches: dict, name: str) -> list[str]:
    """How many times longer a training took to 98 % than recipes ``sprint`` and ``quick``."""
    return [ratio(watches[name], GOAL, watches[ours], GOAL) for ours in (SPRINT, QUICK)]


def run_each(runners: dict, seed: int, watches: dict) -> None:
    """A round: every training once, until its goal or its end."""
    for name, (goal, every, run) in runners.items():
        watch = peers.Watch(goal, LIMIT, every)
        with contextlib.suppress(peers.Stop):
            run(watch, seed)
        watches[name].append(watch)
        print(f"{name}, seed {seed}: best {watch.best}, {watch.ended:.1f} s", flush=True)  # fmt: skip


def race(options) -> list[str]:
    """Seconds to 98 % and to 99 % of the validation digits, interleaved."""
    warm_up()
    return race_report(raced(racers(), options.rounds))


def racers() -> dict:
    """By name: the goal that ends a run, the steps between two looks, and the run."""
    root = mnist_folder()
    # As `digitlib train` would, which asks the processor; and as the notebooks do.
    precision = hardware.best_precision(hardware.best_device())
    quick = Recipe.named("quick", precision=precision)
    base = Recipe.named("base", epochs=7, precision=precision)
    plain = Recipe.named("quick")
    return {
        QUICK: (0.98, 10, lambda w, i: peers.digitlib_recipe(w, quick.but(seed=i))),
        FLOAT32: (0.98, 10, lambda w, i: peers.digitlib_recipe(w, plain.but(seed=i))),
        BASE: (0.99, 10, lambda w, i: peers.digitlib_recipe(w, base.but(seed=i))),
        TUTORIAL: (0.98, 40, lambda w, i: peers.tutorial_loop(w, root, i)),
        FED: (0.98, 40, lambda w, i: peers.tutorial_loop(w, root, i, True)),
        SHUFFLED: (0.99, 40, lambda w, i: peers.official_example(w, root, i, True)),
        PUBLISHED: (0.99, 40, lambda w, i: peers.official_example(w, root, i, False)),
        LOADED: (0.99, 40, lambda w, i: peers.official_example(w, root, i, True, True)),
        SKLEARN: (None, 1, lambda w, i: peers.scikit_learn(w, i)),
    }  # fmt: skip


def raced(runners: dict, rounds: int) -> dict:
    """What the watches saw by name: some rounds of all, and two more of ours."""
    watches = {name: [] for name in runners}
    for seed in range(rounds + 2):
        late = seed >= rounds
        some = {name: runners[name] for name in OURS} if late else runners
        run_each(some, seed, watches)
    return watches


def race_on_gpu(options) -> list[str]:
    """The same race, on a GPU."""
    everyone = racers()
    everyone.pop(PUBLISHED)  # on a GPU it shuffles: the other one
    everyone.pop(SKLEARN)  # has no code for a GPU
    warm_up()
    watches = raced(everyone, options.rounds)
    pairs = [
        ("(a) to 98 % / quick", TUTORIAL, 0.98, QUICK, 0.98),
        ("(a) with our loader to 98 % / quick", FED, 0.98, QUICK, 0.98),
        ("(b) to 98 % / quick", SHUFFLED, 0.98, QUICK, 0.98),
        ("(b) with our loader to 98 % / quick", LOADED, 0.98, QUICK, 0.98),
        ("(b) to 99 % / base", SHUFFLED, 0.99, BASE, 0.99),
        ("(b) with our loader to 99 % / base", LOADED, 0.99, BASE, 0.99),
    ]
    return [
        "## Seconds to an accuracy on a GPU",
        "",
        *times_table(watches),
        "",
        "Measured as the seconds on the processor above, the clock stopped only when the GPU has done what it was "
        "asked. (b) as published shuffles there, and reads with a second process into pinned memory.",
        "",
        *table(["ratio of medians", "times"], ratios(watches, pairs)),
    ]


def times_table(watches: dict) -> list[str]:
    """For each training: runs, seconds to both goals, and the best accuracy seen."""
    rows = []
    for name, runs in watches.items():
        best = spread([100 * watch.best[0] for watch in runs], ".2f")
        after = spread([watch.best[1] for watch in runs])
        times = [reached(runs, goal) for goal in (0.98, 0.99)]
        rows.append([name, len(runs), *times, best, after])
    return table(["training", "runs", "to 98 %", "to 99 %", "best seen, %", "after"], rows)


def ratios(watches: dict, pairs: list[tuple]) -> list[list[str]]:
    """Rows of a table: what a pair is called, and their median time over ours."""
    return [
        [text, ratio(watches[theirs], their_goal, watches[ours], our_goal)]
        for text, theirs, their_goal, ours, our_goal in pairs
    ]


def race_report(watches: dict) -> list[str]:
    """The table of times, and the ratios that were to be reached."""
    sklearn_best = statistics.median(watch.best[0] for watch in watches[SKLEARN])
    pairs = [
        ("(a) to 98 % / quick", TUTORIAL, 0.98, QUICK, 0.98),
        ("(a) to 98 % / quick in float32", TUTORIAL, 0.98, FLOAT32, 0.98),
        ("(a) with our loader to 98 % / quick", FED, 0.98, QUICK, 0.98),
        ("(b) shuffled to 98 % / quick", SHUFFLED, 0.98, QUICK, 0.98),
        ("(b) shuffled to 98 % / quick in float32", SHUFFLED, 0.98, FLOAT32, 0.98),
        ("(b) as published to 98 % / quick", PUBLISHED, 0.98, QUICK, 0.98),
        ("(b) with our loader to 98 % / quick", LOADED, 0.98, QUICK, 0.98),
        ("(c) to 98 % / quick", SKLEARN, 0.98, QUICK, 0.98),
        ("(c) to its own best / quick to 98 %", SKLEARN, None, QUICK, 0.98),
        ("(c) to its own best / base to that", SKLEARN, None, BASE, sklearn_best),
        ("(b) shuffled to 99 % / base", SHUFFLED, 0.99, BASE, 0.99),
        ("(b) as published to 99 % / base", PUBLISHED, 0.99, BASE, 0.99),
    ]
    return [
        "## Seconds to an accuracy on 5,000 validation digits",
        "",
        *times_table(watches),
        "",
        "Median (lowest to highest). Reading and preparing the data counts, imports don't, and the clock stands still "
        "while the validation digits are measured: every 10 steps of ours, every 40 of (a) and (b), ten times an epoch "
        "of (c). A run ends at its goal (99 % for base and (b), 98 % for quick and (a); none for (c)), at the end of "
        f"its own recipe (for (c), when ten epochs have brought nothing), or after {LIMIT} seconds. Our base is "
        "stopped after 7 of its 18 epochs, with a cycle of the learning rate made for 7. Ours run in the precision "
        "named above, which `digitlib train` chooses, except where float32 is named, which the notebooks use.",
        "",
        *table(["ratio of medians", "times"], ratios(watches, pairs)),
        "",
        f"(c)'s own best is {100 * sklearn_best:.2f} % (median).",
    ]


def reached(runs: list, goal: float, form: str = ".1f") -> str:
    """Seconds to a goal, and how many runs didn't get there."""
    times = [time for watch in runs if (time := watch.first(goal)) is not None]
    if not times and all(watch.goal and watch.goal < goal for watch in runs):
        return "not tried"
    missed = len(runs) - len(times)
    return spread(times, form) + (f", {missed} did not" if missed else "")


def ratio(theirs: list, their_goal: float | None, ours: list, our_goal: float) -> str:
    """Their median time over ours; a run that missed counts with the time it ran, so the ratio is a bound."""

    def times(runs, goal):
        if goal is None:
            return [watch.best[1] for watch in runs], False
        found = [watch.first(goal) for watch in runs]
        longest = [
            watch.ended if time is None else time for watch, time in zip(runs, found, strict=True)
        ]
        return longest, None in found

    (theirs, they_missed), (ours, we_missed) = (
        times(theirs, their_goal),
        times(ours, our_goal),
    )
    value = f"{statistics.median(theirs) / statistics.median(ours):.1f}"
    if they_missed and we_missed:
        return "-"
    return f"{'more than ' if they_missed else 'less than ' if we_missed else ''}{value}"  # fmt: skip


def mnist_folder() -> Path:
    """The folder that torchvision takes as its root."""
    data.load("mnist")
    return next(folder for folder in mnist.folders() if (folder / "MNIST").is_dir())


def warm_up() -> None:
    """Start every library's threads and allocators, and import what is imported late, before the first clock."""
    import torchvision  # noqa: F401

    small = data.load("optdigits")
    fit(MLP((256,)), small, small[:100], Training(epochs=2))
    device = hardware.best_device()
    peers.OfficialCNN().to(device)(torch.rand(64, 1, 28, 28, device=device)).sum().backward()


# --- where a step's time goes --------------------------------------------------------------------------------------


def timed(function, repeats: int = 100) -> float:
    """The median of a call's milliseconds."""
    return statistics.median(milliseconds(function, repeats, warm_up=5))


def steps(_) -> list[str]:
    """The parts of one step, and the rate of its matrix products beside that of a large one."""
    train, _ = data.split(data.load("mnist"))
    square = torch.rand(2_048, 2_048)
    peak = 2 * 2_048**3 / timed(lambda: square @ square, 10) / 1e6
    rows = []
    for name in ("quick", "base"):
        recipe = RECIPES[name]
        rows += [[name, *row] for row in parts_of_a_step(recipe, train, peak)]
    lines = ["## Where a step's time goes", ""]
    lines += table(["recipe", "part", "ms", "share", "products, GFLOP", "GFLOP/s", "of peak"], rows)
    lines += [
        "",
        "Each part as it takes place in a training, in batches of 256: means over one epoch of "
        "55,000 digits. Peak: a product of two 2,048 x 2,048 matrices in float32, "
        f"{peak:.0f} GFLOP/s in this run. Backward needs no gradient of the pixels, so the first layer costs it one "
        "product, not two.",
        "",
        *precision_report(train),
    ]
    return lines


def parts_of_a_step(recipe: Recipe, train, peak: float) -> list[list]:
    """Milliseconds of each part, and for the products of matrices their rate."""
    macs = [a * b for a, b in pairwise([784, *recipe.network.hidden, 10])]
    flop = {
        "forward": 2 * recipe.training.batch * sum(macs) / 1e9,
        "backward": 2 * recipe.training.batch * (2 * sum(macs) - macs[0]) / 1e9,
    }
    took = Stopwatch().of(recipe, train)
    total = took.pop("a step")
    rest = "all else: counting, the bar, what fit does between the epochs"
    took |= {rest: total - sum(took.values()), "a step as fit runs it": total}
    flop["a step as fit runs it"] = sum(flop.values())
    rows = []
    for part, ms in took.items():
        row = [part, f"{ms:.2f}", f"{ms / total:.0%}", "", "", ""]
        if part in flop:
            rate = 1_000 * flop[part] / ms
            row[3:] = f"{flop[part]:.2f}", f"{rate:.0f}", f"{rate / peak:.0%}"
        rows.append(row)
    return rows


def precision_report(train) -> list[str]:
    """An epoch in each number format, and with other numbers of threads."""
    digits = data.Images(train.images[:10_000], train.labels[:10_000])

    def seconds(precision):
        recipe = Recipe.named("quick", epochs=4, precision=precision)
        epochs = fit(recipe.model(), digits, digits[:100], recipe.training)
        return statistics.median(epoch.seconds for epoch in epochs)

    float32, bfloat16 = seconds("float32"), seconds("bfloat16")
    rows = [
        ["fit, float32", f"{float32:.2f}", "1.0"],
        ["fit, bfloat16", f"{bfloat16:.2f}", f"{bfloat16 / float32:.1f}"],
    ]
    cores = torch.get_num_threads()
    reference = bare_epoch(digits, cores)
    for threads in sorted({1, cores, 2 * cores, 4 * cores}):
        took = reference if threads == cores else bare_epoch(digits, threads)
        slower = f"{took / reference:.1f}"
        rows.append([f"a bare loop, {threads} threads", f"{took:.2f}", slower])
    return table(["an epoch of 10,000 digits, quick", "s", "ratio"], rows)


def bare_epoch(digits, threads: int) -> float:
    """Seconds of an epoch with a number of threads, without fit's own limit."""
    images, model = data.scale(digits.images), MLP(RECIPES["quick"].network.hidden)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    runs = []
    for _ in range(4):
        start = time.perf_counter()
        for batch in torch.randperm(len(digits)).split(256):
            loss = F.cross_entropy(model(images[batch]), digits.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        runs.append(time.perf_counter() - start)
    torch.set_num_threads(before)
    return statistics.median(runs)


# --- naming digits -------------------------------------------------------------------------------------------------


def predictions(_) -> list[str]:
    """The shipped weights in numpy, PyTorch and ONNX Runtime, at three batch sizes."""
    import onnxruntime  # of the extra "onnx"

    classifier, model = DigitClassifier.load(), export.load_model()
    session = onnxruntime.InferenceSession(export.to_onnx(model))
    _, valid = data.split(data.load("mnist"))
    uint8 = np.resize(valid.images.numpy(), (10_000, 28, 28))
    floats = uint8.astype(np.float32) / 255
    tensor = torch.from_numpy(floats)
    rows = []
    for n, repeats in ((1, 2_000), (100, 1_000), (10_000, 200)):
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
    return [
        *lines,
        "",
        "The shipped weights; the same images in each row, for PyTorch and ONNX Runtime already as floats.",
    ]


@torch.inference_mode()
def eager(model, x):
    """Logits by PyTorch."""
    return model(x)


def percentiles(way, n: int, repeats: int) -> list[str]:
    """Median and 99th percentile of a call in milliseconds, and images a second."""
    times = milliseconds(way, repeats, warm_up=repeats // 10)
    middle, high = np.percentile(times, [50, 99])
    return [f"{middle:.3f}", f"{high:.3f}", f"{1_000 * n / np.mean(times):,.0f}"]


# --- files ---------------------------------------------------------------------------------------------------------


def files(options) -> list[str]:
    """A folder of ten thousand files, named by ``digitlib predict`` and by a plain loop, each a process of its own."""
    digits = data.load("mnist").images.numpy()
    found = {name: [] for name in ("digitlib predict --json", "Pillow and ONNX Runtime, in a loop")}
    with tempfile.TemporaryDirectory() as scratch:
        folder, model = Path(scratch, "digits"), Path(scratch, "model.onnx")
        folder.mkdir()
        model.write_bytes(export.to_onnx(export.load_model()))
        for i, image in enumerate(np.resize(digits, (FILES, 28, 28))):
            Image.fromarray(image).save(folder / f"{i:05}.png")
        ways = dict(zip(found, (["digitlib", folder], ["loop", folder, model]), strict=True))
        for name, words in [*ways.items()] * options.rounds:
            found[name].append(listed(words))
    rows = []
    for name, runs in found.items():
        first, rates, memory = zip(*runs, strict=True)
        rows.append(
            [name, len(runs), spread(rates, ",.0f"), spread(first, ".2f"), f"{max(memory):,.0f}"]
        )
    return [
        "## Naming files",
        "",
        *table(["way", "runs", "files/s", "s to the first line", "peak, MB"], rows),
        "",
        f"{FILES:,} PNGs of 28 x 28, each a line of JSON as soon as it is named; from the start of the process to its "
        "end. The loop takes each picture as it is; `predict` finds its ink, crops and centres it, and may refuse it.",
    ]


def listed(words: list) -> tuple[float, float, float]:
    """Seconds to the first line, lines a second, and MB of memory of one run of ``listing.py``."""
    command = [sys.executable, str(Path(__file__).with_name("listing.py")), *map(str, words)]
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        first = time.perf_counter() - start
        lines = 1 + sum(1 for _ in process.stdout)
        memory = float(process.stderr.read().splitlines()[-1])
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return first, lines / (time.perf_counter() - start), memory


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
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(result.stdout.splitlines()[-1])
        hidden = " x ".join(map(str, case["hidden"]))
        rows.append([f"{case['images']:,}", hidden, f"{found['parameters']:,}"])
        rows[-1] += [f"{found['seconds']:.2f}", f"{found['memory']:,.0f}"]
    lines = ["## Growth", ""]
    lines += table(["images", "hidden", "numbers", "s an epoch", "peak, MB"], rows)
    lines += [
        "",
        "The second of two epochs of recipe quick, each row a process of its own; "
        f"{found['imports']:,.0f} MB of its peak are the imports. Images beyond MNIST's 60,000 are deformed copies.",
    ]
    return lines


def grow(case: dict) -> dict:
    """Train two epochs on so many images, and say what it took."""
    imports = peak_memory()
    digits = data.load("mnist")
    deform, random = RECIPES["base"].training.deform, torch.Generator().manual_seed(0)
    images = torch.empty(case["images"], 28, 28, dtype=torch.uint8)
    labels = torch.empty(case["images"], dtype=torch.int64)
    for part in torch.arange(len(images)).split(10_000):
        x = data.scale(digits.images[part % len(digits)])
        copies = deform(x, random) if part[0] >= len(digits) else x
        images[part] = (255 * copies).round().to(torch.uint8)
        labels[part] = digits.labels[part % len(digits)]
    many = data.Images(images, labels)
    model = MLP(case["hidden"])
    history = fit(model, many, digits[:100], Training(epochs=2))
    return {
        "seconds": history[-1].seconds,
        "memory": peak_memory(),
        "imports": imports,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(grow(json.loads(sys.argv[2]))))
        sys.exit(0)
    sys.exit(main())
