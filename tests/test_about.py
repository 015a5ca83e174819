import subprocess
import sys
from importlib import metadata

import pytest

from digitlib import __version__, mnist, weights
from named import AWKWARD, names, write, write_onnx
from shell import run


def info(capsys, *arguments):
    code, output, errors = run(capsys, "info", *arguments)
    assert (code, errors) == (0, [])
    return output


def test_it_says_what_is_here(capsys):
    first, device, data, *_ = info(capsys)
    assert first.startswith(f"digitlib {__version__}, Python 3.")
    for package in ("numpy", "Pillow", "torch", "torchvision"):
        assert f"{package} {metadata.version(package)}" in first
    assert device.startswith("a training would run on: ")
    assert device.rpartition(", ")[2] in ("float32", "bfloat16")
    assert data.startswith("MNIST: ")


def test_it_says_where_weights_come_from(capsys):
    said, file = info(capsys), weights.SHIPPED
    checksum = weights.checksum(file)
    assert f"{file}: {file.stat().st_size:,} bytes, SHA-256 {checksum}…" in said
    assert "  10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9" in said
    read = weights.load()
    widths = [784, *(len(bias) for _, bias in read.layers)]
    assert f"  layers: {', '.join(map(str, widths))}" in said
    provenance = read.provenance
    assert f"  command: {provenance['command']}" in said
    assert any(line.startswith("  recipe: ") and ", seed 0" in line for line in said)
    right, n = provenance["valid"]["right"], provenance["valid"]["n"]
    [line] = [line for line in said if line.startswith("  valid: ")]
    assert line.endswith(f" of {n:,} digits right") and f"{100 * right / n:.1f} %" in line


@pytest.mark.parametrize("kind", [write, write_onnx])
@pytest.mark.parametrize("provenance", [{}, {"dataset": "Bögen\nmit Ä"}])
def test_of_any_weights(capsys, tmp_path, kind, provenance):
    pytest.importorskip("onnxruntime")
    file = kind(tmp_path / "ein w", names(17), provenance=provenance)
    said = info(capsys, "--weights", file)[3:]
    assert said[0].startswith(f"{file}: {file.stat().st_size:,} bytes")
    assert said[1].startswith(f"  17 classes: {', '.join(AWKWARD[:10])}"[:40])
    assert said[1].endswith(" and 7 more")
    told = "  dataset: Bögen mit Ä" if provenance else "  where it comes from, it doesn't say"
    assert said[-1] == told
    assert any(line.startswith("  layers: ") for line in said) == (kind is write)


@pytest.mark.parametrize(
    "valid", [None, 3, {}, {"right": "many", "n": 4}, {"right": 5, "n": 4}, {"right": 1, "n": 0}]
)
def test_a_file_may_say_anything(capsys, tmp_path, valid):
    provenance = {"valid": valid, "two\nlines": [1, {"a": None}]}
    file = write(tmp_path / "w", names(2), provenance=provenance)
    said = info(capsys, "--weights", file)[3:]
    assert "  two lines: [1, {'a': None}]" in said
    assert sum(line.startswith("  valid: ") for line in said) == 1


def test_mnist_is_looked_for_and_not_fetched(capsys, monkeypatch, tmp_path):
    folder = tmp_path / "mine" / "MNIST" / "raw"
    folder.mkdir(parents=True)
    monkeypatch.setattr(mnist, "folders", lambda: [tmp_path / "nowhere", tmp_path / "mine"])
    monkeypatch.setattr(mnist, "cache_folder", lambda: tmp_path / "cache")
    line = f"MNIST: not here; it would be downloaded into {tmp_path / 'cache'}"
    assert info(capsys)[2] == line
    (folder / "train-images-idx3-ubyte").touch()
    assert info(capsys)[2] == f"MNIST: {folder}"
    assert not (tmp_path / "cache").exists()


def test_without_a_home_it_says_so(capsys, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(mnist, "folders", list)
    monkeypatch.setattr(mnist, "cache_folder", homeless)
    assert "without a home folder" in info(capsys)[2]


def test_it_needs_the_ground_floor_alone():
    code = """
import sys
for name in ("torch", "torchvision", "scipy", "sklearn", "platformdirs", "onnxruntime", "gradio", "huggingface_hub"):
    sys.modules[name] = None
from digitlib import cli
sys.exit(cli.main(["info"]))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    _, device, data, *weights_too = result.stdout.splitlines()
    assert "as torch is not installed" in device and "pip install" in device
    assert "not looked for, as platformdirs is not installed" in data
    assert len(weights_too) > 4


def test_it_imports_no_gradio():
    code = "import sys; from digitlib import cli; cli.main(['info']); sys.exit('gradio' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert result.returncode == 0


def test_a_folder_that_may_not_be_read_is_passed_by(capsys, monkeypatch, tmp_path):
    def refused(*_):
        raise PermissionError(13, "Permission denied", "MNIST/raw")

    monkeypatch.setattr("pathlib.Path.glob", refused)
    assert any(line.startswith("MNIST: not here") for line in info(capsys))
