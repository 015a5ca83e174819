import pytest

from digitlib import DigitClassifier, evaluate, redrawn, report, weights


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
