"""Folders of pictures made by program, a folder for each class, in kinds that people might bring: no photo among them.

``python benchmarks/folders.py KIND CLASSES N FOLDER [SEED]`` makes one. A kind is a function from a class's number and
a source of chance to a picture; the same seed makes the same pictures.
"""

import math
import random
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

LETTERS = "ABDEFGHKLMNPQRSTUXYZ"
FONTS = [
    path
    for path in sorted((Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("DejaVuS*.ttf"))
    if "Display" not in path.name  # those hold some mathematical signs alone
]


def letters(label: int, chance: random.Random) -> Image.Image:
    """A printed letter somewhere on white paper, in one of many typefaces, turned a little, with grain."""
    font = ImageFont.truetype(str(chance.choice(FONTS)), chance.randint(60, 130))
    image = Image.new("L", (160, 200), 255)
    place = 80 + chance.randint(-25, 25), 100 + chance.randint(-30, 30)
    ink = chance.randint(0, 70)
    ImageDraw.Draw(image).text(place, LETTERS[label], fill=ink, font=font, anchor="mm")
    return grainy(image.rotate(chance.uniform(-12, 12), fillcolor=255), 4, chance)


def strokes(label: int, chance: random.Random, ink: int = 20, paper: int = 240) -> Image.Image:
    """A sign of a few strokes that nobody has seen before, in any size and place, each corner moved a little."""
    image = Image.new("L", (120, 120), paper)
    side, turn = chance.uniform(54, 96), chance.uniform(-0.2, 0.2)
    left, top = chance.uniform(0, 120 - side), chance.uniform(0, 120 - side)
    width = chance.randint(3, 8)
    for line in sign(label):
        points = []
        for x, y in line:
            x, y = x + chance.gauss(0, 0.05) - 0.5, y + chance.gauss(0, 0.05) - 0.5
            x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
            points.append((left + (x + 0.5) * side, top + (y + 0.5) * side))
        ImageDraw.Draw(image).line(points, fill=ink, width=width, joint="curve")
    return image


def sign(label: int) -> list[list[tuple[float, float]]]:
    """The strokes of a class: one to three, each of two to four corners in a square of side 1."""
    chance = random.Random(1_000 + label)
    place = lambda: (chance.uniform(0.1, 0.9), chance.uniform(0.1, 0.9))  # noqa: E731
    return [[place() for _ in range(chance.randint(2, 4))] for _ in range(chance.randint(1, 3))]


def small(label: int, chance: random.Random) -> Image.Image:
    """Such a sign, bright on dark, in 28 by 28 pixels."""
    return strokes(label, chance, ink=255, paper=0).resize((28, 28), Image.Resampling.BOX)


def shapes(label: int, chance: random.Random) -> Image.Image:
    """A polygon or a star, filled or as a line, in any dark colour on any bright one."""
    ground, ink = (
        tuple(chance.randint(*ends) for _ in range(3)) for ends in ((215, 255), (0, 120))
    )
    image = Image.new("RGB", (90, 90), ground)
    x, y, size = 45 + chance.uniform(-12, 12), 45 + chance.uniform(-12, 12), chance.uniform(15, 30)
    corners, kind, turn = 3 + label % 5, label // 5, chance.uniform(-0.25, 0.25)
    star = kind in (1, 3)
    points = []
    for i in range(corners * (2 if star else 1)):
        angle = turn - math.pi / 2 + math.tau * i / (corners * (2 if star else 1))
        far = size * (0.45 if star and i % 2 else 1)
        points.append((x + far * math.cos(angle), y + far * math.sin(angle)))
    if kind < 2:
        ImageDraw.Draw(image).polygon(points, fill=ink)
    else:
        width = chance.randint(3, 6)
        ImageDraw.Draw(image).line([*points, *points[:2]], fill=ink, width=width, joint="curve")
    return image


def bars(label: int, chance: random.Random) -> Image.Image:
    """A bright bar whose place is the class, among dark noise, in 28 by 28 pixels."""
    image = Image.new("L", (28, 28))
    left, top = 14 * (label % 2), label // 2 * 2
    ImageDraw.Draw(image).rectangle((left, top, left + 13, top), fill=255)
    return grainy(image, 12, chance)


def dots(label: int, chance: random.Random) -> Image.Image:
    """A dark dot on white, whose place is the class."""
    image = Image.new("L", (56, 56), 255)
    x = label % 5 * 11 + 6 + chance.uniform(-3, 3)
    y = label // 5 * 11 + 8 + chance.uniform(-3, 3)
    size = chance.uniform(3, 5)
    ImageDraw.Draw(image).ellipse(
        (x - size, y - size, x + size, y + size), fill=chance.randint(0, 90)
    )
    return image


def gratings(label: int, chance: random.Random) -> Image.Image:
    """Waves over the whole picture, of an angle and a length for each class, with grain."""
    rows, columns = np.mgrid[0:64, 0:64]
    angle = math.pi * (label % 5) / 5 + chance.uniform(-0.1, 0.1)
    pace = (1 + label // 5) * 0.12 * chance.uniform(0.93, 1.07)
    along = rows * math.sin(angle) + columns * math.cos(angle)
    levels = 128 + chance.uniform(50, 110) * np.sin(pace * along + chance.uniform(0, math.tau))
    return grainy(Image.fromarray(levels.astype(np.uint8)), 12, chance)


def grainy(image: Image.Image, spread: float, chance: random.Random) -> Image.Image:
    """The same with noise of this standard deviation, in grey levels."""
    noise = np.random.RandomState(chance.getrandbits(32)).normal(0, spread, image.size[::-1])
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


KINDS: dict[str, Callable[[int, random.Random], Image.Image]] = {
    kind.__name__: kind for kind in (letters, strokes, small, shapes, bars, dots, gratings)
}
"""By name; each has twenty classes."""


def make(kind: str, classes: int, n: int, root: Path, seed: int = 0) -> None:
    """Write ``n`` pictures of each of the first ``classes`` of a kind below a folder."""
    chance = random.Random(f"{kind} {seed}")
    for label in range(classes):
        folder = root / f"{kind} {label:02}"
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(n):
            KINDS[kind](label, chance).save(folder / f"{i:04}.png")


if __name__ == "__main__":
    kind, classes, n, root, *seed = sys.argv[1:]
    make(kind, int(classes), int(n), Path(root), *map(int, seed))
