from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import nn

from digitlib import DigitClassifier, classify, data, evaluate, export
from digitlib.data import scale
from digitlib.model import MLP, with_norm
from digitlib.weights import Weights


@pytest.mark.parametrize("norm", [False, True])
def test_folding_changes_nothing(small, norm):
    torch.manual_seed(0)
    model = with_norm(MLP((20, 15))) if norm else MLP((20, 15))
    images = small.images[:50]
    model(scale(small.images))  # what the normalisation has seen counts
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.rand_like(parameter))
    model.eval()
    folded = DigitClassifier(Weights(export.fold(model))).logits(images.numpy())
    np.testing.assert_allclose(folded, model(scale(images)).detach().numpy(), atol=1e-4)


@pytest.mark.parametrize("hidden", [(), (20,), (20, 15)])
def test_export_and_load(hidden, small, tmp_path):
    model = MLP(hidden)
    measured = export.export_weights(model, tmp_path / "w", small[:100], "optdigits", {"seed": 4})
    again = export.load_model(tmp_path / "w")
    assert not again.training
    assert measured == evaluate.accuracy(
        evaluate.logits(again, small.images[:100]), small.labels[:100]
    )
    provenance = DigitClassifier.load(tmp_path / "w").provenance
    images = data.fingerprint(small.images[:100], small.labels[:100])
    assert provenance["valid"] == {"right": measured.right, "n": 100, "images": images}
    assert provenance["dataset"] == "optdigits" and provenance["recipe"]["seed"] == 4


def test_a_model_that_can_refuse_is_calibrated(small, tmp_path):
    model, valid = MLP((20,), none=True), small[:100]
    export.export_weights(model, tmp_path / "w", valid, "optdigits", {})
    again = export.load_model(tmp_path / "w")
    assert evaluate.outputs(again, valid.images).shape == (100, 11)
    assert evaluate.logits(again, valid.images).shape == (100, 10)
    classifier = DigitClassifier.load(tmp_path / "w")
    doubts = classify.doubt(classifier.outputs(valid.images.numpy()))
    # Of some ten of each class the threshold may refuse none, and is as low as that allows.
    assert doubts.max() < classifier.threshold < doubts.max() + 1e-2


def test_onnx_says_what_the_model_says(small):
    onnxruntime = pytest.importorskip("onnxruntime")
    model = MLP((20,), none=True)
    session = onnxruntime.InferenceSession(export.to_onnx(model))
    for n in (1, 2, 7):
        x = scale(small.images[:n])
        [said] = session.run(None, {"x": x.numpy()})
        np.testing.assert_allclose(said, model(x).detach().numpy(), atol=1e-5)


@pytest.mark.parametrize(
    "model",
    [
        MLP((20,), activation=nn.Tanh),
        MLP((20,)).append(nn.ReLU()),
        MLP((20,)).append(nn.BatchNorm1d(10)),
        nn.Sequential(nn.Linear(784, 10)),
    ],
)
def test_other_models_are_refused(model):
    with pytest.raises(
        ValueError,
        match="expected an MLP as Normalize, Flatten, Linear, ReLU, …, Linear, got layers",
    ):
        export.fold(model)


@pytest.mark.parametrize("without", [{"affine": False}, {"track_running_stats": False}])
def test_a_batch_normalisation_that_keeps_nothing_to_fold_is_refused(without):
    layers = list(MLP((20,)))
    layers.insert(3, nn.BatchNorm1d(20, **without))
    with pytest.raises(ValueError, match="expected batch normalisation with weights and running"):
        export.fold(nn.Sequential(*layers))


def test_the_file_holds_what_the_model_was(tmp_path, small):
    model = MLP((8,))
    before = [parameter.clone() for parameter in model.parameters()]
    export.export_weights(model, tmp_path / "w", small[:10], "optdigits", {})
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


class Counting(torch.nn.Module):
    """Reshapes by ``len``, which a trace takes for the number that it was traced with."""

    def __init__(self, mend=False):
        super().__init__()
        self.layer, self.mend = torch.nn.Linear(784, 10), mend

    def forward(self, x):
        return self.layer(x.view(x.shape[0] if self.mend else len(x), -1))


def test_a_network_that_is_traced_for_two_images_alone_is_refused(small, tmp_path):
    pytest.importorskip("onnxscript")
    said = small[:100], "optdigits", {}
    try:
        export.export_onnx(Counting(), tmp_path / "m.onnx", *said)
    except ValueError as error:
        assert "works for any number of images" in str(error)
        assert not (tmp_path / "m.onnx").exists()
    else:  # a newer PyTorch may trace it rightly
        pytest.importorskip("onnxruntime")
        assert classify.load(tmp_path / "m.onnx").outputs(small.images[:3].numpy()).shape == (3, 10)
    export.export_onnx(Counting(mend=True), tmp_path / "m.onnx", *said)
    assert (tmp_path / "m.onnx").is_file()


def test_no_other_network_becomes_a_weights_file(small, tmp_path):
    with pytest.raises(ValueError, match="expected an MLP, got Counting; export_onnx takes any"):
        export.export_weights(Counting(), tmp_path / "w", small[:10], "optdigits", {})


def test_a_network_of_other_outputs_is_written_to_no_file(small, tmp_path):
    with pytest.raises(ValueError, match=r"returns logits \(N, 10\) or \(N, 11\)"):
        export.export_onnx(MLP((8,), classes=7), tmp_path / "m", small[:10], "optdigits", {})
    assert not (tmp_path / "m").exists()


def test_probabilities_are_no_outputs_to_export(small, tmp_path):
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Softmax(dim=1))
    with pytest.raises(ValueError, match="expected outputs before any softmax, got probabilities"):
        export.export_onnx(network, tmp_path / "w.onnx", small[:100], "optdigits", {})
    assert not list(tmp_path.iterdir())


class Rows(nn.Module):
    """An LSTM over the rows, and a choice, so that there are graphs within the graph."""

    def __init__(self):
        super().__init__()
        self.rows, self.last = nn.LSTM(28, 8, batch_first=True), nn.Linear(8, 10)

    def forward(self, x):
        return self.last(self.rows(x)[0][:, -1])


@pytest.mark.parametrize("network", [MLP((8,)), Rows()])
def test_a_model_in_onnx_names_no_place_on_this_machine(network):
    """The exporter notes for each node the lines that it comes from, with their text and the folders they lie in."""
    pytest.importorskip("onnxscript")
    content = export.to_onnx(network)
    assert b".py" not in content and b"self." not in content and b"def forward" not in content


class Backwards(nn.Module):
    """A GRU in both directions, whose first state ``len`` makes as large as the trace is."""

    def __init__(self):
        super().__init__()
        self.rows = nn.GRU(28, 4, batch_first=True, bidirectional=True)
        self.last = nn.Linear(8, 10)

    def first(self, x):
        return torch.zeros(2, len(x), 4)

    def forward(self, x):
        return self.last(self.rows(x, self.first(x))[0].mean(1))


class Mended(Backwards):
    def first(self, x):
        return x.new_zeros(2, x.shape[0], 4)


def test_a_mended_network_is_exported_where_the_other_was_refused():
    """PyTorch kept the trace of the first, and exported that again."""
    pytest.importorskip("onnxscript")
    with suppress(ValueError):  # a newer PyTorch may trace it rightly
        export.to_onnx(Backwards())
    export.to_onnx(Mended())
