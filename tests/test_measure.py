import json
import math
from dataclasses import replace
from functools import partial
from statistics import fmean
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from digitlib import DigitClassifier, calibrate, classify, cli, data, evaluate, export, show
from digitlib.accuracy import Share, total
from digitlib.commands import terminal
from digitlib.drawn import handwriting, nondigits, redrawn, styles
from digitlib.model import MLP
from digitlib.report import corruptions
from digitlib.report.corruptions import CORRUPTIONS
from digitlib.report.findings import Report
from digitlib.report.measure import PARTS, measure
from digitlib.report.page import write
from memory import remembering
from named import COUNTS, names
from named import write as write_weights
from signs import Convolutions, striped


@pytest.fixture(scope="module")
def valid(small):
    return data.split(small, valid=data.VALID_SIZE["optdigits"])[1]


@pytest.fixture(scope="module", autouse=True)
def drawn_once():
    """All models are asked about the same drawings."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (data, "load"),
            (styles, "draw"),
            (nondigits, "draw"),
            (redrawn, "redraw"),
            (corruptions, "corrupt"),
        ):
            patch.setattr(module, name, remembering(getattr(module, name)))
        yield


@pytest.fixture
def no_ink(monkeypatch):
    """Pictures are put together and not painted, which takes a second a page; others look at them."""
    monkeypatch.setattr(show, "Picture", lambda figure: SimpleNamespace(png=b"", size={}))


@pytest.fixture
def two_pens(monkeypatch):
    """In place of sixteen, which take their time."""
    monkeypatch.setattr(redrawn, "GRID", redrawn.GRID[5:7])


def titles(noun, **of):
    """What is told while a model is measured."""
    return [
        part.title.format(noun)
        for part in PARTS.values()
        if all(of[name] or not getattr(part, name) for name in of)
    ]


def test_a_report_by_command(valid, two_pens, tmp_path, capsys, monkeypatch):
    """Of the shipped weights: a page, and the same figures as JSON."""
    command = ["report", "--data", "optdigits", "--quick", "--out"]
    told = []
    monkeypatch.setattr(terminal, "waiting", told.append)
    assert cli.main([*command, str(tmp_path / "out")]) == 0
    output, _ = capsys.readouterr()
    assert output.startswith(f"{tmp_path / 'out' / 'report.html'}: ")
    assert told == [f"measuring {title} …" for title in titles("digit")]
    found = Report.from_json(json.loads((tmp_path / "out" / "report.json").read_text()))
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")

    classifier, some = DigitClassifier.load(), valid[data.split_indices(valid.labels, 100)[1]]
    assert (found.model, found.classes) == ("digits.safetensors", data.DIGITS)
    right = classifier.logits(some.images.numpy()).argmax(1) == some.labels.numpy()
    assert found.clean.accuracy == Share.of(right)
    assert str(Share.of(right)).replace(" %", "&nbsp;%") in page
    refused = classifier.refused(some.images.numpy())
    assert found.refusal.refused == Share.of(refused)
    assert found.refusal.answered == Share.of(right[~refused])
    assert found.refusal.threshold == classifier.threshold
    assert found.calibration.temperature == classifier.temperature
    assert len(found.redrawn.cells) == len(redrawn.GRID)
    assert found.written.refused == handwriting.refused(partial(evaluate.refused, classifier), n=5)
    assert found.elsewhere.styles == styles.right(partial(evaluate.logits, classifier), n=50)


def test_means_are_of_what_is_beside_them(valid, two_pens):
    """The mean corruption error, and the non-digits of each group."""
    found = measure(MLP((8,), none=True), valid, threshold=-2.3, quick=True)
    errors = [fmean(1 - one.value for one in kind.values()) for kind in found.worse.curves.values()]
    assert list(found.worse.curves) == list(CORRUPTIONS)
    assert found.worse.mean_error == pytest.approx(fmean(errors))
    assert total(found.refusal.by_class.values()) == found.refusal.refused
    passed = found.non_digits.kinds
    assert 0 < passed["letters"].count < passed["letters"].n
    for title, kinds in nondigits.GROUPS.items():
        assert found.non_digits.groups[title] == total(passed[kind] for kind in kinds)
    assert found.redrawn.all == total(cell.right for cell in found.redrawn.cells)


def cnn():
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.Conv2d(1, 4, 5, stride=3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


@pytest.mark.parametrize(
    "make",
    [lambda: MLP((8,)), cnn, lambda: MLP((8,), none=True)],
    ids=["MLP", "CNN", "eleven outputs, no threshold"],
)
def test_a_report_of_a_model_of_ones_own(valid, two_pens, no_ink, tmp_path, make):
    """Untrained, and without calibration."""
    told = []
    found = write(tmp_path, make(), valid, quick=True, tell=told.append)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "names a digit on everything" in page
    assert found == Report.from_json(json.loads((tmp_path / "report.json").read_text()))
    assert found.clean.accuracy.value < 0.5
    assert (found.refusal, found.written, found.non_digits) == (None, None, None)
    assert len(found.clean.worst) == 20
    assert told == titles("digit", refuses=False)


@pytest.mark.parametrize("preparation", ["picture", "digit"])
@pytest.mark.parametrize("none", [False, True])
@pytest.mark.parametrize("count", COUNTS)
def test_a_report_of_any_classes(tmp_path, no_ink, count, none, preparation):
    """What can be had of digits alone is left out; a model that can say so refuses its own images too."""
    images = replace(
        striped(count, -(-100 // count)), classes=names(count), preparation=preparation
    )
    said = tmp_path / "w", names(count), none, preparation
    calibration = {"temperature": 2}
    if none:
        outputs = evaluate.outputs(classify.load(write_weights(*said)), images.images)
        doubts = calibrate.doubt(outputs)
        calibration["threshold"] = calibrate.threshold(
            doubts, torch.zeros(len(doubts)), refused=0.5
        )
    classifier, told = classify.load(write_weights(*said, calibration=calibration)), []
    found = write(tmp_path / "out", classifier, images, tell=told.append)
    assert told == titles("picture", of_digits=False, refuses=none)
    plain = json.loads((tmp_path / "out" / "report.json").read_text())
    assert Report.from_json(plain) == found and found.classes == names(count)
    right = evaluate.logits(classifier, images.images).argmax(1) == images.labels
    assert found.clean.accuracy == Share.of(right)
    assert list(found.by_class) == list(names(count))
    assert found.by_class[names(count)[1]] == Share.of(right[images.labels == 1])
    assert found.calibration.temperature == 2
    assert (found.redrawn, found.elsewhere, found.non_digits) == (None, None, None)
    if none:
        refused = evaluate.refused(classifier, images.images)
        assert found.refusal.refused == Share.of(refused) and 0 < refused.sum() < len(images)
        assert found.refusal.answered == Share.of(right[~refused])
        assert list(found.refusal.by_class) == list(names(count))
        second = refused[images.labels == 1]
        assert found.refusal.by_class[names(count)[1]] == Share.of(second)
        assert found.written is None
    else:
        assert found.refusal is None


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("none", [False, True])
def test_a_network_of_ones_own_and_of_any_classes(count, none):
    """With an output more it may be asked to refuse, whether or not it says that it can."""
    images = striped(count, -(-100 // count))
    model = Convolutions(count + none)
    outputs = evaluate.outputs(model, images.images)
    doubts = calibrate.doubt(outputs)
    limit = calibrate.threshold(doubts, images.labels, refused=0.5) if none else math.inf
    found = measure(model, images, threshold=limit, quick=True)
    some = slice(None)
    if found.clean.accuracy.n < len(images):
        some = data.split_indices(images.labels, found.clean.accuracy.n)[1]
    right = outputs[some][:, :count].argmax(1) == images.labels[some]
    assert found.clean.accuracy == Share.of(right)
    assert (found.refusal is not None) == none


def test_whole_pictures_of_digits_are_measured_as_pictures(valid):
    """Programs draw digits that were prepared in the other way."""
    found = measure(MLP((8,)), replace(valid, preparation="picture"), quick=True)
    assert (found.redrawn, found.elsewhere, found.noun) == (None, None, "digit")


def test_a_classifier_of_other_classes_is_said_so_at_once(valid, tmp_path):
    told = []
    other = classify.load(write_weights(tmp_path / "w", names(47)))
    with pytest.raises(ValueError, match="expected images of the model's classes, T-shirt/top"):
        measure(other, valid, tell=told.append)
    letters = classify.load(write_weights(tmp_path / "w", tuple("abcdefghij")))
    with pytest.raises(ValueError, match="expected images of the model's classes, a, b, c"):
        measure(letters, valid, tell=told.append)
    assert told == []


def test_numpys_numbers_for_a_calibration(valid, two_pens, no_ink, tmp_path):
    calibration = {"temperature": np.float32(1.5), "threshold": np.float32(-2)}
    found = write(tmp_path, MLP((8,), none=True), valid, quick=True, **calibration)
    told = Report.from_json(json.loads((tmp_path / "report.json").read_text()))
    assert told == found and told.calibration.temperature == 1.5


def test_a_given_calibration_goes_before_the_classifiers_own(valid, two_pens):
    found = measure(DigitClassifier.load(), valid, temperature=3, threshold=math.inf, quick=True)
    assert found.calibration.temperature == 3 and found.refusal is None


class Told(nn.Module):
    """Returns what it was told to, whatever it is asked."""

    def __init__(self, answer):
        super().__init__()
        self.one, self.answer = nn.Parameter(torch.ones(1)), answer

    def forward(self, x):
        return self.answer(x)


def test_all_right_leaves_no_worst_mistake(valid, two_pens, no_ink, tmp_path):
    def knows(x):
        some = valid[data.split_indices(valid.labels, 100)[1]]  # what is measured quickly
        if len(x) == 100 and torch.allclose(x, some.images.float() / 255):
            return 50.0 * nn.functional.one_hot(some.labels, 10)
        return torch.zeros(len(x), 10)

    found = write(tmp_path, Told(knows), valid, quick=True)
    assert found.clean.worst == () and found.clean.accuracy.value == 1
    assert "worst mistakes" not in (tmp_path / "report.html").read_text()


def test_a_model_that_refuses_everything(valid, two_pens, no_ink, tmp_path):
    model = MLP((8,), none=True)
    name = "\udcff"  # what Python makes of a byte in a file's name that is no letter
    found = write(tmp_path, model, valid, name=name, threshold=-1e9, quick=True)
    assert r"Report: \udcff" in (tmp_path / "report.html").read_text()
    assert found.refusal.refused.value == 1 and found.refusal.answered is None


def sometimes(x):
    """Not a number for every image after the tenth."""
    return torch.where(torch.arange(len(x))[:, None] < 10, x[:, 0, :10], math.nan)


@pytest.mark.parametrize(
    "model, complaint",
    [
        (Told(sometimes), r"finite logits, got NaN or infinity for 90 of 100 images"),
        (Told(lambda x: x[:, :5, 0]), r"logits \(N, 10\) .* got \(100, 5\) for"),
        (Told(lambda x: x[0, :1, :10]), r"got \(1, 10\) for \(100, 28, 28\)"),
        (Told(lambda x: (x, x)), r"returns logits .*AttributeError: 'tuple'"),
        (cnn()[1:], r"expected a model that takes float \(N, 28, 28\) .*channels"),
        (MLP((8,)), r"\(N, 11\) of a model with a threshold of doubt, got \(100, 10"),
    ],
    ids=["NaN", "five outputs", "one answer", "a tuple", "wants channels", "ten"],
)
def test_a_model_that_cannot_be_measured_is_said_so_at_once(valid, model, complaint):
    told = []
    with pytest.raises(ValueError, match=complaint):
        measure(model, valid, threshold=0.5, tell=told.append)
    assert told == []


def test_no_number_is_made_of_what_is_none(valid, two_pens):
    """A model that breaks down where digits are made worse."""

    def breaks(x):
        return x[:, 14, :10] / (x[:, :, 0].sum() == 0)  # digits leave this column empty

    told = []
    with pytest.raises(ValueError, match="got NaN or infinity for"):
        measure(Told(breaks), valid, quick=True, tell=told.append)
    assert told[-1] == "digits made worse"


@pytest.mark.parametrize("temperature", [0, -1, math.nan, math.inf])
def test_a_temperature_that_is_none_is_said_so_at_once(valid, temperature):
    told = []
    with pytest.raises(ValueError, match=r"expected a temperature .* above 0\.001, below 1e"):
        measure(MLP((8,)), valid, temperature=temperature, tell=told.append)
    assert told == []


def test_where_no_report_can_be_made(valid, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file: expected a folder"):
        write(tmp_path / "file", export.load_model(), valid)
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "no" / "where", export.load_model(), valid)
    with pytest.raises(ValueError, match="expected at least 100 images, got 50"):
        write(tmp_path / "few", export.load_model(), valid[:50])
    assert not (tmp_path / "few").exists()


def test_a_quick_reports_mistakes_are_found_where_they_are(valid, two_pens):
    """It asks about some of the images; a mistake's place is one among all."""
    model = MLP((8,))  # knows nothing
    found = measure(model, valid, quick=True)
    assert found.clean.accuracy.n == 100 and len(valid) > 200
    for one in found.clean.worst:
        assert int(valid.labels[one.index]) == one.label
        assert int(evaluate.logits(model, valid.images[one.index][None]).argmax()) == one.called
    assert max(one.index for one in found.clean.worst) >= 100
