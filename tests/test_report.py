import json
from html.parser import HTMLParser

import pytest
import torch

from digitlib import (
    DigitClassifier,
    cli,
    data,
    evaluate,
    export,
    redrawn,
    report,
    weights,
)
from digitlib.corruptions import CORRUPTIONS
from digitlib.model import MLP


def test_the_grid_is_a_row_for_each_size(small, monkeypatch):
    pens = [redrawn.Pen(size, 0.1) for size in (0.5, 0.75)]
    monkeypatch.setattr(redrawn, "GRID", pens)
    classifier = DigitClassifier.load()
    head, *rows, together, worst = report.drawn(classifier, small)
    found = redrawn.grid(classifier.logits, small)
    assert head == "size\tpen 10%"
    assert rows == [f"{p.size:.0%}\t{100 * found[p].value:.1f}" for p in pens]
    everything = evaluate.total(found.values()).share
    assert together == f"all: {everything} drawings of {len(small):,} digits"
    assert min(found.values(), key=lambda cell: cell.value).share in worst


def test_weights_without_a_threshold_refuse_nothing(small):
    with pytest.raises(ValueError, match="expected weights with a threshold"):
        next(report.refusal(DigitClassifier.load(weights.TINY), small))


@pytest.fixture(scope="module")
def valid(small):
    return data.split(small, valid=data.VALID_SIZE["optdigits"])[1]


@pytest.fixture
def two_pens(monkeypatch):
    """In place of sixteen, which take their time."""
    monkeypatch.setattr(redrawn, "GRID", redrawn.GRID[5:7])


class Page(HTMLParser):
    """Notes the addresses, the alternative texts and the headings of a page."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.alts, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.addresses += [found[name] for name in ("src", "href") if name in found]
        self.alts += [found.get("alt")] if tag == "img" else []

    def handle_data(self, words):
        self.words.append(words)


def test_a_report_by_command(valid, two_pens, tmp_path, capsys):
    """Of the shipped weights: one page that asks for nothing, and the same figures as JSON."""
    command = ["evaluate", "--dataset", "optdigits", "--quick", "--report"]
    assert cli.main([*command, str(tmp_path / "out")]) == 0
    output, errors = capsys.readouterr()
    assert output.startswith(f"{tmp_path / 'out' / 'report.html'}: ")
    assert "measuring digits made worse" in errors
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert page.addresses and all(
        a.startswith("data:image/png") for a in page.addresses
    )
    assert len(page.alts) == len(page.addresses) and all(page.alts)

    classifier, some = DigitClassifier.load(), valid[:100]
    assert found["model"] == "digits.safetensors"
    right = classifier.logits(some.images.numpy()).argmax(1) == some.labels.numpy()
    assert (found["accuracy"]["right"], found["accuracy"]["n"]) == (right.sum(), 100)
    refused = classifier.refused(some.images.numpy()).sum()
    assert found["refused digits"]["right"] == refused
    assert set(found["corruptions"]) == set(CORRUPTIONS)
    assert len(found["redrawn"]["cells"]) == len(redrawn.GRID)
    words = " ".join(page.words)
    for plain in (found["accuracy"], found["refused digits"], found["redrawn"]["all"]):
        assert report.accuracy_of(plain).share in words


def test_a_report_of_a_model_of_ones_own(valid, two_pens, tmp_path):
    """Untrained, with ten outputs and no calibration."""
    found = report.write(tmp_path, MLP((8,)), valid, name="<mine>", quick=True)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Report: &lt;mine&gt;" in page and "names a digit on everything" in page
    assert found["accuracy"]["value"] < 0.5 and "refused digits" not in found
    assert len(found["worst mistakes"]) == 20


def test_all_right_leaves_no_worst_mistake(valid, two_pens, tmp_path):
    class Knows(torch.nn.Module):
        """Names what it was told: for the page's empty parts."""

        def __init__(self):
            super().__init__()
            self.one = torch.nn.Parameter(torch.ones(1))

        def forward(self, x):
            known = valid.images[:100].float() / 255
            if len(x) == 100 and torch.allclose(x, known):
                return 50.0 * torch.nn.functional.one_hot(valid.labels[:100], 10)
            return torch.zeros(len(x), 10)

    found = report.write(tmp_path, Knows(), valid, quick=True)
    assert found["worst mistakes"] == [] and found["accuracy"]["value"] == 1
    assert "worst mistakes" not in (tmp_path / "report.html").read_text()


def test_where_no_report_can_be_made(valid, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file: expected a folder"):
        report.write(tmp_path / "file", export.load_model(), valid)
    with pytest.raises(FileNotFoundError):
        report.write(tmp_path / "no" / "where", export.load_model(), valid)
    with pytest.raises(ValueError, match="expected at least 100 digits, got 50"):
        report.write(tmp_path, export.load_model(), valid[:50])
    assert cli.main(["evaluate", "--quick"]) == 2
