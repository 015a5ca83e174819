"""The smoke test of an app: of a stand-in that answers in every way an address can, and once of the real one."""

import contextlib
import http.server
import io
import json
import sys
import threading

import pytest
from PIL import Image

from digitlib.hosts import smoke
from named import names, write_onnx
from servers import serving
from shell import run

SAID = {"label": 4, "name": "4", "reason": None, "probabilities": [0.0, 1.0]}


def events(*parts):
    return "".join(f"event: {kind}\ndata: {json.dumps(data)}\n\n" for kind, data in parts)


class App(http.server.BaseHTTPRequestHandler):
    """Answers as Gradio does; what it says at which of its paths, a test may change."""

    says: dict
    kept: list

    def do_POST(self):
        """An upload, or a question."""
        self.kept.append(self.rfile.read(int(self.headers["Content-Length"])))
        self._say(self.path.rpartition("/")[2])

    def do_GET(self):
        """The answer to one."""
        self._say("answer")

    def _say(self, what):
        status, text = self.says[what]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """No line for each request."""


@contextlib.contextmanager
def standing_in(**says):
    usual = {
        "upload": (200, '["kept/drawing.png"]'),
        "classify": (200, '{"event_id": "e1"}'),
        "answer": (200, events(("heartbeat", None), ("complete", [SAID]))),
    }
    handler = type("Here", (App,), {"says": usual | says, "kept": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", handler.kept
        finally:
            server.shutdown()
            thread.join()


def test_it_asks_once_for_the_answer_and_then_for_the_clock():
    with standing_in() as (address, kept):
        found = smoke.smoke(address + "/", [("4", b"four"), ("7", b"seven")], times=3)
    assert found.answers == (("4", "4"), ("7", "4")) and not found.right
    assert len(found.seconds) == 3 and found.within(0.5) <= found.within(1)
    pictures = [body for body in kept if b"filename=" in body]
    assert [b"four" in body for body in pictures] == [True, True, False, True, False, True]
    assert json.loads(kept[1])["data"][0]["path"] == "kept/drawing.png"


def test_a_reason_stands_for_a_name():
    none = SAID | {"label": None, "name": None, "reason": "not a digit"}
    with standing_in(answer=(200, events(("complete", [none])))) as (address, _):
        assert smoke.smoke(address, times=1).answers == tuple(
            (name, "not a digit") for name in "037"
        )


def test_what_came_within_which_time():
    found = smoke.Smoke((("7", "7"),), tuple(number / 1000 for number in range(100, 0, -1)))
    assert (found.within(0.5), found.within(0.95), found.within(1)) == (0.05, 0.095, 0.1)
    assert str(found).endswith("half within 50 ms, 95 of 100 within 95 ms") and found.right


@pytest.mark.parametrize(
    "says",
    [
        {"upload": (404, "not here")},
        {"upload": (200, "<html>a shop</html>")},
        {"upload": (200, '{"detail": "?"}')},
        {"classify": (500, "Internal Server Error")},
        {"classify": (200, "[]")},
        {"answer": (200, "")},
        {"answer": (200, events(("complete", ["a cat"])))},
        {"answer": (200, events(("complete", [{"label": "cat"}])))},
    ],
)
def test_another_app_is_told_from_ours(says):
    with (
        standing_in(**says) as (address, _),
        pytest.raises(ValueError, match=r"expected digitlib's app, with /classify, got [^\n]*$"),
    ):
        smoke.ask(address, b"")


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ({"upload": (413, "File size exceeded")}, "refused: File size exceeded"),
        ({"answer": (200, events(("error", {"error": "no picture"})))}, "refused: no picture"),
        ({"answer": (200, events(("error", None)))}, "refused: without a word"),
    ],
)
def test_a_refusal_is_told_in_the_apps_words(says, words):
    with standing_in(**says) as (address, _), pytest.raises(ValueError, match=words):
        smoke.ask(address, b"")


def test_nobody_there():
    with standing_in() as (address, _):
        pass
    with pytest.raises(ConnectionError, match=f"^{address}: nobody answers \\(.+\\)$"):
        smoke.smoke(address)
    with (
        standing_in(upload=(503, "building")) as (address, _),
        pytest.raises(ConnectionError, match=r"nobody answers \(503: building\)"),
    ):
        smoke.smoke(address)


def test_it_waits_for_an_app_that_is_being_started():
    with standing_in(upload=(503, "building")) as (address, kept):
        with pytest.raises(ConnectionError):
            smoke.smoke(address, wait=0.5)
        assert len(kept) >= 2
    with standing_in() as (address, kept):
        assert smoke.smoke(address, [("4", b"four")], times=1, wait=60).right


@pytest.mark.parametrize(
    "address", ["", "127.0.0.1:7860", "ftp://a.example", "http://[", "http://"]
)
def test_what_is_no_address(address):
    with pytest.raises(ValueError, match="expected an address such as http"):
        smoke.smoke(address)


@pytest.mark.parametrize(("known", "times"), [({}, 1), (None, 0)])
def test_it_needs_something_to_ask(known, times):
    with pytest.raises(ValueError, match="expected drawings and times of at least 1"):
        smoke.smoke("http://127.0.0.1", known, times)


def test_no_proxy_is_asked_about_this_machine(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with standing_in() as (address, _):
        assert smoke.ask(address, b"")["name"] == "4"


def test_drawings_are_pictures():
    for content in smoke.drawings().values():
        assert Image.open(io.BytesIO(content)).size == (280, 280)


def test_by_its_command(capsys, tmp_path):
    (tmp_path / "four.png").write_bytes(b"four")
    drawing = f"4={tmp_path / 'four.png'}"
    with standing_in() as (address, _):
        code, output, errors = run(capsys, "smoke", address, "--drawing", drawing, "--times", "2")
        assert (code, errors, output[0]) == (0, [], "4: 4") and output[1].startswith("2 answers")
        both = [
            "--drawing",
            drawing,
            "--drawing",
            f"9={tmp_path / 'four.png'}",
            "--drawing",
            drawing,
        ]
        code, output, errors = run(capsys, "smoke", address, *both, "--times", "1")
        assert (code, output[:3]) == (1, ["4: 4", "9: 4, which is wrong", "4: 4"])
        code, output, errors = run(capsys, "smoke", address, "--times", "1")
        assert (code, errors) == (1, []) and output[0] == "0: 4, which is wrong"
        code, output, [error] = run(capsys, "smoke", address, "--drawing", "four.png")
        assert (code, output) == (2, []) and "expected NAME=FILE" in error
    code, output, [error] = run(capsys, "smoke", address)
    assert (code, output) == (2, []) and "nobody answers" in error


@pytest.mark.server
def test_the_real_app(capsys, tmp_path):
    command = [sys.executable, "-m", "digitlib", "app", "--port", "{port}"]
    with serving(tmp_path / "log", command) as address:
        code, output, errors = run(capsys, "smoke", address, "--times", "5")
        assert (code, errors) == (0, []) and output[:3] == ["0: 0", "3: 3", "7: 7"]
        with pytest.raises(ValueError, match=r"refused: poem.png: expected a picture"):
            smoke.ask(address, b"a rose", "poem.png")
        with pytest.raises(ValueError, match="refused: File size exceeded maximum"):
            smoke.ask(address, bytes(11_000_000))


@pytest.mark.server
def test_the_real_app_with_other_classes(tmp_path):
    pytest.importorskip("onnx")
    file = write_onnx(tmp_path / "mine.onnx", names(5))
    command = [sys.executable, "-m", "digitlib", "app", "--weights", file, "--port", "{port}"]
    with serving(tmp_path / "log", command) as address:
        answers = smoke.smoke(address, times=1).answers
    assert {said for _, said in answers} <= set(names(5))
