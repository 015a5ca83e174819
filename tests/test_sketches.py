import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch

from digitlib.data import Images
from digitlib.drawn import sketches
from digitlib.preprocess import crop


@pytest.mark.parametrize("kind", sketches.KINDS)
def test_a_sketch_is_bright_on_dark(kind, small):
    drawing = sketches.KINDS[kind](np.random.RandomState(0), small)
    assert drawing.dtype == np.uint8 and drawing.ndim == 2
    assert drawing.max() > 127 and drawing.min() < 127


def test_no_letter_that_looks_like_a_digit_is_trained_on():
    assert not set(sketches.LETTERS) & set(sketches.LOOK_ALIKES)
    assert {"O", "l", "S", "Z", "B", "q", "D", "T", "Y", "j"} <= set(sketches.LOOK_ALIKES)
    assert len(sketches.LETTERS) + len(sketches.LOOK_ALIKES) == 52


@pytest.mark.parametrize(
    "kind, mark",
    [("letters", "bb939b270a90"), ("look-alikes", "e9298c0e7555"), ("symbols", "19af489fa52b")],
)
def test_seeds_draw_the_same_characters_for_good(kind, mark, small):
    """Recipes learn from these drawings: with others they are other recipes."""
    digest = hashlib.sha256()
    for seed in range(40):
        drawing = sketches.KINDS[kind](np.random.RandomState(seed), small)
        digest.update(repr(drawing.shape).encode() + drawing.tobytes())
    assert digest.hexdigest()[:12] == mark


@pytest.mark.parametrize(
    ("kind", "mark"), [("doubled", "c2bdf0de70d7"), ("doodles", "6542257bde12")]
)
def test_what_is_set_aside_stays_as_it_is(kind, mark):
    """It measures models that come after one another."""
    squares = np.zeros((6, 28, 28), dtype=np.uint8)
    for i, square in enumerate(squares):
        square[4 + i : 24, 9 : 19 - i] = 100 + 20 * i
    digits = Images(torch.from_numpy(squares), torch.arange(6))
    digest = hashlib.sha256()
    for seed in range(40):
        digest.update(sketches.KINDS[kind](np.random.RandomState(seed), digits).tobytes())
    assert digest.hexdigest()[:12] == mark


def turns(drawing):
    """How long a drawing's ink is, in parts of its longer side, from its area and a pen's width."""
    ink = crop(drawing) > 0
    return ink.sum() / max(ink.shape)


def test_a_scribble_is_longer_than_any_digit(small):
    """Ink enough for four strokes across; the pens are those of digits, or finer."""
    random = np.random.RandomState(0)
    scribbles = [turns(sketches.KINDS["scribbles"](random, small)) for _ in range(100)]
    assert min(scribbles) > 3.5 * 3  # the finest pen is three pixels wide


def test_an_outline_is_a_triangle_or_a_star(small, monkeypatch):
    """Any other may be a 0. How round it is: its area for its circumference, 1 for a circle, 0.79 for a square."""
    outlines = []
    monkeypatch.setattr(sketches, "stroke", lambda _, points, pen: outlines.append(points[:-1]))
    random = np.random.RandomState(0)
    for _ in range(300):
        sketches.KINDS["shapes"](random, small)
    assert len(outlines) > 100
    for points in outlines:
        (x, y), length = points.T, np.hypot(*np.diff(points, axis=0).T).sum()
        area = abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
        assert 4 * np.pi * area / length**2 < 0.7


@pytest.mark.parametrize("kind", ["letters", "look-alikes", "symbols"])
def test_a_character_is_drawn_without_matplotlib_or_a_font(kind):
    code = (
        "import sys; import numpy as np; from PIL import ImageFont; ImageFont.truetype = None;"
        "from digitlib.drawn import sketches;"
        f"drawing = sketches.KINDS[{kind!r}](np.random.RandomState(0), None);"
        "print(drawing.any(), 'matplotlib' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["True", "False"]
