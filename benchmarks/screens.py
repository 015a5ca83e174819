"""Conditions of ``pictures.py``: boards, screens, odd grounds.

Each function makes a picture; its docstring states the condition, and :mod:`album` keeps the list.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

import papers
import photography
from conditions import condition
from inks import Hand, clouds, lay, put
from photography import blurred, grain, picture, saved
from photos import lying, sheet, taken, written

__all__: list[str] = []

BOARD, SCREEN, GROUND = "boards", "screens", "odd grounds"


def board(hand: Hand, colour: tuple[float, float, float]) -> np.ndarray:
    """A board of one colour, wiped many times: clouds of a little lighter and darker."""
    size = papers.shape(hand.random, 360, 760)
    ground = papers.plain(size, colour)
    ground += (0.05 * clouds(hand.random, size, 5) - 0.025)[..., None].astype(np.float32)
    return ground


def smears(hand: Hand, ground: np.ndarray, colour: tuple, strength: float) -> None:
    """What a sponge or a sleeve leaves: broad stripes of what was written, faint and smeared along one way."""
    rows, columns = ground.shape[:2]
    turn, far = hand.random.uniform(-0.4, 0.4), max(rows, columns)
    for _ in range(hand.random.randint(2, 6)):
        x, y = hand.random.uniform(0, columns), hand.random.uniform(0, rows)
        length = hand.random.uniform(0.15, 0.4) * far
        way = [(x, y), (x + length * np.cos(turn), y + length * np.sin(turn))]
        mask = papers.strokes((rows, columns), [way], hand.random.uniform(0.04, 0.1) * far)
        mask = blurred(mask[..., None], 6)[..., 0] * (
            0.5 + 0.5 * clouds(hand.random, (rows, columns), 20)
        )
        put(ground, mask, colour, 0, 0, strength)


@condition(BOARD, "whiteboard with glare")
def glaring(hand: Hand) -> Image.Image:
    """A marker on a whiteboard, a lamp's reflection washing out 50 to 85 % in its middle, grain of 2 to 6 levels."""
    scene = board(hand, (0.82, 0.84, 0.86))
    lay(hand, scene, "whiteboard marker")
    photography.flash(hand.random, scene, hand.random.uniform(0.5, 0.85))
    return taken(hand, scene)


@condition(BOARD, "whiteboard, badly wiped")
def badly_wiped(hand: Hand) -> Image.Image:
    """A marker on a whiteboard with two to five grey smears and an older digit wiped to 8 to 18 % of its ink."""
    scene, random = board(hand, (0.85, 0.86, 0.88)), hand.random
    smears(hand, scene, (0.45, 0.47, 0.55), 0.2)
    old = hand.mask(0.4 * min(scene.shape[:2]), 0.08, random.randint(10))
    left, top = random.randint(scene.shape[1] - 40), random.randint(scene.shape[0] - 40)
    put(
        scene,
        ndimage.gaussian_filter(old, 1.5),
        (0.2, 0.2, 0.4),
        left,
        top,
        random.uniform(0.08, 0.18),
    )
    lay(hand, scene, "whiteboard marker", (0.35, 0.65))
    photography.slope(random, scene, random.uniform(0.05, 0.3))
    return taken(hand, scene)


@condition(BOARD, "blackboard")
def blackboard(hand: Hand) -> Image.Image:
    """White or yellow chalk on a black or green board with its dust and two to five pale smears, grain of 3 to 8
    levels.
    """
    colour = ((0.13, 0.14, 0.14), (0.12, 0.25, 0.19))[hand.random.randint(2)]
    scene = board(hand, colour)
    papers.fibres(hand.random, scene, 0.015)
    smears(hand, scene, (0.6, 0.62, 0.6), 0.18)
    lay(hand, scene, "chalk")
    photography.slope(hand.random, scene, hand.random.uniform(0.1, 0.4))
    return taken(hand, scene, sigma=(3, 8))


@condition(BOARD, "slate with a frame")
def slate(hand: Hand) -> Image.Image:
    """Chalk on a small slate within its wooden frame, seen whole on a table."""
    random, size = hand.random, papers.shape(hand.random, 320, 480)
    frame = papers.wood(random, size, (0.72, 0.52, 0.32))
    inside = papers.plain((round(0.8 * size[0]), round(0.84 * size[1])), (0.15, 0.16, 0.17))
    papers.fibres(random, inside, 0.02)
    lay(hand, inside, "chalk", (0.45, 0.75), box=(0.1, 0.1, 0.9, 0.9))
    top, left = ((side - within) // 2 for side, within in zip(size, inside.shape[:2], strict=True))
    frame[top : top + len(inside), left : left + inside.shape[1]] = inside
    table = random.uniform(0.4, 0.75) + random.uniform(-0.06, 0.06, 3)
    ground = papers.plain((round(size[0] * 1.2), round(size[1] * 1.2)), tuple(table))
    return taken(hand, lying(hand, ground, frame, 0.08))


@condition(BOARD, "chalk on asphalt")
def asphalt(hand: Hand) -> Image.Image:
    """Broad chalk on grey asphalt with its grain, grain of 3 to 6 levels, light falling off by up to 30 %."""
    level = hand.random.uniform(0.28, 0.4)
    scene = board(hand, (level, level, level))
    papers.fibres(hand.random, scene, 0.05)
    lay(hand, scene, "chalk", (0.4, 0.75))
    photography.slope(hand.random, scene, hand.random.uniform(0, 0.3))
    return taken(hand, scene, sigma=(3, 6))


def canvas(hand: Hand, paper: float, size: tuple[int, int] | None = None) -> np.ndarray:
    """The sheet of a drawing program, of one grey level."""
    return papers.plain(size or papers.shape(hand.random, 320, 700), (paper, paper, paper))


def button(scene: np.ndarray, box: tuple, colour: tuple, radius: float = 0.0) -> None:
    """A rectangle on a screen, its corners rounded; left, top, right and bottom in pixels."""
    mask = Image.new("L", scene.shape[1::-1])
    ImageDraw.Draw(mask).rounded_rectangle(tuple(map(round, box)), radius, fill=255)
    put(scene, np.asarray(mask, np.float32) / 255, colour, 0, 0)


def text(scene: np.ndarray, left: float, top: float, said: str, size: float, colour: tuple) -> None:
    """Words on a screen, in the font that comes with Pillow."""
    mask = Image.new("L", scene.shape[1::-1])
    font = ImageFont.load_default(max(8, size))
    ImageDraw.Draw(mask).text((left, top), said, 255, font)
    put(scene, np.asarray(mask, np.float32) / 255, colour, 0, 0)


@condition(SCREEN, "drawing app")
def drawing(hand: Hand) -> Image.Image:
    """A finger's stroke of one colour on a white canvas, a screenshot without anything else, a PNG."""
    scene = canvas(hand, 1.0)
    lay(hand, scene, "finger", (0.4, 0.85), tuple(hand.random.uniform(0, 0.5, 3)))
    return saved(picture(scene), "PNG")


@condition(SCREEN, "drawing app with a toolbar")
def toolbar(hand: Hand) -> Image.Image:
    """A drawing app's screenshot, light or dark, with a bar of five to eight round coloured tools along one edge, a
    PNG.
    """
    random, dark = hand.random, hand.random.uniform() < 0.5
    scene = canvas(hand, 0.1 if dark else 1.0)
    rows, columns = scene.shape[:2]
    bar, below = 0.11 * rows, random.uniform() < 0.5
    top = rows - bar if below else 0
    button(scene, (0, top, columns, top + bar), (0.2, 0.2, 0.22) if dark else (0.93, 0.93, 0.95))
    for i in range(random.randint(5, 9)):
        x, r = (i + 1) * columns / 10, 0.028 * rows
        y = top + bar / 2
        button(scene, (x - r, y - r, x + r, y + r), tuple(random.uniform(0.1, 0.9, 3)), r)
    ink = (0.95, 0.95, 0.95) if dark else (0.05, 0.05, 0.1)
    box = (0.06, 0.05, 0.94, 0.86) if below else (0.06, 0.14, 0.94, 0.95)
    lay(hand, scene, "finger", (0.45, 0.85), ink, box)
    return saved(picture(scene), "PNG")


@condition(SCREEN, "window on a desktop")
def window(hand: Hand) -> Image.Image:
    """A window with a title bar and three round buttons, white canvas within, on a coloured desktop that shows around
    it.
    """
    random, size = hand.random, papers.shape(hand.random, 420, 760)
    rows, columns = size
    scene = papers.plain(size, tuple(random.uniform(0.1, 0.6, 3)))
    photography.slope(random, scene, 0.4)
    left, top, right, bottom = np.array([0.08, 0.08, 0.92, 0.92]) * (columns, rows, columns, rows)
    button(scene, (left, top, right, bottom), (1, 1, 1), 6)
    button(scene, (left, top, right, top + 24), (0.86, 0.86, 0.88), 6)
    for i, colour in enumerate([(0.95, 0.4, 0.35), (0.97, 0.75, 0.25), (0.3, 0.8, 0.35)]):
        x = left + 14 + 18 * i
        button(scene, (x - 5, top + 7, x + 5, top + 17), colour, 5)
    text(scene, (left + right) / 2 - 30, top + 5, "Untitled", 12, (0.2, 0.2, 0.2))
    lay(hand, scene, "finger", (0.45, 0.8), (0, 0, 0), (0.14, 0.2, 0.86, 0.86))
    return saved(picture(scene), "PNG")


@condition(SCREEN, "phone's screenshot")
def phone(hand: Hand) -> Image.Image:
    """A note on a phone, upright: the clock, a battery and a title above, a line of buttons below, light or dark, a
    PNG.
    """
    random, dark = hand.random, hand.random.uniform() < 0.4
    paper, ink = ((0.07,) * 3, (0.95,) * 3) if dark else ((0.99,) * 3, (0.08,) * 3)
    columns = random.randint(330, 430)
    rows = round(columns * random.uniform(1.9, 2.2))
    scene = papers.plain((rows, columns), paper)
    text(scene, 0.07 * columns, 10, f"{random.randint(8, 20)}:{random.randint(10, 60)}", 14, ink)
    button(scene, (0.86 * columns, 12, 0.94 * columns, 22), ink, 3)
    text(scene, 0.07 * columns, 44, "Notes", 24, ink)
    for i in range(4):
        x, y = (0.14 + 0.24 * i) * columns, rows - 30
        button(scene, (x - 9, y - 9, x + 9, y + 9), (0.9, 0.65, 0.1), 4)
    lay(hand, scene, "finger", (0.5, 0.85), ink, (0.06, 0.16, 0.94, 0.9))
    return saved(picture(scene), "PNG")


@condition(SCREEN, "signature pad")
def signature(hand: Hand) -> Image.Image:
    """A signature pad's picture: thin bright strokes of one pixel's softness on black, or dark on grey, two to
    sixteen levels.
    """
    random = hand.random
    bright = random.uniform() < 0.6
    scene = canvas(
        hand, 0.0 if bright else 0.8, (random.randint(120, 240), random.randint(260, 420))
    )
    ink = (1, 1, 1) if bright else (0.05, 0.05, 0.2)
    lay(hand, scene, "fineliner", (0.5, 0.85), ink)
    levels = int(random.choice([2, 4, 16]))
    return saved(picture(scene, "L").quantize(levels, dither=Image.Dither.NONE), "PNG")


@condition(SCREEN, "photo of a screen")
def moire(hand: Hand) -> Image.Image:
    """A screen photographed: slow stripes of colour, 5 to 10 % deep, at an angle, a bluish white, grain of 2 to 5
    levels.
    """
    random, scene = hand.random, canvas(hand, 0.85)
    lay(hand, scene, "finger", (0.4, 0.75), tuple(random.uniform(0.05, 0.3, 3)))
    scene *= np.asarray([0.9, 0.96, 1.0], np.float32)
    rows, columns = scene.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    turn, pitch, depth = random.uniform(0, np.pi), random.uniform(7, 30), random.uniform(0.05, 0.1)
    along = x * np.cos(turn) + y * np.sin(turn) + 12 * clouds(random, (rows, columns), 3)
    for channel in range(3):
        scene[..., channel] *= 1 + depth * np.sin(2 * np.pi * along / pitch + channel)
    photography.slope(random, scene, random.uniform(0.1, 0.3))
    return taken(hand, scene, (2, 5))


@condition(SCREEN, "pixels of a screen")
def pixels(hand: Hand) -> Image.Image:
    """A screen photographed from near: each of its pixels, 4 to 6 pixels wide in the picture, with dark gaps between
    them.
    """
    random = hand.random
    pitch = random.randint(4, 7)
    small = canvas(hand, 1.0, (random.randint(70, 110), random.randint(80, 120)))
    lay(hand, small, "finger", (0.5, 0.8), tuple(random.uniform(0, 0.2, 3)))
    scene = np.repeat(np.repeat(small, pitch, 0), pitch, 1)
    gap = np.ones(pitch, np.float32)
    gap[-1] = random.uniform(0.55, 0.8)
    scene *= np.tile(gap, len(small))[:, None, None] * np.tile(gap, small.shape[1])[None, :, None]
    return taken(hand, scene * 0.9, soft=(0.5, 1.0))


@condition(SCREEN, "GIF of eight colours")
def gif(hand: Hand) -> Image.Image:
    """A photo in uneven light reduced to eight colours, dithered or not, a GIF."""
    scene, random = written(hand), hand.random
    photography.slope(random, scene, random.uniform(0.1, 0.3))
    dither = (Image.Dither.NONE, Image.Dither.FLOYDSTEINBERG)[random.randint(2)]
    image = picture(grain(random, blurred(scene, 1), 2))
    few = image.quantize(8).copy()
    return saved(image.quantize(palette=few, dither=dither), "GIF")


@condition(SCREEN, "dark mode, faint ink")
def faint(hand: Hand) -> Image.Image:
    """A dark grey canvas, 10 to 20 % of white, with strokes at 35 to 60 % of white, a WebP of quality 70 to 94."""
    random = hand.random
    scene = canvas(hand, random.uniform(0.1, 0.2))
    lay(hand, scene, "finger", (0.4, 0.8), (random.uniform(0.35, 0.6),) * 3)
    return saved(picture(scene), "WEBP", quality=random.randint(70, 95))


@condition(GROUND, "fogged window")
def fogged(hand: Hand) -> Image.Image:
    """A finger's strokes on a fogged pane: darker than the fog and streaked, the fog in clouds, grain of 2 to 6
    levels.
    """
    scene = board(hand, (0.62, 0.67, 0.7))
    scene += (0.14 * clouds(hand.random, scene.shape[:2], 3) - 0.07)[..., None]
    lay(hand, scene, "finger", (0.4, 0.8), (0.25, 0.29, 0.3))
    return taken(hand, scene, soft=(1.2, 2.5))


@condition(GROUND, "on cloth")
def cloth(hand: Hand) -> Image.Image:
    """A felt pen on light woven cloth, its threads 5 to 8 pixels apart and 6 to 10 % deep."""
    random, scene = hand.random, sheet(hand)
    rows, columns = scene.shape[:2]
    pitch, depth = random.uniform(5, 8), random.uniform(0.06, 0.1)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    scene *= 1 + depth * (np.sin(2 * np.pi * x / pitch) * np.sin(2 * np.pi * y / pitch))[..., None]
    lay(hand, scene, "felt pen", (0.35, 0.7))
    photography.slope(random, scene, 0.2)
    return taken(hand, scene)


@condition(GROUND, "on a cardboard box")
def cardboard(hand: Hand) -> Image.Image:
    """A felt pen on corrugated cardboard: soft stripes 8 to 14 pixels apart, 3 to 6 % deep, brown, light falling
    off.
    """
    random = hand.random
    scene = board(hand, (0.68, 0.53, 0.38))
    papers.fibres(random, scene, 0.012)
    x = np.arange(scene.shape[1], dtype=np.float32)
    stripes = random.uniform(0.03, 0.06) * np.sin(2 * np.pi * x / random.uniform(8, 14))
    scene *= (1 + stripes)[None, :, None]
    lay(hand, scene, "felt pen", (0.35, 0.7), (0.1, 0.09, 0.1))
    photography.slope(random, scene, random.uniform(0.1, 0.4))
    return taken(hand, scene)


@condition(GROUND, "in wet sand")
def sand(hand: Hand) -> Image.Image:
    """A furrow drawn in sand: dark on one side and bright on the other, over a grain that is 4 % deep."""
    random, scene = hand.random, board(hand, (0.66, 0.56, 0.44))
    papers.fibres(random, scene, 0.026)
    mask = np.zeros_like(scene)
    lay(hand, mask, "brush", (0.5, 0.8), (1, 1, 1))
    depth = ndimage.gaussian_filter(mask[..., 0], 2)
    light = np.roll(depth, (3, 3), (0, 1)) - depth
    scene *= (1 - 0.5 * depth + 0.25 * light)[..., None]
    return taken(hand, scene)
