import io

import numpy as np
import pytest
from PIL import Image

from digitlib import style
from digitlib.book.layers import draw_layers


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGBA")).astype(int)


def circles(picture):
    """How many separate blobs of the circles' colour each layer's column has, left to right."""
    levels = pixels(picture)
    colour = [int(style.COLOURS[0][i : i + 2], 16) for i in (1, 3, 5)]
    blue = (np.abs(levels[..., :3] - colour).max(2) < 12) & (levels[..., 3] > 200)
    blue = blue[: int(0.7 * len(blue))]  # above the shapes
    tall = blue.any(0).nonzero()[0]
    columns = np.split(tall, (np.diff(tall) > 3).nonzero()[0] + 1)
    found = []
    for column in columns:
        rows = blue[:, column].any(1).nonzero()[0]
        found.append(1 + int((np.diff(rows) > 1).sum()))
    return found


def test_a_column_has_a_circle_for_each_number_or_a_gap_in_a_wide_one():
    assert circles(draw_layers((784, 4, 10), ("a", "b", "c"))) == [6, 4, 10]
    assert circles(draw_layers((1, 2), ("a", "b"))) == [1, 2]


def test_the_ground_is_transparent_and_no_text_leaves_the_picture():
    names = ("pixels", "hidden units", "scores")
    levels = pixels(draw_layers((784, 256, 10), names, ("ReLU", "")))
    assert levels[0, 0, 3] == 0
    edges = (levels[0], levels[-1], levels[:, 0], levels[:, -1])
    assert not any(edge[:, 3].any() for edge in edges)


def test_what_happens_between_is_said_below_its_matrix():
    ink = {}
    for happens in (("ReLU", ""), ("", "")):
        levels = pixels(draw_layers((3, 2, 1), ("a", "b", "c"), happens))[..., 3]
        below = levels[int(0.9 * len(levels)) :]
        ink[happens[0]] = [bool(half.any()) for half in np.array_split(below, 2, axis=1)]
    assert ink == {"ReLU": [True, False], "": [False, False]}


@pytest.mark.parametrize(
    ("widths", "names", "between"),
    [((3,), ("a",), ()), ((3, 2), ("a",), ()), ((3, 2), ("a", "b"), ("ReLU", "ReLU"))],
)
def test_what_does_not_fit_together_is_refused(widths, names, between):
    with pytest.raises(ValueError, match="expected two layers or more, a name for each"):
        draw_layers(widths, names, between)
