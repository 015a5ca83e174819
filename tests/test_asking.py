import numpy as np
import pytest

from digitlib import classify, data, weights
from digitlib.accuracy import percent
from digitlib.classify import DigitClassifier
from digitlib.drawn import nondigits, redrawn
from drawings import draw
from named import COUNTS, names, write, write_onnx
from shell import OPTDIGITS, run


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


def test_predict_prints_what_the_classifier_says(capsys, tmp_path):
    draw(2).save(tmp_path / "2.png")
    probabilities = DigitClassifier.load().probabilities(np.asarray(draw(2)))[0]
    _, output, _ = run(capsys, "predict", tmp_path / "2.png")
    assert output == [f"{tmp_path / '2.png'}: 2 ({percent(probabilities[2])})"]


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


@pytest.fixture
def two_pens(monkeypatch):
    """In place of sixteen, which take their time."""
    monkeypatch.setattr(redrawn, "GRID", redrawn.GRID[5:7])


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(("kind", "suffix"), [(write, "safetensors"), (write_onnx, "onnx")])
def test_predict_prints_the_name(capsys, tmp_path, count, kind, suffix):
    file = kind(tmp_path / f"w.{suffix}", names(count))
    draw(2).save(tmp_path / "2.png")
    code, output, errors = run(capsys, "predict", "--weights", file, tmp_path / "2.png")
    said = classify.load(file).classify(tmp_path / "2.png")
    share = percent(said.probabilities[said.label])
    assert said.name == names(count)[said.label]
    assert (code, errors) == (0, [])
    assert output == [f"{tmp_path / '2.png'}: {' '.join(said.name.split())} ({share})"]


def test_predict_says_why_there_is_no_name(capsys, tmp_path):
    calibration = {"threshold": -1e9}
    file = write(tmp_path / "w", ("a", "b"), none=True, calibration=calibration)
    draw(2).save(tmp_path / "2.png")
    _, output, _ = run(capsys, "predict", "--weights", file, tmp_path / "2.png")
    assert output == [f"{tmp_path / '2.png'}: none of these"]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("way", [[], ["--drawn"], ["--refusal"], ["--report", "folder"]])
def test_weights_of_other_classes_are_told_from_the_digits(
    capsys, tmp_path, monkeypatch, count, way
):
    monkeypatch.chdir(tmp_path)
    own = tuple(f"n{number}" for number in range(count))
    file = write("w.safetensors", own)
    asked = ["evaluate", "--dataset", "optdigits", "--weights", file, *way]
    code, output, [error] = run(capsys, *asked)
    assert (code, output) == (2, [])
    digits = "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    expected = f"digitlib: {file}: expected the classes of optdigits, {digits}, got n0, n1"
    assert error.startswith(expected)
    assert error.endswith(f" and {count - 10} more") == (count > 10)
    assert [path.name for path in tmp_path.iterdir()] == [file]


def test_a_model_in_onnx_is_evaluated_and_reported(capsys, tmp_path, two_pens):
    calibration = {"temperature": 1.5}
    file = write_onnx(
        tmp_path / "m.onnx", data.DIGITS, preparation="digit", calibration=calibration
    )
    asked = ["evaluate", "--dataset", "optdigits", "--weights", file]
    code, output, errors = run(capsys, *asked)
    assert (code, errors) == (0, []) and " of 287 digits in the validation set" in output[0]
    code, output, _ = run(capsys, *asked, "--quick", "--report", tmp_path / "out")
    assert code == 0 and " of 100 digits in the validation set" in output[0]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Report: m.onnx" in page and "a temperature of 1.50" in page


def test_a_short_report_needs_a_report(capsys):
    code, _, errors = run(capsys, "evaluate", "--quick")
    assert (code, errors) == (2, ["digitlib: expected --report beside --quick"])


def test_weights_that_want_another_preparation_are_told_from_the_digits(capsys, tmp_path):
    file = write(tmp_path / "w", data.DIGITS, preparation="picture")
    code, output, [error] = run(capsys, "evaluate", "--dataset", "optdigits", "--weights", file)
    assert (code, output) == (2, [])
    assert error.endswith('expected the preparation of optdigits, "digit", got "picture"')
