import re
import subprocess
import sys

import pytest
import torch

from digitlib import parallel
from digitlib.classify import DigitClassifier


def torchrun(processes, *command):
    """Run a command in several processes; what they print."""
    launcher = "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"
    result = subprocess.run(
        [sys.executable, "-m", *launcher, *map(str, command)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_alone_everything_stays_as_it_is():
    indices = torch.arange(7)
    with parallel.group(torch.device("cpu")):
        assert torch.equal(parallel.share(indices), indices)
        assert parallel.summed(1, torch.tensor(2.5)) == [1.0, 2.5]
        model = torch.nn.Linear(1, 1)
        assert parallel.shared_model(model) is model
        assert parallel.first() and parallel.rank() == 0


# One write for a line, or the lines of two processes may mix on their way through the same pipe.
SCRIPT = """
import os, torch
from digitlib import parallel
with parallel.group(torch.device("cpu")):
    equal, rest = (parallel.share(torch.arange(7), equal) for equal in (True, False))
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(model.weight, parallel.rank() + 5)
    shared = parallel.shared_model(model)
    shared(equal.float().mean().view(1, 1)).backward()
    said = (parallel.rank(), parallel.first(), equal.tolist(), rest.tolist(), parallel.summed(len(rest), 0.5),
            model.weight.item(), model.weight.grad.item())
    os.write(1, (" ".join(map(str, said)) + "\\n").encode())
"""


def test_two_processes_share_indices_sums_and_gradients(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    lines = sorted(torchrun(2, tmp_path / "script.py").splitlines())
    # Both begin with the first one's weight, 5, and get the mean of both gradients, (2 + 3) / 2.
    assert lines == [
        "0 True [0, 2, 4] [0, 2, 4, 6] [7.0, 1.0] 5.0 2.5",
        "1 False [1, 3, 5] [1, 3, 5] [7.0, 1.0] 5.0 2.5",
    ]


FIT = """
import os, sys, torch
from dataclasses import replace
from digitlib import data, evaluate, parallel
from digitlib.augment import Deform
from digitlib.model import MLP
from digitlib.train import Recipe, fit

train, valid = data.split(data.load("optdigits"), valid=287)
recipe = Recipe(epochs=3, batch=100, deform=Deform(rotation=10))


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def stop(epoch):
    if epoch.number == 2:
        raise InterruptedError


with parallel.group(torch.device("cpu")):
    whole, broken = MLP((32,)), MLP((32,))
    history = fit(whole, train, valid, recipe)
    try:
        fit(broken, train, valid, recipe, keep=sys.argv[1], after_epoch=stop)
    except InterruptedError:
        pass
    torch.distributed.barrier()
    fit(broken, train, valid, recipe, keep=sys.argv[1])
    measured = evaluate.accuracy(evaluate.logits(whole, valid.images), valid.labels)
    resumed = torch.equal(weights(whole), weights(broken))
    total = weights(whole).double().sum().item()
    try:
        fit(MLP((8,)), train, valid, replace(recipe, batch=1))
    except ValueError as error:
        refused = str(error)
said = measured.value == history[-1].valid_accuracy, resumed, total, refused
os.write(1, ("|".join(map(str, said)) + "\\n").encode())
"""


def test_two_processes_measure_resume_and_stay_alike(tmp_path):
    (tmp_path / "script.py").write_text(FIT)
    first, second = torchrun(2, tmp_path / "script.py", tmp_path / "kept").splitlines()
    assert first == second
    measured, resumed, _, refused = first.split("|")
    assert (measured, resumed) == ("True", "True")
    assert refused.endswith("for each of 2 processes, got a batch of 1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The command's output and its weights file, for one and for two processes."""
    folder = tmp_path_factory.mktemp("trained")
    options = "--dataset optdigits --recipe quick --epochs 12 --precision float32"
    trained = {}
    for processes in (1, 2):
        out = folder / f"{processes}.safetensors"
        command = "-m", "digitlib", "train", *options.split(), "--out", out
        said = torchrun(processes, *command)
        trained[processes] = said.splitlines(), DigitClassifier.load(out)
    assert sorted(path.name for path in folder.iterdir()) == [
        "1.safetensors",
        "2.safetensors",
    ]
    return trained


def test_one_process_prints_for_all(trained):
    for said, _ in trained.values():
        assert len(said) == 1 + 12 + 1
        assert sum(line.startswith("epoch") for line in said) == 12


def test_with_equal_global_batches_two_processes_do_what_one_does(trained):
    """Apart from rounding: the same loss in the first epochs, and much the same accuracy at the end."""
    losses = [
        [float(re.search(r"loss (\S+)", line)[1]) for line in said[1:3]]
        for said, _ in trained.values()
    ]
    assert losses[0] == pytest.approx(losses[1], abs=2e-3)
    right = [
        classifier.provenance["valid"]["right"] for _, classifier in trained.values()
    ]
    assert abs(right[0] - right[1]) <= 0.02 * 287
