from functools import partial

import pytest
import torch
from torch.nn import functional as F

from digitlib import DigitClassifier, classify, data, evaluate, weights
from digitlib.commands import lines
from digitlib.drawn import redrawn
from named import COUNTS, write
from signs import striped


def test_wrong_digits_are_listed_worst_first_to_a_hundred(small):
    """120 of 200 digits are called one more than they are, and one of them for sure."""
    labels = torch.arange(200) % 10

    class Told(classify.Classifier):
        def outputs(self, images):
            called = torch.where(labels < 6, (labels + 1) % 10, labels)
            answers = 5.0 * F.one_hot(called, 10)
            answers[13, 4] = 50
            return answers.numpy()

    digits = data.Images(small.images[:200], labels)
    said = list(lines.answered(Told(10), digits, "the test set"))
    assert said[0] == "40.0 % (33.5 to 46.9) of 200 digits in the test set"
    assert said[10].startswith("  9: 100.0 % (")
    assert said[11] == "120 wrong, 60.00 % (53.08 to 66.54)"
    assert said[12] == "  13: a 3, called 4 (100 %)"
    assert said[13] == "  0: a 0, called 1 (94 %)"
    assert said[112] == "  and 20 more"


def test_a_digit_that_is_missing_is_said_to_be(small):
    some = small[small.labels != 3][:200]
    said = list(lines.answered(DigitClassifier.load(), some, "the validation set"))
    assert said[4] == "  3: none to ask about"
    assert all(" digits" in line for line in said[1:4] + said[5:11])


def test_the_grid_is_a_row_for_each_size(small, monkeypatch):
    pens = [redrawn.Pen(size, 0.1) for size in (0.5, 0.75)]
    monkeypatch.setattr(redrawn, "GRID", pens)
    classifier = DigitClassifier.load()
    found = redrawn.grid(partial(evaluate.logits, classifier), small, 20)
    asked = []  # in place of a grid of thousands, which takes half a minute
    monkeypatch.setattr(redrawn, "grid", lambda *them: asked.append(them) or found)
    head, *rows, together, worst = lines.drawn(classifier, small)
    [(logits, digits)] = asked
    assert digits is small
    assert torch.equal(logits(small.images[:9]), evaluate.logits(classifier, small.images[:9]))
    assert head == "size\tpen 10%"
    assert rows == [f"{p.size:.0%}\t{100 * found[p].value:.1f}" for p in pens]
    everything = evaluate.total(found.values())
    assert together == f"all: {everything} drawings of {len(small):,} digits"
    assert str(min(found.values(), key=lambda cell: cell.value)) in worst


def test_weights_without_a_threshold_refuse_nothing(small):
    with pytest.raises(ValueError, match="expected weights with a threshold"):
        next(lines.refusal(DigitClassifier.load(weights.TINY), small, "here"))


@pytest.mark.parametrize("count", COUNTS)
def test_each_class_has_its_line_and_its_name(count, tmp_path):
    images = striped(count, 5)
    classifier = classify.load(write(tmp_path / "w", images.classes))
    said = list(lines.answered(classifier, images, "validation"))
    called = evaluate.logits(classifier, images.images).argmax(1)
    wrong = int((called != images.labels).sum())
    assert len(said) == 1 + count + 1 + min(wrong, lines.LISTED) + (wrong > lines.LISTED)
    assert [line.split(":")[0] for line in said[1 : 1 + count]] == [
        f"  {name}" for name in images.classes
    ]
    if wrong:
        place, rest = said[count + 2].split(": ")
        i = int(place)
        assert rest.startswith(f"class {images.labels[i]}, called class {called[i]} (")
