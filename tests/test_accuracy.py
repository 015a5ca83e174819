import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from digitlib import evaluate
from digitlib.accuracy import Accuracy, Share, percent, total, wilson


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],  # the last is Newcombe's (1998)
)
def test_wilson(right, n, low, high):
    assert wilson(right, n) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize("n", [1, 7, 32, 5000])
def test_wilson_is_scipys(n):
    from scipy.stats import binomtest  # a second of import

    for right in {0, 1, n // 3, n - 1, n}:
        theirs = binomtest(right, n).proportion_ci(0.95, method="wilson")
        assert wilson(right, n) == pytest.approx(tuple(theirs), abs=1e-12)


def test_the_interval_stays_between_0_and_1_and_holds_the_share():
    for n in range(1, 60):
        for right in range(n + 1):
            low, high = wilson(right, n)
            assert 0 <= low <= right / n <= high <= 1
    assert str(Share(0, 49)).startswith("0.0 % (0.0 to ")  # and not -0.0


@pytest.mark.parametrize(("right", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(right, n):
    with pytest.raises(ValueError, match=f"got {right} of {n}"):
        wilson(right, n)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.979, 1, "97.9 %"), (0.5, 0, "50 %"), (0.00249, 2, "0.25 %"), (1, 1, "100.0 %")],
)
def test_a_percentage_is_written_in_one_way(value, digits, text):
    assert percent(value, digits) == text


def test_their_sentences():
    assert str(Accuracy(4895, 5000)) == "97.9 % (97.5 to 98.3) of 5,000"
    assert str(Share(9, 32)) == "28.1 % (15.6 to 45.4) of 32"


@pytest.mark.parametrize("kind", [Share, Accuracy])
def test_a_share_counts_what_is_true_and_stays_of_its_kind(kind):
    assert kind.of(np.array([True, False, True])) == kind(2, 3)
    assert kind.from_value(2 / 3, 3) == kind(2, 3)
    assert total([kind(2, 3), kind(1, 7)]) == kind(3, 10)
    assert Share(2, 3) != Accuracy(2, 3)


def test_it_is_one_class_wherever_it_is_imported_from():
    assert evaluate.Accuracy is Accuracy and evaluate.wilson is wilson


def test_it_costs_no_torch():
    code = "import sys, digitlib.accuracy; print({'torch', 'scipy'} & set(sys.modules) or 'none')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "none"


COUNTS = st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS)
def test_an_interval_holds_its_share_and_mirrors(counts):
    share = Share(*counts)
    low, high = share.interval
    assert 0 <= low <= share.value <= high <= 1
    assert wilson(share.n - share.count, share.n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@given(COUNTS)
def test_a_share_comes_back_from_its_value(counts):
    assert Share.from_value(Share(*counts).value, counts[1]) == Share(*counts)


@given(st.lists(COUNTS, min_size=1, max_size=5))
def test_a_total_lies_between_its_parts(counts):
    parts = [Share(*one) for one in counts]
    values = [part.value for part in parts]
    whole = total(parts).value
    assert min(values) <= whole * (1 + 1e-12) and whole <= max(values) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("wrong", "got"),
    [
        ([1] == [2], "got False"),
        ([True, False], r"got \[True, False\]"),
        (np.array([0.2, 0.9]), r"got float64 \(2,\)"),
        (np.array([3, 4]), r"got int64 \(2,\)"),
        (np.array([[True]]), r"got bool \(1, 1\)"),
        (torch.tensor([1, 0]), r"got torch.int64 \(2,\)"),
    ],
)
def test_a_share_is_of_booleans(wrong, got):
    with pytest.raises(ValueError, match=rf"expected an array of booleans \(N,\), {got}"):
        Share.of(wrong)


def test_a_share_of_anybodys_booleans():
    for true in (np.array([True, False]), torch.tensor([True, False])):
        assert Accuracy.of(true) == Accuracy(1, 2)


def clustered(random, clusters, ways):
    """Truths about so many digits in so many ways: a digit has an ability of its own, 0.9 on average."""
    ability = random.beta(1.8, 0.2, size=(clusters, 1))
    return random.random((clusters, ways)) < ability, ability


def test_nineteen_of_twenty_intervals_of_clusters_hold_the_truth_and_few_others():
    random = np.random.default_rng(0)
    numbers = np.arange(200).repeat(16)
    held = np.zeros(2)
    for _ in range(400):
        true = clustered(random, 200, 16)[0].ravel()
        for kind, share in enumerate((Share.of(true, numbers), Share.of(true))):
            low, high = share.interval
            held[kind] += low <= 0.9 <= high
    assert 0.92 <= held[0] / 400 <= 0.98
    assert held[1] / 400 < 0.6


def test_an_interval_of_clusters_is_the_bootstraps():
    random = np.random.default_rng(1)
    true, _ = clustered(random, 1_000, 40)
    low, high = Share.of(true.ravel(), np.arange(1_000).repeat(40)).interval
    means = [true[random.integers(1_000, size=1_000)].mean() for _ in range(2_000)]
    assert (low, high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), abs=0.001)


@pytest.mark.parametrize("value", [True, False])
def test_where_all_are_alike_each_cluster_counts_once(value):
    true = np.full(3_200, value)
    share = Share.of(true, np.arange(3_200) // 16)
    assert share.interval == wilson(200 * value, 200)


def test_a_share_of_clusters_prints_theirs_and_keeps_its_value():
    true = np.repeat([True] * 9 + [False], 100)
    share = Accuracy.of(torch.from_numpy(true), torch.arange(1_000) // 100)
    assert str(share) == "90.0 % (57.7 to 98.3) of 1,000"
    assert Accuracy.from_value(share.value, share.n, share.effective) == share
    assert repr(share) == "Accuracy(count=900, n=1000)"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2, max_size=200))
def test_clusters_never_narrow_an_interval_nor_matter_by_name(pairs):
    true, clusters = map(np.array, zip(*pairs, strict=True))
    if len(set(clusters)) < 2:
        return
    share = Share.of(true, clusters)
    assert 0 < share.effective <= share.n
    low, high = share.interval
    assert 0 <= low <= share.value * (1 + 1e-12) and share.value <= high * (1 + 1e-12)
    assert Share.of(true, [f"digit {9 - name}" for name in clusters]).effective == pytest.approx(
        share.effective
    )


@pytest.mark.parametrize(
    ("clusters", "message"),
    [
        ([0, 0, 0], "expected two clusters or more, got 1"),
        ([0, 1], r"expected two times \(N,\), got \(3,\) and \(2,\)"),
    ],
)
def test_clusters_that_are_none_are_refused(clusters, message):
    with pytest.raises(ValueError, match=message):
        Share.of(np.array([True, False, True]), clusters)


def test_shares_of_clusters_are_not_added_up():
    share = Share.of(np.array([True, False]), [0, 1])
    with pytest.raises(ValueError, match="expected shares without clusters"):
        total([Share(1, 2), share])
