import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from digitlib import evaluate
from digitlib.evaluate import Accuracy
from digitlib.model import MLP

LOGITS = torch.eye(10)[[0, 1, 2, 3, 3, 9, 9, 4, 5, 6, 7, 8]] * 3
LABELS = torch.tensor([0, 1, 2, 3, 5, 9, 4, 4, 5, 6, 7, 8])


def test_accuracy_and_its_sentence():
    accuracy = evaluate.accuracy(LOGITS, LABELS)
    assert (accuracy.right, accuracy.n) == (10, 12)
    assert str(Accuracy(4895, 5000)) == "97.9 % (97.5 to 98.3) of 5,000"


def test_an_accuracy_of_flags_and_one_of_several():
    first = Accuracy.of(torch.tensor([True, False, True]))
    assert first == Accuracy(2, 3)
    assert evaluate.total([first, Accuracy(1, 7)]) == Accuracy(3, 10)


def test_per_class():
    by_digit = evaluate.per_class(LOGITS, LABELS)
    assert [accuracy.right for accuracy in by_digit] == [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    assert [accuracy.n for accuracy in by_digit] == [1, 1, 1, 1, 2, 2, 1, 1, 1, 1]


def test_confusion_has_truth_in_rows():
    counts = evaluate.confusion(LOGITS, LABELS)
    assert counts.sum() == 12 and counts[4, 9] == 1 and counts[5, 3] == 1 and counts[9, 4] == 0


def test_confusion_is_scikit_learns():
    labels, called = (
        torch.randint(4, (200,), generator=torch.Generator().manual_seed(i)) for i in (0, 1)
    )
    expected = confusion_matrix(labels, called, labels=range(5))
    assert (evaluate.confusion(torch.eye(5)[called], labels) == expected).all()


def test_the_pairs_that_are_mixed_up_most():
    counts = np.array([[9, 3, 0, 1], [0, 9, 2, 0], [0, 2, 9, 0], [0, 0, 0, 9]])
    assert evaluate.most_confused(counts, most=2) == [(1, 2, 4), (0, 1, 3)]
    assert evaluate.most_confused(counts) == [(1, 2, 4), (0, 1, 3), (0, 3, 1)]
    assert evaluate.most_confused(np.eye(3, dtype=int)) == []


def test_mistakes_worst_first():
    logits = LOGITS.clone()
    logits[4, 3] = 9  # surest of the wrong ones
    assert evaluate.mistakes(logits, LABELS).tolist() == [4, 6]


def test_logits_are_the_same_for_any_batch_and_leave_the_mode(small):
    model = MLP((16,)).train()
    whole = evaluate.logits(model, small.images[:30], batch=30)
    torch.testing.assert_close(evaluate.logits(model, small.images[:30], batch=7), whole)
    assert model.training and not whole.requires_grad


@pytest.mark.parametrize("shape", [(3, 10), (2,)])
def test_unequal_lengths_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected logits \(N, C\)"):
        evaluate.accuracy(torch.zeros(shape), torch.zeros(2, dtype=torch.int64))


def test_labels_of_no_class_are_refused():
    with pytest.raises(ValueError, match="expected labels 0 to 8, got 0 to 9"):
        evaluate.accuracy(torch.zeros(2, 9), torch.tensor([0, 9]))


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
    assert type(evaluate.mcnemar(right, other)) is float
    with pytest.raises(ValueError, match="expected two times"):
        evaluate.mcnemar(right, other[:5])


def answers(draws, seeds, n, training=0.0, seed=0.0):
    """Random right and wrong answers: abilities around 82 % that vary by so much, digits that are easy or hard."""
    random = torch.Generator().manual_seed(0)
    ability = training * torch.randn(draws, 1, 1, generator=random)
    ability = ability + seed * torch.randn(draws, seeds, 1, generator=random)
    hard = torch.rand(n, generator=random) < 0.2
    share = torch.where(hard, 0.5, 0.9) + ability
    return torch.rand(draws, seeds, n, generator=random) < share


def test_variances_are_found_again():
    found = evaluate.variances(answers(60, 60, 2_000, training=0.02, seed=0.01))
    assert found["digits"] == pytest.approx(0.82 * 0.18 / 2_000, rel=0.1)
    assert found["training digits"] == pytest.approx(0.02**2, rel=0.5)
    assert found["seed"] == pytest.approx(0.01**2, rel=0.2)


def test_equally_good_models_have_no_variance_but_that_of_digits():
    right = answers(20, 20, 2_000)
    found = evaluate.variances(right)
    assert right.double().mean(2).var() > 0.3 * found["digits"]  # what one would see
    assert abs(found["seed"]) + abs(found["training digits"]) < 0.1 * found["digits"]


def test_variances_need_draws_and_seeds():
    with pytest.raises(ValueError, match=r"expected \(D, S, N\).*got \(1, 5, 10\)"):
        evaluate.variances(torch.ones(1, 5, 10, dtype=torch.bool))


class OneCorner(torch.nn.Module):
    """Sees a 3 where the middle of the upper left corner is bright, and a 0 elsewhere; it has no parameters."""

    def forward(self, x):
        logits = torch.zeros(len(x), 10)
        logits[:, 3] = 20 * x[:, 4, 4] - 10
        return logits


def test_occlusion_finds_where_the_evidence_lies():
    image = torch.full((28, 28), 255, dtype=torch.uint8)
    found = evaluate.occlusion(OneCorner(), image, label=3, side=3)
    assert found.shape == (28, 28)
    assert found.argmax() == 4 * 28 + 4 and found.max() > 0.9
    far = torch.ones(28, 28, dtype=torch.bool)
    far[2:7, 2:7] = False  # no square that covers the rest covers the place
    assert found[far].abs().max() == 0
    helped = evaluate.occlusion(OneCorner(), image, label=0, side=3)
    assert helped[4, 4] < 0


@pytest.mark.parametrize(("shape", "side"), [((28, 28), 0), ((28, 28), 29), ((1, 28, 28), 7)])
def test_a_square_covers_a_part_of_one_image(shape, side):
    with pytest.raises(ValueError, match=r"got \(.*28\) and " + str(side)):
        evaluate.occlusion(OneCorner(), torch.zeros(shape, dtype=torch.uint8), label=3, side=side)


def test_each_part_keeps_its_mode_even_after_an_error(small):
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(28), torch.nn.Flatten(), torch.nn.Linear(7, 3))
    model.train()
    model[0].eval()
    with pytest.raises(ValueError, match=r"expected a model that takes float \(N, 28, 28\)"):
        evaluate.outputs_for(model, small.images[:4], 3)
    assert (model.training, model[0].training, model[2].training) == (True, False, True)


@pytest.mark.parametrize("outputs", [4, 7])
def test_a_model_of_other_classes_is_refused_in_a_line(small, outputs):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, outputs))
    with pytest.raises(ValueError, match=r"returns logits \(N, 5\) or \(N, 6\), got \(3, "):
        evaluate.outputs_for(model, small.images[:3], 5)
