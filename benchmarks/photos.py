"""Conditions of ``pictures.py``: photos, by their light and their surroundings.

Each function makes a picture; its docstring states the condition, and :mod:`album` keeps the list.
"""

from typing import Any

import numpy as np
from PIL import Image

import papers
import photography
from conditions import condition
from inks import Hand, lay, put
from photography import blurred, grain, picture, saved

__all__: list[str] = []

LIGHT, AROUND = "light", "surroundings"


def sheet(hand: Hand) -> np.ndarray:
    """A sheet of paper in a photo: white that isn't full, with a little texture."""
    paper = papers.white(hand.random, papers.shape(hand.random)) * hand.random.uniform(0.75, 0.95)
    papers.fibres(hand.random, paper, 0.005)
    return paper


def written(hand: Hand, paper: np.ndarray | None = None, **where: Any) -> np.ndarray:
    """The digit on a sheet, by ballpoint, fineliner, felt pen or brush."""
    paper = sheet(hand) if paper is None else paper
    pens = ("ballpoint", "ballpoint", "fineliner", "felt pen", "brush")
    lay(hand, paper, pens[hand.random.randint(5)], **where)
    return paper


def taken(
    hand: Hand,
    scene: np.ndarray,
    sigma: tuple = (2, 6),
    soft: tuple = (0.7, 1.5),
    quality: tuple = (60, 92),
) -> Image.Image:
    """What a phone sends: a little soft, some grain, some noise of colour, a JPEG; each within its bounds."""
    random = hand.random
    scene = blurred(scene, random.uniform(*soft))
    noise = random.uniform(*sigma)
    seen = grain(random, scene, noise, 0.4 * noise)
    return saved(picture(seen), quality=random.randint(*quality))


@condition(LIGHT, "even light, grain")
def even(hand: Hand) -> Image.Image:
    """A sheet in even light, grain of 3 to 15 levels, JPEG 60 to 91."""
    return taken(hand, written(hand), sigma=(3, 15))


@condition(LIGHT, "uneven light")
def uneven(hand: Hand) -> Image.Image:
    """A sheet by a window: light that falls off to one side by 30 to 65 %, grain of 2 to 6 levels."""
    scene = written(hand)
    photography.slope(hand.random, scene, hand.random.uniform(0.3, 0.65))
    return taken(hand, scene)


@condition(LIGHT, "vignette")
def dark_corners(hand: Hand) -> Image.Image:
    """Corners darker than the middle by 30 to 60 %, grain of 2 to 6 levels."""
    scene = written(hand)
    photography.vignette(scene, hand.random.uniform(0.3, 0.6))
    return taken(hand, scene)


@condition(LIGHT, "flash")
def flashed(hand: Hand) -> Image.Image:
    """A flash's reflection that washes out 50 to 80 % of the ink in its middle, and the rest darker far from it."""
    scene = written(hand)
    photography.flash(hand.random, scene, hand.random.uniform(0.5, 0.8))
    return taken(hand, scene)


@condition(LIGHT, "warm lamp")
def warm(hand: Hand) -> Image.Image:
    """A sheet under a warm bulb, half of the blue missing, light falling off by 20 to 50 %, grain of 3 to 8 levels."""
    scene = written(hand)
    photography.lamp(hand.random, scene)
    photography.slope(hand.random, scene, hand.random.uniform(0.2, 0.5))
    return taken(hand, scene, sigma=(3, 8))


@condition(LIGHT, "evening")
def evening(hand: Hand) -> Image.Image:
    """Little light: paper at 30 to 45 % of full, grain of 8 to 16 levels with blotches of colour, then brightened by
    half.
    """
    scene = written(hand) * hand.random.uniform(0.3, 0.45)
    noise = hand.random.uniform(8, 16)
    seen = 1.5 * grain(hand.random, blurred(scene, 1.2), noise, 0.5 * noise)
    return saved(picture(seen), quality=hand.random.randint(60, 91))


@condition(LIGHT, "over-exposed")
def over_exposed(hand: Hand) -> Image.Image:
    """Over-exposed: paper burnt to full white, ink 35 to 60 % lighter than it is."""
    scene = written(hand)
    scene += hand.random.uniform(0.35, 0.6) * (1.08 - scene)
    return taken(hand, scene)


@condition(LIGHT, "shadow across")
def shaded(hand: Hand) -> Image.Image:
    """A shadow's edge across the sheet, 30 to 60 % darker on one side, soft over 2 to 12 pixels."""
    scene = written(hand)
    photography.shadow(
        hand.random, scene, hand.random.uniform(0.3, 0.6), hand.random.uniform(2, 12)
    )
    return taken(hand, scene)


@condition(LIGHT, "shadow of the phone")
def under_phone(hand: Hand) -> Image.Image:
    """The photographer's shadow over the middle: a soft rectangle, 25 to 50 % darker, from the lower edge up."""
    scene, random = written(hand), hand.random
    rows, columns = scene.shape[:2]
    left, right = np.array([random.uniform(0.1, 0.35), random.uniform(0.6, 0.9)]) * columns
    dark = np.zeros((rows, columns, 1), np.float32)
    dark[round(random.uniform(0.2, 0.5) * rows) :, round(left) : round(right)] = random.uniform(
        0.25, 0.5
    )
    scene *= 1 - blurred(dark, random.uniform(6, 20))
    return taken(hand, scene)


def tables(hand: Hand) -> np.ndarray:
    """A dark table, a light one, or wood, somewhat larger than a sheet."""
    size = papers.shape(hand.random, 400, 760)
    return papers.plain(size, tuple(hand.random.uniform(0.08, 0.2, 3)))


def lying(hand: Hand, ground: np.ndarray, page: np.ndarray, inset: float = 0.14) -> np.ndarray:
    """A page on a table, seen askew: each corner so far from the picture's, give or take half of that."""
    rows, columns = ground.shape[:2]
    moves = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    moves = moves * hand.random.uniform(0.5 * inset, 1.5 * inset, (4, 2)) * (columns, rows)
    corners = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)]) + moves
    papers.on(ground, page, list(corners), shadow=0.3)
    return ground


INNER = (0.12, 0.12, 0.88, 0.88)
"""Where one writes on a page that is seen whole."""


@condition(AROUND, "page on a dark table")
def dark_table(hand: Hand) -> Image.Image:
    """A whole page seen askew on a dark table of one colour, all four edges in the picture."""
    page = written(hand, box=INNER, share=(0.4, 0.8))
    return taken(hand, lying(hand, tables(hand), page))


@condition(AROUND, "page on a light table")
def light_table(hand: Hand) -> Image.Image:
    """A whole page on a table nearly as bright as it, so that little but its shadow shows its edge."""
    page = written(hand, box=INNER, share=(0.4, 0.8))
    colour = hand.random.uniform(0.66, 0.8) + hand.random.uniform(-0.04, 0.04, 3)
    ground = papers.plain(papers.shape(hand.random, 400, 760), tuple(colour))
    return taken(hand, lying(hand, ground, page))


@condition(AROUND, "page on wood")
def wooden(hand: Hand) -> Image.Image:
    """A whole page seen askew on boards with a grain and gaps."""
    page = written(hand, box=INNER, share=(0.4, 0.8))
    ground = papers.wood(hand.random, papers.shape(hand.random, 400, 760))
    return taken(hand, lying(hand, ground, page))


@condition(AROUND, "table at one edge")
def one_edge(hand: Hand) -> Image.Image:
    """Paper whose edge runs askew through 5 to 18 % of one side of the picture, and dark table beyond it."""
    scene, random = written(hand, box=(0.22, 0.22, 0.78, 0.78), share=(0.4, 0.9)), hand.random
    side = random.randint(4)
    scene = np.rot90(scene, side).copy()
    rows, columns = scene.shape[:2]
    start, end = random.uniform(0.05, 0.18, 2) * columns
    edge = np.linspace(start, end, rows)[:, None] - np.arange(columns)
    put(scene, (edge + 0.5).clip(0, 1).astype(np.float32), tuple(random.uniform(0.1, 0.4, 3)), 0, 0)
    return taken(hand, np.ascontiguousarray(np.rot90(scene, -side)))


@condition(AROUND, "finger at the rim")
def fingered(hand: Hand) -> Image.Image:
    """A fingertip, skin-coloured and out of focus, reaches 12 to 22 % into the picture from one side."""
    scene, random = written(hand, box=(0.26, 0.26, 0.74, 0.74), share=(0.45, 0.95)), hand.random
    side = random.randint(4)
    scene = np.rot90(scene, side).copy()
    rows, columns = scene.shape[:2]
    length, half = (
        random.uniform(0.12, 0.22) * columns,
        random.uniform(0.07, 0.12) * max(rows, columns),
    )
    middle = random.uniform(0.2, 0.8) * rows
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    far = np.hypot(np.maximum(x - length + half, 0), y - middle)
    round_off = 0.72 + 0.28 * np.sqrt((1 - (far / half) ** 2).clip(0, 1))
    skin = np.asarray(
        [(0.85, 0.62, 0.5), (0.55, 0.38, 0.28), (0.36, 0.24, 0.18)][random.randint(3)]
    )
    mask = blurred((far < half)[..., None].astype(np.float32), 2.5)
    scene += mask * ((round_off[..., None] * skin).astype(np.float32) - scene)
    return taken(hand, np.ascontiguousarray(np.rot90(scene, -side)))


@condition(AROUND, "pen lying beside")
def beside_pen(hand: Hand) -> Image.Image:
    """A dark or coloured pen lies on the paper along one side, from edge to edge, as wide as 3 to 5 % of the
    picture.
    """
    scene, random = written(hand, box=(0.28, 0.1, 0.94, 0.9), share=(0.4, 0.9)), hand.random
    rows, columns = scene.shape[:2]
    x = random.uniform(0.06, 0.13, 2) * columns
    width = random.uniform(0.03, 0.05) * max(rows, columns)
    ways = [[(x[0], random.uniform(-0.1, 0.15) * rows), (x[1], random.uniform(0.85, 1.1) * rows)]]
    body = papers.strokes((rows, columns), ways, width)
    put(scene, blurred(body[..., None], 4)[..., 0], (0.3, 0.3, 0.3), 5, 4, 0.5)
    put(scene, body, tuple(random.uniform(0.02, 0.6, 3)), 0, 0)
    put(scene, papers.strokes((rows, columns), ways, width / 5), (0.9, 0.9, 0.9), -2, 0, 0.5)
    return taken(hand, scene)


@condition(AROUND, "sticky note")
def noted(hand: Hand) -> Image.Image:
    """A yellow, pink, green or blue sticky note, seen askew on a desk or a screen's bezel, written on with a felt
    pen.
    """
    random = hand.random
    colour = ((0.98, 0.92, 0.45), (0.98, 0.6, 0.7), (0.7, 0.92, 0.5), (0.55, 0.82, 0.95))
    side = random.randint(260, 420)
    note = papers.plain((side, side), colour[random.randint(4)])
    photography.slope(random, note, 0.15)
    lay(hand, note, "felt pen", (0.45, 0.75), (0.1, 0.1, 0.15), INNER)
    desk = (random.uniform(0.15, 0.75) + random.uniform(-0.08, 0.08, 3)).clip(0.05, 1)
    ground = papers.plain((round(side * 1.25), round(side * 1.3)), tuple(desk))
    return taken(hand, lying(hand, ground, note, 0.1))


@condition(AROUND, "in an open book")
def in_a_book(hand: Hand) -> Image.Image:
    """A page of an open notebook: the gutter's dark line and its shading at the left, a strip of the other page
    beyond.
    """
    scene = written(hand, box=(0.3, 0.1, 0.94, 0.9), share=(0.4, 0.85))
    columns = scene.shape[1]
    far = np.arange(columns) / columns - hand.random.uniform(0.05, 0.14)
    shade = 1 - 0.45 * np.exp(-np.abs(far) / 0.05) - 0.35 * np.exp(-((far / 0.006) ** 2))
    scene *= shade[:, None].astype(np.float32)
    return taken(hand, scene)


@condition(AROUND, "crumpled paper")
def crumpled(hand: Hand) -> Image.Image:
    """Paper that was crumpled and flattened: 14 to 29 facets up to 9 % brighter or darker, light falling off by 25
    %.
    """
    scene = sheet(hand)
    papers.crumple(hand.random, scene, hand.random.uniform(0.05, 0.09))
    scene = written(hand, scene)
    photography.slope(hand.random, scene, 0.25)
    return taken(hand, scene)


@condition(AROUND, "squared, photographed askew")
def squared_photo(hand: Hand) -> Image.Image:
    """A page of squared paper seen in perspective on a table, light falling off by 10 to 40 %."""
    page = sheet(hand)
    colour = (0.6, 0.68, 0.82)
    papers.lines(hand.random, page, hand.random.uniform(25, 45), colour, 1.6, "squared", 0.7)
    page = written(hand, page, box=INNER, share=(0.4, 0.8))
    scene = lying(hand, tables(hand), page, 0.07)
    photography.slope(hand.random, scene, hand.random.uniform(0.1, 0.4))
    return taken(hand, scene)
