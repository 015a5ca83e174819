import numpy as np
import pytest

from digitlib import data, weights
from digitlib.classify import DigitClassifier
from digitlib.drawn import handwriting, nondigits, redrawn
from named import COUNTS, write, write_onnx
from shell import OPTDIGITS, run


@pytest.fixture
def small_canvas(monkeypatch):
    """In place of 280 pixels: digits are redrawn in a sixth of the time."""
    monkeypatch.setattr(redrawn, "SHEET", 112)


def test_drawings_are_measured_in_a_grid(capsys, monkeypatch, small_canvas):
    monkeypatch.setattr(redrawn, "GRID", [redrawn.Pen(0.5, 0.1), redrawn.Pen(0.5, 0.2)])
    code, lines, _ = run(capsys, "evaluate", "--drawn", "--data", "optdigits")
    assert code == 0 and lines[0].split("\t") == ["size", "pen 10%", "pen 20%"]
    shares = [float(share) for share in lines[1].split("\t")[1:]]
    assert all(50 < share <= 100 for share in shares)
    together = float(lines[2].removeprefix("all: ").split(" %")[0])
    assert together == pytest.approx(sum(shares) / 2, abs=0.11)  # each was rounded
    assert lines[2].endswith("of 2,000 drawings of 287 digits")
    assert lines[3].startswith(f"worst: {min(shares)} % (")


def test_refusals_are_measured_by_kind(capsys, monkeypatch, small, small_canvas, tmp_path):
    monkeypatch.setattr(data, "load", lambda *_, **__: small[:500])
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
    by_hand = handwriting.refused
    monkeypatch.setattr(handwriting, "refused", lambda refused: by_hand(refused, 2))
    options = ["--refusal", "--data", "optdigits", "--weights", out]
    code, lines, _ = run(capsys, "evaluate", *options)
    # The threshold was chosen for a small share of each digit: of 28 or 29, none.
    assert code == 0 and lines[0].startswith("refused of the digits in the validation set: 0.0 %")
    assert [line.split(":")[0] for line in lines[1:11]] == [f"  {digit}" for digit in range(10)]
    table = lines[lines.index("\t".join(["refused (%)", *"0123456789"])) :][1:]
    for style, line in zip(handwriting.STYLES, table, strict=False):
        name, *shares = line.split("\t")
        assert name == style and {*shares} <= {"0.0", "50.0", "100.0"} and len(shares) == 10
    for kind in {*nondigits.KINDS} - {"look-alikes"}:
        [line] = [line for line in lines if line.startswith(f"  {kind}: ")]
        assert line.endswith("of 1,000")
    assert any(line.startswith("kinds set aside, accepted: ") for line in lines)


def test_weights_that_cannot_refuse_say_so(capsys):
    code, _, errors = run(
        capsys,
        "evaluate",
        "--refusal",
        "--data",
        "optdigits",
        "--weights",
        weights.TINY,
    )
    assert code == 2 and "expected weights with a threshold of doubt" in errors[0]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("way", [[], ["--drawn"], ["--refusal"]])
def test_weights_of_other_classes_are_told_from_the_digits(
    capsys, tmp_path, monkeypatch, count, way
):
    monkeypatch.chdir(tmp_path)
    own = tuple(f"n{number}" for number in range(count))
    file = write("w.safetensors", own)
    asked = ["evaluate", "--data", "optdigits", "--weights", file, *way]
    code, output, [error] = run(capsys, *asked)
    assert (code, output) == (2, [])
    digits = "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    expected = f"digitlib: {file}: expected the classes of optdigits, {digits}, got n0, n1"
    assert error.startswith(expected)
    assert error.endswith(f" and {count - 10} more") == (count > 10)
    assert [path.name for path in tmp_path.iterdir()] == [file]


def test_a_model_in_onnx_is_evaluated(capsys, tmp_path):
    calibration = {"temperature": 1.5}
    file = write_onnx(
        tmp_path / "m.onnx", data.DIGITS, preparation="digit", calibration=calibration
    )
    asked = ["evaluate", "--data", "optdigits", "--weights", file]
    code, output, errors = run(capsys, *asked)
    assert (code, errors) == (0, []) and " of 287 digits in the validation set" in output[0]


def test_weights_that_want_another_preparation_are_told_from_the_digits(capsys, tmp_path):
    file = write(tmp_path / "w", data.DIGITS, preparation="picture")
    code, output, [error] = run(capsys, "evaluate", "--data", "optdigits", "--weights", file)
    assert (code, output) == (2, [])
    assert error.endswith('expected the preparation of optdigits, "digit", got "picture"')
