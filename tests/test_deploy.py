"""The folders that are published: what they hold, what they say, and that they run."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
import tomllib
import urllib.request
from importlib import metadata
from pathlib import Path

import colab
import pytest
import yaml

from digitlib import classify, cli, weights
from digitlib.book.entries import entries
from digitlib.files import write_folder
from digitlib.hosts import cards, deploy
from digitlib.preprocess import PREPARATIONS
from drawings import draw
from named import COUNTS, names, write, write_onnx
from servers import listening, serving

ROOT = Path(__file__).parents[1]
SPACES = ["static", "gradio"]


@pytest.mark.parametrize(
    "name",
    ["digits", "ada/", "/digits", "ada/my digits", "a/b/c", "ada/-x", "ada/x--y",
     "ada/x.git", "ada/" + 93 * "x", "ada/ziffern-für-alle", ""],
)  # fmt: skip
def test_a_malformed_name(capsys, name):
    with pytest.raises(ValueError, match="expected USER/NAME, such as ada/digits, got"):
        deploy.check_name(name)
    for kind in deploy.KINDS:
        assert cli.main(["deploy", f"--{kind}", name]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_good_names():
    for name in ("ada/digits", "Ada-1/my_digits.v2", "a/b"):
        assert deploy.check_name(name) == name


@pytest.mark.parametrize("kind", SPACES)
def test_the_front_matter(kind):
    files = deploy.gather(kind, "ada/digits")
    head = yaml.safe_load(deploy.front_matter(files))
    assert head["sdk"] == kind and head["app_file"] in files
    assert head["license"] == "mit" and len(head["short_description"]) <= 60
    if kind == "gradio":
        assert head["sdk_version"] == metadata.version("gradio")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert project["requires-python"] == f">={head['python_version']}"


def test_the_static_folder_is_the_pad_and_its_weights():
    files = deploy.gather("static", "ada/digits")
    assert {
        "README.md",
        "pad.mjs",
        "pad.css",
        "index.html",
        "digits.safetensors",
    } <= set(files)
    assert files["digits.safetensors"] == weights.SHIPPED.read_bytes()
    assert all(b"://cdn" not in content for content in files.values())
    assert sum(len(gzip.compress(content)) for content in files.values()) < 400_000


def test_the_gradio_folder_is_the_ground_floor_and_the_app():
    files = deploy.gather("gradio", "ada/digits", weights.TINY)
    assert b"from digitlib.hosts import app\n" in files["app.py"]
    assert b'with_name("model.safetensors")' in files["app.py"]
    assert files["model.safetensors"] == weights.TINY.read_bytes()
    modules = {name for name in files if name.endswith(".py")} - {"app.py"}
    ground = {
        "__init__",
        "accuracy",
        "preprocess",
        "picture",
        "inputs",
        "pixels",
        "files",
        "plain",
        "weights",
        "classify",
        "hub",
    }
    modules_of_reading = (path.stem for path in (ROOT / "digitlib" / "reading").glob("*.py"))
    reading = {f"reading/{name}" for name in modules_of_reading}
    app = {"hosts/__init__", "hosts/app", "hosts/limits", "hosts/words"}
    assert modules == {f"digitlib/{name}.py" for name in ground | reading | app}
    lines = files["requirements.txt"].decode().splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert lines[:-1] == project["dependencies"]
    [gradio] = [line for line in project["optional-dependencies"]["app"] if line[:6] == "gradio"]
    assert lines[-1].startswith(f"{gradio},<")


@pytest.mark.parametrize(
    ("here", "meant"), [("7.2.1", "7.2.1"), ("5.49.1", "6.31.0"), (None, "6.31.0")]
)
def test_a_space_gets_a_gradio_that_the_app_runs_with(monkeypatch, here, meant):
    """Also from a machine that has none, or an older one, such as Colab's."""

    def version(name):
        if here is None:
            raise metadata.PackageNotFoundError(name)
        return here

    monkeypatch.setattr(metadata, "version", version)
    files = deploy.gather("gradio", "ada/digits")
    assert f"sdk_version: {meant}\n" in deploy.front_matter(files)
    after = int(meant.partition(".")[0]) + 1
    last = files["requirements.txt"].decode().splitlines()[-1]
    assert last == f"gradio>=6.31,<{after}"


@pytest.mark.parametrize("file", [weights.SHIPPED, weights.TINY])
def test_the_model_folder_is_weights_config_and_card(file):
    files = deploy.gather("model", "ada/digits", file)
    assert list(files) == ["README.md", "config.json", "digits.safetensors"]
    assert files["digits.safetensors"] == file.read_bytes()
    assert files["README.md"].decode() == cards.readme("ada/digits", file)
    config, read = json.loads(files["config.json"]), weights.load(file)
    assert config["layers"] == [784, *(weight.shape[0] for weight, _ in read.layers)]
    calibration = {"threshold": None} | read.calibration
    assert config["calibration"] == calibration and "temperature" in calibration
    assert config["preprocessing"] == "digitlib.preprocess.prepare"
    assert config["preparation"] == "digit" and config["classes"] == list("0123456789")
    assert config["digitlib_version"] == metadata.version("digitlib")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert config["weights"] == {"file": "digits.safetensors", "sha256": digest}


@pytest.mark.parametrize(
    ("kind", "line"),
    [("static", "sdk: static\n"), ("gradio", "sdk: gradio\n"), ("model", "library_name: digitlib\n")],
)  # fmt: skip
def test_dry_run_lists_each_file_with_its_size(capsys, kind, line):
    assert cli.main(["deploy", f"--{kind}", "ada/digits", "--dry-run"]) == 0
    output = capsys.readouterr().out
    files = deploy.gather(kind, "ada/digits", entries=entries("mnist"))
    assert line in output and "license: mit\n" in output
    for name, content in files.items():
        assert f"{len(content):>9,}  {name}\n" in output
    assert f"{sum(map(len, files.values())):,}  in all" in output


def test_out_never_mixes_two_folders(tmp_path, capsys):
    command = ["deploy", "--static", "ada/digits", "--out"]
    (tmp_path / "empty").mkdir()
    assert cli.main([*command, str(tmp_path / "empty")]) == 0
    assert cli.main([*command, str(tmp_path / "empty")]) == 2
    assert "empty: expected a new or empty folder" in capsys.readouterr().err
    assert cli.main([*command, str(tmp_path / "no" / "where")]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "one of the arguments --static --gradio --model is required"),
        (["--static", "a/b", "--gradio", "a/b"], "not allowed with argument"),
        (["--static", "a/b", "--model", "a/b"], "not allowed with argument"),
        (["--static", "a/b", "--dry-run", "--out", "x"], "not allowed with argument"),
        (["--static", "a/b", "--weights", "no", "--dry-run"], "no: no such file"),
        (["--static", "a/b", "--weights", __file__, "--dry-run"], "expected a digitlib weights file"),
        (["--model", "a/b", "--weights", "no", "--dry-run"], "no: no such file"),
        (["--model", "a/b", "--weights", __file__, "--dry-run"], "expected a digitlib weights file"),
    ],
)  # fmt: skip
def test_bad_input_is_one_plain_line(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    try:
        code = cli.main(["deploy", *arguments])
    except SystemExit as end:
        code = end.code
    output, errors = capsys.readouterr()
    assert (code, output, errors.count("\n")) == (2, "", 1) and message in errors


@pytest.mark.parametrize("count", [10, 5])
def test_without_a_name_everything_else_is_the_same(tmp_path, count):
    """Only how to ask it is told otherwise: by where it runs, or where its weights lie."""
    file = weights.SHIPPED if count == 10 else write(tmp_path / "w", names(count))
    for kind, asks in (
        ("static", None),
        ("gradio", 'Client("http://127.0.0.1:7860")'),
        ("model", 'DigitClassifier.load("digits.safetensors")'),
    ):
        named, nameless = deploy.gather(kind, "ada/any", file), deploy.gather(kind, None, file)
        said, text = (files.pop("README.md").decode() for files in (named, nameless))
        assert named == nameless and "ada" not in text.replace("metadata", "")
        if asks is None:
            assert said == text
        else:
            assert asks in text and asks not in said
            [code] = [part for part in text.split("```") if asks in part]
            compile(code.removeprefix("python"), kind, "exec")
    assert "from_hub" not in text and "huggingface" not in text and "revision" not in text


@pytest.mark.parametrize("kind", ["statc", "", "Model", None])
def test_a_misspelt_kind_is_refused(kind):
    with pytest.raises(ValueError, match="expected a kind out of static, gradio, model, got"):
        deploy.gather(kind, "ada/digits")


@pytest.mark.parametrize("preparation", PREPARATIONS)
@pytest.mark.parametrize("none", [False, True])
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", deploy.KINDS)
def test_any_classes_can_be_published(tmp_path, kind, count, none, preparation):
    file = write(tmp_path / "w", names(count), none, preparation)
    files = deploy.gather(kind, "ada/any", file)
    readme = files["README.md"].decode()
    assert "digit" not in readme.lower().replace("digitlib", "").replace("digitclassifier", "")
    assert "MNIST" not in readme
    head = yaml.safe_load(deploy.front_matter(files))
    assert "license" not in head  # nobody said which
    assert file.read_bytes() in files.values()
    if kind == "model":
        config = json.loads(files["config.json"])
        assert config["classes"] == list(names(count)) and config["preparation"] == preparation
        assert config["layers"] == [784, 16, count + none]
    else:
        assert head["title"] == "Draw something" and head["app_file"] in files
        assert len(head["short_description"]) <= 60
        assert r"T-shirt/top" in readme and (count > 10) == (f"{count - 10} more" in readme)


@pytest.mark.parametrize("dataset", ["mnist", "optdigits", None])
@pytest.mark.parametrize("kind", SPACES)
def test_a_space_says_what_its_digits_learned_from(tmp_path, kind, dataset):
    """As far as the file does."""
    provenance = {"dataset": dataset} if dataset else {}
    file = write(tmp_path / "w", weights.DIGITS, preparation="digit", provenance=provenance)
    readme = deploy.gather(kind, "ada/digits", file)["README.md"].decode()
    assert readme.count("MNIST") == (2 if dataset == "mnist" else 0)
    assert "# Draw a digit\n" in readme
    assert "license" not in readme and "Its code is under the MIT licence" in readme


@pytest.fixture
def onnx(tmp_path):
    """A model in ONNX, of five classes."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    return write_onnx(tmp_path / "mine.onnx", names(5))


def test_a_gradio_space_takes_onnx(onnx):
    files = deploy.gather("gradio", "ada/any", onnx)
    assert files["model.onnx"] == onnx.read_bytes()
    assert b'with_name("model.onnx")' in files["app.py"]
    assert not any(name.endswith(".safetensors") for name in files)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {line for lines in project["optional-dependencies"].values() for line in lines}
    [runtime] = [line for line in asked if line.startswith("onnxruntime")]
    assert files["requirements.txt"].decode().splitlines()[-1] == runtime
    assert b"T-shirt/top" in files["README.md"]


@pytest.mark.parametrize("kind", ["static", "model"])
def test_what_cannot_run_onnx_says_so_in_one_line(onnx, capsys, kind):
    assert cli.main(["deploy", f"--{kind}", "a/b", "--weights", str(onnx), "--dry-run"]) == 2
    output, errors = capsys.readouterr()
    assert output == "" and errors.count("\n") == 1
    assert "mine.onnx: expected a weights file (.safetensors), got ONNX: " in errors
    assert "`digitlib deploy --gradio` takes it" in errors


def test_the_static_folder_runs_from_any_web_server(browser, tmp_path):
    files = deploy.gather("static", "ada/digits")
    write_folder(files, tmp_path / "static")
    with listening(tmp_path / "static") as address:
        for name, content in files.items():
            with urllib.request.urlopen(address + name) as answer:
                assert answer.read() == content
        page = browser.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.wait_for_function("performance.getEntriesByName('pad-ready').length")
        page.wait_for_function(
            "performance.getEntriesByName(new URL('digits.safetensors', location).href)"
            ".some((entry) => entry.responseEnd)"
        )
        page.close()
    assert all(url.startswith((address, "blob:", "data:")) for url in asked)
    assert {f"{address}pad.mjs", f"{address}digits.safetensors"} <= set(asked)


@pytest.mark.parametrize("model", ["digits", "onnx"])
@pytest.mark.server
def test_the_gradio_folder_runs_in_an_empty_environment(tmp_path, request, model):
    """With what its requirements bring, in the versions that this environment has, and nothing else."""
    from gradio_client import Client, handle_file  # two seconds of import

    file = weights.SHIPPED if model == "digits" else request.getfixturevalue("onnx")
    expected = classify.load(file)
    space, packages = tmp_path / "space", tmp_path / "packages"
    write_folder(deploy.gather("gradio", "ada/digits", file), space)
    # Links to what is installed, and compiled, here: an installation would need the network, or leftovers of another.
    colab.linked(packages, (space / "requirements.txt").read_text().splitlines())
    python = [sys.executable, "-S"]  # without the packages of this environment
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    clean |= {"PYTHONPATH": str(packages), "TMPDIR": str(uploads), "TEMP": str(uploads)}
    draw(7).save(tmp_path / "7.png")
    with serving(tmp_path / "log", [*python, "app.py"], cwd=space, env=clean) as url:
        client = Client(url, verbose=False)
        answer = client.predict(handle_file(tmp_path / "7.png"), api_name="/classify")
        assert list(uploads.rglob("7.png"))
    assert answer["name"] == expected.classify(tmp_path / "7.png").name
    assert len(answer["probabilities"]) == len(expected.classes) and not list(uploads.iterdir())
    for name in ("torch", "pytest"):
        command = [*python, "-c", f"import {name}"]
        known = subprocess.run(command, env=clean, capture_output=True)
        assert f"No module named '{name}'" in known.stderr.decode()
