import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from digitlib import calibrate, classify


@pytest.fixture
def honest():
    """Logits whose softmax is right as often as it says, and labels drawn from it."""
    random = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(20_000, 10, generator=random)
    labels = torch.multinomial(logits.softmax(1), 1, generator=random)[:, 0]
    return logits, labels


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_temperature_undoes_what_logits_were_multiplied_by(honest, factor):
    logits, labels = honest
    assert calibrate.temperature(factor * logits, labels) == pytest.approx(factor, rel=0.03)


def test_no_other_temperature_is_better(honest):
    logits, labels = 2 * honest[0], honest[1]
    best = calibrate.temperature(logits, labels)
    losses = [F.cross_entropy(logits / t, labels) for t in (0.97 * best, best, 1.03 * best)]
    assert losses[1] == min(losses)


@pytest.mark.parametrize("refused", [0.0, 0.01, 0.5])
def test_a_threshold_refuses_the_share_asked_for(refused):
    doubts = torch.randperm(5_000, generator=torch.Generator().manual_seed(0)).float()
    labels = torch.zeros(5_000)
    over = doubts > calibrate.threshold(doubts, labels, refused)
    assert over.sum() == refused * 5_000


@given(st.data())
def test_no_class_pays_for_the_others(data):
    """At most its share of each class is refused, and of one of them so much that less would be too little."""
    n = data.draw(st.integers(1, 60))
    numbers = data.draw(st.lists(st.integers(0, 40), min_size=n, max_size=n))
    classes = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    doubts, labels = torch.tensor(numbers).double(), torch.tensor(classes)
    share = data.draw(st.sampled_from([0.0, 0.01, 0.1, 0.5, 0.9]))
    limit = calibrate.threshold(doubts, labels, share)
    own = [
        calibrate.threshold(some, torch.zeros(len(some)), share)
        for some in _by_class(doubts, labels)
    ]
    assert limit == max(own)
    for some in _by_class(doubts, labels):
        assert (some > limit).sum() <= share * len(some)


def _by_class(doubts, labels):
    return [doubts[labels == label] for label in labels.unique()]


def test_a_class_that_is_hard_decides():
    """A mean over all would hide it: three in a hundred zeros, refused for the sake of no other digit."""
    labels = torch.arange(1_000) % 10
    doubts = torch.where(labels == 0, 5.0, 0.0) + torch.linspace(0, 1, 1_000)
    over = doubts > calibrate.threshold(doubts, labels, 0.01)
    assert over[labels == 0].sum() == 1 and not over[labels > 0].any()


def test_a_threshold_lies_halfway_to_the_first_that_is_refused():
    doubts, labels = torch.tensor([3.0, 0.0, 2.0, 1.0]), torch.zeros(4)
    assert calibrate.threshold(doubts, labels, 0.25) == 2.5


def test_a_threshold_that_refuses_none_lies_clear_of_the_last():
    doubts = torch.tensor([3.0, 0.0, 2.0, 1.0])
    assert 3 + 1e-4 < calibrate.threshold(doubts, torch.zeros(4), 0.0) < 3.01


def test_equal_doubts_are_not_refused_beyond_the_share():
    doubts = torch.tensor([0.0] * 90 + [5.0] * 10)
    assert not (doubts > calibrate.threshold(doubts, torch.zeros(100), 0.05)).any()


@pytest.mark.parametrize(("doubts", "refused"), [([], 0.1), ([1.0], 1.0), ([1.0], -0.1)])
def test_a_threshold_of_nothing_is_an_error(doubts, refused):
    with pytest.raises(ValueError, match="expected a share from 0 to 1, and images with a label"):
        calibrate.threshold(torch.tensor(doubts), torch.zeros(len(doubts)), refused)


def test_each_doubt_has_its_label():
    with pytest.raises(ValueError, match=r"images with a label each, got 0.015, 3 and 2"):
        calibrate.threshold(torch.zeros(3), torch.zeros(2))


def test_doubt_is_the_classifiers(honest):
    outputs = torch.cat([honest[0], honest[0][:, :1].flip(0)], dim=1)[:100]
    np.testing.assert_allclose(calibrate.doubt(outputs), classify.doubt(outputs.numpy()), atol=1e-5)
    shares = outputs.softmax(1)[:, 10]
    np.testing.assert_allclose(calibrate.doubt(outputs).sigmoid(), shares, rtol=1e-4)


def test_fitted_says_what_a_weights_file_keeps(honest):
    logits, labels = honest
    assert set(calibrate.fitted(logits, labels, 10)) == {"temperature"}
    outputs = torch.cat([logits, logits[:, :1]], dim=1)
    said = calibrate.fitted(outputs, labels, 10)
    assert set(said) == {"temperature", "threshold"}
    assert {type(value) for value in said.values()} == {float}
    over = calibrate.doubt(outputs) > said["threshold"]
    shares = [over[labels == label].float().mean().item() for label in range(10)]
    assert max(shares) <= calibrate.REFUSED == pytest.approx(max(shares), abs=5e-4)


def test_energy_is_high_where_no_logit_is_large():
    logits = torch.tensor([[9.0] + [0.0] * 9, [1.0] + [0.0] * 9])
    low, high = calibrate.energy(logits)
    assert low < high
    assert -low == pytest.approx(9, abs=0.01)


def test_distance_grows_from_the_nearest_mean_by_standard_deviations():
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(10).repeat(2_000)
    centres = 20 * torch.eye(10)
    width = torch.linspace(0.5, 3, 10)
    known = centres[labels] + width * torch.randn(20_000, 10, generator=random)
    asked = centres[3] + torch.diag(width)[[0, 9]] * torch.tensor([[2.0], [4.0]])
    found = calibrate.distance(asked, known, labels)
    assert found.tolist() == pytest.approx([4, 16], rel=0.05)


def test_an_honest_model_lies_on_the_diagonal(honest):
    logits, labels = honest
    found = calibrate.reliability(logits.softmax(1), labels)
    assert [part.n for _, part in found] == [1334] * 5 + [1333] * 10
    for sure, part in found:
        assert abs(sure - part.value) < 4 * (0.25 / part.n) ** 0.5
    assert [sure for sure, _ in found] == sorted(sure for sure, _ in found)


def test_the_calibration_error_of_too_sure_a_model(honest):
    logits, labels = honest
    honestly = logits.softmax(1)
    chance = calibrate.chance_error(honestly, draws=20)
    assert calibrate.calibration_error(honestly, labels) < 1.6 * chance
    boast = (3 * logits).softmax(1)
    right = (logits.argmax(1) == labels).float().mean()
    too_sure = boast.max(1).values.mean() - right
    # Too sure in every bin, so the bins' distances add up to the whole.
    found = calibrate.calibration_error(boast, labels)
    assert found == pytest.approx(too_sure.item(), abs=0.002) and found > 5 * chance


def test_fewer_digits_leave_more_to_chance(honest):
    probabilities = honest[0].softmax(1)
    few, many = (calibrate.chance_error(probabilities[:n], draws=20) for n in (500, 8000))
    assert few / many == pytest.approx(4, rel=0.3)


def test_risk_grows_with_coverage_where_doubts_are_good():
    doubts = torch.tensor([0.3, 0.1, 0.4, 0.2])
    coverage, risk = calibrate.risk_coverage(doubts, torch.tensor([True, True, False, True]))
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == [0.0, 0.0, 0.0, 0.25]


def test_probabilities_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"expected probabilities \(N, C\)"):
        calibrate.calibration_error(torch.zeros(4, 10), torch.zeros(5))
    with pytest.raises(ValueError, match="expected 1 to 5 bins, got 6"):
        calibrate.reliability(torch.full((5, 10), 0.1), torch.zeros(5), bins=6)


def test_an_honest_model_errs_as_much_as_chance_does_and_a_boastful_one_more(honest):
    logits, labels = honest[0][:2_000], honest[1][:2_000]
    shares = []
    for factor in (1, 1.3):
        probabilities = (factor * logits).softmax(1)
        own = calibrate.calibration_error(probabilities, labels)
        chance = calibrate.chance_errors(probabilities, draws=200)
        assert chance.mean().item() == pytest.approx(calibrate.chance_error(probabilities))
        again = torch.Generator().manual_seed(0)
        drawn = torch.multinomial(probabilities, 200, replacement=True, generator=again)
        first = calibrate.calibration_error(probabilities, drawn[:, 0])
        assert chance[0].item() == pytest.approx(first, rel=1e-4)
        shares.append((chance >= own).double().mean().item())
    assert shares[0] > 0.05 and shares[1] == 0
