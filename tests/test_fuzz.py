import random
import signal
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import fuzz
from digitlib import pixels

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bounds memory by Linux")


@LINUX
@pytest.mark.server
def test_some_seconds_of_bytes_that_nobody_meant():
    """An hour of the same: ``python benchmarks/fuzz.py --minutes 60``."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    said = fuzz.run(5)  # and as many to begin
    assert [found[:3] for found in said["found"]] == [], fuzz.closing(said)
    assert set(said["tried"]) == {
        "picture",
        "canvas",
        "upload",
        "IDX",
        "weights",
        "training",
        "ONNX",
    }


@given(st.binary(), st.binary(), st.integers(0, 99))
def test_changes_follow_from_the_seed_alone(content, other, seed):
    once, twice = (fuzz.mutated(content, other, random.Random(seed)) for _ in range(2))
    assert once == twice


def test_changes_are_many():
    content = bytes(range(200))
    changed = {fuzz.mutated(content, content[::-1], random.Random(seed)) for seed in range(200)}
    assert len(changed - {content}) > 190
    assert (
        {len(one) > 200 for one in changed} == {len(one) < 200 for one in changed} == {True, False}
    )


def test_what_it_begins_with_can_be_read(tmp_path):
    begin = list(fuzz.pictures())
    read = set()
    for content in begin:
        (tmp_path / "one").write_bytes(fuzz.with_checks(content))
        try:
            list(pixels.frames(tmp_path / "one"))
        except ValueError:
            continue
        with Image.open(tmp_path / "one") as image:
            read.add(image.format)
    assert read >= {"PNG", "JPEG", "MPO", "GIF", "WEBP", "BMP", "TIFF", "PPM", "JPEG2000", "TGA"}
    assert read <= {*pixels.FORMATS, "MPO"} and len(read) < len(begin)


def faulty(fault):
    def ask(path):
        raise fault

    return ask


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (len, "TypeError: object of type"),
        (faulty(KeyError("a")), "KeyError: 'a'"),
        (faulty(MemoryError()), "MemoryError: "),
        (faulty(ValueError("two\nlines")), "no single line: 'two"),
        (faulty(ValueError("x" * 2_000)), "no single line: 'xxx"),
        (faulty(ValueError("expected a picture")), None),
        (faulty(PermissionError("secret.png")), None),
        (str, None),
    ],
)
def test_a_fault_is_told(tmp_path, ask, told):
    fault = fuzz.asked_for_fault(ask, tmp_path / "input", RuntimeError)
    assert (fault is None) if told is None else fault.startswith(told)


@pytest.mark.parametrize(
    ("code", "told"),
    [(-signal.SIGPROF, "a hang"), (-signal.SIGSEGV, "an end by -11"), (1, "an end by 1")],
)
def test_an_end_of_the_process_is_told_and_its_input_kept(tmp_path, monkeypatch, code, told):
    """Of a worker that ends with its fourth input, the first time."""
    tried = []

    class Done:
        stdout, returncode = '{"tried": {"IDX": 2}, "found": [], "peak": 9, "number": 6}', 0

    def ended(command, **_):
        if not tried:
            (fuzz.Path(command[3]) / fuzz.SCRATCH).write_bytes(b"the fourth")
            (fuzz.Path(command[3]) / fuzz.WHOM).write_text("weights 3 3")
            Done.returncode = code
        else:
            Done.returncode = 0
            monkeypatch.setattr(fuzz.time, "monotonic", lambda: float("inf"))
        tried.append(command[-1])
        return Done

    monkeypatch.setattr(fuzz.subprocess, "run", ended)
    said = fuzz.run(100, keep=tmp_path)
    assert tried == ["0", "4"]  # it goes on behind
    assert [found[:3] for found in said["found"]] == [("weights", 3, told)]
    assert (tmp_path / "weights-3").read_bytes() == b"the fourth"
    assert f"hangs: {told == 'a hang':d}" in fuzz.closing(said)


@LINUX
def test_the_memory_of_a_worker_is_bounded(tmp_path):
    code = (
        "import fuzz, numpy, resource; "
        "resource.setrlimit(resource.RLIMIT_AS, (fuzz._size() + fuzz.MEMORY * 2**20, -1)); "
        "numpy.ones(2 * fuzz.MEMORY * 2**20, dtype=numpy.uint8)"
    )
    done = fuzz.subprocess.run(
        [sys.executable, "-c", code],
        cwd=fuzz.Path(fuzz.__file__).parent,
        capture_output=True,
        text=True,
    )
    assert "MemoryError" in done.stderr and done.returncode == 1


def test_checksums_are_set_right():
    [content] = fuzz._saved(Image.fromarray(np.eye(9, dtype=np.uint8)), "L", "PNG")
    spoilt = content[:30] + bytes(3) + content[33:]
    assert spoilt != content and fuzz.with_checks(spoilt) == content
