"""Conditions of ``pictures.py``: pictures without a digit to name, or with two.

Each function makes a picture; its docstring states the condition, and :mod:`album` keeps the list.
"""

import numpy as np
from PIL import Image

import papers
import photography
from conditions import NOTHING, condition
from inks import Hand, put
from photography import blurred, grain, picture, saved
from photos import lying, sheet, tables, taken
from screens import text

__all__: list[str] = []


@condition(NOTHING, "an empty ruled page")
def empty_ruled(hand: Hand) -> Image.Image:
    """Ruled or squared paper with nothing written on it, photographed."""
    scene, random = sheet(hand), hand.random
    kind = ("ruled", "squared")[random.randint(2)]
    papers.lines(random, scene, random.uniform(30, 70), (0.55, 0.65, 0.85), 1.6, kind)
    photography.slope(random, scene, random.uniform(0, 0.4))
    return taken(hand, scene)


@condition(NOTHING, "an empty page on a table")
def empty_page(hand: Hand) -> Image.Image:
    """A page with nothing on it, seen whole and askew on a dark table."""
    return taken(hand, lying(hand, tables(hand), sheet(hand)))


@condition(NOTHING, "grain alone")
def nothing(hand: Hand) -> Image.Image:
    """Empty paper, or the dark inside of a pocket, with grain of 3 to 15 levels."""
    scene = sheet(hand)
    if hand.random.uniform() < 0.5:
        scene *= 0.12
    photography.slope(hand.random, scene, hand.random.uniform(0, 0.5))
    return taken(hand, scene, sigma=(3, 15))


@condition(NOTHING, "dust and a hair")
def swept(hand: Hand) -> Image.Image:
    """Empty paper, scanned, with 5 to 30 specks and one long curved hair."""
    random = hand.random
    scene = papers.white(random, papers.shape(random))
    papers.dust(random, scene, random.randint(5, 31), (0.8, 3), (0.25, 0.24, 0.22))
    steps = np.cumsum(random.normal(0, 0.25, 40))
    way = random.uniform(0.2, 0.7, 2) * scene.shape[1::-1]
    ways = [np.cumsum([way, *5 * np.stack([np.cos(steps), np.sin(steps)], 1)], axis=0)]
    put(
        scene,
        papers.strokes(scene.shape[:2], [list(map(tuple, ways[0]))], 1.2),
        (0.3, 0.25, 0.2),
        0,
        0,
    )
    return saved(picture(grain(random, scene, 2), "L"), quality=85)


@condition(NOTHING, "two digits")
def two(hand: Hand) -> Image.Image:
    """Two digits side by side, of one height and a stroke's width apart or more, photographed."""
    scene, random = sheet(hand), hand.random
    height, width = 0.32 * min(scene.shape[:2]), random.uniform(0.06, 0.12)
    masks = [hand.mask(height, width, label) for label in (random.randint(10), hand.label)]
    gap = random.uniform(0.1, 0.35) * height
    free = scene.shape[1] - gap - sum(mask.shape[1] for mask in masks)
    x = free * random.uniform(0.1, 0.9)
    for mask in masks:
        put(scene, mask, (0.1, 0.1, 0.2), round(x), round(0.3 * len(scene)), 0.9)
        x += mask.shape[1] + gap
    return taken(hand, scene)


WORDS = ("Milk", "Open", "Room", "Exit", "Hello", "Eggs", "Maths", "Sale", "Name", "yes")


@condition(NOTHING, "a word")
def word(hand: Hand) -> Image.Image:
    """A printed word of three to five letters, photographed."""
    scene, random = sheet(hand), hand.random
    size = 0.16 * scene.shape[1]
    text(
        scene,
        0.2 * scene.shape[1],
        0.35 * len(scene),
        WORDS[random.randint(len(WORDS))],
        size,
        (0.1, 0.1, 0.15),
    )
    return taken(hand, scene)


def spiral(random: np.random.RandomState) -> list[list[tuple]]:
    """Two to four turns, on a square from 0 to 1."""
    t = np.linspace(0, 1, 120)
    turn = t * random.uniform(2.2, 4) * 2 * np.pi
    return [list(zip(0.5 + 0.5 * t * np.cos(turn), 0.5 + 0.5 * t * np.sin(turn), strict=True))]


def star(random: np.random.RandomState) -> list[list[tuple]]:
    """Five points in one stroke."""
    turn = np.arange(6) * 4 * np.pi / 5 + random.uniform(0, 6)
    return [list(zip(0.5 + 0.5 * np.cos(turn), 0.5 + 0.5 * np.sin(turn), strict=True))]


def house(random: np.random.RandomState) -> list[list[tuple]]:
    """Walls, a roof and a door."""
    walls = [(0.1, 1), (0.1, 0.45), (0.9, 0.45), (0.9, 1), (0.1, 1)]
    x = random.uniform(0.3, 0.5)
    return [
        walls,
        [(0.02, 0.5), (0.5, 0), (0.98, 0.5)],
        [(x, 1), (x, 0.7), (x + 0.2, 0.7), (x + 0.2, 1)],
    ]


def face(random: np.random.RandomState) -> list[list[tuple]]:
    """A round, two eyes and a mouth."""
    turn = np.linspace(0, 2 * np.pi, 50)
    ring = np.stack([0.5 + 0.5 * np.cos(turn), 0.5 + 0.5 * np.sin(turn)], 1)
    mouth = [(0.3, 0.65), (0.4, 0.75), (0.6, 0.75), (0.7, random.uniform(0.6, 0.7))]
    eyes = [[(x, 0.35), (x + 0.01, 0.42)] for x in (0.35, 0.65)]
    return [list(map(tuple, ring)), mouth, *eyes]


@condition(NOTHING, "a doodle")
def doodle(hand: Hand) -> Image.Image:
    """A spiral, a star, a house or a face, drawn in one to five strokes and photographed."""
    scene, random = sheet(hand), hand.random
    side = random.uniform(0.4, 0.65) * min(scene.shape[:2])
    ways = (spiral, star, house, face)[random.randint(4)](random)
    corner = random.uniform(0.1, 0.3, 2) * scene.shape[1::-1]
    scaled = [[tuple(corner + side * np.asarray(point)) for point in way] for way in ways]
    mask = papers.strokes(scene.shape[:2], scaled, side * random.uniform(0.03, 0.07))
    put(scene, mask, (0.1, 0.12, 0.3), 0, 0, 0.9)
    return taken(hand, scene)


@condition(NOTHING, "a line and a stain")
def marks(hand: Hand) -> Image.Image:
    """A page with a fold, a stain and a torn corner's shadow, and nothing written, scanned in colour."""
    scene = papers.white(hand.random, papers.shape(hand.random))
    papers.stains(hand.random, scene)
    papers.fold(hand.random, scene, 2)
    photography.shadow(hand.random, scene, 0.15, 3)
    return saved(picture(grain(hand.random, blurred(scene, 0.6), 2)), quality=85)
