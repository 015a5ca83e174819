import json

import pytest

from digitlib import data
from digitlib.drawn import redrawn
from named import COUNTS, write, write_onnx
from shell import run

OPTDIGITS = ["--data", "optdigits"]


@pytest.fixture
def two_pens(monkeypatch):
    """In place of sixteen, which take their time."""
    monkeypatch.setattr(redrawn, "GRID", redrawn.GRID[5:7])


def test_a_model_in_onnx_is_reported(capsys, tmp_path, two_pens):
    calibration = {"temperature": 1.5}
    file = write_onnx(
        tmp_path / "m.onnx", data.DIGITS, preparation="digit", calibration=calibration
    )
    asked = ["report", *OPTDIGITS, "--weights", file, "--quick", "--out", tmp_path / "out"]
    code, output, errors = run(capsys, *asked)
    assert (code, errors) == (0, [])  # nobody waits before a pipe
    [line] = output
    assert line.startswith(f"{tmp_path / 'out' / 'report.html'}: ")
    assert line.endswith(" of 100 digits in the validation set")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Report: m.onnx" in page and "a temperature of 1.50" in page
    assert json.loads((tmp_path / "out" / "report.json").read_text())["model"] == "m.onnx"


@pytest.mark.parametrize("count", COUNTS)
def test_weights_of_other_classes_are_told_from_the_digits(capsys, tmp_path, monkeypatch, count):
    monkeypatch.chdir(tmp_path)
    file = write("w.safetensors", tuple(f"n{number}" for number in range(count)))
    code, output, [error] = run(capsys, "report", *OPTDIGITS, "--weights", file, "--out", "folder")
    assert (code, output) == (2, [])
    assert error.startswith(f"digitlib: {file}: expected the classes of optdigits, 0, 1, 2")
    assert [path.name for path in tmp_path.iterdir()] == [file]


def test_where_a_file_lies_no_folder_is_made(capsys, tmp_path):
    (tmp_path / "file").write_text("mine")
    code, output, [error] = run(capsys, "report", *OPTDIGITS, "--out", tmp_path / "file")
    assert (code, output) == (2, []) and error.endswith("file: expected a folder")
    assert (tmp_path / "file").read_text() == "mine"
