"""The real client sends folders to a stand-in hub."""

import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from digitlib import cli, weights
from digitlib.hosts import deploy
from hub import TOKEN, client, environment
from shell import finished

ROOT = Path(__file__).parents[1]


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


def in_a_process(hub, *arguments, token=TOKEN):
    """The same, as a reader gets it."""
    with started(hub, *arguments, token=token) as process:
        output, errors = finished(process)
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
    assert "the hub doesn't answer" in errors
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
        # Until the client waits for the answer. What comes a moment before, Python notes and doesn't wake up for.
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        output, errors = finished(process)
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
    assert "the hub doesn't answer" in errors


def test_a_misspelt_kind_is_sent_nowhere():
    from digitlib.hosts.publish import publish

    with pytest.raises(
        ValueError, match="expected a kind out of static, gradio, model, got 'modle'"
    ):
        publish({"README.md": b""}, "ada/digits", "modle")
