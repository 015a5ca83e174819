import json
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from safetensors.numpy import save as to_bytes
from safetensors.numpy import save_file

from digitlib import DigitClassifier, weights
from digitlib.preprocess import PREPARATIONS
from digitlib.weights import Weights


@pytest.fixture
def layers():
    random = np.random.RandomState(0)
    return [
        (random.randn(5, 784), random.randn(5)),
        (random.randn(10, 5), random.randn(10)),
    ]


def test_round_trip(layers, tmp_path):
    said = {"seed": 3}, {"temperature": 1.5, "threshold": -0.25}
    weights.save(tmp_path / "w", Weights(layers, *said))
    loaded = weights.load(tmp_path / "w")
    assert (loaded.provenance, loaded.calibration) == said
    for (weight, bias), (original, original_bias) in zip(loaded.layers, layers, strict=True):
        step = np.abs(original).max(axis=1, keepdims=True) / 127
        assert np.abs(weight - original).max() <= (step / 2 + 1e-6).max()
        np.testing.assert_allclose(bias, original_bias, rtol=1e-6)


def test_a_file_gives_back_what_rounding_says(layers, tmp_path):
    once = weights.rounded(layers)
    weights.save(tmp_path / "w", Weights(once))
    again = weights.load(tmp_path / "w").layers
    for (a, _), (b, _), (c, _) in zip(once, again, weights.rounded(once), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_the_same_weights_are_the_same_bytes(layers, tmp_path):
    read = Weights(layers, {"seed": 3, "a": 1}, {"temperature": 1.5, "threshold": 2})
    contents = set()
    for i in range(8):
        weights.save(tmp_path / f"{i}", read)
        contents.add((tmp_path / f"{i}").read_bytes())
    assert len(contents) == 1
    [content] = contents
    assert int.from_bytes(content[:8], "little") % 8 == 0


def test_the_smallest_rows_keep_their_signs_and_largest_numbers():
    least = np.float32(2**-149)
    weight = np.array([[190 * least, -190 * least]], dtype=np.float32)
    steps, scale = weights.quantise(weight)
    assert steps.tolist() == [[127, -127]] and scale == least
    steps, scale = weights.quantise(np.array([[1e-50, -1e-50]]))
    assert not steps.any() and scale == 1


def test_numbers_finer_than_float32_are_rounded_once():
    fine = np.linspace(-1, 1, 255)[None] * 128.00090789794922
    once = weights.rounded([(fine, np.zeros(1))])
    np.testing.assert_array_equal(weights.rounded(once)[0][0], once[0][0])


def test_a_row_of_zeros():
    weight, scale = weights.quantise(np.zeros((2, 3)))
    assert not weight.any() and (scale == 1).all()


def test_what_is_no_weights_file(tmp_path):
    (tmp_path / "text").write_text("not weights")
    save_file({"a": np.zeros(3)}, tmp_path / "other")
    for name in ("text", "other"):
        with pytest.raises(ValueError, match=f"{name}: expected a digitlib weights file"):
            weights.load(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="no such file"):
        weights.load(tmp_path / "nowhere")


def test_half_a_file_is_refused(tmp_path):
    content = weights.SHIPPED.read_bytes()
    (tmp_path / "half").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="expected a digitlib weights file"):
        weights.load(tmp_path / "half")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda layers: layers[0][0].__setitem__((0, 0), np.nan),
            "layer 0: expected finite",
        ),
        (
            lambda layers: layers[1][1].__setitem__(0, -1e38),
            "layer 1: expected finite numbers, below 1e\\+38",
        ),
        (lambda layers: layers.pop(0), "layer 0: expected 784 inputs"),
        (lambda layers: layers.pop(), "last layer of 10 or 11 outputs for 10 classes, got 5"),
        (lambda layers: layers.clear(), "no layers"),
    ],
)
def test_unfit_layers_are_not_written(layers, spoil, message, tmp_path):
    spoil(layers)
    with pytest.raises(ValueError, match=message):
        weights.save(tmp_path / "w", Weights(layers))
    assert not list(tmp_path.iterdir())


def test_the_shipped_file_says_where_it_comes_from():
    provenance = weights.load().provenance
    assert provenance["dataset"] == "mnist"
    assert provenance["valid"]["n"] == 5_000 and provenance["valid"]["right"] >= 4_960
    assert weights.SHIPPED.stat().st_size <= 300_000
    assert provenance["recipe"]["seed"] == 0
    assert set(provenance["versions"]) == {"digitlib", "numpy", "python", "torch"}
    assert provenance["command"].startswith("digitlib train --data mnist")


@pytest.mark.parametrize(
    "calibration",
    [
        {"temperature": 0},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"threshold": None},
        {"threshold": "high"},
        {"threshold": float("inf")},
        {"threshold": True},
        {"threshold": 10**400},
        {"temperature": 1e300},
    ],
)
def test_a_calibration_that_is_none_is_refused(layers, calibration):
    with pytest.raises(ValueError, match="finite number"):
        Weights(layers, calibration=calibration)


def test_damaged_metadata_are_told_in_one_line():
    with pytest.raises(ValueError, match=r"^expected classes as a JSON list, got [^\n]+$") as error:
        weights.from_metadata({"classes": '["a\n\x02b"\n' + "x" * 900})
    assert len(str(error.value)) < 100


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes", "7"),
        ("classes", "["),
        ("calibration", "null"),
        ("provenance", "[]"),
        ("preparation", "[" * 100_000),
    ],
)
def test_metadata_that_are_none_are_named(name, text):
    with pytest.raises(ValueError, match=f"expected {name} as a JSON"):
        weights.from_metadata({name: text})


@pytest.mark.parametrize(
    ("classes", "preparation", "message"),
    [
        (["a"], "digit", "at least two"),
        (["a", "a"], "digit", "'a' twice"),
        (["a", " "], "digit", "none empty"),
        ("ab", "digit", "expected names"),
        ([1, 2], "digit", "expected names"),
        (["a", "b"], "photo", "expected a preparation"),
    ],
)
def test_classes_have_names_and_a_known_preparation(classes, preparation, message):
    with pytest.raises(ValueError, match=message):
        weights.check_answers(classes, preparation)


@pytest.mark.parametrize("count", [2, 47])
def test_classes_and_preparation_come_back(layers, count, tmp_path):
    names = tuple(f"class {number}" for number in range(count))
    random = np.random.RandomState(0)
    some = [layers[0], (random.randn(count + 1, 5), random.randn(count + 1))]
    weights.save(tmp_path / "w", Weights(some, classes=names, preparation="picture"))
    again = weights.load(tmp_path / "w")
    assert (again.classes, again.preparation, again.none) == (names, "picture", True)


def test_a_model_in_onnx_is_no_weights_file(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"\x08\x0a\x12\x07pytorch")
    assert weights.is_onnx(tmp_path / "m.onnx") and not weights.is_onnx(weights.SHIPPED)
    with pytest.raises(ValueError, match="got a model in ONNX"):
        weights.load(tmp_path / "m.onnx")


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.lists(st.text(min_size=1).filter(str.strip), min_size=2, max_size=5, unique=True)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SAID = {
    "provenance": st.dictionaries(st.text(), PLAIN, max_size=4),
    "calibration": st.fixed_dictionaries(
        {},
        optional={
            "temperature": st.floats(2**-4, 2**4) | st.integers(1, 100),
            "threshold": st.floats(-9e37, 9e37) | st.integers(-(10**37), 10**37),
        },
    ),
    "classes": NAMES.map(tuple),
    "preparation": st.sampled_from(PREPARATIONS),
}


@st.composite
def stored(draw, largest=1e3):
    """Weights of any widths, names and origin, as float32 and as float64."""
    said = {name: draw(part) for name, part in SAID.items()}
    hidden = draw(st.lists(st.integers(1, 3), max_size=2))
    widths = [784, *hidden, len(said["classes"]) + draw(st.integers(0, 1))]
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    bound = float(np.float32(largest))
    numbers = st.floats(-bound, bound, width=np.dtype(dtype).itemsize * 8)
    layers = [
        (
            draw(arrays_of.arrays(dtype, (n_out, n_in), elements=numbers)),
            draw(arrays_of.arrays(dtype, n_out, elements=numbers)),
        )
        for n_in, n_out in pairwise(widths)
    ]
    return Weights(layers, **said)


def written(read):
    """The bytes of their file."""
    with tempfile.TemporaryDirectory() as folder:
        weights.save(Path(folder) / "w", read)
        return (Path(folder) / "w").read_bytes()


def read_again(content):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "w").write_bytes(content)
        return weights.load(Path(folder) / "w")


@given(stored(largest=9e37))
def test_whatever_is_written_is_read_again(read):
    content = written(read)
    again = read_again(content)
    for name in SAID:
        assert getattr(again, name) == getattr(read, name)
    for layer, wanted in zip(again.layers, weights.rounded(read.layers), strict=True):
        for part, other in zip(layer, wanted, strict=True):
            assert part.dtype == np.float32
            np.testing.assert_array_equal(part, other)
    assert written(read) == written(again) == content


@given(stored(), arrays_of.arrays(np.uint8, (2, 30, 20)))
def test_any_weights_answer_with_probabilities(read, drawings):
    assume(drawings.any(axis=(1, 2)).all())
    classifier = DigitClassifier(read)
    for drawing in drawings:
        found = classifier.classify(drawing)
        assert found.probabilities.shape == (len(read.classes),)
        if found.reason != "blank":
            assert found.probabilities.sum() == pytest.approx(1, abs=1e-5)
            assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()
        if found.label is not None:
            assert found.name == read.classes[found.probabilities.argmax()]


SMALL = written(
    Weights(
        [(np.linspace(-1, 1, 3 * 784).reshape(3, 784), np.ones(3))],
        {"seed": 3},
        {"temperature": 1.5, "threshold": 2},
        ("a", "b"),
        "picture",
    )
)


def is_refused_or_sound(content):
    try:
        read = read_again(content)
    except ValueError as error:
        return "expected a digitlib weights file" in str(error)
    return all(
        part.dtype == np.float32 and np.isfinite(part).all() and part.size <= len(content)
        for layer in read.layers
        for part in layer
    )


@given(st.integers(0, 900) | st.integers(0, len(SMALL) - 1), st.integers(1, 255))
def test_a_byte_that_is_another_is_refused_or_harmless(place, change):
    content = bytearray(SMALL)
    content[place] ^= change
    assert is_refused_or_sound(bytes(content))


@given(st.integers(1, len(SMALL) - 1), st.binary(max_size=9))
def test_half_a_file_or_more_than_one_is_refused(length, more):
    for content in (SMALL[:length], SMALL[length:], SMALL + more + b"."):
        with pytest.raises(ValueError, match="expected a digitlib weights file"):
            read_again(content)


@given(st.binary(max_size=200) | st.dictionaries(st.text(), PLAIN).map(json.dumps).map(str.encode))
def test_other_bytes_are_refused(header):
    for content in (header, len(header).to_bytes(8, "little") + header):
        with pytest.raises(ValueError, match="expected a digitlib weights file"):
            read_again(content)


@given(st.fixed_dictionaries({}, optional=SAID))
def test_metadata_are_read_as_they_were_said(said):
    metadata = weights.to_metadata(**said)
    assert all(isinstance(text, str) and text.isascii() for text in metadata.values())
    again = weights.from_metadata(metadata)
    assert {"classes": weights.DIGITS, "preparation": "digit", **again} == {
        "provenance": {},
        "calibration": {},
        "classes": weights.DIGITS,
        "preparation": "digit",
        **said,
        **({"classes": list(said["classes"])} if "classes" in said else {}),
    }


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("weight", np.zeros(10 * 784, dtype=np.int8)),
        ("weight", np.zeros((10, 784), dtype=np.uint8)),
        ("weight", np.zeros((10, 784), dtype=np.float32)),
        ("scale", np.ones((), dtype=np.float32)),
        ("scale", np.ones(1, dtype=np.float32)),
        ("scale", np.ones(10, dtype=np.float64)),
        ("scale", np.full(10, np.inf, dtype=np.float32)),
        ("scale", np.full(10, 3e38, dtype=np.float32)),
        ("bias", np.ones(10, dtype=np.int32)),
        ("bias", np.full(10, np.nan, dtype=np.float32)),
    ],
)
def test_a_layer_of_other_kinds_or_shapes_is_refused(part, changed):
    parts = {
        "weight": np.ones((10, 784), dtype=np.int8),
        "scale": np.ones(10, dtype=np.float32),
        "bias": np.ones(10, dtype=np.float32),
    }
    content = to_bytes({f"0.{name}": value for name, value in (parts | {part: changed}).items()})
    with pytest.raises(ValueError, match="got something else: layer 0: expected"):
        read_again(content)


@pytest.mark.parametrize("preparation", ["digit", "picture"])
def test_untrained_weights_refuse_what_is_drawn(tmp_path, preparation):
    file = tmp_path / "untrained.safetensors"
    weights.save(file, weights.untrained(["camp", "rest"], preparation))
    network = DigitClassifier.load(file)
    drawing = np.zeros((60, 60), dtype=np.uint8)
    assert network.classify(drawing).reason == "blank"
    drawing[20:40, 28:32] = 255
    answer = network.classify(drawing)
    assert answer.reason == "none of these" and answer.probabilities.tolist() == [0.5, 0.5]
    assert (network.classes, network.preparation) == (("camp", "rest"), preparation)
    assert file.stat().st_size < 8_000
