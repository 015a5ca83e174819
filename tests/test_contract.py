"""One path from images to an answer, for any number of classes and any network: split, learn, measure, export, ask."""

from dataclasses import asdict

import numpy as np
import pytest
import torch

from digitlib import DigitClassifier, classify, data, evaluate, export
from digitlib.model import MLP, Normalize
from digitlib.report.measure import measure
from digitlib.train import Training, fit
from named import COUNTS
from signs import Convolutions, striped


@pytest.fixture(scope="module", params=COUNTS)
def parts(request):
    """Training and validation images of so many classes, and some for training that belong to none."""
    images = striped(request.param, 30)
    train, valid = data.split(
        images, valid=max(100, 6 * request.param) if request.param > 10 else 20
    )
    others = striped(request.param, 20, none=True)
    return train, valid, others[others.labels == request.param]


def test_a_split_keeps_classes_and_their_shares(parts):
    train, valid, _ = parts
    assert train.classes == valid.classes and valid.preparation == "picture"
    counts = torch.bincount(valid.labels, minlength=len(valid.classes))
    assert counts.min() >= 1 and counts.max() - counts.min() <= 1


@pytest.mark.parametrize("none", [False, True])
def test_a_perceptron_comes_back_from_its_file(parts, none, tmp_path):
    train, valid, others = parts
    count = len(train.classes)
    if none:
        train = train.and_also(others.images, others.labels)
    model = MLP((32,), classes=count, none=none, normalize=Normalize.of(train.images))
    training = Training(epochs=10, batch=32)
    fit(model, train, valid, training)
    said = "stripes", asdict(training)
    measured = export.export_weights(model, tmp_path / "w.safetensors", valid, *said)
    assert measured.value > 0.9
    classifier = classify.load(tmp_path / "w.safetensors")
    assert (classifier.classes, classifier.preparation) == (train.classes, "picture")
    assert classifier.none is none and np.isfinite(classifier.threshold) is np.bool_(none)
    again = export.load_model(tmp_path / "w.safetensors")
    assert evaluate.outputs(again, valid.images).shape == (len(valid), count + none)
    assert evaluate.logits(again, valid.images).shape == (len(valid), count)
    asked = [classifier.classify(image) for image in valid.images.numpy()]
    named = [one.name for one in asked if one.name is not None]
    assert len(named) >= 0.9 * len(asked) and set(named) <= set(train.classes)
    if none:
        told = [classifier.classify(image).reason for image in others.images.numpy()]
        assert told.count("none of these") > 0.8 * len(told)


def test_any_network_goes_to_onnx_and_answers_the_same(parts, tmp_path):
    train, valid, _ = parts
    model = Convolutions(len(train.classes))
    # The last batch holds one image.
    fit(model, train[: (len(train) - 1) // 32 * 32 + 1], valid, Training(epochs=4, batch=32))
    export.export_onnx(model, tmp_path / "m.onnx", valid, "stripes", {})
    classifier = classify.load(tmp_path / "m.onnx")
    assert (classifier.classes, classifier.preparation) == (train.classes, "picture")
    np.testing.assert_allclose(
        classifier.outputs(valid.images.numpy()),
        evaluate.outputs(model, valid.images).numpy(),
        atol=1e-4,
    )
    torch.testing.assert_close(
        evaluate.logits(classifier, valid.images),
        evaluate.logits(model, valid.images),
        atol=1e-4,
        rtol=1e-4,
    )


def test_a_report_is_made_of_any_classes(parts):
    _, valid, _ = parts
    images = (
        valid
        if len(valid) >= 100
        else data.Images(valid.images.repeat(5, 1, 1), valid.labels.repeat(5), valid.classes)
    )
    found = measure(Convolutions(len(valid.classes)), images, quick=True)
    assert list(found.by_class) == list(valid.classes)
    assert found.noun == ("digit" if data.are_digits(valid.classes) else "picture")


def test_the_packages_own_classifier_is_of_digits():
    classifier = DigitClassifier.load()
    assert classifier.classes == data.DIGITS and classifier.none
