"""The signs of chapter 13: the program that draws them, and the picture in which they lie."""

import numpy as np
import pytest
from PIL import Image

import trail
from digitlib import data
from digitlib.book import signs as shipped


@pytest.mark.parametrize("draw", trail.HANDS.values())
@pytest.mark.parametrize("name", trail.NAMES)
def test_a_sign_is_ink_on_dark_and_the_same_again(draw, name):
    first, again, other = (draw(np.random.RandomState(seed), name, writer=3) for seed in (0, 0, 1))
    assert first.dtype == np.uint8 and first.shape == (trail.SIDE, trail.SIDE)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert 0.02 < (first > 127).mean() < 0.4
    edge = np.concatenate([first[[0, -1]].ravel(), first[:, [0, -1]].ravel()])
    assert not edge.any()


@pytest.mark.parametrize("draw", trail.HANDS.values())
def test_no_other_sign_is_drawn(draw):
    with pytest.raises(ValueError, match=r"expected a sign out of camp, ford, .* got 'rest'"):
        draw(np.random.RandomState(0), "rest", writer=0)


def test_a_writer_keeps_the_habits():
    assert trail.writer_of(5) == trail.writer_of(5) != trail.writer_of(6)


def test_left_is_right_in_a_mirror():
    """Of a writer who neither leans nor turns, on average."""
    upright = [n for n in range(40) if abs(trail.writer_of(n).slant) < 0.05]
    left, right = (
        np.mean([trail.draw(np.random.RandomState(n), name, n) for n in upright], axis=0)
        for name in ("left", "right")
    )
    assert np.corrcoef(left[:, ::-1].ravel(), right.ravel())[0, 1] > 0.8
    assert np.corrcoef(left.ravel(), right.ravel())[0, 1] < 0.6


def test_the_picture_holds_what_the_program_draws():
    """A row of it, made again."""
    random = np.random.RandomState([len("first"), 0])
    row = [
        trail.on_paper(random, trail.draw(random, "camp", 0), shipped.SIDE)
        for _ in range(shipped.CELLS)
    ]
    with Image.open(shipped.FILE) as picture:
        kept = np.asarray(picture.convert("L"))[: shipped.SIDE]
    assert np.abs(kept.astype(int) - np.concatenate(row, axis=1)).max() <= 8


def test_cells_are_laid_out_as_from_sheets(tmp_path):
    first, other = shipped.unpack(tmp_path)
    cells = data.load(first, preparation="digit")
    assert cells.classes == shipped.NAMES == trail.NAMES
    assert cells.labels.bincount().tolist() == [160] * 8
    assert cells.files[0] == "camp/sheet-01-01.png"
    assert len(list(other.glob("*/*.png"))) == 480
    assert shipped.FILE.stat().st_size < 500_000
