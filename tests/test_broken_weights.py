"""Weights files that are broken, each in its own way: Python and JavaScript refuse the same ones, in a line."""

import base64
import json
import random

import numpy as np
import pytest

from digitlib import weights
from pads import weights_file

BEGINNING = "expected a digitlib weights file"
SIZES = {"I8": 1, "U8": 1, "F16": 2, "BF16": 2, "F32": 4, "I32": 4, "F64": 8}


def file(change=lambda arrays: None, notes=None, header=lambda text: text, more=b""):
    """A small file, changed: its arrays as name: [kind, shape, bytes], what it says, its header's text, its end."""
    originals, _ = weights_file()
    kinds = {np.dtype("i1"): "I8", np.dtype("f4"): "F32"}
    arrays = {k: [kinds[v.dtype], list(v.shape), v.tobytes()] for k, v in originals.items()}
    change(arrays)
    told, start = {"__metadata__": notes} if notes is not None else {}, 0
    for name, (kind, shape, content) in arrays.items():
        offsets = [start, start := start + len(content)]
        told[name] = {"dtype": kind, "shape": shape, "data_offsets": offsets}
    text = header(json.dumps(told))
    text = text if isinstance(text, bytes) else text.encode()
    body = b"".join(content for _, _, content in arrays.values())
    return len(text).to_bytes(8, "little") + text + body + more


def of_kind(name, kind):
    """An array of another kind, as long as that makes it."""

    def change(arrays):
        shape = arrays[name][1]
        arrays[name] = [kind, shape, bytes(int(np.prod(shape)) * SIZES[kind])]

    return change


def of_shape(name, *shape):
    def change(arrays):
        kind = arrays[name][0]
        arrays[name] = [kind, list(shape), bytes(int(np.prod(shape)) * SIZES[kind])]

    return change


def with_number(name, number):
    def change(arrays):
        numbers = np.frombuffer(arrays[name][2], np.float32).copy()
        numbers[1] = number
        arrays[name][2] = numbers.tobytes()

    return change


def without(name):
    return lambda arrays: arrays.pop(name)


def renamed(name, other):
    def change(arrays):
        arrays[other] = arrays.pop(name)

    return change


ARRAYS = {
    **{f"weight in {kind}": of_kind("0.weight", kind) for kind in ("U8", "F16", "BF16", "F32")},
    **{f"scale in {kind}": of_kind("0.scale", kind) for kind in ("F16", "BF16", "I32", "F64")},
    **{f"bias in {kind}": of_kind("1.bias", kind) for kind in ("F16", "BF16", "I32", "F64")},
    **{f"no {name}": without(name) for name in ("0.weight", "0.scale", "0.bias", "1.scale")},
    "no layer between": renamed("1.weight", "2.weight"),
    "another layer, of nothing else": lambda arrays: arrays.update(
        {"x.weight": arrays["1.weight"]}
    ),
    "a scale of two axes": of_shape("0.scale", 16, 1),
    "too few scales": of_shape("0.scale", 15),
    "too many biases": of_shape("1.bias", 12),
    "a weight of one axis": of_shape("0.weight", 16 * 784),
    "other pixels": of_shape("0.weight", 16, 783),
    "layers that don't fit": of_shape("1.weight", 11, 17),
    **{
        f"{number:g} in {name}": with_number(name, number)
        for name in ("0.scale", "1.bias")
        for number in (np.nan, np.inf, -np.inf, 2e38, -2e38)
    },
    "a scale that makes too much of it": with_number("0.scale", 3e36),
}
NOTES = {
    "calibration": [
        "null", "NaN", "3", "[1]", '"warm"', "", "{", '{"temperature": 0}', '{"temperature": -1}',
        '{"temperature": 0.001}',
        '{"temperature": 1e-300}',
        '{"temperature": 5e-324}',
        '{"temperature": null}', '{"temperature": true}', '{"temperature": "1"}', '{"temperature": NaN}',
        '{"temperature": Infinity}', '{"temperature": 1e400}', '{"temperature": 1e38}', '{"temperature": [1]}',
        '{"threshold": null}', '{"threshold": "high"}', '{"threshold": false}', '{"threshold": NaN}',
        '{"threshold": -Infinity}', '{"threshold": -1e39}', '{"threshold": {}}', "{\n  'threshold': 1\n}",
    ],
    "classes": [
        "null", "[]", "{}", '"ab"', '["a"]', '["a", "b"]', '["a", 2]', '["a", null]', json.dumps([*"0123456788"]),
        json.dumps([*"012345678", ""]), json.dumps([*"012345678", " \t"]), json.dumps([*"012345678", "\x1f\x85"]),
    ],
    "preparation": ["null", "digit", '"letter"', '["digit"]', "3"],
    "provenance": ["null", "[]", '{"seed": NaN}', '{"seed": -Infinity}', "{'seed': 1}", "seed 1\nof 5"],
}  # fmt: skip
HEADERS = {
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "half a letter": lambda text: text.encode().replace(b"{", b'{"\xff": 0, ', 1),
    "a list": lambda text: "[]",
    "null": lambda text: "null",
    "a hole": lambda text: text.replace('"data_offsets": [0, ', '"data_offsets": [1, '),
    "no offsets": lambda text: text.replace("data_offsets", "offsets"),
    "a note that is no text": lambda text: text.replace("{", '{"__metadata__": {"author": 1}, ', 1),
    "metadata that are a list": lambda text: text.replace("{", '{"__metadata__": [], ', 1),
    "its beginning alone": lambda text: text[:-20],
}
BROKEN = (
    {name: file(change) for name, change in ARRAYS.items()}
    | {f"{name}: {text!r}": file(notes={name: text}) for name in NOTES for text in NOTES[name]}
    | {name: file(header=header) for name, header in HEADERS.items()}
    | {
        "bytes too many": file(more=b"\0"),
        "none": b"",
        "a page": b"<!doctype html><title>404</title>",
    }
)
SOUND = {
    "as it was": file(),
    "another array": file(lambda arrays: arrays.update(a=["F64", [1], bytes(8)])),
    "other notes": file(notes={"author": "Ada", "licence": "{"}),
    "the lowest temperature": file(
        notes={"calibration": '{"temperature": 0.0011, "threshold": -9e37}'}
    ),
    "a mark for a name": file(notes={"classes": json.dumps([*"012345678", "\ufeff"])}),
    "no metadata": file(header=lambda text: text.replace("{", '{"__metadata__": null, ', 1)),
}

READ = """async (contents) => {
  const pad = await import(new URL("pad.mjs", location));
  return contents.map((content) => {
    try {
      pad.readWeights(content);
      return null;
    } catch (error) {
      return error.message;
    }
  });
}"""


@pytest.fixture(scope="module")
def refusals(browser, static_site, tmp_path_factory):
    """What both languages say of files: two lists of messages, None where a file is taken."""
    page = browser.new_page()
    page.goto(static_site.address)
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"

    def in_python(content):
        path.write_bytes(content)
        try:
            weights.load(path)
        except ValueError as error:
            return str(error).removeprefix(f"{path}: ")

    def both(contents):
        sent = [base64.b64encode(content).decode() for content in contents]
        return [in_python(content) for content in contents], page.evaluate(READ, sent)

    yield both
    page.close()


def test_what_is_broken_is_refused_by_both_in_a_line(refusals):
    wrong = []
    for name, ours, theirs in zip(BROKEN, *refusals(list(BROKEN.values())), strict=True):
        for message in (ours, theirs):
            if not message or not message.startswith(BEGINNING) or "\n" in message:
                wrong.append((name, ours, theirs))
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("weight in BF16", ("layer 0: expected I8", "got BF16 (16")),
        ("scale in I32", ("layer 0: expected I8", "I32 (16")),
        ("calibration: 'null'", ("expected calibration", "JSON", "got null")),
        ("calibration: '{'", ("expected calibration as", "JSON", "got {")),
        ("provenance: '{\"seed\": NaN}'", ("expected provenance as", "JSON", 'got {"seed": NaN}')),
        ("calibration: '{\"temperature\": 0}'", ("temperature", "above 0", "got", "0")),
        ("nan in 0.scale", ("layer 0: expected finite numbers, below 1e+38",)),
    ],
)
def test_the_line_says_what_was_expected_and_what_came(refusals, name, parts):
    for [message] in refusals([BROKEN[name]]):
        assert all(part in message for part in parts), message


def test_what_is_unusual_is_taken_by_both(refusals):
    assert refusals(list(SOUND.values())) == ([None] * len(SOUND), [None] * len(SOUND))


def test_both_refuse_the_same_of_files_with_another_byte(refusals):
    """In the header, which is text, and in the scales, which can be too large."""
    notes = {"calibration": '{"temperature": 1.5, "threshold": -2}', "preparation": '"digit"'}
    content = file(notes=notes)
    chance = random.Random(0)
    length = int.from_bytes(content[:8], "little")
    places = [*range(8 + length), *range(8 + length + 16 * 784, 8 + length + 16 * 784 + 128)]
    contents = []
    for place in chance.choices(places, k=400):
        other = bytearray(content)
        other[place] = chance.choice([*b'0123456789{}[],:"eE-. ', *range(256)])
        contents.append(bytes(other))
    ours, theirs = refusals(contents)
    apart = [(a, b) for a, b in zip(ours, theirs, strict=True) if (a is None) != (b is None)]
    assert apart == [] and 40 < ours.count(None) < 390
