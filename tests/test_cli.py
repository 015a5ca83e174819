import os
import sys

import pytest

from digitlib import cli
from digitlib.commands import asking, serving, training
from drawings import draw
from shell import OPTDIGITS, alone, run


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "app", "deploy"])
def test_help_has_an_example(capsys, command):
    code, output, _ = run(capsys, command, "--help")
    assert code == 0
    assert any(line.startswith(f"example: digitlib {command}") for line in output)


def test_of_several_processes_one_complains(capsys, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert run(capsys, "evaluate", "--weights", "nowhere") == (2, [], [])


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


@pytest.mark.parametrize(
    ("commands", "command", "module", "extra"),
    [
        (training, "train", "torch", "train"),
        (serving, "app", "gradio", "app"),
        (asking, "predict", "onnxruntime", "onnx"),
    ],
)
def test_a_missing_package_is_named_with_its_cure(
    capsys, monkeypatch, commands, command, module, extra
):
    def missing(_):
        """Fail as Python does where a package is absent."""
        raise ModuleNotFoundError(name=module)

    missing.__name__ = command
    monkeypatch.setattr(commands, command, missing)
    options = {"train": ["--out", "w"], "app": [], "predict": ["x.png"]}[command]
    code, _, errors = run(capsys, command, *options)
    assert (code, errors) == (
        2,
        [f'digitlib: {module} is not installed; pip install "digitlib[{extra}]"'],
    )


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
