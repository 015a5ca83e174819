"""Training in several processes, as torchrun starts them.

All of them are started by one process, which has imported PyTorch and what else a training needs, and splits off copies
of itself: for each process alone that takes longer than everything that is tested here.
"""

import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from packaging.version import Version

from digitlib.classify import DigitClassifier
from digitlib.engine import parallel

# 2.9 prints into what the processes say, and a copy of it may wait for ever; 2.15 doesn't. Nobody looked between.
pytestmark = pytest.mark.skipif(
    Version(torch.__version__).release < (2, 15),
    reason="this PyTorch prints into the lines of other processes",
)


def test_alone_everything_stays_as_it_is():
    indices = torch.arange(7)
    with parallel.group(torch.device("cpu")):
        assert torch.equal(parallel.share(indices), indices)
        assert parallel.summed(1, torch.tensor(2.5)) == [1.0, 2.5]
        model = torch.nn.Linear(1, 1)
        assert parallel.shared_model(model) is model
        assert parallel.first() and parallel.rank() == 0


# torchrun's own launcher, given functions in place of commands. Alone it computes nothing: threads that had computed
# would be missing in the copies.
LAUNCHER = """
import os, sys, torch
import joblib, scipy.optimize, torch._dynamo  # which trainings import on their way
from dataclasses import replace
from torch.distributed import run
import numpy as np
from digitlib import cli, data, evaluate, export
from digitlib.engine import checkpoint, parallel
from digitlib.augment import Deform
from digitlib.model import MLP
from digitlib.train import Training, fit

folder, = sys.argv[1:]
stored = np.load(f"{folder}/digits.npz")
digits = data.Images(torch.from_numpy(stored["images"]), torch.from_numpy(stored["labels"]))
data.load = lambda *_, **__: digits  # the same ones, without the import of scikit-learn


configured = run.config_from_args


def start(processes, function, *arguments):
    options = "--standalone", f"--nproc-per-node={processes}", "--start-method=fork", function.__name__
    os.write(1, f"= {function.__name__} {processes}\\n".encode())
    run.config_from_args = lambda args: (configured(args)[0], function, arguments)
    run.run(run.parse_args(options))


def tell(*said):
    # One write for a line, or the lines of two processes may mix on their way through the same pipe.
    os.write(1, ("|".join(map(str, said)) + "\\n").encode())


def shares():
    with parallel.group(torch.device("cpu")):
        equal, rest = (parallel.share(torch.arange(7), equal) for equal in (True, False))
        model = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(model.weight, parallel.rank() + 5)
        shared = parallel.shared_model(model)
        shared(equal.float().mean().view(1, 1)).backward()
        tell(parallel.rank(), parallel.first(), equal.tolist(), rest.tolist(), parallel.summed(len(rest), 0.5),
             model.weight.item(), model.weight.grad.item())


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def stop(epoch):
    if epoch.number == 2:
        raise InterruptedError


def resumed(kept):
    train, valid = data.split(digits, valid=287)
    recipe = Training(epochs=3, batch=100, deform=Deform(rotation=10))
    with parallel.group(torch.device("cpu")):
        whole, broken = MLP((32,)), MLP((32,))
        history = fit(whole, train, valid, recipe)
        try:
            fit(broken, train, valid, recipe, keep=kept, after_epoch=stop)
        except InterruptedError:
            pass
        torch.distributed.barrier()
        fit(broken, train, valid, recipe, keep=kept)
        measured = evaluate.accuracy(evaluate.logits(whole, valid.images), valid.labels)
        try:
            fit(MLP((8,)), train, valid, replace(recipe, batch=1))
        except ValueError as error:
            refused = str(error)
    tell(measured.value == history[-1].valid_accuracy, torch.equal(weights(whole), weights(broken)),
         weights(whole).double().sum().item(), refused)


def command(*words):
    assert cli.main(words) == 0


start(2, shares)
start(2, resumed, f"{folder}/kept")
for processes in (1, 2):
    options = "train --data optdigits --recipe quick --epochs 12 --precision float32 --out"
    start(processes, command, *options.split(), f"{folder}/{processes}.safetensors")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("parallel")


@pytest.fixture(scope="module")
def said(small, folder):
    """What the processes print: the lines of each start, by what was started in how many of them."""
    images, labels = small.images.numpy(), small.labels.numpy()
    np.savez(folder / "digits.npz", images=images, labels=labels)
    launcher = subprocess.run(
        [sys.executable, "-c", LAUNCHER, str(folder)],
        capture_output=True,
        text=True,
    )
    assert launcher.returncode == 0, launcher.stderr
    starts = {}
    for line in launcher.stdout.splitlines():
        if line.startswith("= "):
            lines = starts[line.removeprefix("= ")] = []
        else:
            lines.append(line)
    return starts


def test_two_processes_share_indices_sums_and_gradients(said):
    # Both begin with the first one's weight, 5, and get the mean of both gradients, (2 + 3) / 2.
    assert sorted(said["shares 2"]) == [
        "0|True|[0, 2, 4]|[0, 2, 4, 6]|[7.0, 1.0]|5.0|2.5",
        "1|False|[1, 3, 5]|[1, 3, 5]|[7.0, 1.0]|5.0|2.5",
    ]


def test_two_processes_measure_resume_and_stay_alike(said):
    first, second = said["resumed 2"]
    assert first == second
    measured, resumed, _, refused = first.split("|")
    assert (measured, resumed) == ("True", "True")
    assert "a batch of at least 2 for this model in 2 processes, got a batch of 1" in refused


@pytest.fixture(scope="module")
def trained(said, folder):
    """The command's output and its weights file, for one and for two processes."""
    assert sorted(path.name for path in folder.glob("[12].*")) == [
        "1.safetensors",
        "2.safetensors",
    ]
    return {
        processes: (
            said[f"command {processes}"],
            DigitClassifier.load(folder / f"{processes}.safetensors"),
        )
        for processes in (1, 2)
    }


@pytest.mark.server
def test_torchrun_starts_the_command(tmp_path):
    """As a reader types it, each process with imports of its own."""
    options = [
        "train",
        "--data",
        "optdigits",
        "--recipe",
        "quick",
        "--epochs",
        "2",
        "--out",
    ]
    launcher = "torch.distributed.run", "--standalone", "--nproc-per-node=2"
    command = [*launcher, "-m", "digitlib", *options, str(tmp_path / "w")]
    result = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 2 + 2 + 1
    told = DigitClassifier.load(tmp_path / "w").provenance["command"]
    assert told.startswith("torchrun --nproc-per-node 2 -m digitlib train")


def test_one_process_prints_for_all(trained):
    for said, _ in trained.values():
        assert len(said) == 2 + 12 + 1
        assert sum(line.startswith("epoch") for line in said) == 12


def test_with_equal_global_batches_two_processes_do_what_one_does(trained):
    """Apart from rounding: the same loss in the first epochs, and much the same accuracy at the end."""
    losses = [
        [float(re.search(r"loss (\S+)", line)[1]) for line in said[2:4]]
        for said, _ in trained.values()
    ]
    assert losses[0] == pytest.approx(losses[1], abs=2e-3)
    right = [classifier.provenance["valid"]["right"] for _, classifier in trained.values()]
    assert abs(right[0] - right[1]) <= 0.02 * 287
