import os
import re
import shlex
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from digitlib import cli, weights
from digitlib.commands import exporting, predicting, serving, training
from drawings import draw
from shell import OPTDIGITS, alone, run

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "book").glob("*.md"))]
COMMANDS = [
    "sheets",
    "train",
    "evaluate",
    "report",
    "predict",
    "export",
    "app",
    "smoke",
    "deploy",
    "info",
]


@pytest.mark.parametrize("asked", [[], ["--help"]])
def test_alone_it_says_what_it_can_do(capsys, asked):
    code, output, errors = run(capsys, *asked)
    assert (code, errors) == (0, [])
    said = [line.split()[0] for line in output if line.startswith("    ") and line[4] != " "]
    assert said == COMMANDS
    assert output[-1].startswith("digitlib COMMAND --help")


def example(capsys, command):
    """The words of the example that a command's help ends with."""
    code, output, _ = run(capsys, command, "--help")
    assert code == 0 and output[-1].startswith(f"example: digitlib {command}")
    return output[-1].split()[2:]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_has_an_example_that_works(capsys, monkeypatch, tmp_path, command):
    """Run where it is quick: of a training, the app and what is measured on MNIST, that it is understood."""
    words = example(capsys, command)
    monkeypatch.chdir(tmp_path)
    draw(7).save("drawing.png")
    (tmp_path / "scans").mkdir()
    draw(1).save("scans/1.png")
    (tmp_path / "my-digits.safetensors").write_bytes(weights.TINY.read_bytes())
    if command in ("train", "evaluate", "report", "app", "smoke"):
        options = cli._parser().parse_args(words)
        assert options.run.__name__ == command
    else:
        code, output, errors = run(capsys, *words)
        assert (code, errors) == (0, []) and output


def test_of_several_processes_one_complains(capsys, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert run(capsys, "evaluate", "--weights", "nowhere") == (2, [], [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fly"], "invalid choice: 'fly'"),
        (["predict"], "required: FILE"),
        (["train"], "required: --out"),
        (["train", "--out", "w", "--data", "cifar"], "expected a data set out of mnist, "),
        (["train", "--out", "w", "--set", "speed=3"], "expected FIELD=VALUE of hidden=512,256"),
        (
            ["train", "--out", "w", "--epochs", "0", "--data", "optdigits"],
            "at least 1, got 0",
        ),
        (
            ["train", "--out", "w", "--rate", "-1", "--data", "optdigits"],
            "positive learning rate, got -1",
        ),
        (
            ["train", "--out", "w", "--recipe", "slow"],
            "pad, own, record, got 'slow'",
        ),
        (["train", "--out", "w", "--precision", "int4"], "invalid choice: 'int4'"),
        (["train", "--out", "w", "--teacher", "t"], "expected no teacher for recipe b"),
        (["train", "--out", "w.ONNX"], "expected a name for a weights file; digitlib export"),
        (["train", "--out", "w", "--resume"], "w.unfinished: no such file, so nothing"),
        (["train", "--out", "nowhere/w"], "nowhere: no such folder"),
        (["train", "--out", "."], ".: expected a file that can be written"),
        (["evaluate", "--weights", "nowhere"], "nowhere: no such file"),
        (["predict", "--weights", "nowhere", "x.png"], "nowhere: no such file"),
        (["predict", "-", "-"], "expected the standard input once, got - twice"),
        (["report"], "required: --out"),
        (["report", "--out", "x", "--weights", "nowhere"], "nowhere: no such file"),
        (["evaluate", "--report", "x"], "unrecognized arguments: --report x"),
        (["export"], "required: --onnx"),
        (["export", "--onnx", "nowhere/m.onnx"], "nowhere: no such folder"),
        (["export", "--onnx", "m.onnx", "--weights", "nowhere"], "nowhere: no such file"),
        (["info", "--weights", "nowhere"], "nowhere: no such file"),
        (["deploy", "--static"], "--out FOLDER and --dry-run need none"),
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
        (predicting, "predict", "onnxruntime", "onnx"),
        (exporting, "export", "onnxscript", "export"),
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
    options = {
        "train": ["--out", "w"],
        "app": [],
        "predict": ["x.png"],
        "export": ["--onnx", "m"],
    }[command]
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
        ["predict", "--json", "."],
        ["predict", "--csv", "7.png"],
        ["info"],
        ["deploy", "--static", "--dry-run"],
        ["train", *OPTDIGITS, "--recipe", "quick", "--out", "w"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_says_to_type_are_commands_with_such_options(page):
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = re.findall(r"^```sh.*?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    typed = re.findall(r"^digitlib (.+)", "\n".join(blocks), re.MULTILINE)
    typed += re.findall(r"`digitlib (\w+\s[^`]+)`", text)
    assert typed or page.stem not in ("README", "how-to", "publish")
    for command in typed:
        words = shlex.split(command, comments=True)
        cli._parser().parse_args([*takewhile(lambda word: word not in ("|", ">"), words)])
