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
