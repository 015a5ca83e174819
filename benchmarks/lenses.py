"""Conditions of ``pictures.py``: photos, by their lens, their file and their colours.

Each function makes a picture; its docstring states the condition, and :mod:`album` keeps the list.
"""

import numpy as np
from PIL import Image

import papers
import photography
from conditions import condition
from inks import Hand, clouds, lay
from photography import blurred, grain, picture, saved
from photos import taken, written

__all__: list[str] = []

LENS, COLOUR = "lens and file", "colours"


@condition(LENS, "out of focus")
def unfocused(hand: Hand) -> Image.Image:
    """Blurred by a Gaussian of 0.8 to 1.6 % of the digit's height at its largest, grain of 2 to 5 levels."""
    scene = written(hand, share=(0.4, 0.7))
    far = hand.random.uniform(0.008, 0.016) * 0.7 * min(scene.shape[:2])
    return taken(hand, scene, (2, 5), (far, far))


@condition(LENS, "shaken")
def moved(hand: Hand) -> Image.Image:
    """Moved by 5 to 14 pixels in one direction while it was taken, grain of 2 to 6 levels."""
    scene = written(hand, share=(0.4, 0.7))
    return taken(hand, photography.shaken(hand.random, scene, hand.random.uniform(5, 14)))


@condition(LENS, "perspective")
def leaning(hand: Hand) -> Image.Image:
    """A sheet seen from the side, each corner moved by up to 14 % of the picture's sides, nothing but paper in view."""
    scene = written(hand, box=(0.2, 0.2, 0.8, 0.8), share=(0.5, 1.0))
    rows, columns = scene.shape[:2]
    ground = papers.plain((rows, columns), tuple(np.median(scene, axis=(0, 1))))
    papers.on(ground, scene, photography.bent(hand.random, rows, columns, 0.14))
    return taken(hand, ground)


@condition(LENS, "turned")
def askew(hand: Hand) -> Image.Image:
    """A photo held askew: paper and digit turned by up to 12 degrees either way."""
    scene = written(hand, box=(0.15, 0.15, 0.85, 0.85))
    fill = tuple(round(255 * level) for level in np.median(scene, axis=(0, 1)))
    image = photography.turned(picture(scene), hand.random.uniform(-12, 12), fill)
    return taken(hand, np.asarray(image, np.float32) / 255)


@condition(LENS, "sharpened")
def haloed(hand: Hand) -> Image.Image:
    """Sharpened twice over: halos on both sides of each edge, grain of 3 to 8 levels sharpened along."""
    scene = grain(hand.random, blurred(written(hand), 1.2), hand.random.uniform(3, 8))
    scene = photography.sharpened(scene, hand.random.uniform(1.0, 2.0), 2.5)
    return saved(picture(scene), quality=hand.random.randint(60, 91))


@condition(LENS, "heavy compression")
def compressed(hand: Hand) -> Image.Image:
    """A photo sent on and on: grain of 2 to 6 levels, JPEG 12 to 29 with colours at half the resolution, twice."""
    scene = grain(hand.random, blurred(written(hand), 1.0), hand.random.uniform(2, 6), 3)
    once = saved(picture(scene), quality=hand.random.randint(12, 30), subsampling=2)
    return saved(once, quality=hand.random.randint(12, 30), subsampling=2)


@condition(LENS, "thumbnail")
def thumbnail(hand: Hand) -> Image.Image:
    """A photo made small: 60 to 96 pixels on its longer side, JPEG 70 to 90."""
    scene = written(hand, share=(0.5, 0.8))
    photography.slope(hand.random, scene, hand.random.uniform(0, 0.3))
    image = picture(grain(hand.random, scene, 4))
    image.thumbnail((hand.random.randint(60, 97),) * 2)
    return saved(image, quality=hand.random.randint(70, 91))


@condition(LENS, "12 megapixels")
def huge(hand: Hand) -> Image.Image:
    """A phone's full picture, 4,000 by 3,000 pixels: enlarged from 800 by 600 after the light, grain of 4 levels,
    JPEG 85.
    """
    scene = papers.white(hand.random, (600, 800)) * 0.85
    written(hand, scene)
    photography.slope(hand.random, scene, hand.random.uniform(0, 0.4))
    image = picture(scene).resize((4000, 3000), Image.Resampling.BICUBIC)
    noise = hand.random.normal(0, 4, (3000, 500)).astype(np.int16)
    pixels = np.asarray(image).astype(np.int16)
    pixels += np.tile(noise, (1, 8))[..., None]
    return saved(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), quality=85)


@condition(LENS, "turned by its tag")
def tagged(hand: Hand) -> Image.Image:
    """A photo whose pixels lie on their side or upside down, with the EXIF tag that says so."""
    image = taken(hand, written(hand))
    orientation, way = (
        (3, Image.Transpose.ROTATE_180),
        (6, Image.Transpose.ROTATE_90),
        (8, Image.Transpose.ROTATE_270),
    )[hand.random.randint(3)]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(image.transpose(way), quality=90, exif=exif)


@condition(LENS, "panorama")
def panorama(hand: Hand) -> Image.Image:
    """Three to four times as wide as high, 200 to 280 pixels high, one digit anywhere, light falling off by 20 to 50
    %.
    """
    rows = hand.random.randint(200, 281)
    scene = papers.white(hand.random, (rows, round(rows * hand.random.uniform(3, 4)))) * 0.85
    scene = written(hand, scene, share=(0.5, 0.85))
    photography.slope(hand.random, scene, hand.random.uniform(0.2, 0.5))
    return taken(hand, scene)


def coloured(hand: Hand, paper: tuple, ink: tuple, pen: str = "felt pen") -> np.ndarray:
    """Paper of one colour, each channel off by up to 4 %, with a digit in another."""
    random = hand.random
    ground = papers.plain(
        papers.shape(random), tuple(np.clip(paper + random.uniform(-0.04, 0.04, 3), 0, 1))
    )
    papers.fibres(random, ground, 0.008)
    lay(hand, ground, pen, colour=tuple(np.clip(ink + random.uniform(-0.04, 0.04, 3), 0, 1)))
    return ground


@condition(COLOUR, "red on green")
def red_on_green(hand: Hand) -> Image.Image:
    """A red felt pen on green card about as bright as it."""
    return taken(hand, coloured(hand, (0.3, 0.52, 0.32), (0.82, 0.2, 0.2)))


@condition(COLOUR, "orange on light blue")
def orange_on_blue(hand: Hand) -> Image.Image:
    """An orange felt pen on light blue card about as bright as it."""
    return taken(hand, coloured(hand, (0.5, 0.7, 0.88), (0.97, 0.55, 0.12)))


@condition(COLOUR, "yellow highlighter")
def highlighted(hand: Hand) -> Image.Image:
    """A yellow, pink or green highlighter on white paper, photographed in even light."""
    ink = ((0.95, 0.93, 0.25), (0.98, 0.5, 0.7), (0.55, 0.93, 0.4))[hand.random.randint(3)]
    return taken(hand, coloured(hand, (0.9, 0.9, 0.88), ink))


@condition(COLOUR, "on kraft paper")
def kraft(hand: Hand) -> Image.Image:
    """A black, blue or white pen on brown kraft paper with its fibres, light falling off by 20 %."""
    ink = ((0.1, 0.1, 0.1), (0.12, 0.15, 0.45), (0.97, 0.96, 0.93))[hand.random.randint(3)]
    scene = coloured(hand, (0.7, 0.55, 0.4), ink)
    papers.fibres(hand.random, scene, 0.015)
    photography.slope(hand.random, scene, 0.2)
    return taken(hand, scene)


@condition(COLOUR, "light on dark card")
def on_black(hand: Hand) -> Image.Image:
    """A white, silver or gold pen on black or dark blue card, grain of 3 to 8 levels."""
    random = hand.random
    ink = ((0.95, 0.95, 0.95), (0.72, 0.74, 0.78), (0.85, 0.7, 0.35))[random.randint(3)]
    paper = ((0.1, 0.1, 0.11), (0.08, 0.1, 0.25))[random.randint(2)]
    return taken(hand, coloured(hand, paper, ink), sigma=(3, 8))


@condition(COLOUR, "crayon on rough paper")
def crayon(hand: Hand) -> Image.Image:
    """A broad crayon of any strong colour, torn up by the texture of rough white paper."""
    random = hand.random
    ink = ((0.85, 0.2, 0.2), (0.15, 0.35, 0.8), (0.1, 0.5, 0.25), (0.5, 0.2, 0.6))[
        random.randint(4)
    ]
    scene = papers.white(random, papers.shape(random)) * 0.92
    blank = scene.copy()
    lay(hand, scene, "brush", colour=ink)
    rough = clouds(random, scene.shape[:2], max(scene.shape) / 3)
    keep = (0.25 + 1.6 * rough).clip(0, 1)[..., None].astype(np.float32)
    scene = blank + keep * (scene - blank)
    papers.fibres(random, scene, 0.01)
    return taken(hand, scene)
