"""Conditions of ``pictures.py``: cut-outs, with a transparent ground or on another.

Each function makes a picture; its docstring states the condition, and :mod:`album` keeps the list.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

import papers
from conditions import condition
from inks import Hand, clouds, lay
from photography import grain, picture, saved, turned
from scans import sheet, written

__all__: list[str] = []

CUT = "cut-out"


def cut(hand: Hand, scene: np.ndarray, alpha: Image.Image) -> Image.Image:
    """A PNG with a transparent ground."""
    image = picture(grain(hand.random, scene, 1))
    image.putalpha(alpha)
    return saved(image, "PNG")


@condition(CUT, "transparent rim")
def rimmed(hand: Hand) -> Image.Image:
    """White paper cut out with a straight edge, 5 to 15 % of transparent black around it, a PNG."""
    paper = written(hand, sheet(hand), box=(0.2, 0.2, 0.8, 0.8), share=(0.4, 0.85))
    rows, columns = paper.shape[:2]
    far = [round(hand.random.uniform(0.05, 0.15) * side) for side in (columns, rows, columns, rows)]
    alpha = Image.new("L", (columns, rows))
    alpha.paste(255, (far[0], far[1], columns - far[2], rows - far[3]))
    paper[np.asarray(alpha) == 0] = 0
    return cut(hand, paper, alpha)


@condition(CUT, "rounded corners")
def rounded(hand: Hand) -> Image.Image:
    """A card whose corners are rounded, transparent outside them, white or of a pale colour, a PNG."""
    paper = sheet(hand) * np.asarray(hand.random.uniform(0.8, 1, 3), np.float32)
    rows, columns = paper.shape[:2]
    alpha = Image.new("L", (2 * columns, 2 * rows))
    radius = hand.random.uniform(0.1, 0.4) * min(rows, columns)
    box = (0, 0, 2 * columns - 1, 2 * rows - 1)
    ImageDraw.Draw(alpha).rounded_rectangle(box, radius, fill=255)
    return cut(hand, written(hand, paper, box=(0.1, 0.1, 0.9, 0.9)), alpha.reduce(2))


@condition(CUT, "drop shadow")
def shadowed(hand: Hand) -> Image.Image:
    """A white card on nothing, with a soft black shadow of 30 to 60 % below it, as a window's screenshot has it, a
    PNG.
    """
    paper = written(hand, sheet(hand), box=(0.18, 0.18, 0.82, 0.8), share=(0.4, 0.85))
    rows, columns = paper.shape[:2]
    card = Image.new("L", (columns, rows))
    card.paste(
        255, tuple(round(part) for part in (0.1 * columns, 0.1 * rows, 0.9 * columns, 0.88 * rows))
    )
    soft = np.asarray(card.filter(ImageFilter.GaussianBlur(10)), np.float32)
    shade = hand.random.uniform(0.3, 0.6) * ndimage.shift(soft, (6, 0), order=0)
    paper[np.asarray(card) == 0] = 0
    alpha = np.maximum(shade, np.asarray(card))
    return cut(hand, paper, Image.fromarray(alpha.astype(np.uint8)))


@condition(CUT, "ink on nothing")
def ink_alone(hand: Hand) -> Image.Image:
    """Ink without paper: dark strokes, or white ones for a third of the pictures, on a transparent ground, a PNG."""
    random = hand.random
    size = papers.shape(random, 200, 500)
    mask = papers.plain(size, (0, 0, 0))
    lay(hand, mask, "finger", (0.4, 0.85), colour=(1, 1, 1))
    white = random.uniform() < 1 / 3
    colour = (0.98, 0.98, 0.98) if white else tuple(random.uniform(0, 0.35, 3))
    return cut(hand, papers.plain(size, colour), picture(mask, "L"))


@condition(CUT, "sticker")
def sticker(hand: Hand) -> Image.Image:
    """A digit cut out along its own shape: dark strokes with a white rim as wide as they are, transparent outside it,
    a PNG.
    """
    random = hand.random
    size = papers.shape(random, 240, 500)
    mask = papers.plain(size, (0, 0, 0))
    lay(hand, mask, "felt pen", (0.45, 0.75), (1, 1, 1), (0.12, 0.12, 0.88, 0.88))
    ink = mask[..., 0]
    far = ndimage.distance_transform_edt(ink < 0.5)
    alpha = (0.05 * min(size) - far + 0.5).clip(0, 1)
    colour = np.asarray(random.uniform(0, 0.4, 3), np.float32)
    paper = 1 + ink[..., None] * (colour - 1)
    return cut(hand, paper, Image.fromarray((255 * alpha).astype(np.uint8)))


@condition(CUT, "torn from a page")
def torn(hand: Hand) -> Image.Image:
    """A scrap of paper with torn edges, turned by up to 12 degrees on a darker or lighter ground of one colour, JPEG
    80.
    """
    random = hand.random
    paper = written(hand, sheet(hand), box=(0.2, 0.2, 0.8, 0.8), share=(0.4, 0.9))
    rows, columns = paper.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns]
    edge = np.minimum(np.minimum(y, rows - y) / rows, np.minimum(x, columns - x) / columns)
    rough = (
        0.09
        + 0.05 * clouds(random, (rows, columns), 9)
        + 0.03 * clouds(random, (rows, columns), 50)
    )
    alpha = ((edge - rough) * 300 + 0.5).clip(0, 1)
    ground = papers.plain((rows, columns), tuple(random.uniform(0.15, 0.7, 3)))
    corners = [(0, 0), (columns, 0), (columns, rows), (0, rows)]
    papers.on(ground, paper, corners, alpha, 0.3)
    fill = tuple(round(255 * level) for level in ground[0, 0])
    return saved(
        turned(picture(grain(random, ground, 2)), random.uniform(-12, 12), fill), quality=80
    )
