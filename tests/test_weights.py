import numpy as np
import pytest
from safetensors.numpy import save_file

from digitlib import weights
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
    assert provenance["command"].startswith("digitlib train --dataset mnist")


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
    ],
)
def test_a_calibration_that_is_none_is_refused(layers, calibration):
    with pytest.raises(ValueError, match="finite number"):
        Weights(layers, calibration=calibration)


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
