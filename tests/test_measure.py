import json
import math
from statistics import fmean
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from digitlib import (
    DigitClassifier,
    cli,
    data,
    evaluate,
    export,
    show,
    weights,
)
from digitlib.drawn import nondigits, redrawn, styles
from digitlib.evaluate import Accuracy, total
from digitlib.model import MLP
from digitlib.report import corruptions, measure
from digitlib.report.corruptions import CORRUPTIONS
from digitlib.report.page import write
from memory import remembering


def test_wrong_digits_are_listed_worst_first_to_a_hundred(small):
    """120 of 200 digits are called one more than they are, and one of them for sure."""
    labels = torch.arange(200) % 10

    class Classifier:
        temperature = 1.0

        def logits(self, images):
            called = torch.where(labels < 6, (labels + 1) % 10, labels)
            answers = 5.0 * F.one_hot(called, 10)
            answers[13, 4] = 50
            return answers.numpy()

    digits = data.Images(small.images[:200], labels)
    lines = list(measure.answered(Classifier(), digits, "test"))
    assert lines[0] == "40.0 % (33.5 to 46.9) of 200 digits in the test set"
    assert lines[10].startswith("  9: 100.0 % (")
    assert lines[11] == "120 wrong, 60.00 % (53.08 to 66.54)"
    assert lines[12] == "  13: a 3, called 4 (100%)"
    assert lines[13] == "  0: a 0, called 1 (94%)"
    assert lines[112] == "  and 20 more"


def test_a_digit_that_is_missing_is_said_to_be(small):
    some = small[small.labels != 3][:200]
    lines = list(measure.answered(DigitClassifier.load(), some, "validation"))
    assert lines[4] == "  3: none to ask about"
    assert all(" digits" in line for line in lines[1:4] + lines[5:11])


def test_the_grid_is_a_row_for_each_size(small, monkeypatch):
    pens = [redrawn.Pen(size, 0.1) for size in (0.5, 0.75)]
    monkeypatch.setattr(redrawn, "GRID", pens)
    classifier = DigitClassifier.load()
    found = redrawn.grid(classifier.logits, small, 20)
    asked = []  # in place of a grid of thousands, which takes half a minute
    monkeypatch.setattr(redrawn, "grid", lambda *them: asked.append(them) or found)
    head, *rows, together, worst = measure.drawn(classifier, small)
    assert asked == [(classifier.logits, small)]
    assert head == "size\tpen 10%"
    assert rows == [f"{p.size:.0%}\t{100 * found[p].value:.1f}" for p in pens]
    everything = evaluate.total(found.values()).share
    assert together == f"all: {everything} drawings of {len(small):,} digits"
    assert min(found.values(), key=lambda cell: cell.value).share in worst


def test_weights_without_a_threshold_refuse_nothing(small):
    with pytest.raises(ValueError, match="expected weights with a threshold"):
        next(measure.refusal(DigitClassifier.load(weights.TINY), small))


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
    monkeypatch.setattr(show, "Picture", lambda figure: SimpleNamespace(png=b""))


@pytest.fixture
def two_pens(monkeypatch):
    """In place of sixteen, which take their time."""
    monkeypatch.setattr(redrawn, "GRID", redrawn.GRID[5:7])


def test_a_report_by_command(valid, two_pens, tmp_path, capsys):
    """Of the shipped weights: a page, and the same figures as JSON."""
    command = ["evaluate", "--dataset", "optdigits", "--quick", "--report"]
    assert cli.main([*command, str(tmp_path / "out")]) == 0
    output, errors = capsys.readouterr()
    assert output.startswith(f"{tmp_path / 'out' / 'report.html'}: ")
    assert [line for line in errors.splitlines() if line.startswith("measuring")] == [
        f"measuring {part} …" for part in measure.PARTS
    ]
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")

    classifier, some = DigitClassifier.load(), valid[:100]
    assert found["model"] == "digits.safetensors"
    right = classifier.logits(some.images.numpy()).argmax(1) == some.labels.numpy()
    assert (found["accuracy"]["right"], found["accuracy"]["n"]) == (right.sum(), 100)
    assert Accuracy.from_counts(found["accuracy"]).share.replace(" %", "&nbsp;%") in page
    refused = classifier.refused(some.images.numpy())
    answered = found["answered digits"]
    assert found["refused digits"]["right"] == refused.sum()
    assert answered["n"] == (~refused).sum()
    assert answered["right"] == (right & ~refused).sum()
    assert found["threshold"] == classifier.threshold
    assert len(found["redrawn"]["cells"]) == len(redrawn.GRID)
    named = styles.right(classifier.logits, n=50)
    assert {name: one["right"] for name, one in found["other styles"].items()} == {
        name: some.right for name, some in named.items()
    }


def test_means_are_of_what_is_beside_them(valid, two_pens):
    """The mean corruption error, and the non-digits of each group."""
    model = MLP((8,), none=True)
    found = measure.measure(model, valid, threshold=-2.3, quick=True)
    kinds = found["corruptions"].values()
    errors = [fmean(1 - one["value"] for one in kind.values()) for kind in kinds]
    assert list(found["corruptions"]) == list(CORRUPTIONS)
    assert found["mean corruption error"] == pytest.approx(fmean(errors))
    passed = found["accepted non-digits"]
    assert 0 < passed["letters"]["right"] < passed["letters"]["n"]
    for title, kinds in measure.GROUPS.items():
        together = total(Accuracy.from_counts(passed[kind]) for kind in kinds)
        assert Accuracy.from_counts(found["accepted by group"][title]) == together


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
    assert found == json.loads((tmp_path / "report.json").read_text())
    assert found["accuracy"]["value"] < 0.5 and "refused digits" not in found
    assert len(found["worst mistakes"]) == 20
    assert told == [part for part in measure.PARTS if "no digits" not in part]


def test_numpys_numbers_for_a_calibration(valid, two_pens, no_ink, tmp_path):
    calibration = {"temperature": np.float32(1.5), "threshold": np.float32(-2)}
    model = MLP((8,), none=True)
    found = write(tmp_path, model, valid, quick=True, **calibration)
    told = json.loads((tmp_path / "report.json").read_text())
    assert told == found and told["calibration"]["temperature"] == 1.5


class Told(nn.Module):
    """Returns what it was told to, whatever it is asked."""

    def __init__(self, answer):
        super().__init__()
        self.one, self.answer = nn.Parameter(torch.ones(1)), answer

    def forward(self, x):
        return self.answer(x)


def test_all_right_leaves_no_worst_mistake(valid, two_pens, no_ink, tmp_path):
    def knows(x):
        known = valid.images[:100].float() / 255
        if len(x) == 100 and torch.allclose(x, known):
            return 50.0 * nn.functional.one_hot(valid.labels[:100], 10)
        return torch.zeros(len(x), 10)

    found = write(tmp_path, Told(knows), valid, quick=True)
    assert found["worst mistakes"] == [] and found["accuracy"]["value"] == 1
    assert "worst mistakes" not in (tmp_path / "report.html").read_text()


def test_a_model_that_refuses_everything(valid, two_pens, no_ink, tmp_path):
    model = MLP((8,), none=True)
    name = "\udcff"  # what Python makes of a byte in a file's name that is no letter
    found = write(tmp_path, model, valid, name=name, threshold=-1e9, quick=True)
    assert r"Report: \udcff" in (tmp_path / "report.html").read_text()
    assert found["refused digits"]["value"] == 1 and "answered digits" not in found


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
        measure.measure(model, valid, threshold=0.5, tell=told.append)
    assert told == []


def test_no_number_is_made_of_what_is_none(valid, two_pens):
    """A model that breaks down where digits are made worse."""

    def breaks(x):
        return x[:, 14, :10] / (x[:, :, 0].sum() == 0)  # digits leave this column empty

    told = []
    with pytest.raises(ValueError, match="got NaN or infinity for"):
        measure.measure(Told(breaks), valid, quick=True, tell=told.append)
    assert told[-1] == "digits made worse"


def test_where_no_report_can_be_made(valid, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file: expected a folder"):
        write(tmp_path / "file", export.load_model(), valid)
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "no" / "where", export.load_model(), valid)
    with pytest.raises(ValueError, match="expected at least 100 digits, got 50"):
        write(tmp_path, export.load_model(), valid[:50])
    assert cli.main(["evaluate", "--quick"]) == 2
