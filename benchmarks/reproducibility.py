"""What of a training comes out the same elsewhere: ``python benchmarks/reproducibility.py [--python PATH …]``.

Recipe ``quick`` is trained with seed 0 on the processor, each time in a process of its own, with one thing different:
the number of threads, the processor's instructions, the precision, the processes under torchrun. All of it is done
again by each Python named with ``--python``, which has other versions. The oldest that pyproject.toml allows::

    uv venv --python 3.11 oldest
    uv pip install --python oldest/bin/python --resolution lowest-direct -r pyproject.toml --extra train
    python benchmarks/reproducibility.py --python oldest/bin/python

The tables go to the screen and to ``benchmarks/reproducibility.md``. The exit code is 1 if a training falls outside
the ledger's tolerance, or if nothing was different and the bits were. No GPU takes part.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import joblib
import numpy as np
import torch

from digitlib import data, evaluate, export
from digitlib.book import ledger
from digitlib.book.entries import entries, share
from digitlib.classify import DigitClassifier
from digitlib.data import fingerprint
from digitlib.engine import hardware, parallel
from digitlib.evaluate import Accuracy, accuracy
from digitlib.files import write_whole
from digitlib.model import MLP
from digitlib.recipes import Recipe
from digitlib.train import fit
from tables import table

ROOT = Path(__file__).parents[1]
ENTRY = "train.accuracy"
PACKAGES = "torch", "torchvision", "numpy", "Pillow"
REFERENCE, AGAIN = "nothing: the reference", "nothing: once more"
OTHER_SEED = "seed 1, to compare"
TRAINED = ["what differs", "torch", "hash of the weights", "same bits", "accuracy, %"]
TRAINED += ["from the ledger, digits", "within tolerance"]
TRAINED += ["named otherwise", "largest difference of a probability"]
UNTRAINED = ["what differs", "torch", "same split and shuffle"]
UNTRAINED += ["first weights apart", "deformed digits apart", "base, same bits"]
UNTRAINED += ["numpy: named otherwise", "numpy: probabilities apart"]
UNTRAINED += ["torch: named otherwise", "torch: probabilities apart"]


def main() -> int:
    """Run the matrix, print it and write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--python", action="append", default=[], metavar="PATH")
    options = parser.parse_args()
    found, todo = {}, cells().items()
    with tempfile.TemporaryDirectory() as folder:
        for python in [sys.executable, *options.python]:
            for name, case in todo:
                out = Path(folder, f"{len(found)}.npz")
                found[python, name] = run(python, case, out)
                print(python, name, int(found[python, name]["right"]), flush=True)
    text = "\n".join(report(found)) + "\n"
    print(text)
    write_whole(Path(__file__).with_suffix(".md"), text.encode())
    return 1 if failures(found) else 0


def cells() -> dict[str, dict]:
    """What may be different about a training, by name."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    from notebooks import COMMON_PROCESSOR, OLD_PROCESSOR  # not in every environment

    old = OLD_PROCESSOR | {"OPENBLAS_CORETYPE": "Nehalem"}  # numpy's products
    common = COMMON_PROCESSOR | {"OPENBLAS_CORETYPE": "Haswell"}
    return {
        REFERENCE: {},
        AGAIN: {},
        **{f"threads: {n}": {"threads": n} for n in (1, 2, 4)},
        "a processor as of 2008 (SSE4)": {"environment": old},
        "a processor as of 2013 (AVX2)": {"environment": common},
        "precision: bfloat16": {"precision": "bfloat16"},
        **{f"processes: {n}, torchrun": {"processes": n} for n in (1, 2)},
        OTHER_SEED: {"seed": 1},
    }


def run(python: str, case: dict, out: Path) -> dict[str, np.ndarray]:
    """Measure one case in a process of its own, or in several."""
    command = [python, __file__, "--child", json.dumps(case), str(out)]
    if "processes" in case:
        several = f"--nproc-per-node={case['processes']}"
        command[1:1] = ["-m", "torch.distributed.run", "--standalone", several]
    settings = {"PYTHONPATH": str(ROOT), **case.get("environment", {})}
    if "threads" in case:
        settings["OMP_NUM_THREADS"] = str(case["threads"])
    subprocess.run(command, env=os.environ | settings, check=True)
    with np.load(out) as found:
        return dict(found)


# --- in the process that measures -----------------------------------------------------------------------------------


def measured(case: dict) -> dict:
    """Train as the case says, and collect all that may come out differently."""
    how = {"seed": case.get("seed", 0), "precision": case.get("precision", "float32")}
    quick, base = Recipe.named("quick", **how), Recipe.named("base", epochs=1, **how)
    train, valid = data.split(data.load("mnist"))
    model, bent = quick.model(), MLP(base.network.hidden)
    order, luck = (torch.Generator().manual_seed(0) for _ in range(2))
    shuffle = torch.randperm(len(train), generator=order)
    dealt = fingerprint(valid.images, shuffle)
    first = np.concatenate([weights.flatten() for weights in model.state_dict().values()])
    with machine(case), parallel.group(torch.device("cpu")):
        fit(model, train, valid, quick.training)
        fit(bent, train[:5_000], valid, base.training)
        # Not after it: PyTorch 2.4 may wait for itself for ever where a group is left at once.
        answers = evaluate.logits(model, valid.images)
        found = shipped(valid.images)
    found |= {
        "dealt": dealt,
        "first": first,
        "versions": [platform.python_version(), *map(version, PACKAGES)],
        "weights": fingerprint(*model.parameters()),
        "bent": fingerprint(*bent.parameters()),
        "deformed": base.training.deform(data.scale(train.images[:1_000]), luck),
        "right": accuracy(answers, valid.labels).right,
        "answers": answers.softmax(1),
    }
    return {name: np.asarray(value) for name, value in found.items()}


@contextmanager
def machine(case: dict):
    """Train on the processor, and believe in as many cores as the case has threads."""
    cores = case.get("threads") or joblib.cpu_count(only_physical_cores=True)
    with (
        mock.patch.object(hardware, "best_device", lambda: torch.device("cpu")),
        mock.patch.object(joblib, "cpu_count", lambda **_: cores),
    ):
        yield


def shipped(images: torch.Tensor) -> dict:
    """What the shipped weights say: by numpy, each image prepared as a drawing, and by torch."""
    classifier = DigitClassifier.load()
    said = [classifier.classify(image) for image in images.numpy()]
    logits = evaluate.logits(export.load_model(), images)
    return {
        "named": [str(answer.reason or answer.label) for answer in said],
        "numpy": [answer.probabilities for answer in said],
        "torch": (logits / classifier.temperature).softmax(1),
    }


# --- the tables -----------------------------------------------------------------------------------------------------


def report(found: dict) -> list[str]:
    """Both tables, with what they mean."""
    import bench  # of this environment alone

    first, *others = dict.fromkeys(python for python, _ in found)
    reference = found[first, REFERENCE]
    names = "Python", *PACKAGES
    versions = {
        python: ", ".join(map(" ".join, zip(names, here["versions"], strict=True)))
        for (python, _), here in found.items()
    }
    command = "python benchmarks/reproducibility.py" + len(others) * " --python PATH"
    trained = [trained_row(name, here, reference) for (_, name), here in found.items()]
    untrained = [
        untrained_row(name, here, reference)
        for (_, name), here in found.items()
        if name != OTHER_SEED
    ]
    return [
        "# What comes out the same elsewhere",
        "",
        f"Measured on {date.today()} by `{command}`: "
        f"{bench.processor()}, {os.cpu_count()} cores. Versions: {'; '.join(versions.values())}.",
        "",
        *table(TRAINED, trained),
        "",
        f"Recipe `quick`, seed 0, measured on validation digits, beside the ledger's `{ENTRY}` and the first row.",
        "",
        *table(UNTRAINED, untrained),
        "",
        "The largest differences to the first row: of the weights that training begins with; of pixels from 0 to 1, "
        "in 1,000 digits deformed as recipe `base` does it; of the probabilities that the shipped weights give the "
        "validation digits, by numpy and by torch. Base is trained for an epoch on 5,000 digits.",
        "",
        f"Broken promises: {', '.join(failures(found)) or 'none'}.",
    ]


def trained_row(name: str, here: dict, reference: dict) -> list:
    """What became of recipe quick."""
    found = Accuracy(int(here["right"]), len(here["answers"]))
    low, high = (100 * end for end in found.interval)
    recorded = share(entries("mnist")[ENTRY])
    return [
        *(name, here["versions"][1], str(here["weights"])[:8]),
        same(here, reference, "weights"),
        f"{100 * found.value:.2f} ({low:.2f} to {high:.2f})",
        f"{found.right - recorded.right:+}",
        "-" if name == OTHER_SEED else ("no", "yes")[within(here)],
        *(otherwise(here, reference, "answers"), apart(here, reference, "answers")),
    ]


def untrained_row(name: str, here: dict, reference: dict) -> list:
    """What became of everything else."""
    return [
        *(name, here["versions"][1], same(here, reference, "dealt")),
        *(apart(here, reference, what) for what in ("first", "deformed")),
        same(here, reference, "bent"),
        *(otherwise(here, reference, "named"), apart(here, reference, "numpy")),
        *(otherwise(here, reference, "torch"), apart(here, reference, "torch")),
    ]


def same(here: dict, reference: dict, what: str) -> str:
    """Whether two fingerprints are one."""
    return "yes" if here[what] == reference[what] else "no"


def apart(here: dict, reference: dict, what: str) -> str:
    """The largest difference between two arrays."""
    return f"{np.abs(here[what] - reference[what]).max():.1g}"


def otherwise(here: dict, reference: dict, what: str) -> int:
    """How many digits are named otherwise, by probabilities ``(N, 10)`` or by names ``(N,)``."""
    names = [
        found[what].argmax(1) if found[what].ndim == 2 else found[what]
        for found in (here, reference)
    ]
    return int((names[0] != names[1]).sum())


def within(here: dict) -> bool:
    """Whether the ledger agrees."""
    n = len(here["answers"])
    return ledger.agrees(entries("mnist")[ENTRY], int(here["right"]) / n, n)


def failures(found: dict) -> list[str]:
    """The cases outside the tolerance, and those with other bits although nothing was different."""
    return [
        f"{name} (torch {here['versions'][1]})"
        for (python, name), here in found.items()
        if not (within(here) or name == OTHER_SEED)
        or (name == AGAIN and here["weights"] != found[python, REFERENCE]["weights"])
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        case, out = sys.argv[2:]
        here = measured(json.loads(case))
        if os.environ.get("RANK", "0") == "0":
            np.savez(out, **here)
        sys.exit(0)
    sys.exit(main())
