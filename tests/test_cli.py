import os
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from digitlib import cli, data, weights
from digitlib.augment import Deform
from digitlib.classify import DigitClassifier
from digitlib.drawn import nondigits, redrawn
from digitlib.engine import hardware
from drawings import draw


def run(capsys, *arguments):
    """Exit code, lines on the output, lines on the error stream."""
    try:
        code = cli.main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = end.code
    output, errors = capsys.readouterr()
    return code, output.splitlines(), errors.splitlines()


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "app", "deploy"])
def test_help_has_an_example(capsys, command):
    code, output, _ = run(capsys, command, "--help")
    assert code == 0
    assert any(line.startswith(f"example: digitlib {command}") for line in output)


def test_predict(capsys, tmp_path):
    for digit in (1, 3, 7):
        draw(digit).save(tmp_path / f"{digit}.png")
    files = [tmp_path / f"{digit}.png" for digit in (1, 3, 7)]
    code, output, errors = run(capsys, "predict", *files)
    assert (code, errors) == (0, [])
    for file, line in zip(files, output, strict=True):
        assert line.startswith(f"{file}: {file.stem} (") and line.endswith("%)")


def test_predict_goes_on_after_a_bad_file(capsys, tmp_path):
    draw(7).save(tmp_path / "7.png")
    draw(7).point(lambda _: 0).save(tmp_path / "blank.png")
    (tmp_path / "note.txt").write_text("seven")
    files = [tmp_path / name for name in ("note.txt", "nowhere.png", "blank.png", "7.png")]
    code, output, errors = run(capsys, "predict", *files)
    assert code == 2
    assert output[0] == f"{files[2]}: blank" and output[1].startswith(f"{files[3]}: 7 (")
    assert [line.split(": ")[2].split(" (")[0] for line in errors] == [
        "expected a picture",
        "no such file",
    ]


OPTDIGITS = ["--dataset", "optdigits", "--precision", "float32"]


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
    assert len(output) == 22 and "of 287 digits in the validation set" in output[-1]
    assert output[0].startswith(hardware.describe(hardware.best_device()))
    assert output[0].endswith("float32")
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    provenance = DigitClassifier.load(out).provenance
    assert provenance["recipe"]["seed"] == 3
    assert (
        provenance["command"]
        == "digitlib train --dataset optdigits --recipe quick --epochs 20 --rate 0.00412345678 "
        "--precision float32 --seed 3 --out FILE"
    )
    code, output, _ = run(capsys, "evaluate", "--weights", out, "--dataset", "optdigits")
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


def test_of_several_processes_one_complains(capsys, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert run(capsys, "evaluate", "--weights", "nowhere") == (2, [], [])


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
        _, errors = process.communicate()
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
    # The device, the epochs that were left, the file.
    assert [line[:8] for line in output[1:-1]] == ["epoch  4", "epoch  5"]
    assert broken.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["predict"], "required: FILE"),
        (["train"], "required: --out"),
        (["train", "--out", "w", "--dataset", "cifar"], "invalid choice: 'cifar'"),
        (
            ["train", "--out", "w", "--epochs", "0", "--dataset", "optdigits"],
            "at least 1, got 0",
        ),
        (
            ["train", "--out", "w", "--rate", "-1", "--dataset", "optdigits"],
            "positive learning rate, got -1",
        ),
        (
            ["train", "--out", "w", "--recipe", "slow"],
            "tiny, pad, record, got 'slow'",
        ),
        (["train", "--out", "w", "--precision", "int4"], "invalid choice: 'int4'"),
        (["train", "--out", "w", "--teacher", "t"], "expected no teacher for recipe b"),
        (["train", "--out", "w", "--resume"], "w.unfinished: no such file, so nothing"),
        (["train", "--out", "nowhere/w"], "nowhere: no such folder"),
        (["train", "--out", "."], ".: expected a file that can be written"),
        (["evaluate", "--weights", "nowhere"], "nowhere: no such file"),
        (["predict", "--weights", "nowhere", "x.png"], "nowhere: no such file"),
        (["app", "--port", "x"], "invalid int value: 'x'"),
    ],
)
def test_bad_input_is_one_plain_line_and_code_2(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, output, errors = run(capsys, *arguments)
    assert (code, output, len(errors)) == (2, [], 1)
    assert message in errors[0]
    assert not list(tmp_path.iterdir())


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


@pytest.mark.parametrize(
    ("command", "module", "extra"),
    [("train", "torch", "train"), ("app", "gradio", "app")],
)
def test_a_missing_package_is_named_with_its_cure(capsys, monkeypatch, command, module, extra):
    def missing(_):
        """Fail as Python does where a package is absent."""
        raise ModuleNotFoundError(name=module)

    missing.__name__ = f"_{command}"
    monkeypatch.setattr(cli, f"_{command}", missing)
    options = ["--out", "w"] if command == "train" else []
    code, _, errors = run(capsys, command, *options)
    assert (code, errors) == (
        2,
        [f'digitlib: {module} is not installed; pip install "digitlib[{extra}]"'],
    )


def test_an_interrupted_training_writes_nothing(capsys, tmp_path, monkeypatch):
    from digitlib import train

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "fit", interrupt)
    code, _, errors = run(capsys, "train", "--dataset", "optdigits", "--out", tmp_path / "w")
    assert code == 130 and errors == ["digitlib: interrupted; nothing was written"]
    assert not list(tmp_path.iterdir())


def test_predict_prints_what_the_classifier_says(capsys, tmp_path):
    draw(2).save(tmp_path / "2.png")
    probabilities = DigitClassifier.load().probabilities(np.asarray(draw(2)))[0]
    _, output, _ = run(capsys, "predict", tmp_path / "2.png")
    assert output == [f"{tmp_path / '2.png'}: 2 ({probabilities[2]:.1%})"]


def alone(folder, *arguments, **streams):
    """The command in a process of its own, whose output Python gathers as it does where nothing is set."""
    told = {name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"}
    told["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-m", "digitlib", *arguments]
    streams = {"stderr": subprocess.PIPE, **streams}
    return subprocess.run(command, cwd=folder, env=told, text=True, **streams)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["predict", "7.png"],
        ["deploy", "--static", "ada/digits", "--dry-run"],
        ["train", *OPTDIGITS, "--recipe", "quick", "--out", "w"],
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.server
def test_where_nobody_reads_on_a_command_ends_in_silence(tmp_path, arguments):
    """As before ``| head -1``; here the reader has gone before the first line, so that no clock decides."""
    draw(7).save(tmp_path / "7.png")
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as pipe:
        result = alone(tmp_path, *arguments, stdout=pipe)
    assert (result.returncode, result.stderr) == (141, "")


@pytest.mark.server
def test_where_nobody_reads_a_complaint_it_ends_in_silence_too(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as pipe:
        result = alone(tmp_path, "predict", "x.png", stdout=pipe, stderr=pipe)
    assert result.returncode == 141


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full disk at hand")
@pytest.mark.parametrize("arguments", [["--help"], ["predict", "7.png"]])
@pytest.mark.server
def test_a_full_disk_is_one_plain_line(tmp_path, arguments):
    draw(7).save(tmp_path / "7.png")
    with open("/dev/full", "wb") as full:
        result = alone(tmp_path, *arguments, stdout=full)
    assert result.returncode == 2 and result.stderr.startswith("digitlib: [Errno 28]")
    assert result.stderr.count("\n") == 1


def test_each_epoch_is_shown_as_it_ends(tmp_path, monkeypatch):
    """In a file too, where Python would gather lines by the thousand."""
    from digitlib import train

    seen = []

    def fit(*_, after_epoch, keep, **__):
        for number in (1, 2):
            after_epoch(train.Epoch(number, 0.5, 0.9, 0.4, 0.9, 1.0))
            seen.append((tmp_path / "log").read_text().splitlines()[1:])
        keep.write_text("an epoch")

    monkeypatch.setattr(train, "fit", fit)
    with (tmp_path / "log").open("w") as log:
        monkeypatch.setattr(sys, "stdout", log)
        assert cli.main(["train", *OPTDIGITS, "--out", str(tmp_path / "w")]) == 0
    assert [len(lines) for lines in seen] == [1, 2]
    assert seen[1][1].startswith("epoch  2 of 18")


def test_a_name_that_the_terminal_cannot_show_stops_nothing(tmp_path, monkeypatch):
    names = ["ein größeres Problem.png", "7.png", os.fsdecode(b"\xff.png")]
    for name in names:
        try:
            draw(7).save(tmp_path / name)
        except OSError:
            pytest.skip("a disk that takes no such names")
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "log").open("w", encoding="ascii") as log:
        monkeypatch.setattr(sys, "stdout", log)
        assert cli.main(["predict", *names]) == 0
    lines = (tmp_path / "log").read_text().splitlines()
    shown = [r"ein gr\xf6\xdferes Problem.png", "7.png", r"\udcff.png"]
    assert [line.split(":")[0] for line in lines] == shown
    assert all(": 7 (" in line for line in lines)


@pytest.fixture
def small_canvas(monkeypatch):
    """In place of 280 pixels: digits are redrawn in a sixth of the time."""
    monkeypatch.setattr(redrawn, "SHEET", 112)


def test_drawings_are_measured_in_a_grid(capsys, monkeypatch, small_canvas):
    monkeypatch.setattr(redrawn, "GRID", [redrawn.Pen(0.5, 0.1), redrawn.Pen(0.5, 0.2)])
    code, lines, _ = run(capsys, "evaluate", "--drawn", "--dataset", "optdigits")
    assert code == 0 and lines[0].split("\t") == ["size", "pen 10%", "pen 20%"]
    shares = [float(share) for share in lines[1].split("\t")[1:]]
    assert all(50 < share <= 100 for share in shares)
    together = float(lines[2].removeprefix("all: ").split(" %")[0])
    assert together == pytest.approx(sum(shares) / 2, abs=0.11)  # each was rounded
    assert lines[2].endswith("of 2,000 drawings of 287 digits")
    assert lines[3].startswith(f"worst: {min(shares)} % (")


def test_refusals_are_measured_by_kind(capsys, monkeypatch, small, small_canvas, tmp_path):
    monkeypatch.setattr(data, "load", {"optdigits": small[:500]}.get)
    out = tmp_path / "w"
    options = [*OPTDIGITS, "--recipe", "pad", "--epochs", "3", "--out", out]
    assert run(capsys, "train", *options)[0] == 0
    assert DigitClassifier.load(out).threshold < np.inf
    monkeypatch.setattr(redrawn, "GRID", [redrawn.Pen(0.5, 0.1)])
    drawn = nondigits.draw

    def forty(kind, n, *rest):
        """Each so often that there are as many as were asked for; a thousand take seconds."""
        return drawn(kind, 40, *rest).repeat(n // 40, 1, 1)

    monkeypatch.setattr(nondigits, "draw", forty)
    options = ["--refusal", "--dataset", "optdigits", "--weights", out]
    code, lines, _ = run(capsys, "evaluate", *options)
    # The share that the threshold was chosen for: 2 of 287.
    assert code == 0 and lines[0].startswith("refused of the validation digits: 0.7 %")
    for kind in {*nondigits.KINDS} - {"look-alikes"}:
        [line] = [line for line in lines if line.startswith(f"  {kind}: ")]
        assert line.endswith("of 1,000")
    assert any(line.startswith("kinds set aside, accepted: ") for line in lines)


def test_weights_that_cannot_refuse_say_so(capsys):
    code, _, errors = run(
        capsys,
        "evaluate",
        "--refusal",
        "--dataset",
        "optdigits",
        "--weights",
        weights.TINY,
    )
    assert code == 2 and "expected weights with a threshold of doubt" in errors[0]
