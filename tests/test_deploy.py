"""The real client against a stand-in hub, and the folders that it sends."""

import gzip
import hashlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import warnings
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import colab
import huggingface_hub
import numpy as np
import pytest
import yaml
from huggingface_hub.utils import _http

from digitlib import DigitClassifier, cli, weights
from digitlib.files import write_folder
from digitlib.hosts import cards, deploy
from digitlib.preprocess import preprocess
from drawings import draw
from hub import Hub
from servers import listening, serving

ROOT = Path(__file__).parents[1]
TOKEN = "hf_of_nobody_but_ada"
SPACES = ["static", "gradio"]


@pytest.fixture
def hub(tmp_path_factory):
    with Hub({TOKEN: "ada"}) as hub:
        hub.home = tmp_path_factory.mktemp("home")  # where a login would be saved
        yield hub


@pytest.fixture
def run(hub, capfd):
    """Exit code, output and errors of ``digitlib deploy``, without the imports of a process of its own."""

    def deployed(*arguments, token=TOKEN):
        with client(hub, token):
            code = cli.main(["deploy", *map(str, arguments)])
        output, errors = capfd.readouterr()
        assert TOKEN not in output + errors
        return code, output, errors

    return deployed


@contextmanager
def client(hub, token=None, **more):
    """Leads the hub's client in this process to the stand-in.

    It reads the environment when it is imported, so what it has read is read again, here and afterwards.
    ``hub.waits`` are the seconds that it would have waited before each new try of the same request.
    """
    hub.waits = []
    bars = huggingface_hub.utils.are_progress_bars_disabled()
    verbosity = huggingface_hub.logging.get_verbosity()
    clock = SimpleNamespace(**{**vars(time), "sleep": hub.waits.append})

    def restore():
        importlib.reload(huggingface_hub.constants)
        huggingface_hub.logging.set_verbosity(verbosity)
        if not bars:
            huggingface_hub.utils.enable_progress_bars()

    with ExitStack() as stack:
        stack.callback(restore)  # last, once the environment is itself again
        told = environment(hub, token, **more)
        stack.enter_context(mock.patch.dict(os.environ, told, clear=True))
        stack.enter_context(mock.patch.object(_http, "time", clock))
        stack.enter_context(warnings.catch_warnings())
        # Its own business, and shown to nobody outside of tests.
        warnings.filterwarnings("ignore", "Use 'content=", DeprecationWarning)
        importlib.reload(huggingface_hub.constants)
        huggingface_hub.close_session()
        stack.callback(huggingface_hub.close_session)
        huggingface_hub.utils.disable_progress_bars()
        yield


def in_a_process(hub, *arguments, token=TOKEN):
    """The same, as a reader gets it."""
    with started(hub, *arguments, token=token) as process:
        output, errors = process.communicate()
    assert TOKEN not in output + errors
    return process.returncode, output, errors


def started(hub, *arguments, token=TOKEN):
    return subprocess.Popen(
        [sys.executable, "-m", "digitlib", "deploy", *map(str, arguments)],
        env=environment(hub, token),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell has what runs in its background ignore the signal, and these tests may run there.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def environment(hub, token=None, **more):
    # The number of threads may decide the last bit of a sum.
    names = ("PATH", "HOME", "OMP_NUM_THREADS")
    keep = {name: os.environ[name] for name in names if name in os.environ}
    there = {
        "HF_ENDPOINT": hub.address,
        "HF_HOME": str(hub.home),
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1",
    }
    return keep | there | ({"HF_TOKEN": token} if token else {}) | more


def published(hub, kind):
    """The repositories of a kind, by name, and the address of one."""
    if kind == "model":
        return hub.models, f"{hub.address}/ada/digits"
    return hub.spaces, f"{hub.address}/spaces/ada/digits"


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("kind", deploy.KINDS)
@pytest.mark.server
def test_the_hub_gets_the_very_folder_in_one_commit(hub, tmp_path, kind):
    code, output, errors = in_a_process(hub, f"--{kind}", "ada/digits")
    assert (code, errors) == (0, "")
    repositories, address = published(hub, kind)
    there = repositories["ada/digits"]
    assert output == f"{address}: {len(there.files) - 1} files\n"
    assert there.sdk == (None if kind == "model" else kind) and len(there.commits) == 1
    assert hub.requests == [
        "info", "create", "tree", "validate", "preupload", "batch", "object", "commit",
    ]  # fmt: skip
    assert len(hub.spaces) + len(hub.models) == 1
    folder = tmp_path / "folder"
    assert cli.main(["deploy", f"--{kind}", "ada/digits", "--out", str(folder)]) == 0
    kept = dict(there.files)
    del kept[".gitattributes"]
    assert kept == contents(folder)


@pytest.mark.server
def test_a_second_deployment_updates_and_deletes_what_is_gone(hub, run):
    space = hub.add("ada/digits", sdk="gradio")
    space.files |= {"app.py": b"of before", "old/notes.txt": b"of before"}
    code, output, _ = run("--static", "ada/digits")
    assert code == 0
    assert output.splitlines()[1:] == ["  deleted: app.py", "  deleted: old/notes.txt"]
    files = deploy.gather("static", "ada/digits")
    attributes = {".gitattributes": b"*.safetensors filter=lfs\n"}
    assert space.files == files | attributes
    assert "create" not in hub.requests and len(space.commits) == 1

    code, output, errors = run("--static", "ada/digits")  # nothing has changed
    assert (code, errors) == (0, "") and len(output.splitlines()) == 1
    assert len(space.commits) == 1


@pytest.mark.server
def test_a_model_and_a_space_may_share_a_name(hub, run):
    space = hub.add("ada/digits")
    before = dict(space.files)
    model = hub.add("ada/digits", sdk=None)
    model.files["notes.txt"] = b"of before"
    code, output, _ = run("--model", "ada/digits", "--weights", weights.TINY)
    assert code == 0 and output.splitlines()[1:] == ["  deleted: notes.txt"]
    names = {"README.md", "config.json", "digits.safetensors", ".gitattributes"}
    assert set(model.files) == names and len(model.commits) == 1
    assert model.files["digits.safetensors"] == weights.TINY.read_bytes()
    assert space.files == before and not space.commits


REFUSALS = [
    ({"info": 401}, "the hub refused the token"),
    ({"create": 401}, "the hub refused the token"),
    ({"create": 402}, "a static one is free (402)"),
    ({"create": 403}, "no right to write there"),
    ({"create": 409}, "the name is taken (409)"),
    ({"preupload": 403}, "no right to write there"),
    ({"object": 403}, "no right to write there"),
    ({"commit": 403}, "no right to write there"),
    ({"commit": 418}, "the hub answered 418"),
]


@pytest.mark.parametrize(("refuse", "message"), REFUSALS)
@pytest.mark.server
def test_a_refusal_is_one_plain_line_and_leaves_nothing(hub, run, refuse, message):
    hub.refuse = refuse
    code, output, errors = run("--static", "ada/digits")
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith("digitlib: ada/digits: ") and message in errors
    assert hub.spaces == {}  # what was made a moment ago is deleted again


@pytest.mark.parametrize(
    ("refuse", "message"),
    [
        ({"create": 402}, "to be paid for this kind of model (402)\n"),
        ({"create": 409}, "the name is taken (409)\n"),
        ({"validate": 400}, "nothing of the new model is left\n"),
        ({"commit": 403}, "of your own (403); nothing of the new model is left\n"),
        ({"commit": 418, "delete": 500}, "a new model may stay behind, empty, at {address}\n"),
    ],
)  # fmt: skip
@pytest.mark.server
def test_a_refused_model(hub, run, refuse, message):
    hub.refuse = refuse
    code, output, errors = run("--model", "ada/digits")
    assert (code, output, errors.count("\n")) == (2, "", 1)
    models, address = published(hub, "model")
    assert errors.endswith(message.format(address=address)) and "Space" not in errors
    assert list(models) == ["ada/digits"] * ("delete" in refuse)


@pytest.mark.server
def test_a_wrong_token(hub, run):
    code, _, errors = run("--static", "ada/digits", token="hf_wrong")
    assert code == 2 and "the hub refused the token" in errors
    assert "hf_wrong" not in errors and hub.spaces == {}


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.server
def test_somebody_elses_name(hub, run, exists):
    if exists:
        hub.add("bob/digits")
    code, _, errors = run("--static", "bob/digits")
    assert (code, errors.count("\n")) == (2, 1)
    assert "bob/digits: the token has no right to write there" in errors
    assert list(hub.spaces) == ["bob/digits"] * exists
    assert all(not space.commits for space in hub.spaces.values())


@pytest.mark.server
def test_no_token_asks_nothing_of_the_hub(hub, run):
    code, _, errors = run("--static", "ada/digits", token=None)
    assert (code, errors.count("\n")) == (2, 1)
    assert errors.startswith("digitlib: no token: set HF_TOKEN")
    assert hub.requests == []


@pytest.mark.server
def test_the_saved_login(hub):
    (hub.home / "token").write_text(TOKEN)
    code, _, _ = in_a_process(hub, "--static", "ada/digits", token=None)
    assert code == 0 and "ada/digits" in hub.spaces


@pytest.mark.parametrize(
    ("kind", "drop"),
    [("static", "create"), ("static", "validate"), ("static", "object"), ("static", "commit"),
     ("model", "create"), ("model", "commit")],
)  # fmt: skip
@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.server
def test_a_connection_lost_in_the_middle(hub, run, drop, exists, kind):
    if exists and drop == "create":
        pytest.skip("what exists isn't created")
    repositories, _ = published(hub, kind)
    if exists:
        sdk = None if kind == "model" else kind
        before = dict(hub.add("ada/digits", sdk).files)
    hub.drop = drop
    code, output, errors = run(f"--{kind}", "ada/digits")
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert "the connection to the hub was lost" in errors
    # The client sends the large file once more, several times, and everything else once.
    assert hub.requests.count(drop) == 1 + len(hub.waits)
    assert bool(hub.waits) == (drop == "object")
    if exists:
        assert repositories["ada/digits"].files == before
    else:
        assert repositories == {}
    hub.drop = None
    assert run(f"--{kind}", "ada/digits")[0] == 0  # and once more, with luck


@pytest.mark.server
def test_an_empty_space_that_stays_behind_is_named(hub, run):
    hub.drop = "commit"
    hub.refuse = {"delete": 500}
    code, _, errors = run("--static", "ada/digits")
    assert code == 2 and errors.count("\n") == 1
    address = f"{hub.address}/spaces/ada/digits"
    assert f"a new Space may stay behind, empty, at {address}" in errors


@pytest.mark.parametrize("route", ["create", "commit"])
@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("kind", ["static", "model"])
@pytest.mark.server
def test_a_lost_answer(hub, run, route, exists, kind):
    """The hub did what it was asked, and nobody heard of it."""
    if exists and route == "create":
        pytest.skip("what exists isn't created")
    repositories, _ = published(hub, kind)
    noun = "model" if kind == "model" else "Space"
    if exists:
        hub.add("ada/digits", None if kind == "model" else kind)
    hub.drop_after = route
    code, output, errors = run(f"--{kind}", "ada/digits")
    assert (code, output, errors.count("\n")) == (2, "", 1)
    if not exists:
        assert f"nothing of the new {noun} is left" in errors and repositories == {}
    else:
        assert f"the {noun} is as it was, or complete" in errors
        files = set(deploy.gather(kind, "ada/digits"))
        assert set(repositories["ada/digits"].files) == files | {".gitattributes"}


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("kind", ["static", "model"])
@pytest.mark.server
def test_interrupted_in_the_middle(hub, exists, kind):
    repositories, _ = published(hub, kind)
    noun = "model" if kind == "model" else "Space"
    if exists:
        sdk = None if kind == "model" else kind
        before = dict(hub.add("ada/digits", sdk).files)
    hub.hold = "preupload"
    with started(hub, f"--{kind}", "ada/digits") as process:
        while not hub.held.wait(0.1):
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate()
    left = f"the {noun} is as it was, or complete"
    if not exists:
        left = f"nothing of the new {noun} is left"
    told = f"digitlib: interrupted; {left}\n"
    assert (process.returncode, output, errors) == (130, "", told)
    if exists:
        assert repositories["ada/digits"].files == before
    else:
        assert repositories == {}


@pytest.mark.server
def test_no_hub_at_all(hub):
    with socket.socket() as silent:  # a port that is taken, and where nobody listens
        silent.bind(("127.0.0.1", 0))
        hub.address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        code, _, errors = in_a_process(hub, "--static", "ada/digits")
    assert (code, errors.count("\n")) == (2, 1)
    assert "the connection to the hub was lost" in errors


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
    assert files["digitlib/digits.safetensors"] == weights.TINY.read_bytes()
    modules = {name for name in files if name.endswith(".py")} - {"app.py"}
    ground = {"__init__", "preprocess", "picture", "files", "weights", "classify"}
    assert modules == {f"digitlib/{name}.py" for name in {*ground, "hosts/__init__", "hosts/app"}}
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
    assert config["preprocessing"] == "digitlib.preprocess.preprocess"
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
    files = deploy.gather(kind, "ada/digits")
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


FROM_HUB = """
import sys
import numpy as np
from digitlib import DigitClassifier
images, *revisions = sys.argv[1:]
for number, revision in enumerate(revisions):
    classifier = DigitClassifier.from_hub("ada/digits", revision or None)
    np.save(f"{number}.npy", classifier.outputs(np.load(images)))
    print(classifier.threshold, classifier.temperature, "torch" in sys.modules)
"""


def from_hub(hub, folder, *revisions, **more):
    """What the classifiers on the hub say of some drawings, and of themselves; in a process, and without a token."""
    np.save(folder / "images.npy", images())
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", FROM_HUB, "images.npy", *revisions],
        env=environment(hub, HF_HUB_DISABLE_PROGRESS_BARS="1", **more),
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert (process.returncode, process.stderr) == (0, "")
    outputs = [np.load(folder / f"{number}.npy") for number in range(len(revisions))]
    return zip(outputs, map(str.split, process.stdout.splitlines()), strict=True)


@pytest.fixture
def complaint(hub, capfd):
    """The error of ``from_hub``, one line; nothing else is said."""

    def refused(name="ada/digits", revision="", **more):
        with (
            client(hub, **more),
            pytest.raises((OSError, ValueError, ModuleNotFoundError)) as caught,
        ):
            DigitClassifier.from_hub(name, revision or None)
        assert capfd.readouterr() == ("", "") and "\n" not in str(caught.value)
        return f"{caught.type.__name__}: {caught.value}"

    return refused


def images():
    noise = np.random.RandomState(0).randint(256, size=(20, 28, 28)).astype(np.uint8)
    drawn = [preprocess(np.asarray(draw(digit))) for digit in range(10)]
    return np.concatenate([noise, drawn])


@pytest.mark.server
def test_from_hub_gives_the_very_same_answers(hub, run, tmp_path):
    """The newest, or the pinned; without a token; and once fetched, without a hub."""
    for file in (weights.SHIPPED, weights.TINY):
        assert run("--model", "ada/digits", "--weights", file)[0] == 0
    first, second = hub.models["ada/digits"].versions
    versions = {"": weights.TINY, first: weights.SHIPPED, second: weights.TINY}
    found = from_hub(hub, tmp_path, *versions)
    for (there, told), file in zip(found, versions.values(), strict=True):
        ours = DigitClassifier.load(file)
        np.testing.assert_array_equal(there, ours.outputs(images()))
        assert told == [str(ours.threshold), str(ours.temperature), "False"]
    before = list(hub.requests)
    del versions[second]
    found = from_hub(hub, tmp_path, *versions, HF_HUB_OFFLINE="1")
    for (there, _), file in zip(found, versions.values(), strict=True):
        ours = DigitClassifier.load(file)
        np.testing.assert_array_equal(there, ours.outputs(images()))
    assert hub.requests == before


@pytest.mark.parametrize(
    ("name", "revision", "message"),
    [
        ("bob/digits", "", "FileNotFoundError: bob/digits: no such model on the hub"),
        ("ada/digits", "v9", "FileNotFoundError: ada/digits: expected a commit, tag or branch, got 'v9'"),
        ("ada/empty", "", "FileNotFoundError: ada/empty: expected a model that `digitlib deploy` published"),
        ("ada/other", "", "digits.safetensors: expected a digitlib weights file, got something else"),
        ("ada/no/name", "", "ValueError: expected USER/NAME, such as ada/digits, got 'ada/no/name'"),
        ("ada/my digits", "", "ValueError: expected USER/NAME, such as ada/digits, got 'ada/my digits'"),
    ],
)  # fmt: skip
@pytest.mark.server
def test_from_hub_says_plainly_what_is_missing(hub, complaint, name, revision, message):
    hub.add("ada/digits", None).files["digits.safetensors"] = weights.TINY.read_bytes()
    hub.add("ada/empty", None)
    hub.add("ada/other", None).files["digits.safetensors"] = b"somebody else's"
    assert message in complaint(name, revision)


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ({"drop": "resolve"}, "ConnectionError: ada/digits: the hub doesn't answer, and no copy is kept here (Rem"),
        ({"refuse": {"resolve": 418}}, "OSError: ada/digits: the hub answered 418: Invalid"),
        ({"refuse": {"resolve": 401}}, "OSError: ada/digits: the hub answered 401: Invalid"),
        ({}, "ConnectionError: ada/digits: the hub doesn't answer, and no copy is kept here (Off"),
    ],
)  # fmt: skip
@pytest.mark.server
def test_from_hub_without_an_answer(hub, complaint, trouble, message):
    hub.add("ada/digits", None).files["digits.safetensors"] = weights.TINY.read_bytes()
    for name, value in trouble.items():
        setattr(hub, name, value)
    offline = {} if trouble else {"HF_HUB_OFFLINE": "1"}
    assert complaint(**offline).startswith(message)


def test_from_hub_without_its_client(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    told = "huggingface_hub is not installed; pip install huggingface-hub"
    with pytest.raises(ModuleNotFoundError, match=f"^{told}$"):
        DigitClassifier.from_hub("ada/digits")


def test_the_static_folder_runs_from_any_web_server(browser, tmp_path):
    write_folder(deploy.gather("static", "ada/digits"), tmp_path / "static")
    with listening(tmp_path / "static") as address:
        for name, content in contents(tmp_path / "static").items():
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


@pytest.mark.server
def test_the_gradio_folder_runs_in_an_empty_environment(tmp_path):
    """With what its requirements bring, in the versions that this environment has, and nothing else."""
    from gradio_client import Client, handle_file  # two seconds of import

    space, packages = tmp_path / "space", tmp_path / "packages"
    write_folder(deploy.gather("gradio", "ada/digits"), space)
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
    assert answer["label"] == 7 and not list(uploads.iterdir())
    for name in ("torch", "pytest"):
        command = [*python, "-c", f"import {name}"]
        known = subprocess.run(command, env=clean, capture_output=True)
        assert f"No module named '{name}'" in known.stderr.decode()
