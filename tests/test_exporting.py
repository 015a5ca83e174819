import numpy as np
import pytest

from digitlib import classify, weights
from named import names, write, write_onnx
from shell import run

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")


@pytest.mark.parametrize(("count", "none"), [(2, False), (17, True)])
def test_a_model_in_onnx_says_and_answers_what_the_weights_do(capsys, tmp_path, noise, count, none):
    calibration = {"temperature": 1.5} | ({"threshold": -0.5} if none else {})
    said = {"calibration": calibration, "provenance": {"dataset": "Bögen"}}
    file = write(tmp_path / "w", names(count), none, "picture", **said)
    out = tmp_path / "ein größeres m.onnx"
    code, [line], errors = run(capsys, "export", "--weights", file, "--onnx", out)
    assert (code, errors) == (0, [])
    assert line.startswith(f"{out}: {count} classes, {out.stat().st_size:,} bytes")
    ours, theirs = classify.load(file), classify.load(out)
    assert isinstance(theirs, classify.OnnxClassifier)
    for name in ("classes", "preparation", "temperature", "threshold", "none", "provenance"):
        assert getattr(ours, name) == getattr(theirs, name), name
    np.testing.assert_allclose(theirs.outputs(noise), ours.outputs(noise), atol=1e-4)
    np.testing.assert_array_equal(theirs.refused(noise), ours.refused(noise))


def test_without_a_word_it_is_the_packages_own(capsys, tmp_path):
    assert run(capsys, "export", "--onnx", tmp_path / "m")[0] == 0
    assert classify.load(tmp_path / "m").provenance == weights.load().provenance


def test_what_is_onnx_already_is_refused(capsys, tmp_path):
    file = write_onnx(tmp_path / "m.onnx", names(3))
    code, _, [error] = run(capsys, "export", "--weights", file, "--onnx", tmp_path / "out")
    assert code == 2 and error.endswith("weights file, got a model in ONNX")
    assert not (tmp_path / "out").exists()


def test_the_weights_are_never_written_over(capsys, tmp_path):
    file = write(tmp_path / "w", names(3))
    before = file.read_bytes()
    (tmp_path / "link").symlink_to(file)
    code, _, [error] = run(capsys, "export", "--weights", file, "--onnx", tmp_path / "link")
    assert code == 2 and "expected another file than the weights themselves" in error
    assert file.read_bytes() == before
