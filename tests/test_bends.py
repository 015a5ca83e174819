"""A sheet over points, with folds."""

import numpy as np
import pytest

from digitlib.book.bends import FOLDS, draw_sheet, eleven, heights, ring, sheet


def mistakes(made, folds):
    points, labels = made
    return int(((heights(points, folds, sheet(points, labels, folds)) > 0) != labels).sum())


@pytest.mark.parametrize("make", [eleven, ring])
def test_points_lie_in_the_square_and_are_the_same_tomorrow(make):
    points, labels = make()
    assert np.abs(points).max() < 1 and 30 < labels.sum() < 50
    np.testing.assert_array_equal(points, make()[0])


@pytest.mark.parametrize("folds", [[], FOLDS[:1], FOLDS])
def test_no_other_outer_weights_are_nearer(folds):
    points, labels = ring()
    weights = sheet(points, labels, folds)
    wanted = np.where(labels, 1, -1)
    least = ((heights(points, folds, weights) - wanted) ** 2).sum()
    for place in range(len(weights)):
        for nudge in (-0.05, 0.05):
            other = weights.copy()
            other[place] += nudge
            assert ((heights(points, folds, other) - wanted) ** 2).sum() > least


def test_a_straight_line_parts_neither_and_folds_do():
    assert min(mistakes(eleven(), []), mistakes(ring(), [])) > 20
    assert mistakes(eleven(), [(0, 0, 45)]) < 5
    triangle = [
        (0.2 * np.cos(np.radians(turn)), 0.2 * np.sin(np.radians(turn)), turn)
        for turn in (0, 120, 240)
    ]
    assert mistakes(ring(), triangle) == 0


def test_a_fold_is_straight_along_itself_and_bent_across():
    weights = np.array([0, 0, 0, 1.0])
    along = heights(np.array([[0, -0.5], [0, 0.5]]), [(0, 0, 0)], weights)
    across = heights(np.array([[-0.5, 0], [0, 0], [0.5, 0]]), [(0, 0, 0)], weights)
    np.testing.assert_allclose(along, [0, 0], atol=1e-12)
    np.testing.assert_allclose(across, [0, 0, 0.5], atol=1e-12)


def test_pictures_differ_by_their_folds():
    points, labels = ring()
    assert draw_sheet(points, labels, []).png != draw_sheet(points, labels, FOLDS[:3]).png
