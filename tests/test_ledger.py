import json

import pytest

from digitlib import data, mnist
from digitlib.accuracy import Accuracy, Share
from digitlib.book import ledger

LEDGER = {
    "mnist": {
        "accuracy": {"value": 0.98, "tolerance": 0.001, "n": 1000},
        "loss": {"value": 0.5, "tolerance": 0.01, "n": None},
        "gain": {"value": 0.08, "at_least": 0.05, "n": None, "spread": [0.06, 0.1]},
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
    sentence = ledger.reproduced("accuracy", Accuracy(981, 1000), "Right: {accuracy}.")
    assert sentence == "Right: 98.0 % (96.9 to 98.7) of 1,000 digits. *(recorded; this run agrees)*"
    assert sentence._repr_markdown_() == str(sentence) == repr(sentence)


def test_templates():
    assert ledger.reproduced("loss", 0.495, "{value:.2f} or {percent:.0f} %").startswith(
        "0.50 or 50 %"
    )
    sentence = ledger.reproduced("accuracy", Share(981, 1000), "Kept: {share} drawings.")
    assert sentence.startswith("Kept: 98.0 % (96.9 to 98.7) of 1,000 drawings. *(recorded")
    template = "{measured:.0f} points, {spread} over seeds, at least {claim:.0f}, or {least}"
    sentence = ledger.reproduced("gain", 0.07, template)
    assert sentence.startswith("8 points, 6 to 10 over seeds, at least 5, or 0.05 *(recorded")


@pytest.mark.parametrize(
    ("name", "measured", "template"),
    [("gain", 0.07, "{percent}"), ("loss", 0.5, "{claim}"), ("loss", 0.5, "{accuracy}")],
)
def test_a_template_that_asks_for_another_kind_of_entry_is_an_error(name, measured, template):
    with pytest.raises(KeyError):
        ledger.reproduced(name, measured, template)


def test_what_is_only_recorded_is_of_mnist_and_says_so(monkeypatch):
    monkeypatch.setenv("DIGITLIB_DATASET", "optdigits")
    sentence = ledger.recorded("gain", "{low:.1f} to {high:.1f}")
    assert sentence == "6.0 to 10.0 *(recorded)*"
    with pytest.raises(KeyError):
        ledger.recorded("nothing", "{value}")


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
        ledger.reproduced(name, measured, "")
    monkeypatch.delenv("DIGITLIB_CHECK")
    value = getattr(measured, "value", measured)
    template = "{measured:.1f} points" if name == "gain" else "{percent:.1f} points"
    sentence = ledger.reproduced(name, measured, template)
    assert sentence.startswith(f"{100 * value:.1f} points *(this run gives {value:.4g}; ")
    assert "recorded: " in sentence


def test_each_data_set_has_its_own_entries(monkeypatch):
    monkeypatch.setenv("DIGITLIB_DATASET", "optdigits")
    assert "90.0 %" in ledger.reproduced("accuracy", Accuracy(90, 100), "{accuracy}")
    with pytest.raises(KeyError, match="no entry 'gain' for optdigits"):
        ledger.reproduced("gain", 1.0, "")


def test_recording_checks_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLIB_RECORD", str(tmp_path / "record"))
    ledger.reproduced("new", Accuracy(1, 2), "{accuracy}")
    ledger.reproduced("gain", -1.0, "{measured} {claim} {low}")
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
    assert "90.0 %" in ledger.reproduced("accuracy", Accuracy(90, 100), "{accuracy}")


def test_chosen_again_it_is_mnist_once_that_is_there(without_mnist, monkeypatch):
    assert ledger.choose_dataset() == "optdigits"
    assert ledger.choose_dataset() == "optdigits"
    without_mnist["mnist"] = 60_000
    assert ledger.choose_dataset() == "mnist"
    assert "98.0 %" in ledger.reproduced("accuracy", Accuracy(981, 1000), "{accuracy}")
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


def test_a_failed_inequality_keeps_its_claim_and_its_spread(monkeypatch):
    monkeypatch.delenv("DIGITLIB_CHECK")
    template = "{measured:.0f} points, {spread} over seeds, at least {claim:.0f}"
    sentence = ledger.reproduced("gain", 0.01, template)
    assert sentence.startswith("1 points, 6 to 10 over seeds, at least 5 *(this run")
