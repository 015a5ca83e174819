"""A smoke test of a running app, at any address: are drawings named as they should be, and how soon?

It asks ``/classify`` of :mod:`digitlib.hosts.app` as any program may, over plain HTTP: the picture is uploaded, the
question is asked, and the answer is read from a stream of events. Python's own library is all that it needs.

>>> smoke("127.0.0.1")
Traceback (most recent call last):
    ...
ValueError: expected an address such as http://127.0.0.1:7860, got '127.0.0.1'
"""

import io
import json
import math
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlsplit

from PIL import Image, ImageDraw

from digitlib.plain import one_line

__all__ = ["Smoke", "ask", "drawings", "smoke"]

PATIENCE = 30
"""Seconds until an answer has to begin."""

NOT_THERE = (502, 503, 504)
"""What says whoever stands before an app that is not there yet, or asleep."""

_STROKES = {  # on a sheet of 280 by 280
    "0": [[(140, 40), (92, 62), (76, 140), (92, 218), (140, 240), (190, 214), (204, 140), (190, 66), (140, 40)]],
    "3": [[(84, 40), (174, 40), (202, 78), (134, 128), (202, 174), (184, 236), (90, 246)]],
    "7": [[(80, 52), (200, 52), (126, 236)]],
}  # fmt: skip


@dataclass(frozen=True)
class Smoke:
    """What a smoke test found.

    Attributes:
        answers: for each drawing what is on it, and what was said.
        seconds: how long each of the timed answers took, the upload included.

    >>> found = Smoke((("4", "4"), ("7", "1")), (0.02, 0.01, 0.05))
    >>> found.right, found.within(0.5)
    (False, 0.02)
    >>> print(found)
    4: 4
    7: 1, which is wrong
    3 answers, one after another: half within 20 ms, 95 of 100 within 50 ms
    """

    answers: tuple[tuple[str, str], ...]
    seconds: tuple[float, ...]

    @property
    def right(self) -> bool:
        """Whether every drawing was named as it should be."""
        return all(name == said for name, said in self.answers)

    def within(self, share: float) -> float:
        """The seconds within which such a share of the answers came, above 0 and up to 1."""
        return sorted(self.seconds)[math.ceil(share * len(self.seconds)) - 1]

    def __str__(self) -> str:
        lines = [
            f"{name}: {said}" + ("" if name == said else ", which is wrong")
            for name, said in self.answers
        ]
        half, most = (f"{1_000 * self.within(share):.0f} ms" for share in (0.5, 0.95))
        count = f"{len(self.seconds):,} answers, one after another"
        return "\n".join([*lines, f"{count}: half within {half}, 95 of 100 within {most}"])


def drawings() -> dict[str, bytes]:
    """Three digits drawn by program, as PNG: a 0, a 3 and a 7.

    >>> from digitlib.classify import DigitClassifier
    >>> for name, content in drawings().items():
    ...     print(name, DigitClassifier.load().classify(io.BytesIO(content)).name)
    0 0
    3 3
    7 7
    """
    return {name: _drawn(strokes) for name, strokes in _STROKES.items()}


def smoke(
    address: str,
    known: Iterable[tuple[str, bytes]] | None = None,
    times: int = 30,
    wait: float = 0,
) -> Smoke:
    """Ask an app about drawings with known answers, once each, and then so many times for the clock.

    Args:
        address: where it runs, such as ``http://127.0.0.1:7860``, or a Space's own, ``https://ada-digits.hf.space``.
        known: what is on a picture, and its content, as often as one likes; :func:`drawings` by default. For what
            should be refused it is ``"not a digit"``, ``"none of these"`` or ``"blank"``.
        times: how many answers are timed, one after another, at least 1.
        wait: for so many seconds an app that doesn't answer yet is asked again, as one that has just been started.

    Raises:
        ConnectionError: nobody answers there.
        ValueError: no address, nothing to ask, another app than ours, or one that refuses a picture.
    """
    pictures = tuple(drawings().items() if known is None else known)
    if not pictures or times < 1:
        raise ValueError(
            f"expected drawings and times of at least 1, got {len(pictures)} and {times}"
        )
    _wait_for(address, pictures[0][1], wait)
    answers = tuple((name, _said(ask(address, content))) for name, content in pictures)
    seconds = []
    for _, content in islice(cycle(pictures), times):
        start = time.perf_counter()
        ask(address, content)
        seconds.append(time.perf_counter() - start)
    return Smoke(answers, tuple(seconds))


def _wait_for(address: str, picture: bytes, seconds: float) -> None:
    """Ask until there is an answer; ConnectionError where there is none in time."""
    end = time.monotonic() + seconds
    while True:
        try:
            ask(address, picture)
            return
        except ConnectionError:
            if time.monotonic() > end:
                raise
        time.sleep(0.2)


def ask(address: str, picture: bytes, name: str = "drawing.png") -> dict[str, Any]:
    """What an app answers to a picture's content: ``{"label", "name", "reason", "probabilities"}``.

    Args and errors are :func:`smoke`'s; ``name`` is what the picture's file is called there. What the app refuses is a
    ValueError in its own words.

    >>> ask("http://no one", b"")
    Traceback (most recent call last):
        ...
    ValueError: expected an address such as http://127.0.0.1:7860, got 'http://no one'
    """
    base = _base(address)
    path = _uploaded(base, picture, name)
    data = {"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
    started = _sent(base, "call/classify", json.dumps(data).encode(), "application/json")
    if not isinstance(started, dict) or "event_id" not in started:
        raise _another(address, started)
    answer = _of_events(base, _fetched(base, f"call/classify/{started['event_id']}").decode())
    if not isinstance(answer, dict) or not {"name", "reason", "probabilities"} <= set(answer):
        raise _another(address, answer)
    return answer


def _base(address: str) -> str:
    """An address without its last slash; ValueError for none."""
    try:
        parts = urlsplit(address)
        fine = (
            parts.scheme in ("http", "https") and parts.hostname and not set(address) & set(" \n\t")
        )
    except ValueError:
        fine = False
    if not fine:
        raise ValueError(f"expected an address such as http://127.0.0.1:7860, got {address!r}")
    return address.rstrip("/")


def _uploaded(base: str, picture: bytes, name: str) -> str:
    """Where an app keeps a picture that was sent to it."""
    mark = secrets.token_hex(16)
    head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    body = head.encode() + picture + f"\r\n--{mark}--\r\n".encode()
    paths = _sent(base, "upload", body, f"multipart/form-data; boundary={mark}")
    if not isinstance(paths, list) or [type(path) for path in paths] != [str]:
        raise _another(base, paths)
    return paths[0]


def _sent(base: str, path: str, body: bytes, kind: str) -> Any:
    """What comes back as JSON for a request with a body; the text itself where it is no JSON."""
    content = _fetched(base, path, body, {"Content-Type": kind})
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def _fetched(base: str, path: str, body: bytes | None = None, told: Mapping = {}) -> bytes:
    """The content at one of Gradio's paths."""
    request = urllib.request.Request(f"{base}/gradio_api/{path}", body, dict(told))
    try:
        with _opener(base).open(request, timeout=PATIENCE) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        with error:
            said = one_line(error.read().decode(errors="replace"))[:100] or error.reason
        if error.code == 413:
            raise ValueError(f"{base}: refused: {said}") from None
        if error.code in NOT_THERE:
            raise ConnectionError(f"{base}: nobody answers ({error.code}: {said})") from None
        raise _another(base, f"{error.code}: {said}") from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        why = getattr(reason, "strerror", None) or one_line(reason) or type(error).__name__
        raise ConnectionError(f"{base}: nobody answers ({why})") from None


def _opener(base: str) -> urllib.request.OpenerDirector:
    """What opens addresses; of this machine itself no proxy is asked, as none can know it."""
    here = urlsplit(base).hostname in ("localhost", "127.0.0.1", "::1")
    return urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if here else []))


def _of_events(base: str, stream: str) -> Any:
    """The answer in a stream of events; ValueError, in the app's own words, where it is a refusal."""
    event = ""
    for line in stream.splitlines():
        kind, _, said = line.partition(": ")
        if kind == "event":
            event = said
        elif kind == "data" and event == "complete":
            [answer] = json.loads(said)
            return answer
        elif kind == "data" and event == "error":
            why = json.loads(said)
            why = why.get("error") if isinstance(why, dict) else None
            raise ValueError(f"{base}: refused: {one_line(why or 'without a word')}")
    raise _another(base, stream)


def _another(address: str, got: object) -> ValueError:
    """What is said of an app that isn't ours."""
    return ValueError(
        f"{address}: expected digitlib's app, with /classify, got {one_line(got)[:80]!r}"
    )


def _said(answer: Mapping[str, Any]) -> str:
    return str(answer["name"] or answer["reason"])


def _drawn(strokes: list[list[tuple[int, int]]]) -> bytes:
    """A PNG of strokes, bright on dark, by a pen as thick as MNIST's."""
    sheet, radius = Image.new("L", (280, 280)), 11
    brush = ImageDraw.Draw(sheet)
    for stroke in strokes:
        brush.line(stroke, fill=255, width=2 * radius, joint="curve")
        for x, y in (stroke[0], stroke[-1]):
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()
