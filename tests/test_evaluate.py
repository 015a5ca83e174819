import pytest
import torch

from digitlib import evaluate
from digitlib.evaluate import Accuracy
from digitlib.model import MLP

LOGITS = torch.eye(10)[[0, 1, 2, 3, 3, 9, 9, 4, 5, 6, 7, 8]] * 3
LABELS = torch.tensor([0, 1, 2, 3, 5, 9, 4, 4, 5, 6, 7, 8])


def test_accuracy_and_its_sentence():
    accuracy = evaluate.accuracy(LOGITS, LABELS)
    assert (accuracy.right, accuracy.n) == (10, 12)
    assert str(Accuracy(4895, 5000)) == "97.9 % (97.5 to 98.3) of 5,000 digits"


def test_an_accuracy_of_flags_and_one_of_several():
    first = Accuracy.of(torch.tensor([True, False, True]))
    assert first == Accuracy(2, 3)
    assert evaluate.total([first, Accuracy(1, 7)]) == Accuracy(3, 10)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],  # the last is Newcombe's (1998)
)
def test_wilson(right, n, low, high):
    assert evaluate.wilson(right, n) == pytest.approx((low, high), abs=1e-4)


def test_per_digit():
    by_digit = evaluate.per_digit(LOGITS, LABELS)
    assert [accuracy.right for accuracy in by_digit] == [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    assert [accuracy.n for accuracy in by_digit] == [1, 1, 1, 1, 2, 2, 1, 1, 1, 1]


def test_confusion_has_truth_in_rows():
    counts = evaluate.confusion(LOGITS, LABELS)
    assert (
        counts.sum() == 12
        and counts[4, 9] == 1
        and counts[5, 3] == 1
        and counts[9, 4] == 0
    )


def test_mistakes_worst_first():
    logits = LOGITS.clone()
    logits[4, 3] = 9  # surest of the wrong ones
    assert evaluate.mistakes(logits, LABELS).tolist() == [4, 6]


def test_logits_are_the_same_for_any_batch_and_leave_the_mode(small):
    model = MLP((16,)).train()
    whole = evaluate.logits(model, small.images[:30], batch=30)
    torch.testing.assert_close(
        evaluate.logits(model, small.images[:30], batch=7), whole
    )
    assert model.training and not whole.requires_grad


@pytest.mark.parametrize("logits", [torch.zeros(3, 10), torch.zeros(2, 9)])
def test_unequal_lengths_are_refused(logits):
    with pytest.raises(ValueError, match=r"expected logits \(N, 10\)"):
        evaluate.accuracy(logits, torch.zeros(2, dtype=torch.int64))


def test_nothing_to_measure():
    with pytest.raises(ValueError, match="N > 0"):
        evaluate.accuracy(torch.zeros(0, 10), torch.zeros(0, dtype=torch.int64))


def test_mcnemar_asks_where_two_models_differ():
    # 100 digits: 80 right for both, 12 for one alone, 3 for the other alone.
    right = torch.arange(100) < 92
    other = (torch.arange(100) < 80) | (torch.arange(100) >= 97)
    # Twice the chance of at most 3 heads in 15 throws.
    expected = 2 * (1 + 15 + 105 + 455) / 2**15
    assert evaluate.mcnemar(right, other) == pytest.approx(expected)
    assert evaluate.mcnemar(other, right) == pytest.approx(expected)
    assert evaluate.mcnemar(right, right) == 1
    with pytest.raises(ValueError, match="expected two times"):
        evaluate.mcnemar(right, other[:5])
