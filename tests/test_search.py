"""Where the chapter's weights come from, tried on small files of our own."""

import hashlib
import json
from importlib import metadata
from types import SimpleNamespace

import pytest

from digitlib.book import search
from digitlib.weights import SHIPPED

CONTENT = b"twelve million weights"


@pytest.fixture
def away(tmp_path, monkeypatch):
    """A machine without a checkout, whose package came from a folder: its ``cache`` and that ``folder``."""
    cache, folder = tmp_path / "cache", tmp_path / "a stick"
    folder.mkdir()
    wheel = (folder / "digitlib-0.1.0-py3-none-any.whl").as_uri()
    came = SimpleNamespace(read_text=lambda _name: json.dumps({"url": wheel}))
    monkeypatch.setattr(metadata, "distribution", lambda _name: came)
    monkeypatch.setattr(search, "_CHECKOUT", tmp_path / "nowhere")
    monkeypatch.setattr(search, "cache_folder", lambda: cache)
    monkeypatch.setattr(search, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    return SimpleNamespace(cache=cache, folder=folder, came=came)


def test_a_checkout_has_them():
    if not search._CHECKOUT.is_file():
        pytest.skip("not a checkout")
    assert search.weights() == search._CHECKOUT
    assert search._digest(search.weights().read_bytes()) == search.SHA256


def test_they_are_fetched_from_beside_the_wheel_once(away):
    (away.folder / search.NAME).write_bytes(CONTENT)
    path = search.weights()
    assert path.read_bytes() == CONTENT and path.parent == away.cache
    (away.folder / search.NAME).unlink()
    assert search.weights() == path


def test_damaged_ones_are_fetched_again(away):
    (away.folder / search.NAME).write_bytes(CONTENT)
    away.cache.mkdir()
    (away.cache / search.NAME).write_bytes(CONTENT[:-1])
    assert search.weights().read_bytes() == CONTENT


def test_what_is_another_file_is_not_kept(away, capsys):
    (away.folder / search.NAME).write_bytes(b"a page that says: not found")
    assert search.weights() == SHIPPED
    assert "expected SHA-256" in capsys.readouterr().out
    assert not away.cache.exists()


def test_without_any_it_says_so(away, capsys):
    assert search.weights() == SHIPPED
    assert f"No {search.NAME} (" in capsys.readouterr().out
    away.came.read_text = lambda _name: None
    assert search.weights() == SHIPPED
    assert "came from an index" in capsys.readouterr().out


def test_the_log_holds_the_search_and_a_training():
    log = search.log()
    assert log["wrong"]["no deformations"] > log["wrong"]["long"]
    assert len(log["history"]["epoch"]) == len(log["history"]["wrong"])
