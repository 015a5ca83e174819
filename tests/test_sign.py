import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlib.reading.components import Components
from digitlib.reading.sign import belonging, frames, scores
from drawings import draw


def components(*shapes, size=(600, 400)):
    """Each shape as one component, in this order if they lie one below the other."""
    image = Image.new("L", size)
    for shape, box, width in shapes:
        getattr(ImageDraw.Draw(image), shape)(
            box, width=width, **{"line": {"fill": 255}}.get(shape, {"outline": 255})
        )
    mask = np.asarray(image) > 0
    return Components.of(mask, 200.0 * mask)


STROKE = ("line", (300, 60, 280, 300), 16)
AWAY = {
    "a speck": ("line", (500, 340, 503, 343), 4),
    "a hair": ("line", (20, 390, 580, 330), 2),
    "what reaches in": ("line", (0, 350, 120, 350), 16),
    "a patch": ("rectangle", (430, 320, 500, 390), 40),
}


@pytest.mark.parametrize("name", AWAY)
def test_a_stroke_is_likelier_and_the_other_goes(name):
    found = components(STROKE, AWAY[name])
    assert found.n == 2
    likely = scores(found, np.zeros(found.labels.shape, dtype=bool))
    assert likely.argmax() == 0
    if name != "a patch":  # which might be another sign
        assert belonging(found, 0).tolist() == [True, False]


def test_an_edge_of_the_ground_is_unlikely():
    found = components(STROKE, ("line", (420, 320, 420, 380), 10))
    hems = found.labels == 1
    assert scores(found, hems).argmax() == 1


def test_nothing_but_specks_is_nothing():
    found = components(*(("line", (x, 50, x + 3, 53), 4) for x in range(20, 580, 60)))
    assert not scores(found, np.zeros(found.labels.shape, dtype=bool)).any()


def test_a_row_of_buttons_is_none_of_it():
    buttons = [("rectangle", (x, 20, x + 30, 50), 8) for x in range(200, 500, 60)]
    found = components(*buttons, ("line", (300, 70, 280, 390), 16))
    assert belonging(found, found.n - 1).tolist() == [False] * len(buttons) + [True]


def test_two_digits_stay_two():
    found = components(STROKE, ("ellipse", (420, 310, 490, 380), 12))
    assert belonging(found, 0).sum() == 1  # too small for another digit
    found = components(STROKE, ("ellipse", (420, 70, 540, 310), 16))
    assert belonging(found, 0).all()


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_is_no_frame(digit):
    strokes = np.asarray(draw(digit, pen=12)) > 127
    strokes[130:150, 130:150] = True  # something in the middle of a 0
    assert not frames(Components.of(strokes, 200.0 * strokes)).any()


@pytest.mark.parametrize("turn", [-4, 0, 3])
def test_a_frame_is_one_if_something_stands_in_it(turn):
    image = Image.new("L", (400, 400))
    ImageDraw.Draw(image).rectangle((30, 40, 370, 350), outline=255, width=4)
    empty = np.asarray(image.rotate(turn)) > 127
    assert not frames(Components.of(empty, 200.0 * empty)).any()
    image.paste(draw(5, size=220, pen=16), (90, 90))
    full = np.asarray(image.rotate(turn)) > 127
    assert frames(Components.of(full, 200.0 * full)).sum() == 1


def test_a_line_below_is_none_of_it_and_a_foot_is():
    line = ("line", (220, 330, 360, 330), 10)
    assert belonging(components(STROKE, line), 0).tolist() == [True, False]
    foot = ("line", (220, 312, 360, 312), 10)
    assert belonging(components(STROKE, foot), 0).tolist() == [True, True]
