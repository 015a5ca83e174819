import numpy as np
import pytest
from scipy.ndimage import label

from digitlib.drawn import leftovers
from digitlib.preprocess import crop, preprocess


def many(kind, n=60):
    random = np.random.RandomState(0)
    return [leftovers.LEFTOVERS[kind](random) for _ in range(n)]


@pytest.mark.parametrize("kind", leftovers.LEFTOVERS)
def test_each_is_bright_on_dark_varied_and_repeatable(kind):
    drawings = many(kind, 12)
    assert all(drawing.dtype == np.uint8 and drawing.ndim == 2 for drawing in drawings)
    assert len({drawing.tobytes() for drawing in drawings}) > 9  # a speck may be one pixel
    assert [one.tobytes() for one in many(kind, 12)] == [one.tobytes() for one in drawings]


@pytest.mark.parametrize("kind", ["a speck", "a line", "an edge", "grain", "a blob", "a smear"])
def test_none_stands_upright_as_a_1_does(kind):
    for drawing in many(kind, 200):
        if drawing.any():
            height, width = crop(drawing).shape
            assert height <= 2 * width, kind


@pytest.mark.parametrize("kind", ["a frame", "squares"])
def test_what_goes_round_is_no_ring(kind):
    """A ring has one hole, which nearly fills it: here are several, or lines that go on beyond it."""
    for drawing in many(kind):
        parts, n = label(crop(drawing) == 0)
        holes = set(range(1, n + 1)) - {*parts[0], *parts[-1], *parts[:, 0], *parts[:, -1]}
        assert len(holes) > 1 or np.isin(parts, list(holes)).mean() < 0.65


def test_a_corner_is_none_of_a_7():
    for drawing in many("a corner"):
        ink = crop(drawing) > 0
        height, width = ink.shape
        top, right = ink[: height // 4].mean(), ink[:, -width // 4 :].mean()
        left, bottom = ink[:, : width // 4].mean(), ink[-height // 4 :].mean()
        assert (top > bottom) + (right > left) < 2


def test_leftovers_are_of_all_kinds():
    random = np.random.RandomState(0)
    drawings = [preprocess(leftovers.leftover(random)) for _ in range(60)]
    ink = np.array([(drawing > 0).mean() for drawing in drawings])
    assert ink.min() < 0.1 and ink.max() > 0.4  # a line or dust; an edge or a blob
