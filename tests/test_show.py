import io

import numpy as np
import pytest
from PIL import Image

from digitlib import show
from digitlib.accuracy import Accuracy
from digitlib.report.corruptions import UNITS
from named import COUNTS, names

CURVE = {1.0: Accuracy(9, 10), 2.0: Accuracy(7, 10)}

PICTURES = {
    "digits": lambda: show.digits(
        np.eye(28)[None].repeat(12, axis=0) * 255, [str(i) for i in range(12)]
    ),
    "bars": lambda: show.bars([1, 2, 3], ylabel="digits"),
    "lines": lambda: show.lines({"a": ([0, 1], [1, 0]), "b": ([0, 1], [0, 1])}, xlabel="epoch"),
    "doubling": lambda: show.lines({"a": ([16, 64, 256], [3, 2, 1])}, doubling=True),
    "curves": lambda: show.curves(
        {"a": {kind: CURVE for kind in ("blur", "noise", "smaller")}}, UNITS
    ),
    "reliability": lambda: show.reliability([(0.5, Accuracy(2, 3)), (1.0, Accuracy(20, 20))]),
    "intervals": lambda: show.intervals([Accuracy(9, 10), Accuracy(90, 100)], ["few", "many"]),
    "matrix": lambda: show.matrix(
        np.diag([5, 6, 7]) + np.eye(3, k=1, dtype=int), hide_diagonal=True
    ),
    "names": lambda: show.matrix(np.ones((2, 2), dtype=int), names=["a $\\frac$ b", "<b>"]),
}


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture._repr_png_())).convert("RGBA"))


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_have_a_transparent_ground_and_something_on_it(name):
    levels = pixels(PICTURES[name]())
    assert levels[0, 0, 3] == 0
    assert (levels[..., 3] > 200).mean() > 0.005


def test_digits_appear_as_they_are():
    image = np.zeros((28, 28), dtype=np.uint8)
    image[:14] = 255
    levels = pixels(show.digits([image], columns=1, size=2.0))
    opaque = levels[levels[..., 3] == 255][:, 0]
    assert 0.4 < (opaque > 250).mean() < 0.6 and 0.4 < (opaque < 5).mean() < 0.6


def coloured(picture, colour):
    """Where a picture has one of its colours, whatever its transparency: booleans ``(H, W)``."""
    levels = pixels(picture).astype(int)
    near = np.abs(levels[..., :3] - [int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return (near.max(2) < 12) & (levels[..., 3] > 40)


def test_curves_show_every_model_in_every_frame():
    worse = {1.0: Accuracy(5, 10), 2.0: Accuracy(1, 10)}
    kinds = ("blur", "noise", "shift", "rotation")
    models = {"one": dict.fromkeys(kinds, CURVE), "other": dict.fromkeys(kinds, worse)}
    picture = show.curves(models, UNITS)
    for colour in show.COLOURS[:2]:
        for half in np.split(coloured(picture, colour)[40:], 2):  # below the legend
            left, right = np.array_split(half, 2, axis=1)
            assert left.sum() > 300 and right.sum() > 300
    assert not coloured(picture, show.COLOURS[2]).any()


def test_fewer_digits_make_a_wider_band():
    area = [
        coloured(show.curves({"a": {"blur": curve}}, UNITS), show.COLOURS[0]).sum()
        for curve in (CURVE, {1.0: Accuracy(900, 1000), 2.0: Accuracy(700, 1000)})
    ]
    assert area[0] > 2 * area[1]


def test_curves_go_from_mild_to_strong():
    """Also where a smaller number is stronger: the line falls to the right."""
    falling = {0.9: Accuracy(999, 1000), 0.6: Accuracy(1, 1000)}
    line = coloured(show.curves({"a": {"smaller": falling}}, UNITS), show.COLOURS[0])
    rows, columns = line.nonzero()
    assert np.corrcoef(rows, columns)[0, 1] > 0.9


def test_reliability_has_equal_axes_and_longer_bars_for_fewer_digits():
    bins = [(0.5, Accuracy(5, 10)), (0.9, Accuracy(9_000, 10_000))]
    points = coloured(show.reliability(bins), show.COLOURS[0])
    columns = points.any(0).nonzero()[0]
    middle = (columns[0] + columns[-1]) // 2
    few, many = (part.any(1).nonzero()[0] for part in np.split(points, [middle], 1))
    assert np.ptp(few) > 5 * np.ptp(many)
    across = np.ptp(columns) - np.ptp(many)  # from one point's middle to the other's
    up = few.mean() - many.mean()
    assert across == pytest.approx(up, rel=0.05)


def test_the_same_picture_has_the_same_bytes():
    assert PICTURES["bars"]().png == PICTURES["bars"]().png


@pytest.mark.parametrize("count", COUNTS)
def test_a_matrix_of_any_classes_has_numbers_as_long_as_they_can_be_read(count, monkeypatch):
    told = []
    monkeypatch.setattr(show, "_number", lambda *them: told.append(them))
    shown = show.written(names(count))
    show.matrix(np.ones((count, count), dtype=int), names=shown)
    assert bool(told) == (count <= show.NUMBERED)


@pytest.mark.parametrize("count", COUNTS)
def test_written_names_are_short_and_each_another(count):
    shown = show.written(names(count), most=14)
    assert len(set(shown)) == count and max(map(len, shown)) <= 14
    assert all(shown) and not any("\n" in name for name in shown)


@pytest.mark.parametrize(
    ("classes", "shown"),
    [
        (("0", "T-shirt/top", "ä"), ["0", "T-shirt/top", "ä"]),
        (("a", "日本", "two\nlines"), ["a", "#1", "two lines"]),
        (("#1", "日本"), ["#1", "no. 1"]),
        (("a rather long name", "b"), ["a rath…g name", "b"]),
        (("long class 1 of it all", "long class 2 of it all"), ["#0", "#1"]),
    ],
)
def test_names_that_no_picture_can_show_become_shorter_or_numbers(classes, shown):
    assert show.written(classes, most=13) == shown


def test_two_lines_above_an_image_have_their_room():
    heights = [
        len(pixels(show.digits(np.zeros((1, 28, 28)), [title], columns=1)))
        for title in ("one", "one,\nand two")
    ]
    assert 15 < heights[1] - heights[0] < 30
