import pytest

from digitlib import weights
from digitlib.book.entries import entries
from digitlib.hosts import app, deploy
from named import names, write
from shell import run


def test_app_serves_the_weights_that_it_is_given(capsys, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(app, "serve", lambda *them: asked.append(them))
    assert run(capsys, "app") == (0, [], [])
    assert run(capsys, "app", "--port", "7861", "--weights", tmp_path / "w")[0] == 0
    assert asked == [(None, weights.SHIPPED), (7861, tmp_path / "w")]


@pytest.mark.parametrize("kind", deploy.KINDS)
def test_deploy_hands_the_ledgers_entries_on(capsys, monkeypatch, kind):
    asked, gather = [], deploy.gather
    monkeypatch.setattr(deploy, "gather", lambda *them: asked.append(them) or gather(*them))
    code, output, errors = run(capsys, "deploy", f"--{kind}", "ada/digits", "--dry-run")
    assert (code, errors) == (0, []) and output
    assert asked == [(kind, "ada/digits", weights.SHIPPED, entries("mnist"))]


@pytest.mark.parametrize("count", [2, 47])
def test_deploy_takes_weights_of_any_classes(capsys, tmp_path, count):
    file = write(tmp_path / "w.safetensors", names(count))
    asked = ["deploy", "--static", "ada/things", "--weights", file, "--out", tmp_path / "folder"]
    assert run(capsys, *asked)[0] == 0
    assert (tmp_path / "folder" / weights.SHIPPED.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("kind", deploy.KINDS)
def test_a_folder_needs_no_name(capsys, tmp_path, kind):
    folder = tmp_path / "folder"
    code, [line], errors = run(capsys, "deploy", f"--{kind}", "--out", folder)
    assert (code, errors) == (0, []) and line.startswith(f"{folder}: ")
    assert "None" not in (folder / "README.md").read_text(encoding="utf-8")
    code, output, errors = run(capsys, "deploy", f"--{kind}", "--dry-run")
    assert (code, errors) == (0, []) and f"{len(list(deploy.gather(kind)))} files" in output[-1]


@pytest.mark.parametrize("kind", deploy.KINDS)
def test_publishing_needs_one(capsys, kind):
    code, output, errors = run(capsys, "deploy", f"--{kind}")
    assert (code, output) == (2, [])
    assert errors == [
        f"digitlib: expected a name to publish it under, such as --{kind} ada/digits; "
        "--out FOLDER and --dry-run need none"
    ]
