import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlib import DigitClassifier, NoInk, classify, export
from digitlib.data import scale
from digitlib.preprocess import preprocess
from digitlib.weights import Weights
from drawings import STROKES, draw
from named import names, write_onnx


@pytest.fixture(scope="module")
def classifier():
    return DigitClassifier.load()


@pytest.mark.parametrize("digit", STROKES)
def test_our_own_drawings(classifier, digit):
    prediction = classifier.classify(np.asarray(draw(digit)))
    assert (prediction.label, prediction.reason) == (digit, None)
    assert prediction.probabilities.sum() == pytest.approx(1)
    assert prediction.probabilities.argmax() == digit


def test_a_blank(classifier):
    prediction = classifier.classify(np.zeros((280, 280)))
    assert (prediction.label, prediction.reason) == (None, "blank")
    assert not prediction.probabilities.any()
    with pytest.raises(NoInk, match="image 2 of 2"):
        classifier.probabilities(np.stack([np.eye(50), np.zeros((50, 50))]))


def test_every_way_in_gives_the_same(classifier, tmp_path):
    image = draw(3)
    image.save(tmp_path / "3.png")
    expected = classifier.probabilities(np.asarray(image))
    assert expected.shape == (1, 10)
    np.testing.assert_array_equal(classifier.probabilities(image), expected)
    np.testing.assert_array_equal(classifier.probabilities(tmp_path / "3.png"), expected)
    np.testing.assert_array_equal(classifier.probabilities(str(tmp_path / "3.png")), expected)
    np.testing.assert_allclose(
        classifier.probabilities(np.asarray(image) / 255), expected, rtol=1e-6
    )


def test_many_at_once(classifier):
    images = np.stack([np.asarray(draw(digit)) for digit in STROKES])
    assert classifier.probabilities(images).argmax(axis=1).tolist() == list(STROKES)
    with pytest.raises(ValueError, match="expected one image, got 10"):
        classifier.classify(images)


def test_numpy_and_torch_agree(classifier, small):
    images = small.images[:200]
    ours = classifier.outputs(images.numpy())
    theirs = export.load_model()(scale(images)).detach().numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_probabilities_are_softmax_of_prepared_logits(classifier):
    image = np.asarray(draw(7))
    logits = classifier.logits(preprocess(image)[None])
    powers = np.exp(logits / classifier.temperature)
    expected = powers / powers.sum()
    np.testing.assert_allclose(classifier.probabilities(image), expected, atol=1e-6)


def test_doubt_decides_what_is_refused():
    """One pixel decides: its weight goes to the score of "no digit" alone."""
    weight = np.zeros((11, 784), dtype=np.float32)
    weight[10, 14 * 28 + 14] = 10
    layers = [(weight, np.zeros(11, dtype=np.float32))]
    drawing = np.full((28, 28), 255, dtype=np.uint8)
    doubt = 10 - np.log(10)  # ten logits of 0 stand against it
    for threshold, reason in ((doubt - 0.01, "not a digit"), (doubt + 0.01, None)):
        read = Weights(layers, calibration={"threshold": threshold})
        prediction = DigitClassifier(read).classify(drawing)
        assert prediction.reason == reason
        assert prediction.label == (None if reason else 0)
        np.testing.assert_allclose(prediction.probabilities, 0.1, rtol=1e-5)
    never = DigitClassifier(Weights(layers)).classify(drawing)
    assert never.label == 0
    ten = DigitClassifier(Weights([(weight[:10], np.zeros(10, dtype=np.float32))]))
    assert ten.classify(drawing).label == 0


def test_temperature_divides_the_logits():
    layers = [(np.zeros((10, 784), np.float32), np.arange(10, dtype=np.float32))]
    drawing = np.full((28, 28), 255, dtype=np.uint8)
    for temperature in (0.5, 1.0, 3.0):
        read = Weights(layers, calibration={"temperature": temperature})
        expected = np.exp(np.arange(10) / temperature)
        np.testing.assert_allclose(
            DigitClassifier(read).probabilities(drawing)[0],
            expected / expected.sum(),
            rtol=1e-5,
        )


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (
            np.zeros((28, 28, 3)),
            ValueError,
            r"\(H, W\) or \(N, H, W\), got \(28, 28, 3\)",
        ),
        (np.zeros(784), ValueError, r"got \(784,\)"),
        (np.zeros((0, 28, 28)), ValueError, r"got \(0, 28, 28\)"),
        ("nowhere.png", FileNotFoundError, "nowhere.png: no such file"),
        (Image.new("L", (4, 0)), ValueError, "at least one pixel"),
    ],
)
def test_bad_input_says_what_was_expected(classifier, wrong, error, message):
    with pytest.raises(error, match=message):
        classifier.classify(wrong)


def test_a_narrow_drawing_is_one(classifier):
    assert classifier.classify(np.full((20, 3), 255, dtype=np.uint8)).label == 1
    assert classifier.classify(Image.new("L", (3, 20), 255).crop((-9, -9, 12, 29))).label == 1


def test_logits_want_prepared_images(classifier):
    with pytest.raises(ValueError, match=r"uint8 \(N, 28, 28\), got float64"):
        classifier.logits(np.zeros((1, 28, 28)))


def test_the_shipped_weights_are_as_good_as_their_file_says(classifier, mnist):
    from digitlib import data

    _, valid = data.split(mnist)
    right = int(
        (classifier.logits(valid.images.numpy()).argmax(axis=1) == valid.labels.numpy()).sum()
    )
    assert abs(right - classifier.provenance["valid"]["right"]) <= 1
    assert right / len(valid) >= 0.983


@pytest.mark.parametrize("length", [84, 140, 224])
@pytest.mark.parametrize("width", [1 / 20, 1 / 10, 1 / 7, 1 / 5])
def test_an_upright_stroke_is_a_1_with_any_pen(classifier, length, width):
    image = Image.new("L", (280, 280))
    half = width * length / 2
    box = (140 - half, 140 - length / 2, 140 + half, 140 + length / 2)
    ImageDraw.Draw(image).rounded_rectangle(box, half, fill=255)
    assert classifier.classify(np.asarray(image)).label == 1


def written(path, content):
    path.write_bytes(content)
    return path


@pytest.fixture
def five(tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    return write_onnx(tmp_path / "five.onnx", names(5), none=True)


def test_a_model_in_onnx_is_known_by_its_first_bytes(five):
    classifier = classify.load(five)
    assert isinstance(classifier, classify.OnnxClassifier)
    assert (classifier.classes, classifier.preparation) == (names(5), "picture")
    assert classifier.none and classifier.threshold == np.inf
    images = np.random.RandomState(0).randint(256, size=(1_005, 28, 28)).astype(np.uint8)
    assert classifier.outputs(images).shape == (1_005, 6)
    assert classifier.outputs(images[:0]).shape == (0, 6)
    assert classifier.logits(images[:3]).shape == (3, 5)
    said = classifier.classify(images[0])
    assert said.name == names(5)[said.label]


@pytest.mark.parametrize(("threshold", "reason"), [(-1e9, "none of these"), (1e9, None)])
def test_a_model_in_onnx_refuses_by_its_threshold(tmp_path, threshold, reason):
    pytest.importorskip("onnxruntime")
    calibration = {"temperature": 2.0, "threshold": threshold}
    path = write_onnx(tmp_path / "m", names(3), none=True, calibration=calibration)
    said = classify.load(path).classify(np.eye(28))
    assert said.reason == reason and said.probabilities.sum() == pytest.approx(1)


@pytest.mark.parametrize("content", [b"", b"a 4", b"\x08\x0a no model", b"\x08" * 40])
def test_what_is_no_model_is_refused_in_a_line(tmp_path, content):
    pytest.importorskip("onnxruntime")
    with pytest.raises(ValueError, match="no: expected a "):
        classify.load(written(tmp_path / "no", content))


def in_onnx(shape, node):
    """The bytes of a model of one node, with an output of that shape."""
    parser = pytest.importorskip("onnx.parser")
    pytest.importorskip("onnxruntime")
    text = (
        f'<ir_version: 8, opset_import: ["": 17]> m (float[n, 28, 28] x) => ({shape}) {{ {node} }}'
    )
    return parser.parse_model(text).SerializeToString()


@pytest.mark.parametrize(
    ("shape", "node", "got"),
    [
        ("float y", "y = ReduceMean <keepdims=0> (x)", r"\(\)"),
        ("float[1, 28] y", "y = ReduceMean <axes=[0, 2], keepdims=0> (x)", r"\(28,\)"),
        ("float[n, 28, 28] y", "y = Identity (x)", r"\(3, 28, 28\)"),
        ("int64[3] y", "y = Shape (x)", r"\(3,\)"),
    ],
)
def test_a_model_in_onnx_of_other_outputs_is_refused_in_a_line(shape, node, got):
    content = in_onnx(shape, node)
    with pytest.raises(
        ValueError, match=rf"^expected outputs \(N, C\), got {got} for three images$"
    ):
        classify.OnnxClassifier(content, names(28), "picture")


@pytest.mark.parametrize(
    ("shape", "node", "got"),
    [
        ("seq(float[1, 28, 28]) y", "y = SplitToSequence (x)", r"seq\(tensor\(float\)\)"),
        ("", "y = Identity (x)", "none"),
        ("bool[n, 28, 28] y", "y = Cast <to=9> (x)", r"tensor\(bool\)"),
        ("string[n, 28, 28] y", "y = Cast <to=8> (x)", r"tensor\(string\)"),
    ],
)
def test_a_model_in_onnx_without_numbers_is_refused_in_a_line(shape, node, got):
    content = in_onnx(shape, node)
    with pytest.raises(ValueError, match=rf"^expected outputs \(N, C\) as numbers, got {got}$"):
        classify.OnnxClassifier(content, names(28), "picture")


def test_a_model_in_onnx_that_names_no_classes_is_told_them(tmp_path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path = write_onnx(tmp_path / "m.onnx", names(5))
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.save(model, path)
    with pytest.raises(ValueError, match="expected the names of its classes in the file"):
        classify.load(path)
    classifier = classify.OnnxClassifier.load(path, names(5), "picture")
    assert (classifier.classes, classifier.preparation) == (names(5), "picture")


def test_a_classifier_is_asked_about_its_own_classes_alone():
    classifier = DigitClassifier.load()
    classifier.check_for(classifier.classes, "digit")
    with pytest.raises(ValueError, match="prepared as the model asks"):
        classifier.check_for(classifier.classes, "picture")
    with pytest.raises(ValueError, match="images of the model's classes"):
        classifier.check_for(names(10), "digit")
