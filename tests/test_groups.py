import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from digitlib import groups


@st.composite
def written(draw):
    """Labels of three classes (3 is none of them), who wrote each, and how many to aim at."""
    n = draw(st.integers(2, 60))
    labels = draw(st.lists(st.sampled_from([0, 0, 1, 1, 2, 3]), min_size=n, max_size=n))
    writers = draw(st.lists(st.integers(0, 8), min_size=n, max_size=n))
    return np.array(labels), groups.numbered(writers), draw(st.integers(1, n - 1))


@given(written(), st.integers(0, 5))
def test_groups_stay_whole_and_training_lacks_no_class(asked, seed):
    labels, writers, valid = asked
    assume((labels < 3).any())
    try:
        chosen = groups.choose(labels, writers, 3, valid, seed)
    except ValueError:
        # Rightly so: one group alone, or none that training can spare.
        for group in range(writers.max() + 1) if writers.max() else ():
            mine = writers == group
            assert 3 in labels[mine] or set(labels[mine]) - set(labels[~mine])
        return
    assert not set(writers[chosen]) & set(writers[~chosen])
    assert chosen.any() and set(labels[~chosen]) >= set(labels) - {3}
    assert 3 not in labels[chosen]
    np.testing.assert_array_equal(groups.choose(labels, writers, 3, valid, seed), chosen)


@pytest.mark.parametrize("valid", [100, 400])
@pytest.mark.parametrize("seed", [0, 1])
def test_size_and_shares_are_met_nearly(valid, seed):
    random = np.random.RandomState(7)
    writers = groups.numbered(random.randint(60, size=2_000))
    labels = random.choice(4, size=2_000, p=[0.1, 0.2, 0.3, 0.4])
    chosen = groups.choose(labels, writers, 4, valid, seed)
    assert abs(chosen.sum() - valid) <= 10
    shares = np.bincount(labels[chosen]) / chosen.sum()
    assert abs(shares - np.bincount(labels) / 2_000).max() < 0.05
    assert (groups.choose(labels, writers, 4, valid, seed + 2) != chosen).any()


def test_of_single_images_the_aim_is_met():
    labels = np.arange(200) % 4
    chosen = groups.choose(labels, np.arange(200), 4, 40)
    assert np.bincount(labels[chosen]).tolist() == [10] * 4


def test_the_choice_is_the_same_everywhere():
    random = np.random.RandomState(3)
    labels, writers = random.randint(5, size=300), random.randint(12, size=300)
    chosen = groups.choose(labels, groups.numbered(writers), 5, 60)
    assert sorted(set(writers[chosen].tolist())) == SAME


SAME = [1, 3]


def test_what_is_larger_than_the_aim_is_taken_if_nothing_else_is_there():
    labels, writers = np.arange(20) % 2, np.arange(20) // 10
    assert groups.choose(labels, writers, 2, 1).sum() == 10


@pytest.mark.parametrize(
    ("labels", "writers", "message"),
    [
        ([0, 1, 0, 1], [0, 0, 0, 0], "two groups or more, got one"),
        ([0, 0, 1, 1], [0, 0, 1, 1], "a class would be missing in training"),
        ([0, 1, 2, 0, 1, 2], [0, 0, 0, 1, 1, 1], "images of none of them"),
    ],
)
def test_what_cannot_be_split_is_said(labels, writers, message):
    with pytest.raises(ValueError, match=message):
        groups.choose(np.array(labels), np.array(writers), 2, 2)


def test_groups_are_anything_that_can_be_told_apart():
    assert groups.numbered(["b", ("a", 1), None, "b"]).tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize(
    "kind",
    [
        torch.tensor,
        list,
        np.array,
        lambda found: list(torch.tensor(found)),
        lambda found: list(np.array(found)),
    ],
)
def test_the_same_number_is_the_same_group_whatever_holds_it(kind):
    assert groups.numbered(kind([7, 5, 7, 7, 5])).tolist() == [0, 1, 0, 0, 1]
