import numpy as np
import pytest

from digitlib.drawn import handwriting, styles


@pytest.mark.parametrize("style", handwriting.STYLES)
@pytest.mark.parametrize("digit", handwriting.SHAPES)
def test_drawings_are_whole_varied_and_repeatable(digit, style):
    sheets = handwriting.draw(digit, style, 8, seed=1)
    assert sheets.shape == (8, 280, 280) and sheets.dtype == np.uint8
    assert np.array_equal(sheets, handwriting.draw(digit, style, 8, seed=1))
    assert len({sheet.tobytes() for sheet in sheets}) == 8
    for sheet in sheets > 0:
        rows, columns = np.flatnonzero(sheet.any(1)), np.flatnonzero(sheet.any(0))
        side = max(np.ptp(rows), np.ptp(columns)) + 1
        low, high = handwriting.STYLES[style].size
        assert low * 280 - 3 <= side <= high * 280 + 3  # a line's soft edges
        assert not sheet[[0, -1]].all(1).any()


def test_each_digit_and_style_has_a_stream_of_its_own(monkeypatch):
    """So that a new one leaves the others' drawings as they are."""
    before = handwriting.draw(3, "thin", 3, seed=1)
    monkeypatch.setattr(handwriting, "STYLES", {"thin": handwriting.STYLES["thin"]})
    monkeypatch.setattr(handwriting, "SHAPES", {3: handwriting.SHAPES[3]})
    assert np.array_equal(handwriting.draw(3, "thin", 3, seed=1), before)


def extent(sheets):
    """The mean width of the ink, in parts of its mean height."""
    width, height = (
        np.mean([np.ptp(np.flatnonzero(ink.any(axis))) for ink in sheets]) for axis in (0, 1)
    )
    return width / height


def test_styles_are_what_they_are_called():
    sheets = {style: handwriting.draw(0, style, 40, seed=0) > 0 for style in handwriting.STYLES}
    assert extent(sheets["tall"]) < 0.6 < extent(sheets["large"]) < 0.9
    assert 0.85 < extent(sheets["round"]) < 1.1 < extent(sheets["flat"])
    ink = {style: some.mean() for style, some in sheets.items()}
    assert ink["small"] < ink["thin"] < ink["large"] < 2 * ink["thick"]


def test_no_shape_is_one_that_recipes_learn_from():
    learned = {tuple(line) for style in styles.STYLES.values() for line in style.lines}
    for shapes in handwriting.SHAPES.values():
        for shape in shapes.values():
            for line in shape.replace("|", ",").split("/"):
                points = [tuple(int(n) / 100 for n in point.split()) for point in line.split(",")]
                assert tuple(points) not in learned


@pytest.mark.parametrize(
    ("digit", "style", "message"),
    [
        (10, "thin", "expected a digit from 0 to 9, got 10"),
        (1, "neat", r"expected a style out of round, flat, .*'neat'"),
    ],
)
def test_another_digit_or_style_is_an_error(digit, style, message):
    with pytest.raises(ValueError, match=message):
        handwriting.draw(digit, style, 1, seed=0)
