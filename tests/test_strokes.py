import numpy as np
import pytest

from digitlib.drawn import strokes
from digitlib.drawn.strokes import CANVAS


def test_a_stroke_is_as_wide_as_its_pen_and_has_round_ends():
    image, brush = strokes.canvas()
    strokes.stroke(brush, [(40, 70), (100, 70)], pen=20)
    ink = np.asarray(image) > 0
    assert ink.shape == (CANVAS, CANVAS)
    assert ink[:, 70].sum() == pytest.approx(20, abs=1)
    assert ink[70].sum() == pytest.approx(60 + 20, abs=1)
    assert ink[:, 32].sum() < 14  # narrower where it ends


def test_a_curve_goes_through_its_points():
    points = np.array([[0, 0], [10, 30], [40, 20], [60, 60]], dtype=float)
    found = strokes.curve(points, steps=8)
    assert np.allclose(found[::8], points)
    assert len(found) == 3 * 8 + 1
    steps = np.diff(found, axis=0)
    turns = np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))))
    assert turns.max() < np.pi / 4  # and has no corner


def test_a_circle_is_closed():
    points = np.array(strokes.circle(3, 4, 2))
    assert np.allclose(np.hypot(*(points - [3, 4]).T), 2)
    assert np.allclose(points[0], points[-1])


def test_pens_are_a_twentieth_to_a_seventh_of_the_canvas():
    random = np.random.RandomState(0)
    pens = [strokes.any_pen(random) for _ in range(500)]
    assert (min(pens), max(pens)) == (CANVAS // 20, CANVAS // 7)
