"""Exams of many sizes on a few digits."""

import pytest

from digitlib.book.exams import TIMES, Exams


@pytest.fixture(scope="module")
def exams(small):
    return Exams(small[:600], few=300)


def test_a_program_learns_what_is_not_held_back(exams, small):
    from digitlib import data

    kept, asked = data.split_indices(small.labels[:300], valid=100, seed=3)
    rows = data.scale(small.images[:600]).flatten(1)
    nearest = [((rows[kept] - row) ** 2).sum(dim=1).argmin() for row in rows]
    right = small.labels[:600] == small.labels[kept][nearest]
    exam = exams.sit(100)[3]
    assert exam.score.right == right[asked].sum() and exam.score.n == 100
    assert exam.truth.right == right[300:].sum() and exam.truth.n == 300


def test_every_split_is_another_and_the_same_tomorrow(exams):
    scores = [exam.score.right for exam in exams.sit(50)]
    assert len(scores) == TIMES and len(set(scores)) > 1
    assert scores == [exam.score.right for exam in exams.sit(50)]


def test_long_exams_make_poor_students(exams):
    short, long = (sum(exam.truth.value for exam in exams.sit(held)) for held in (30, 270))
    assert short > long + 1
