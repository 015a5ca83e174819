import os
import signal
import subprocess
import sys
from functools import partial

import pytest

from digitlib import cli
from digitlib.augment import Deform
from digitlib.classify import DigitClassifier
from digitlib.engine import hardware
from drawings import draw
from folders import make
from named import names, write
from shell import OPTDIGITS, finished, run


def test_train_then_evaluate_then_predict(capsys, tmp_path):
    out = tmp_path / "mine.safetensors"
    options = [
        "--recipe",
        "quick",
        "--epochs",
        20,
        "--rate",
        0.00412345678,
        "--seed",
        3,
    ]
    code, output, errors = run(capsys, "train", *OPTDIGITS, *options, "--out", out)
    assert (code, errors) == (0, [])
    assert len(output) == 23 and "of 287 digits in the validation set" in output[-1]
    assert output[0].startswith(hardware.describe(hardware.best_device()))
    assert output[0].endswith("float32")
    assert output[1] == "1,150 digits of 10 classes to learn from, 287 held back"
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    provenance = DigitClassifier.load(out).provenance
    assert provenance["recipe"]["seed"] == 3
    assert (
        provenance["command"]
        == "digitlib train --data optdigits --recipe quick --epochs 20 --rate 0.00412345678 "
        "--precision float32 --seed 3 --out FILE"
    )
    code, output, _ = run(capsys, "evaluate", "--weights", out, "--data", "optdigits")
    right = provenance["valid"]["right"]
    assert code == 0 and right > 0.93 * 287
    assert output[0].startswith(f"{100 * right / 287:.1f} %")
    assert output[11].startswith(f"{287 - right} wrong, {100 - 100 * right / 287:.2f} %")
    assert len(output) == 12 + 287 - right
    draw(7).save(tmp_path / "7.png")
    assert run(capsys, "predict", "--weights", out, tmp_path / "7.png")[0] == 0


def test_the_tiny_recipe_learns_from_a_teacher(capsys, tmp_path):
    out = tmp_path / "w"
    options = ["--recipe", "tiny", "--epochs", 2, "--out", out]
    assert run(capsys, "train", *OPTDIGITS, *options)[0] == 0
    assert out.stat().st_size <= 64_000
    assert DigitClassifier.load(out).provenance["recipe"]["distil"] == 0.5
    nobody = ["--teacher", tmp_path / "nobody"]
    code, _, errors = run(capsys, "train", *OPTDIGITS, *options, *nobody)
    assert code == 2 and "nobody: no such file" in errors[0]


def test_started_again_by_torchrun_it_goes_on_from_what_there_is(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    options = [*OPTDIGITS, "--recipe", "quick", "--out", tmp_path / "w"]
    assert run(capsys, "train", *options)[0] == 0  # nothing was left: from the start
    (tmp_path / "w.unfinished").write_text("not a training")
    code, _, errors = run(capsys, "train", *options)
    assert code == 2 and "expected an interrupted training" in errors[0]


def test_an_interrupt_from_the_terminal_is_one_line(tmp_path):
    """Of a training that can't be at its end before it comes."""
    out = tmp_path / "w"
    options = [*OPTDIGITS, "--recipe", "quick", "--epochs", "1000000", "--out", out]
    command = [sys.executable, "-um", "digitlib", "train", *map(str, options)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # A shell has what runs in its background ignore the signal, and these tests may run there.
    pipes["preexec_fn"] = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, **pipes) as process:
        for line in process.stdout:
            if line.startswith("epoch"):
                process.send_signal(signal.SIGINT)
                break
        _, errors = finished(process)
    assert process.returncode == 130 and not out.exists()
    assert errors == (
        f"digitlib: interrupted; {out}.unfinished keeps the last finished epoch; go on with --resume\n"
    )


def test_interrupted_and_resumed_it_writes_the_same_bytes(capsys, tmp_path, monkeypatch):
    options = [*OPTDIGITS, "--recipe", "base", "--epochs", "5", "--out"]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert run(capsys, "train", *options, whole)[0] == 0

    deform, batches = Deform.__call__, []

    def interrupted(*arguments):
        batches.append(arguments)
        if len(batches) == 18:  # of 5 an epoch: in the middle of the fourth
            signal.raise_signal(signal.SIGINT)
        return deform(*arguments)

    # A shell has what runs in its background ignore the signal, and these tests may run there.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(Deform, "__call__", interrupted)
            code, _, errors = run(capsys, "train", *options, broken)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (code, len(batches)) == (130, 18) and not broken.exists()
    kept = tmp_path / "broken.unfinished"
    assert errors == [
        f"digitlib: interrupted; {kept} keeps the last finished epoch; go on with --resume"
    ]

    code, _, errors = run(capsys, "train", *options, broken)
    assert code == 2 and "holds 3 finished epochs of a training: go on" in errors[0]
    code, output, _ = run(capsys, "train", *options, broken, "--resume")
    assert code == 0 and not kept.exists()
    # The device and the data, the epochs that were left, the file.
    assert [line[:8] for line in output[2:-1]] == ["epoch  4", "epoch  5"]
    assert broken.read_bytes() == whole.read_bytes()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such things on Windows")
def test_where_no_weights_can_lie_is_said_before_the_training(capsys, tmp_path):
    """Onto a pipe, as /dev/stdout may be one, and onto a link into a folder that isn't there."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "nowhere" / "w")
    for out in (pipe, link):
        options = [*OPTDIGITS, "--recipe", "quick", "--epochs", "1", "--out", out]
        code, output, errors = run(capsys, "train", *options)
        assert (code, output) == (2, [])
        assert errors == [f"digitlib: {out}: expected a file that can be written"]
    assert pipe.is_fifo() and link.is_symlink()


def test_an_interrupted_training_writes_nothing(capsys, tmp_path, monkeypatch):
    from digitlib import train

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "fit", interrupt)
    code, _, errors = run(capsys, "train", "--data", "optdigits", "--out", tmp_path / "w")
    assert code == 130 and errors == ["digitlib: interrupted; nothing was written"]
    assert not list(tmp_path.iterdir())


def test_each_epoch_is_shown_as_it_ends(tmp_path, monkeypatch):
    """In a file too, where Python would gather lines by the thousand."""
    from digitlib import train

    seen = []

    def fit(*_, after_epoch, keep, **__):
        for number in (1, 2):
            after_epoch(train.Epoch(number, 0.5, 0.9, 0.4, 0.9, 1.0))
            seen.append((tmp_path / "log").read_text().splitlines()[2:])
        keep.write_text("an epoch")

    monkeypatch.setattr(train, "fit", fit)
    with (tmp_path / "log").open("w") as log:
        monkeypatch.setattr(sys, "stdout", log)
        assert cli.main(["train", *OPTDIGITS, "--out", str(tmp_path / "w")]) == 0
    assert [len(lines) for lines in seen] == [1, 2]
    assert seen[1][1].startswith("epoch  2 of 18")


@pytest.mark.parametrize("count", [5, 20])
def test_a_teacher_of_other_classes_is_refused_before_the_training(capsys, tmp_path, count):
    teacher = write(tmp_path / "teacher", names(count))
    options = [*OPTDIGITS, "--recipe", "tiny", "--teacher", teacher, "--out", tmp_path / "w"]
    code, output, [error] = run(capsys, "train", *options)
    assert (code, output) == (2, []) and not (tmp_path / "w").exists()
    assert error.startswith("digitlib: the teacher: expected images of the model's classes")


def test_a_recipe_that_draws_digits_is_for_digits(capsys, tmp_path):
    make("strokes", 2, 6, tmp_path / "signs")
    told = ["--data", tmp_path / "signs", "--preparation", "digit", "--out", tmp_path / "w"]
    code, output, [error] = run(capsys, "train", *told, "--recipe", "pad")
    assert (code, output) == (2, []) and error.startswith(
        "digitlib: expected the ten digits for recipe pad, which draws more of them"
    )
