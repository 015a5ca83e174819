import io
from functools import cache
from itertools import combinations
from unittest import mock

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.legend import Legend
from matplotlib.text import Text
from PIL import Image

from digitlib import show, style
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
    "four": lambda: show.lines({name: ([0, 1], [0, i]) for i, name in enumerate("abcd")}),
    "many points": lambda: show.lines({name: (range(99), range(99)) for name in "abcd"}),
    "models": lambda: show.curves({name: {"blur": CURVE} for name in "abcd"}, UNITS),
    "words": lambda: show.bars([1, 2, 3], ["fifty trials, two thousand digits"] * 3),
    "titles": lambda: show.digits(np.zeros((10, 28, 28)), ["4 → 9"] * 10),
    "hundreds": lambda: show.matrix(np.full((10, 10), 9876), "called", "labelled"),
    "names": lambda: show.matrix(np.ones((2, 2), dtype=int), names=["a $\\frac$ b", "<b>"]),
}


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGBA"))


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_have_a_transparent_ground_and_something_on_it(name):
    levels = pixels(PICTURES[name]())
    assert levels[0, 0, 3] == 0
    assert (levels[..., 3] > 200).mean() > 0.005


@cache
def drawn(name):
    """The figure of one of the pictures, and each text in it with its place."""
    places = {}

    def noted(text, _renderer):
        if text.get_text() and text.get_visible():
            places[text] = text.get_window_extent()

    with mock.patch.object(show, "Picture", lambda figure: figure):
        figure = PICTURES[name]()
    with mock.patch.object(Text, "draw", noted):
        figure.draw_without_rendering()
    return figure, places


@pytest.mark.parametrize("name", PICTURES)
def test_all_type_has_one_size_and_stays_inside_and_apart(name):
    figure, places = drawn(name)
    assert {text.get_fontsize() for text in places} == {style.TYPE}
    for box in places.values():
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
    for one, other in combinations(places, 2):
        assert not places[one].overlaps(places[other]), f"{one} lies on {other}"


@pytest.mark.parametrize("name", PICTURES)
def test_a_telephone_shows_type_of_nine_pixels(name):
    width = 96 * drawn(name)[0].get_size_inches()[0]
    assert width <= 96 * style.WIDTH
    assert min(1, 358 / width) * style.TYPE * 96 / 72 >= 9


@pytest.mark.parametrize("name", PICTURES)
def test_data_has_one_weight_of_line_and_the_rest_another(name):
    for axis in drawn(name)[0].axes:
        bars = axis.findobj(lambda part: isinstance(part, LineCollection))
        assert {float(width) for bar in bars for width in bar.get_linewidths()} <= {2 * style.THIN}
        for line in axis.lines:
            own = line.get_color() in style.COLOURS
            assert line.get_linewidth() == (2 * style.THIN if own else style.THIN)
        around = [*axis.spines.values(), *axis.get_xgridlines(), *axis.get_ygridlines()]
        assert {line.get_linewidth() for line in around} == {style.THIN}
        ticks = [*axis.get_xticklines(), *axis.get_yticklines()]
        assert {line.get_markeredgewidth() for line in ticks} <= {style.THIN}


def dashes(lines):
    return {str(line._dash_pattern) for line in lines}


@pytest.mark.parametrize(
    ("name", "marked"), [("four", True), ("many points", False), ("models", True)]
)
def test_curves_are_told_apart_without_colour(name, marked):
    figure, _ = drawn(name)
    lines = figure.axes[0].lines
    assert len({line.get_color() for line in lines}) == len(dashes(lines)) == 4
    assert len({line.get_marker() for line in lines}) == (4 if marked else 1)
    legends = figure.findobj(Legend)
    assert [len(dashes(legend.get_lines())) for legend in legends] == (
        [] if name == "four" else [4]
    )


@pytest.mark.parametrize(
    ("curves", "beside"),
    [
        ({"low": ([0, 1], [0, 0]), "high": ([0, 1], [0, 1])}, True),
        ({"low": ([0, 1], [0, 0.98]), "high": ([0, 1], [0, 1])}, False),
        ({"short": ([0, 0.5], [0, 0]), "long": ([0, 1], [0, 1])}, False),
        ({"leaves the frame": ([0, 1], [0, 9]), "low": ([0, 1], [0, 0])}, False),
        ({"a name too long to stand beside it": ([0, 1], [0, 1]), "low": ([0, 1], [0, 0])}, False),
    ],
)
def test_curves_are_named_at_their_ends_where_there_is_room(curves, beside, monkeypatch):
    monkeypatch.setattr(show, "Picture", lambda figure: figure)
    [axis] = show.lines(curves, ylim=(0, 1.1)).axes
    assert [text.get_text() for text in axis.texts] == (list(curves) if beside else [])
    assert (axis.get_legend() is None) == beside
    for text, (x, y) in zip(axis.texts, curves.values(), strict=False):
        assert text.xy == (x[-1], y[-1])


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
    for colour in style.COLOURS[:2]:
        for half in np.array_split(coloured(picture, colour)[80:], 2):  # below the legend
            left, right = np.array_split(half, 2, axis=1)
            assert left.sum() > 300 and right.sum() > 300
    assert not coloured(picture, style.COLOURS[2]).any()


def test_fewer_digits_make_a_wider_band():
    area = [
        coloured(show.curves({"a": {"blur": curve}}, UNITS), style.COLOURS[0]).sum()
        for curve in (CURVE, {1.0: Accuracy(900, 1000), 2.0: Accuracy(700, 1000)})
    ]
    assert area[0] > 2 * area[1]


def test_curves_go_from_mild_to_strong():
    """Also where a smaller number is stronger: the line falls to the right."""
    falling = {0.9: Accuracy(999, 1000), 0.6: Accuracy(1, 1000)}
    line = coloured(show.curves({"a": {"smaller": falling}}, UNITS), style.COLOURS[0])
    rows, columns = line.nonzero()
    assert np.corrcoef(rows, columns)[0, 1] > 0.9


def test_reliability_has_equal_axes_and_longer_bars_for_fewer_digits():
    bins = [(0.5, Accuracy(5, 10)), (0.9, Accuracy(9_000, 10_000))]
    points = coloured(show.reliability(bins), style.COLOURS[0])
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
    assert 20 < heights[1] - heights[0] < 32
