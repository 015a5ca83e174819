"""The light, the lens, the sensor and the file of ``pictures.py``: from a scene to a picture as one sends it.

A scene is float32 ``(H, W, 3)``, red, green and blue from 0 to 1. Light changes it in place; a lens returns another.
All chance comes from the numpy.random.RandomState that is handed in. A file is made by writing and reading real bytes.
"""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from inks import Random, clouds

__all__ = [
    "bent",
    "blurred",
    "flash",
    "grain",
    "lamp",
    "picture",
    "saved",
    "shadow",
    "shaken",
    "sharpened",
    "slope",
    "turned",
    "vignette",
]


def slope(random: Random, scene: np.ndarray, depth: float) -> None:
    """Light that falls off to one side, to this part less, and wanders a little."""
    rows, columns = scene.shape[:2]
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)
    turn = random.uniform(0, 2 * np.pi)
    way = 0.5 + (x * np.cos(turn) + y * np.sin(turn)) / 2.83
    way = 0.8 * way + 0.2 * clouds(random, (rows, columns), 3)
    scene *= (1 - depth * way)[..., None].astype(np.float32)


def vignette(scene: np.ndarray, depth: float) -> None:
    """Corners darker by this part."""
    rows, columns = scene.shape[:2]
    y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)
    scene *= (1 - depth * (x**2 + y**2) / 2)[..., None].astype(np.float32)


def flash(random: Random, scene: np.ndarray, strength: float) -> None:
    """A lamp's reflection: a spot that washes out what lies under its middle, over a scene that is darker far from
    it.
    """
    rows, columns = scene.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    middle = random.uniform(0.1, 0.9, 2) * (rows, columns)
    far = np.hypot(y - middle[0], x - middle[1]) / max(rows, columns)
    scene *= (0.6 + 0.4 * np.exp(-((far / 0.6) ** 2)))[..., None]
    spot = strength * np.exp(-((far / random.uniform(0.08, 0.16)) ** 2))[..., None]
    scene += spot * (1 - scene)


def lamp(random: Random, scene: np.ndarray) -> None:
    """The colour of a warm bulb, uncorrected: little blue."""
    scene *= np.asarray([1.0, random.uniform(0.72, 0.85), random.uniform(0.4, 0.6)], np.float32)


def shadow(random: Random, scene: np.ndarray, depth: float, soft: float) -> None:
    """A shadow with a straight edge across the scene, soft over so many pixels."""
    rows, columns = scene.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    turn = random.uniform(0, 2 * np.pi)
    middle = random.uniform(0.3, 0.7, 2) * (columns, rows)
    far = (x - middle[0]) * np.cos(turn) + (y - middle[1]) * np.sin(turn)
    scene *= (1 - depth / (1 + np.exp(-(far / soft).clip(-30, 30))))[..., None]


def blurred(scene: np.ndarray, sigma: float) -> np.ndarray:
    """Out of focus: a Gaussian blur, sigma in pixels."""
    return ndimage.gaussian_filter(scene, (sigma, sigma, 0))


def shaken(random: Random, scene: np.ndarray, length: float) -> np.ndarray:
    """Moved while it was taken, so many pixels in one direction."""
    turn = random.uniform(0, np.pi)
    steps = np.linspace(-length / 2, length / 2, max(2, round(length)))
    moved = [
        np.roll(scene, (round(t * np.sin(turn)), round(t * np.cos(turn))), (0, 1)) for t in steps
    ]
    return np.stack(moved).mean(axis=0, dtype=np.float32)


def sharpened(scene: np.ndarray, amount: float, radius: float = 2.0) -> np.ndarray:
    """As phones do: edges exaggerated, with a halo on both sides."""
    return (scene + amount * (scene - blurred(scene, radius))).clip(0, 1)


def turned(image: Image.Image, degrees: float, fill: tuple[int, int, int]) -> Image.Image:
    """Turned about its middle, what comes in from outside in one colour."""
    return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=fill)


def grain(random: Random, scene: np.ndarray, sigma: float, chroma: float = 0.0) -> np.ndarray:
    """A sensor's noise, sigma in levels of 255: half of it the same at each level, half growing with the light's root.

    Args:
        random: where it comes from.
        scene: what is seen.
        sigma: its standard deviation on white.
        chroma: that of a second, soft noise of each colour by itself.
    """
    noise = random.standard_normal(scene.shape[:2]).astype(np.float32)[..., None]
    seen = scene + noise * sigma / 255 * np.sqrt(0.5 + 0.5 * scene.clip(0, 1))
    if chroma:
        blotches = random.standard_normal(scene.shape).astype(np.float32)
        blotches = ndimage.gaussian_filter(blotches, (1.5, 1.5, 0))
        seen += blotches / blotches.std() * chroma / 255
    return seen


def picture(scene: np.ndarray, mode: str = "RGB") -> Image.Image:
    """A scene in whole levels, as a Pillow image."""
    image = Image.fromarray((255 * scene.clip(0, 1) + 0.5).astype(np.uint8))
    return image if mode == "RGB" else image.convert(mode)


def saved(image: Image.Image, kind: str = "JPEG", **options: object) -> Image.Image:
    """The same picture, written as a file of this kind with Pillow's options, and opened again."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    again = Image.open(file)
    again.load()
    return again


def bent(random: Random, rows: int, columns: int, share: float) -> list[tuple[float, float]]:
    """Four corners of a picture, each moved inwards or outwards by up to this part of its sides."""
    corners = [(0, 0), (columns, 0), (columns, rows), (0, rows)]
    moves = random.uniform(-share, share, (4, 2)) * (columns, rows)
    return [(x + dx, y + dy) for (x, y), (dx, dy) in zip(corners, moves, strict=True)]
