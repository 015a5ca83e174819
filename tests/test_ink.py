"""Small pictures of each kind that people send; benchmarks/pictures.py has many more of them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from digitlib import DigitClassifier
from digitlib.picture import read_image
from digitlib.preprocess import preprocess
from digitlib.reading.ink import find
from drawings import STROKES, draw

CLASSIFIER = DigitClassifier.load()
DIGITS = pytest.mark.parametrize("digit", STROKES)


def named(picture):
    found = CLASSIFIER.classify(picture)
    return found.name or found.reason


def seven(mode="L", paper=255, ink=0, pen=20):
    image = Image.new(mode, (300, 300), paper)
    ImageDraw.Draw(image).line([(90, 60), (200, 60), (140, 240)], ink, pen, "curve")
    return image


def small_seven():
    image = Image.new("L", (640, 480), 205)
    ImageDraw.Draw(image).line([(250, 130), (370, 130), (300, 340)], 45, 12, "curve")
    return image


def page(digit, paper=(232, 230, 224), ink=(40, 40, 60), size=(640, 480), at=(200, 110), large=260):
    """A digit on a page of one colour, floats ``(H, W, 3)``."""
    sheet = Image.new("L", size)
    sheet.paste(draw(digit, size=large, pen=large // 15), at)
    share = np.asarray(sheet.filter(ImageFilter.GaussianBlur(1)), dtype=np.float64)[..., None] / 255
    return share * np.array(ink) + (1 - share) * np.array(paper)


def photo(levels, grain=0, seed=0):
    noise = np.random.RandomState(seed).normal(scale=grain, size=levels.shape) if grain else 0
    return Image.fromarray((levels + noise).clip(0, 255).astype(np.uint8))


def test_a_well_lit_photo_with_grain():
    grain = np.asarray(small_seven()) + np.random.default_rng(0).normal(0, 8, (480, 640))
    assert named(Image.fromarray(grain.clip(0, 255).astype("u1"))) == "7"


def test_a_ruled_page():
    ruled = small_seven()
    for y in range(40, 480, 70):
        ImageDraw.Draw(ruled).line((0, y, 640, y), 160, 2)
    assert named(ruled) == "7"


def test_a_card_with_a_transparent_rim():
    card = Image.new("LA", (380, 380), (0, 0))
    card.paste(seven().convert("LA"), (40, 40))
    assert named(card) == "7"


COLOURS = {
    "orange on light blue": ((120, 180, 230), (250, 140, 20)),
    "red on green": ((60, 160, 60), (200, 60, 60)),
    "yellow marker on white": ((255, 255, 255), (255, 240, 60)),
    "white on red": ((200, 40, 40), (250, 250, 250)),
    "as bright as its ground": ((120, 120, 120), (190, 90, 120)),
}


@pytest.mark.parametrize("name", COLOURS)
def test_ink_differs_in_any_channel(name):
    paper, ink = COLOURS[name]
    assert named(seven("RGB", paper, ink)) == "7"


@DIGITS
@pytest.mark.parametrize("grain", [3, 8, 15])
def test_grain(digit, grain):
    assert named(photo(page(digit), grain)) == str(digit)


@DIGITS
def test_dust_of_a_scan(digit):
    levels = page(digit)
    for y, x in ((9, 14), (460, 620), (30, 600)):
        levels[y : y + 4, x : x + 4] = 30
    assert named(photo(levels)) == str(digit)


@DIGITS
def test_squared_paper_with_a_margin(digit):
    levels = page(digit, (250, 250, 250))
    paper = levels.min(axis=2) > 245
    for lines in (np.s_[10::32, :], np.s_[:, 5::32]):
        levels[lines] = np.where(paper[lines][..., None], (150, 180, 220), levels[lines])
    levels[:, 60:63] = (220, 80, 80)
    assert named(photo(levels, 2)) == str(digit)


@DIGITS
@pytest.mark.parametrize("table", [(60, 45, 35), (120, 122, 125)])
def test_a_page_on_a_table(digit, table):
    sheet = photo(page(digit, size=(380, 360), at=(60, 50))).convert("RGBA")
    sheet = sheet.rotate(7, Image.Resampling.BICUBIC, expand=True)
    scene = Image.new("RGBA", (800, 600), table)
    scene.alpha_composite(sheet, (190, 80))
    assert named(photo(np.asarray(scene.convert("RGB"), dtype=float), 3)) == str(digit)


@DIGITS
@pytest.mark.parametrize("sides", ["left", "all"])
def test_a_scanners_black_border(digit, sides):
    levels = page(digit)
    levels[:, :30] = 8
    if sides == "all":
        levels[:, -25:] = levels[:20] = levels[-40:] = 8
    assert named(photo(levels, 1)) == str(digit)


@DIGITS
def test_a_cell_of_a_form(digit):
    image = photo(page(digit, size=(360, 360), at=(50, 50)))
    ImageDraw.Draw(image).rectangle((14, 18, 345, 343), outline=(70, 70, 70), width=3)
    assert named(image) == str(digit)


@DIGITS
def test_a_finger_at_the_rim(digit):
    image = photo(page(digit, at=(290, 110)))
    ImageDraw.Draw(image).ellipse((-120, 180, 110, 300), fill=(200, 140, 115))
    assert named(image) == str(digit)


@DIGITS
def test_a_toolbar_above(digit):
    image = photo(page(digit, (24, 24, 28), (235, 235, 235), size=(420, 700), at=(80, 220)))
    brush = ImageDraw.Draw(image)
    brush.rectangle((0, 0, 420, 60), fill=(60, 60, 72))
    for x in range(20, 400, 60):
        brush.rectangle((x, 18, x + 26, 44), fill=(220, 220, 230))
    assert named(image) == str(digit)


@DIGITS
def test_a_fax(digit):
    grey = photo(page(digit, (226, 226, 226)), 12).convert("L")
    assert named(grey.convert("1")) == str(digit)


@DIGITS
def test_a_fold_through_the_writing(digit):
    levels = page(digit)
    across = np.arange(640) - 330
    levels -= (35 * np.exp(-((across / 3) ** 2)) + np.where(across > 0, 8, 0))[:, None]
    assert named(photo(levels, 3)) == str(digit)


@DIGITS
def test_a_hot_spot_of_a_flash(digit):
    y, x = np.mgrid[:480, :640]
    spot = 70 * np.exp(-(((y - 100) / 60) ** 2 + ((x - 480) / 80) ** 2))
    assert named(photo(page(digit, (170, 172, 175)) + spot[..., None], 3)) == str(digit)


@DIGITS
@pytest.mark.parametrize("ink", [0, 255])
def test_ink_on_nothing(digit, ink):
    strokes = draw(digit)
    cut_out = Image.new("RGBA", strokes.size, (ink, ink, ink, 0))
    cut_out.putalpha(strokes)
    assert named(cut_out) == str(digit)
    np.testing.assert_array_equal(preprocess(read_image(cut_out)), preprocess(np.asarray(strokes)))


@DIGITS
def test_rounded_corners_and_a_shadow(digit):
    card = photo(page(digit, size=(360, 360), at=(50, 50))).convert("RGBA")
    shape = Image.new("L", card.size)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, 359, 359), 60, fill=255)
    card.putalpha(shape)
    shadow = Image.new("RGBA", (440, 440))
    shadow.paste((0, 0, 0, 130), (50, 50), shape)
    shadow = shadow.filter(ImageFilter.GaussianBlur(10))
    shadow.alpha_composite(card, (30, 30))
    assert named(shadow) == str(digit)


def lined():
    levels = np.full((480, 640), 240.0)
    levels[30::45] = 170
    return levels


NOTHING = {
    "grain": np.full((480, 640), 200.0),
    "ruled": lined(),
    "a slope of light": np.linspace(230, 90, 640) * np.ones((480, 1)),
    "a page on a table": np.pad(np.full((300, 400), 225.0), 90, constant_values=60.0),
}


@pytest.mark.parametrize("grain", [0, 3, 8])
@pytest.mark.parametrize("name", NOTHING)
def test_where_nothing_is_written_nothing_is_found(name, grain):
    assert named(photo(NOTHING[name], grain)) in ("blank", "not a digit")


def test_two_digits_are_not_one():
    levels = page(3, large=200, at=(60, 120)) + page(5, large=200, at=(340, 120)) - 232
    assert named(photo(levels, 3)) == "not a digit"


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 7), (7, 1), (2, 300), (300, 2), (16, 900), (99, 100)]
)
def test_any_shape_is_read(shape):
    levels = np.random.RandomState(0).randint(256, size=shape)
    for some in (levels.astype(np.uint8), np.stack([levels, levels, 255 - levels], axis=-1)):
        assert find(some.astype(np.uint8)).ndim == 2
        assert (
            find(some.astype(np.float32), np.linspace(0, 1, levels.size).reshape(shape)).ndim == 2
        )


@pytest.mark.parametrize("level", [0, 127, 255])
@pytest.mark.parametrize("alpha", [None, 0, 0.5, 1])
def test_what_is_the_same_everywhere_is_blank_or_one_patch(level, alpha):
    levels = np.full((120, 160), level, dtype=np.uint8)
    opacity = None if alpha is None else np.full(levels.shape, alpha, dtype=np.float32)
    assert len(np.unique(find(levels, opacity))) == 1


@pytest.mark.parametrize("paper", [90, 200, 255])
def test_pale_ink_on_a_screen_is_made_as_bright_as_any(paper):
    pale = Image.new("L", (300, 300), paper)
    ImageDraw.Draw(pale).line([(90, 60), (200, 60), (140, 240)], paper - 28, 20, "curve")
    assert read_image(pale).max() == 255


def test_paper_of_two_levels():
    chequered = np.kron(np.indices((25, 25)).sum(0) % 2, np.ones((16, 16)))
    levels = np.where(chequered > 0, 204, 255).astype(np.uint8)
    image = Image.fromarray(levels)
    ImageDraw.Draw(image).line([(120, 100), (280, 100), (190, 330)], 0, 26, "curve")
    assert named(image) == "7"


def test_the_gutter_of_a_book_is_no_sheet():
    levels = page(3, size=(700, 480), at=(420, 110))
    away = (np.arange(700) - 330) / 40
    assert named(photo(levels * (1 - 0.75 * np.exp(-(away**2)))[None, :, None], grain=3)) == "3"


@DIGITS
def test_the_shadow_of_a_finger_beside_the_ink(digit):
    shade = Image.new("L", (640, 480))
    ImageDraw.Draw(shade).rounded_rectangle((360, 230, 470, 520), 55, fill=115)
    light = 1 - np.asarray(shade.filter(ImageFilter.GaussianBlur(10))) / 255
    assert named(photo(page(digit) * light[..., None], grain=3)) == str(digit)


@DIGITS
@pytest.mark.parametrize("ring", [(40, 40, 60), (210, 40, 40)])
def test_a_ring_around_the_digit(digit, ring):
    image = photo(page(digit, size=(480, 480), at=(130, 130), large=220), grain=3)
    ImageDraw.Draw(image).ellipse((50, 50, 430, 430), outline=ring, width=8)
    assert named(image) == str(digit)


@DIGITS
def test_a_digit_on_a_disc(digit):
    image = Image.new("RGB", (300, 300), (240, 240, 240))
    ImageDraw.Draw(image).ellipse((40, 40, 260, 260), fill=(30, 110, 220))
    image.paste((255, 255, 255), (80, 80), draw(digit, size=140, pen=12))
    assert named(image) == str(digit)


def test_the_shade_of_a_fold_is_no_ink():
    image = Image.new("L", (560, 480), 240)
    ImageDraw.Draw(image).polygon([(400, 0), (430, 150), (560, 160)], 222)
    smooth = np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=np.float64)
    assert named(photo(smooth, grain=5)) == "blank"


@pytest.mark.parametrize("corner", [(380, 300), (170, 130), (250, 100)])
def test_the_corner_of_a_page_is_no_ink(corner):
    image = Image.new("RGB", (640, 500), (120, 85, 50))
    x, y = corner
    ImageDraw.Draw(image).polygon([(0, 0), (x - 30, 0), corner, (0, y + 30)], (240, 238, 232))
    smooth = np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=np.float64)
    assert named(photo(smooth, grain=4)) == "blank"


@DIGITS
def test_an_underlined_digit(digit):
    levels = page(digit)
    levels[410:420, 210:460] = (40, 40, 60)
    assert named(photo(levels, grain=3)) == str(digit)


@DIGITS
def test_a_sticker_has_the_ground_of_its_rim(digit):
    large = np.pad(np.asarray(draw(digit, size=260, pen=30)), 20)
    silhouette = np.asarray(Image.fromarray(large).filter(ImageFilter.MaxFilter(19)))
    levels = np.where(large[..., None] > 127, (30, 80, 40), (255, 255, 255))
    sticker = np.dstack([levels, silhouette]).astype(np.uint8)
    assert named(Image.fromarray(sticker)) == str(digit)


@DIGITS
def test_a_small_icon_in_colour(digit):
    small = draw(digit, size=220, pen=26).resize((14, 14), Image.Resampling.BOX)
    share = np.pad(np.asarray(small), 3)[..., None] / 255
    icon = share * (90, 60, 20) + (1 - share) * (180, 215, 250)
    assert named(photo(icon)) == str(digit)


@DIGITS
@pytest.mark.parametrize("cells", [2, 5])
def test_a_row_of_cells(digit, cells):
    row = Image.new("RGB", (110 * cells + 60, 190), (235, 232, 226))
    brush, right = ImageDraw.Draw(row), 30 + 110 * cells
    for y in (30, 160):
        brush.line((30, y, right, y), (90, 90, 95), 4)
    for x in range(30, right + 1, 110):
        brush.line((x, 30, x, 160), (90, 90, 95), 4)
    row.paste((40, 40, 90), (150, 46), draw(digit, size=110, pen=7))  # and touches its cell
    assert named(row) == str(digit)


@DIGITS
def test_a_pen_lies_beside(digit):
    levels = page(digit, at=(260, 150), large=200)
    sheet = Image.fromarray(levels.astype(np.uint8))
    ImageDraw.Draw(sheet).line((80, 30, 110, 450), (20, 90, 40), 22)
    ImageDraw.Draw(sheet).line((78, 30, 108, 450), (160, 190, 165), 5)
    assert named(photo(np.asarray(sheet), grain=4)) == str(digit)


@DIGITS
def test_the_shadow_of_a_phone_is_no_sheet(digit):
    shadow = Image.new("L", (640, 480), 255)
    ImageDraw.Draw(shadow).rectangle((140, 200, 400, 480), 150)
    light = np.asarray(shadow.filter(ImageFilter.GaussianBlur(9)))[..., None] / 255
    assert named(photo(page(digit) * light, grain=4)) == str(digit)
