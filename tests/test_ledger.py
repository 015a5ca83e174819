import json

import numpy as np
import pytest

from digitlib import data, mnist
from digitlib.accuracy import Accuracy, Share
from digitlib.book import ledger

LEDGER = {
    "mnist": {
        "accuracy": {"value": 0.98, "tolerance": 0.001, "n": 1000},
        "loss": {"value": 0.5, "tolerance": 0.01, "n": None},
        "gain": {"value": 0.08, "at_least": 0.05, "n": None, "spread": [0.06, 0.1], "seeds": 5},
        "large": {"value": 185_931.7, "at_least": 1000, "n": None},
    },
    "optdigits": {"accuracy": {"value": 0.9, "tolerance": 0.01, "n": 100}},
}


@pytest.fixture(autouse=True)
def entries(tmp_path, monkeypatch):
    path = tmp_path / "ledger.json"
    path.write_text(json.dumps(LEDGER))
    monkeypatch.setattr(ledger, "LEDGER", path)
    monkeypatch.setattr("digitlib.book.entries.LEDGER", path)
    monkeypatch.setenv("DIGITLIB_DATASET", "mnist")
    monkeypatch.setattr(ledger, "_chosen", "mnist")
    monkeypatch.setenv("DIGITLIB_CHECK", "1")
    monkeypatch.delenv("DIGITLIB_RECORD", raising=False)


def test_agreement_shows_the_recorded_value():
    said = ledger.claim("accuracy", Accuracy(981, 1000))
    assert said == "**98.0 %** (96.9 to 98.7) of 1,000 *(recorded; this run agrees)*"
    assert said._repr_markdown_() == str(said) == repr(said)


@pytest.mark.parametrize(
    ("name", "measured", "told", "figure"),
    [
        ("loss", 0.495, (), "**0.5**"),
        ("loss", 0.495, ("times",), "**0.5 times**"),
        ("loss", 0.495, ("%", 2), "**50.00 %**"),
        ("accuracy", Share(981, 1000), ("", 2), "**98.00 %** (96.93 to 98.70) of 1,000"),
        ("gain", 0.07, ("points",), "**at least 5.0 points**, measured 8.0; 5 seeds: 6.0 to 10.0"),
        ("gain", 0.07, ("", 2), "**at least 0.05**, measured 0.08; 5 seeds: 0.06 to 0.1"),
        ("large", 185_931.7, ("times",), "**at least 1,000 times**, measured 186,000"),
    ],
)
def test_a_figure_and_its_doubt(name, measured, told, figure):
    assert ledger.claim(name, measured, *told) == f"{figure} *(recorded; this run agrees)*"


def test_a_share_of_digits_asked_often_keeps_its_wide_interval(own):
    right = np.arange(400) % 40 > 0  # of 100 digits, four times each
    share = Accuracy.of(right, clusters=np.arange(400) // 4)
    wide = own.claim("right", share)
    assert own.entries()["right"]["effective"] == pytest.approx(share.effective)
    assert own.entries()["right"]["interval"] == pytest.approx(share.interval)
    assert str(share).partition(" %")[2] in wide.replace("**", "")
    assert own.claim("right", share) == wide.replace("recorded now", "recorded; this run agrees")


def test_what_is_only_recorded_is_of_mnist_and_says_so(monkeypatch):
    monkeypatch.setenv("DIGITLIB_DATASET", "optdigits")
    said = ledger.recorded("gain", "points")
    assert said == "**at least 5.0 points**, measured 8.0; 5 seeds: 6.0 to 10.0 *(recorded)*"
    with pytest.raises(KeyError):
        ledger.recorded("nothing")


def test_what_is_written_is_read_again():
    ledger.write({"mnist": {"loss": {"value": 0.25}}})
    assert ledger.entries("mnist") == {"loss": {"value": 0.25}}


def test_a_mean_has_its_range():
    parts = Accuracy(48, 50), Accuracy(47, 50)
    seeds = ledger.mean_of(parts, 50, "seeds", "python it.py")
    folds = ledger.mean_of([*parts, Accuracy(20, 25)], 125, "folds", "python it.py")
    assert seeds["value"] == 0.95 and seeds["n"] == 50 and seeds["seeds"] == 2
    assert folds["value"] == 0.92 and folds["n"] == 125 and folds["folds"] == 3
    assert folds["spread"] == [0.8, 0.96] and folds["command"] == "python it.py"
    assert folds["tolerance"] == pytest.approx(0.16) and set(folds) > {"date", "seed"}


@pytest.mark.parametrize(
    ("name", "measured", "message"),
    [
        (
            "accuracy",
            Accuracy(978, 1000),
            r"accuracy on mnist: measured 0.978, recorded: 0.98 ± 0.001 on 1,000",
        ),
        ("accuracy", Accuracy(982, 1000), "measured 0.982"),
        ("accuracy", Accuracy(49, 50), "on 1,000 digits"),
        ("loss", 0.52, "measured 0.52, recorded: 0.5"),
        ("loss", float("nan"), "measured nan"),
        ("gain", 0.049, "recorded: at least 0.05"),
    ],
)
def test_disagreement_raises_when_checked_and_shows_both_when_not(
    name, measured, message, monkeypatch
):
    with pytest.raises(ledger.NotReproduced, match=message):
        ledger.claim(name, measured)
    monkeypatch.delenv("DIGITLIB_CHECK")
    value = getattr(measured, "value", measured)
    said = ledger.claim(name, measured, "%")
    assert said.startswith(f"**{100 * value:.1f} %**") and " *(this run; recorded: " in said


def test_each_data_set_has_its_own_entries(monkeypatch):
    monkeypatch.setenv("DIGITLIB_DATASET", "optdigits")
    assert "90.0 %" in ledger.claim("accuracy", Accuracy(90, 100))
    with pytest.raises(KeyError, match="no entry 'gain' for optdigits"):
        ledger.claim("gain", 1.0)


def test_recording_checks_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLIB_RECORD", str(tmp_path / "record"))
    assert ledger.claim("new", Accuracy(1, 2)).startswith("**50.0 %**")
    assert ledger.claim("gain", -1.0, "points") == "**-100.0 points**"
    lines = [json.loads(line) for line in (tmp_path / "record").read_text().splitlines()]
    assert lines == [
        {"name": "new", "value": 0.5, "n": 2},
        {"name": "gain", "value": -1.0, "n": None},
    ]


def test_the_set_dataset_is_used(monkeypatch, capsys):
    monkeypatch.setenv("DIGITLIB_DATASET", "optdigits")
    assert ledger.choose_dataset() == "optdigits"
    assert capsys.readouterr().out == "Data set: optdigits, 1,437 digits\n"


@pytest.fixture
def without_mnist(monkeypatch):
    """Nothing is demanded, and MNIST can't be had until a size is given to it."""
    sizes = {"optdigits": 1437}

    def load(name):
        if name not in sizes:
            raise mnist.DatasetUnavailable("MNIST is not to be had.")
        return range(sizes[name])

    monkeypatch.delenv("DIGITLIB_DATASET")
    monkeypatch.setattr(data, "load", load)
    return sizes


def test_the_small_set_is_chosen_aloud(without_mnist, capsys):
    assert ledger.choose_dataset() == "optdigits"
    printed = capsys.readouterr().out
    assert "MNIST is not to be had." in printed and "Data set: optdigits" in printed
    # The ledger speaks of the same digits.
    assert "90.0 %" in ledger.claim("accuracy", Accuracy(90, 100))


def test_chosen_again_it_is_mnist_once_that_is_there(without_mnist, monkeypatch):
    assert ledger.choose_dataset() == "optdigits"
    assert ledger.choose_dataset() == "optdigits"
    without_mnist["mnist"] = 60_000
    assert ledger.choose_dataset() == "mnist"
    assert "98.0 %" in ledger.claim("accuracy", Accuracy(981, 1000))
    del without_mnist["mnist"]  # chosen, and never demanded
    assert ledger.choose_dataset() == "optdigits"
    monkeypatch.setenv("DIGITLIB_DATASET", "optdigits")  # a demand, if the same
    without_mnist["mnist"] = 60_000
    assert ledger.choose_dataset() == "optdigits"


def test_a_demanded_data_set_is_never_replaced(monkeypatch):
    def load(_):
        raise mnist.DatasetUnavailable("MNIST is not to be had.")

    monkeypatch.setattr(data, "load", load)
    with pytest.raises(mnist.DatasetUnavailable):
        ledger.choose_dataset()


def test_a_failed_inequality_shows_what_this_run_gives(monkeypatch):
    monkeypatch.delenv("DIGITLIB_CHECK")
    said = ledger.claim("gain", 0.01, "points")
    assert said == "**1.0 points** *(this run; recorded: at least 5.0 points)*"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A ledger of one's own, not yet there, in a run that doesn't check."""
    monkeypatch.delenv("DIGITLIB_CHECK")
    return ledger.Ledger(tmp_path / "mine.json")


def test_what_is_new_is_recorded_once(own):
    first = own.claim("right", Accuracy(90, 100))
    content = own.path.read_bytes()
    again = own.claim("right", Accuracy(91, 100))
    assert first == "**90.0 %** (82.6 to 94.5) of 100 *(recorded now)*"
    assert again == "**90.0 %** (82.6 to 94.5) of 100 *(recorded; this run, 91.0 %, agrees)*"
    assert own.path.read_bytes() == content
    own.claim("loss", 2.0)
    entries = own.entries()
    assert entries["right"] == json.loads(content)["right"]
    assert entries["right"]["interval"] == pytest.approx([0.826, 0.945], abs=0.001)
    assert (entries["loss"]["n"], entries["loss"]["tolerance"]) == (None, 0.02)
    assert "torch" in entries["loss"]["versions"] and entries["loss"]["date"]
    assert ledger.Ledger(str(own.path)).entries() == entries


@pytest.mark.parametrize("dataset", ["mnist", "optdigits", "mine"])
def test_an_own_ledger_asks_for_no_data_set(own, monkeypatch, dataset):
    monkeypatch.setenv("DIGITLIB_DATASET", dataset)
    assert own.claim("accuracy", 0.5) == "**0.5** *(recorded now)*"


@pytest.mark.parametrize(
    ("measured", "tolerance", "agrees"),
    [(0.505, None, True), (0.506, None, False), (0.55, 0.05, True), (0.501, 0, False)],
)
def test_a_tolerance_that_is_given_counts(own, monkeypatch, measured, tolerance, agrees):
    own.claim("loss", 0.5)
    said = own.claim("loss", measured, tolerance=tolerance)
    assert said.endswith(f"*(recorded; this run, {measured:.3g}, agrees)*") == agrees
    monkeypatch.setenv("DIGITLIB_CHECK", "1")
    if not agrees:
        message = f"loss in mine.json: measured {measured}, recorded: 0.5 ±"
        with pytest.raises(ledger.NotReproduced, match=message):
            own.claim("loss", measured, tolerance=tolerance)


def test_a_tolerance_is_recorded(own):
    own.claim("loss", 0.5, tolerance=0.2)
    assert own.entries()["loss"]["tolerance"] == 0.2
    assert own.claim("loss", 0.7).endswith("agrees)*")


def test_a_run_that_checks_records_nothing(own, monkeypatch):
    monkeypatch.setenv("DIGITLIB_CHECK", "1")
    with pytest.raises(KeyError, match=r"mine.json has no entry 'loss': run it once without DIGI"):
        own.claim("loss", 0.5)
    assert not own.path.exists()


def test_measured_elsewhere_told_here(own):
    with pytest.raises(KeyError, match=r"mine.json has no entry 'loss': run what measures it"):
        own.recorded("loss")
    own.claim("loss", 0.5)
    assert own.recorded("loss") == "**0.5** *(recorded)*"


def test_a_claim_is_written_by_hand(own, monkeypatch):
    own.path.write_text(json.dumps({"gain": {"at_least": 0.9, "value": 0.95}}))
    said = own.claim("gain", 0.91, "%", 0)
    assert said == "**at least 90 %**, measured 95 *(recorded; this run, 91 %, agrees)*"
    monkeypatch.setenv("DIGITLIB_CHECK", "1")  # the same line, whatever this machine gives
    said = own.claim("gain", 0.91, "%", 0)
    assert said == "**at least 90 %**, measured 95 *(recorded; this run agrees)*"
    monkeypatch.setenv("DIGITLIB_CHECK", "1")
    with pytest.raises(ledger.NotReproduced, match=r"measured 0.89, recorded: at least 0.9$"):
        own.claim("gain", 0.89)


@pytest.mark.parametrize("measured", [float("nan"), float("inf")])
def test_what_cannot_be_told_is_not_recorded(own, measured):
    with pytest.raises(
        ValueError, match=f"loss: expected a finite number to record, got {measured}"
    ):
        own.claim("loss", measured)
    assert not own.path.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "mine.json: expected a ledger in JSON, got "),
        ("[1]", "mine.json: expected entries by name, got a list"),
        (json.dumps(LEDGER), "expected value, n and tolerance or at_least for 'mnist', got {"),
        ('{"a": 0.5}', "for 'a', got 0.5"),
        ('{"a": {"value": 0.5, "n": 2}}', "for 'a', got {'value'"),
        ('{"a": {"tolerance": 0.5, "n": 2}}', "for 'a', got {'toler"),
    ],
)
def test_a_file_that_is_no_ledger_is_left_as_it_is(own, content, message):
    own.path.write_text(content)
    with pytest.raises(ValueError, match=message):
        own.claim("a", 0.5)
    assert own.path.read_text() == content


def test_no_folder_for_an_own_ledger(own):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        ledger.Ledger(own.path.parent / "nowhere" / "mine.json").claim("a", 0.5)


def test_an_own_figure_is_noted_where_all_are(own, tmp_path, monkeypatch):
    record = tmp_path / "record.jsonl"
    monkeypatch.setenv("DIGITLIB_RECORD", str(record))
    own.claim("right", Accuracy(1, 2))
    assert json.loads(record.read_text()) == {"name": "right", "value": 0.5, "n": 2}
    assert not own.path.exists()
