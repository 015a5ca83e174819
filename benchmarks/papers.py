"""The grounds of ``pictures.py``: paper, tables and boards, and what lies on them beside the ink.

A ground is float32 ``(H, W, 3)``, red, green and blue from 0 to 1. A function that adds something to one does so in
place, before or after the ink as it is called. All chance comes from the numpy.random.RandomState that is handed in.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from inks import Random, clouds, put

__all__ = [
    "crumple",
    "dust",
    "fibres",
    "fold",
    "framed",
    "lines",
    "on",
    "plain",
    "shape",
    "show_through",
    "stains",
    "strokes",
    "wood",
]

Colour = tuple[float, float, float]


def shape(random: Random, low: int = 320, high: int = 720) -> tuple[int, int]:
    """Rows and columns of a picture, upright or lying, the longer side within these bounds."""
    longer = random.randint(low, high + 1)
    sides = [round(longer * random.uniform(0.68, 1.0)), longer]
    return (sides[0], sides[1]) if random.uniform() < 0.6 else (sides[1], sides[0])


def plain(shape: tuple[int, int], colour: Colour) -> np.ndarray:
    """One colour everywhere."""
    return np.full((*shape, 3), colour, np.float32)


def white(random: Random, size: tuple[int, int]) -> np.ndarray:
    """A sheet of office paper: nearly white, a little warm or cold."""
    level = random.uniform(0.9, 0.99)
    return plain(
        size, (level, level - random.uniform(0, 0.02), level - random.uniform(-0.02, 0.04))
    )


def fibres(random: Random, ground: np.ndarray, depth: float) -> None:
    """A texture as of rough paper or cloth: soft noise, as deep as this."""
    rough = ndimage.gaussian_filter(
        random.standard_normal(ground.shape[:2]).astype(np.float32), 1.2
    )
    ground += depth * (rough / rough.std())[..., None]


def strokes(
    size: tuple[int, int], ways: list[list[tuple[float, float]]], width: float
) -> np.ndarray:
    """Lines through points (x, y) in pixels, as a mask ``(H, W)``; drawn twice as large, then made smaller."""
    sheet = Image.new("L", (2 * size[1], 2 * size[0]))
    pen = ImageDraw.Draw(sheet)
    for way in ways:
        pen.line([(2 * x, 2 * y) for x, y in way], 255, max(1, round(2 * width)), "curve")
    return np.asarray(sheet.reduce(2), np.float32) / 255


def lines(
    random: Random,
    ground: np.ndarray,
    pitch: float,
    colour: Colour,
    width: float = 1.5,
    kind: str = "ruled",
    strength: float = 0.7,
) -> None:
    """Rules, squares or dots so many pixels apart, askew by up to a degree."""
    rows, columns = ground.shape[:2]
    lean = random.uniform(-0.015, 0.015)
    start = random.uniform(0, pitch, 2)
    across = np.arange(start[0] - pitch, rows + pitch, pitch)
    down = np.arange(start[1] - pitch, columns + pitch, pitch)
    if kind == "dotted":
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        y, x = (y - start[0] + lean * x) % pitch, (x - start[1] - lean * y) % pitch
        far = np.hypot(np.minimum(y, pitch - y), np.minimum(x, pitch - x))
        mask = (width - far + 0.5).clip(0, 1)
    else:
        ways = [[(0, y), (columns, y + lean * columns)] for y in across]
        if kind == "squared":
            ways += [[(x, 0), (x - lean * rows, rows)] for x in down]
        mask = strokes((rows, columns), ways, width)
    put(ground, mask, colour, 0, 0, strength)


def dust(
    random: Random, ground: np.ndarray, count: int, radius: tuple[float, float], colour: Colour
) -> None:
    """Specks, round or long, of a radius in pixels within bounds."""
    for _ in range(count):
        r = random.uniform(*radius)
        side = int(2 * r + 4)
        y, x = np.mgrid[0:side, 0:side] - side / 2
        turn, long = random.uniform(0, np.pi), random.uniform(0.5, 1)
        along, aside = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        mask = (r - np.hypot(along, aside / long) + 0.5).clip(0, 1).astype(np.float32)
        rows, columns = ground.shape[:2]
        put(
            ground,
            mask,
            colour,
            random.randint(columns),
            random.randint(rows),
            random.uniform(0.5, 1),
        )


def stains(random: Random, ground: np.ndarray, colour: Colour = (0.75, 0.62, 0.42)) -> None:
    """One to three pale stains, such as coffee leaves, darker along their rim."""
    rows, columns = ground.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    for _ in range(random.randint(1, 4)):
        r = random.uniform(0.1, 0.3) * min(rows, columns)
        far = np.hypot(y - random.uniform(0, rows), x - random.uniform(0, columns))
        far += 0.3 * r * clouds(random, (rows, columns), 6)
        inside = (1 - far / r).clip(0, 1)
        mask = (inside > 0) * (0.3 + 0.4 * np.exp(-((inside / 0.06) ** 2)))
        put(ground, ndimage.gaussian_filter(mask, 1.5), colour, 0, 0, random.uniform(0.4, 0.9))


def fold(random: Random, ground: np.ndarray, count: int, depth: float = 0.2) -> None:
    """Creases from edge to edge: a dark line beside a bright one, and one side a little darker than the other."""
    rows, columns = ground.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    for i in range(count):
        turn = (i % 2) * np.pi / 2 + random.uniform(-0.08, 0.08)
        middle = random.uniform(0.2, 0.8, 2) * (columns, rows)
        far = (x - middle[0]) * np.sin(turn) + (y - middle[1]) * np.cos(turn)
        crease = np.exp(-((far / 1.6) ** 2)) - 0.5 * np.exp(-(((far - 3) / 2) ** 2))
        ground *= (1 - depth * crease - 0.05 * (far > 0))[..., None]


def crumple(random: Random, ground: np.ndarray, depth: float) -> None:
    """Shading as of paper that was crumpled and flattened: facets, each with a light of its own, and their ridges."""
    rows, columns = ground.shape[:2]
    spots = random.uniform(size=(random.randint(14, 30), 2)) * (rows, columns)
    y, x = np.mgrid[0:rows:2, 0:columns:2].astype(np.float32)
    far = np.stack([np.hypot(y - one, x - two) for one, two in spots])
    facet = random.uniform(-depth, depth, len(spots)).astype(np.float32)[far.argmin(0)]
    shade = ndimage.gaussian_filter(facet, 3) + 0.3 * facet
    ground *= 1 + ndimage.zoom(shade, 2, order=1)[:rows, :columns, None]


def show_through(random: Random, ground: np.ndarray, mask: np.ndarray, strength: float) -> None:
    """What is written on the other side: a mask, mirrored, blurred and faint, at a place of its own."""
    rows, columns = ground.shape[:2]
    soft = ndimage.gaussian_filter(np.pad(mask[:, ::-1], 6), 2)
    left, top = (random.randint(max(1, side)) for side in (columns - 20, rows - 20))
    put(ground, soft, (0.3, 0.3, 0.4), left - mask.shape[1] // 2, top - len(mask) // 2, strength)


def wood(random: Random, size: tuple[int, int], colour: Colour = (0.55, 0.38, 0.24)) -> np.ndarray:
    """A table's boards, their grain along the rows."""
    rows = size[0]
    y = np.arange(rows, dtype=np.float32)[:, None] / rows
    waves = np.sin(2 * np.pi * (random.uniform(6, 14) * y + 2 * clouds(random, size, 4)))
    fine = clouds(random, (rows, 8), rows / 3)[:, :1] - 0.5
    boards = (y * random.randint(3, 6)) % 1 < 0.02
    light = 1 + 0.12 * waves + 0.25 * fine - 0.5 * boards
    return (light[..., None] * np.asarray(colour)).astype(np.float32)


def framed(
    ground: np.ndarray, box: tuple[float, float, float, float], width: float, colour: Colour
) -> None:
    """The frame of a rectangle, left, top, right, bottom in pixels."""
    left, top, right, bottom = box
    way = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    put(ground, strokes(ground.shape[:2], [way], width), colour, 0, 0)


def on(
    ground: np.ndarray,
    page: np.ndarray,
    corners: list[tuple[float, float]],
    alpha: np.ndarray | None = None,
    shadow: float = 0.0,
) -> None:
    """Put a page on a ground, in place, its four corners at these points.

    Args:
        ground: float32 ``(H, W, 3)``.
        page: float32, of any size.
        corners: (x, y) in pixels of the ground: upper left, upper right, lower right, lower left.
        alpha: how opaque the page is, ``(h, w)``, as at a torn edge; everywhere by default.
        shadow: the part of the light that the page's shadow takes, to its right and below.
    """
    rows, columns = page.shape[:2]
    alpha = np.ones((rows, columns), np.float32) if alpha is None else alpha
    page = np.dstack([page.clip(0, 1), alpha])
    image = Image.fromarray((255 * page + 0.5).astype(np.uint8), "RGBA")
    edges = [(0, 0), (columns, 0), (columns, rows), (0, rows)]
    equations, right = [], []
    for (x, y), (u, v) in zip(corners, edges, strict=True):
        equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    way = np.linalg.solve(equations, right).tolist()
    size = ground.shape[1::-1]
    moved = image.transform(size, Image.Transform.PERSPECTIVE, way, Image.Resampling.BICUBIC)
    seen = np.asarray(moved, np.float32) / 255
    if shadow:
        dark = ndimage.shift(ndimage.gaussian_filter(seen[..., 3], 5), (4, 4), order=0)
        ground *= 1 - shadow * dark[..., None]
    ground += seen[..., 3:] * (seen[..., :3] - ground)
