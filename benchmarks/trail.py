"""Eight signs of a trail, as several people might write them; nobody did, a program draws them, in two ways.

``python benchmarks/trail.py`` writes ``digitlib/book/sheets/``, the photos of chapter 13: sheets that a program filled
in and photographed, by means of ``benchmarks/sheets.py``. The signs come in four
pairs, each easily mistaken in a way of its own: ``left`` is ``right`` in a mirror, ``path`` is ``ford`` after a quarter
of a turn, ``spring`` is a ``well`` with one small stroke more, and the bar of a ``hut`` stands where the ground of a
``camp`` would be, only higher.

:func:`draw` goes by smooth lines through points, :func:`draw_hastily` by straight pieces of a broad felt pen that is
hardly lifted. They have no line of code in common but the canvas, so that the one is another hand to the other. A
writer is a number: the same one has the same habits, and two have hardly any in common.
"""

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

import sheets as bench
from digitlib import sheets
from digitlib.book import signs
from digitlib.book.signs import NAMES
from digitlib.drawn.strokes import curve
from digitlib.files import write_whole
from digitlib.paper.cells import BEYOND
from digitlib.paper.template import CELL, COLUMNS, boxes

SIDE = 128  # pixels of a drawing
_FINE = 2  # drawn so many times as large, then made smaller, for smooth edges
FIRST = 1_000  # the seed of the first hand's writers
OTHER = 2_000

Points = np.ndarray
"""``(K, 2)``, x before y, in the unit square, y downwards."""


@dataclass(frozen=True)
class Writer:
    """The habits of one writer, each as a number.

    Attributes:
        slant: how far the top leans to the right, in parts of the height.
        aspect: height by width.
        turn: degrees, against the clock.
        pen: the line's width, in parts of the drawing's side.
        wobble: how far a point strays, in parts of the side.
        round: 0 for corners that are corners, 1 for a line that bends through them.
        care: how unlike two of one sign are, as a factor.
        gap: how far a ring stays open, in parts of a turn; below 0 it runs on over its own beginning.
        start: where a ring begins, in radians.
        tick: how long the small stroke of a spring is.
        through: whether that stroke crosses the ring.
        bar: how high the bar of a hut lies, 0 at its foot.
        legs: how far the sides of a camp run on below its ground.
        flag: how far a flag reaches out.
        hook: whether a flag is a hook, and not a closed triangle.
        steep: how far the middle of a ford or a path is drawn out.
    """

    slant: float
    aspect: float
    turn: float
    pen: float
    wobble: float
    round: float
    care: float
    gap: float
    start: float
    tick: float
    through: bool
    bar: float
    legs: float
    flag: float
    hook: bool
    steep: float


def writer_of(number: int) -> Writer:
    """The habits of the writer with this number, the same each time."""
    random = np.random.RandomState([FIRST, number])
    return Writer(
        slant=random.normal(0.08, 0.18),
        aspect=math.exp(random.normal(0.1, 0.18)),
        turn=random.normal(0, 5),
        pen=random.uniform(0.045, 0.095),
        wobble=random.uniform(0.008, 0.028),
        round=random.choice([0.0, 0.3, 0.7, 1.0]),
        care=random.uniform(0.6, 1.4),
        gap=random.normal(0.02, 0.05),
        start=-math.pi / 2 + random.normal(0, 0.7),
        tick=random.uniform(0.13, 0.32),
        through=random.rand() < 0.4,
        bar=random.uniform(0.18, 0.5),
        legs=max(0.0, random.normal(0.02, 0.06)),
        flag=random.uniform(0.3, 0.55),
        hook=random.rand() < 0.4,
        steep=random.normal(0, 0.08),
    )


def draw(random: np.random.RandomState, name: str, writer: int) -> np.ndarray:
    """One sign as a writer of the first hand draws it this time.

    Args:
        random: makes this one unlike the writer's others.
        name: one of :data:`NAMES`.
        writer: a number; the same one has the same habits.

    Returns:
        uint8 ``(128, 128)``, bright ink on dark.

    Raises:
        ValueError: another name.
    """
    if name not in NAMES:
        raise ValueError(f"expected a sign out of {', '.join(NAMES)}, got {name!r}")
    habits = writer_of(writer)
    strokes = _SIGNS[name](random, habits)
    strokes = [_bent(random, points, habits) for points in strokes]
    placed = _placed(random, strokes, habits)
    pen = round(habits.pen * math.exp(random.normal(0, 0.08)) * SIDE * _FINE)
    image = Image.new("L", (SIDE * _FINE, SIDE * _FINE))
    brush = ImageDraw.Draw(image)
    for points in placed:
        _line(brush, points * SIDE * _FINE, pen)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def _near(random: np.random.RandomState, habits: Writer, value: float, spread: float) -> float:
    """A habit as it comes out this time."""
    return value + spread * habits.care * random.normal()


def _ring(random: np.random.RandomState, habits: Writer) -> Points:
    """A ring, clockwise or not as its maker begins it, open or overrun at its end."""
    gap = _near(random, habits, habits.gap, 0.03)
    around = np.linspace(0, 2 * math.pi * (1 - gap), 13)
    angles = _near(random, habits, habits.start, 0.15) - around
    drift = 1 + np.linspace(0, _near(random, habits, 0.0, 0.05), 13)  # a spiral, a little
    return curve(0.5 + 0.4 * drift[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1), 4)


def _well(random: np.random.RandomState, habits: Writer) -> list[Points]:
    return [_ring(random, habits)]


def _spring(random: np.random.RandomState, habits: Writer) -> list[Points]:
    """A ring with a small stroke at its foot on the right."""
    long = max(0.07, _near(random, habits, habits.tick, 0.05))
    angle = _near(random, habits, 0.8, 0.12)
    out = np.array([math.cos(angle), math.sin(angle)])
    from_ = 0.4 - (long / 2 if habits.through else _near(random, habits, 0.0, 0.02))
    return [_ring(random, habits), 0.5 + out * np.array([[from_], [from_ + long]])]


def _camp(random: np.random.RandomState, habits: Writer) -> list[Points]:
    """A tent: two sides, and the ground on which it stands."""
    legs = max(0.0, _near(random, habits, habits.legs, 0.03))
    return _tent(random, habits, legs, ground=0.9 - 0.8 * legs)


def _hut(random: np.random.RandomState, habits: Writer) -> list[Points]:
    """Two sides with a bar between them, above the ground."""
    bar = min(0.6, max(0.1, _near(random, habits, habits.bar, 0.05)))
    return _tent(random, habits, 0.0, ground=0.9 - 0.8 * bar)


def _tent(
    random: np.random.RandomState, habits: Writer, legs: float, ground: float
) -> list[Points]:
    """Two sides from the top, and a line between them at a height; it may stop short, or run over."""
    top = np.array([_near(random, habits, 0.5, 0.03), 0.1])
    feet = np.array([[0.12, 0.9], [0.88, 0.9]])
    part = (ground - 0.1) / 0.8
    ends = top + part * (feet - top)
    over = _near(random, habits, 0.0, 0.03)
    ends = ends + np.array([[-over, random.normal(0, 0.02)], [over, random.normal(0, 0.02)]])
    return [np.array([feet[0], top, feet[1]]), ends]


def _left(random: np.random.RandomState, habits: Writer) -> list[Points]:
    """The mirror of :func:`_right`; its writer leans it as everything else."""
    return [np.array([1, 0]) + np.array([-1, 1]) * points for points in _right(random, habits)]


def _right(random: np.random.RandomState, habits: Writer) -> list[Points]:
    """A staff with a flag at its top that points to the right."""
    x, far = 0.32, max(0.12, _near(random, habits, habits.flag, 0.05))
    low = _near(random, habits, 0.5, 0.04)
    staff = np.array([[x, 0.92], [x, 0.1]])
    tip = [x + far, (0.1 + low) / 2 + _near(random, habits, 0.0, 0.03)]
    if habits.hook:
        return [staff, np.array([[x, 0.1], tip])]
    return [staff, np.array([[x, 0.1], tip, [x, low]])]


def _ford(random: np.random.RandomState, habits: Writer) -> list[Points]:
    """Up, down across, and up again."""
    drawn_out = _near(random, habits, habits.steep, 0.04)
    low, high = 0.88 + drawn_out / 3, 0.12 - drawn_out / 3
    points = [[0.18, 0.88], [0.18 + drawn_out, high], [0.82 - drawn_out, low], [0.82, 0.12]]
    return [np.array(points)]


def _path(random: np.random.RandomState, habits: Writer) -> list[Points]:
    """A ford, turned by a quarter."""
    [points] = _ford(random, habits)
    return [np.stack([1 - points[:, 1], points[:, 0]], axis=1)]


_SIGNS: dict[str, Callable[[np.random.RandomState, Writer], list[Points]]] = {
    "camp": _camp,
    "ford": _ford,
    "hut": _hut,
    "left": _left,
    "path": _path,
    "right": _right,
    "spring": _spring,
    "well": _well,
}


def _bent(random: np.random.RandomState, points: Points, habits: Writer) -> Points:
    """A stroke with its points astray, as a line of many points: straight from one to the next, round, or between."""
    knots = min(len(points), 7)  # of a stroke with more points, neighbours stray together
    along = np.linspace(0, knots - 1, len(points))
    stray = random.normal(0, habits.wobble * habits.care, (2, knots))
    astray = points + np.stack([np.interp(along, range(knots), each) for each in stray], axis=1)
    steps = np.linspace(0, 1, 8, endpoint=False)[:, None]
    pieces = [a + (b - a) * steps for a, b in pairwise(astray)]
    straight = np.concatenate([*pieces, astray[-1:]])
    smooth = curve(astray, steps=8)
    if habits.round > 0.5:  # a round hand cuts its corners
        weights = np.ones(5) / 5
        padded = np.pad(smooth, ((2, 2), (0, 0)), mode="edge")
        cut = np.stack([np.convolve(padded[:, i], weights, mode="valid") for i in (0, 1)], axis=1)
        smooth = (smooth + cut) / 2
    return habits.round * smooth + (1 - habits.round) * straight


def _placed(random: np.random.RandomState, strokes: list[Points], habits: Writer) -> list[Points]:
    """The strokes leaned, stretched and turned as the writer does, and somewhere on the square."""
    slant = _near(random, habits, habits.slant, 0.05)
    aspect = habits.aspect * math.exp(_near(random, habits, 0.0, 0.06))
    turn = math.radians(_near(random, habits, habits.turn, 3))
    size = 0.62 * math.exp(_near(random, habits, 0.0, 0.08))
    lean = np.array([[1.0, 0.0], [-slant, 1.0]])  # of rows (x, y)
    stretch = np.diag([size / math.sqrt(aspect), size * math.sqrt(aspect)])
    cos, sin = math.cos(turn), math.sin(turn)
    rotation = np.array([[cos, -sin], [sin, cos]])
    placed = [(points - 0.5) @ lean @ stretch @ rotation for points in strokes]
    low = np.min([points.min(axis=0) for points in placed], axis=0)
    high = np.max([points.max(axis=0) for points in placed], axis=0)
    largest = (high - low).max()
    shrink = min(1.0, 0.84 / largest)
    middle = 0.5 + random.normal(0, 0.02, 2)
    return [middle + (points - (low + high) / 2) * shrink for points in placed]


def _line(brush: ImageDraw.ImageDraw, points: Points, pen: int) -> None:
    """A line with round ends and round joints."""
    brush.line([tuple(point) for point in points.tolist()], fill=255, width=pen)
    r = (pen - 1) / 2  # Pillow's ends are a pixel wider than its lines
    for x, y in points.tolist():
        brush.ellipse((x - r, y - r, x + r, y + r), fill=255)


# The other hand: corners of its own, with where the pen should be lifted.
_CORNERS: dict[str, list[list[tuple[int, int]]]] = {
    "camp": [[(20, 90), (48, 14), (82, 88), (16, 88)]],
    "ford": [[(14, 84), (26, 18), (70, 86), (86, 14)]],
    "hut": [[(18, 90), (50, 12)], [(50, 12), (80, 90)], [(28, 62), (74, 58)]],
    "left": [[(68, 12), (66, 92)], [(68, 14), (24, 32), (64, 50)]],
    "path": [[(16, 20), (82, 16), (20, 82), (86, 84)]],
    "right": [[(30, 92), (34, 12), (78, 30), (36, 50)]],
    "spring": [[(62, 16), (28, 24), (14, 54), (36, 84), (70, 78), (82, 42), (58, 14)], [(64, 66), (92, 92)]],
    "well": [[(44, 14), (78, 26), (86, 58), (58, 86), (22, 74), (14, 36), (50, 12)]],
}  # fmt: skip


def draw_hastily(random: np.random.RandomState, name: str, writer: int) -> np.ndarray:
    """One sign in the other hand: straight pieces, a broad nib, a foot at each end, and a pen that is hardly lifted.

    Args, result and errors are :func:`draw`'s; a writer's number means another one here.
    """
    if name not in NAMES:
        raise ValueError(f"expected a sign out of {', '.join(NAMES)}, got {name!r}")
    own = np.random.RandomState([OTHER, writer])
    haste, foot = own.uniform(2.5, 5), own.uniform(0, 9)
    nib_angle, nib = own.uniform(0.3, 1.2), own.uniform(9, 15)
    drags, wide = own.rand() < 0.5, own.uniform(0.8, 1.25)
    strokes = [np.array(corners, dtype=float) for corners in _CORNERS[name]]
    if name == "hut":  # how low the bar slips
        strokes[2] = strokes[2] + [0, own.uniform(-6, 20)]
    if name == "spring":  # how much is left of the small stroke
        strokes[1] = strokes[1][:1] + (strokes[1] - strokes[1][:1]) * own.uniform(0.3, 1)
    strokes = [points + random.normal(0, haste, points.shape) for points in strokes]
    strokes = [_footed(random, points, foot) for points in strokes]
    image = Image.new("L", (2 * SIDE, 2 * SIDE))
    brush = ImageDraw.Draw(image)
    turn = math.radians(own.normal(0, 5) + random.normal(0, 4))
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    spin = np.diag([wide, 1 / wide]) @ spin
    size = 1.55 * math.exp(random.normal(0, 0.08))
    strokes = [SIDE + size * (points - 50) @ spin for points in strokes]
    edge = nib * np.array([math.cos(nib_angle), -math.sin(nib_angle)])
    for points in strokes:
        _felt(brush, points, edge, 5)
    if drags:  # from the end of one stroke to the beginning of the next, lightly
        for before, after in pairwise(strokes):
            brush.line([*map(tuple, (before[-1], after[0]))], fill=200, width=5)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def _footed(random: np.random.RandomState, points: Points, foot: float) -> Points:
    """A stroke that comes in from the left, and goes out to the right."""
    enter = points[0] + [-foot * random.uniform(0.5, 1.5), foot * random.uniform(-0.3, 0.5)]
    leave = points[-1] + [foot * random.uniform(0.5, 1.5), -foot * random.uniform(0, 0.8)]
    return np.concatenate([[enter], points, [leave]])


def _felt(brush: ImageDraw.ImageDraw, points: Points, edge: Points, thick: float) -> None:
    """Draw with a flat nib: broad across its edge, thin along it."""
    for a, b in pairwise(points):
        corners = [a - edge, a + edge, b + edge, b - edge]
        brush.polygon([tuple(corner) for corner in corners], fill=255)
    for point in points:
        brush.line([tuple(point - edge), tuple(point + edge)], fill=255, width=round(2 * thick))
    brush.line([tuple(point) for point in points], fill=255, width=round(2 * thick), joint="curve")


HANDS = {"first": draw, "other": draw_hastily}
SEEDS = {"first": 3_000, "other": 4_000}  # of their sheets


# A drawing's side on paper, and how far from a cell's middle it may lie.
MILLIMETRES, ASTRAY = 11.5, 0.8
LONGEST = 1320  # of a photo, in pixels
QUALITY = 28


def drawings(hand: str, number: int) -> np.ndarray:
    """All that is drawn on a sheet, uint8 ``(8, 20, 128, 128)``, bright ink on dark; sheets count from 0."""
    random = np.random.RandomState([SEEDS[hand], number])
    cells = [[HANDS[hand](random, name, number) for _ in range(COLUMNS)] for name in NAMES]
    return np.array(cells)


def places(hand: str, number: int) -> np.ndarray:
    """How far from the middle of its cell each drawing of a sheet lies, in millimetres, ``(8, 20, 2)``."""
    random = np.random.RandomState([SEEDS[hand], number, 1])
    return random.uniform(-ASTRAY, ASTRAY, (len(NAMES), COLUMNS, 2))


def truths(hand: str, number: int) -> np.ndarray:
    """What is drawn in each cell and how far beyond, as ``benchmarks/sheets.py`` compares it, ``(8, 20, 31, 29)``."""
    found = np.zeros((len(NAMES), COLUMNS, 31, 29), np.float32)
    scale = 290 / (CELL[0] + 2 * BEYOND)
    drawn, away = drawings(hand, number), places(hand, number)
    for row, column in np.ndindex(found.shape[:2]):
        cell = Image.new("L", (290, 310))
        middle = np.array(CELL) / 2 + BEYOND + away[row, column]
        _lay(cell, drawn[row, column], middle, scale)
        found[row, column] = np.asarray(cell.reduce(10)) / 255
    return found


def _lay(mask: Image.Image, drawing: np.ndarray, middle: np.ndarray, scale: float) -> None:
    """Put a drawing on a mask, its middle there in millimetres, at so many pixels to the millimetre."""
    side = round(MILLIMETRES * scale)
    ink = Image.fromarray(drawing).resize((side, side), Image.Resampling.BICUBIC)
    corner = (middle * scale - side / 2).round().astype(int)
    mask.paste(255, tuple(corner.tolist()), ink)


def filled_in(hand: str, number: int) -> Image.Image:
    """A sheet that a writer has filled in, RGB: the printed one, and the signs in a pen and an ink of the writer's."""
    random = np.random.RandomState([SEEDS[hand], number, 2])
    page = bench.printed(NAMES)
    mask = Image.new("L", page.size)
    drawn, away = drawings(hand, number), places(hand, number)
    for row, column in np.ndindex(drawn.shape[:2]):
        left, top, right, bottom = boxes(len(NAMES))[row, column]
        middle = np.array([left + right, top + bottom]) / 2 + away[row, column]
        _lay(mask, drawn[row, column], middle, bench.DOTS)
    _, colours, strength = bench.PENS[sorted(bench.PENS)[random.randint(len(bench.PENS))]]
    bench.ink(random, page, mask, colours[random.randint(len(colours))], strength)
    return page


def photo(hand: str, number: int, take: int = 0) -> bytes:
    """A photo of that sheet as a file, in a light and from a place of its own, which are others at another take."""
    random = np.random.RandomState([SEEDS[hand], number, 4 + take])
    scene = bench.Scene(
        longest=LONGEST,
        quarter=2 * (random.uniform() < 0.2),
        turned=random.uniform(-6, 6),
        pitch=random.uniform(-20, 20),
        yaw=random.uniform(-20, 20),
        curl=random.uniform(-0.006, 0.006),
        shadow=(random.uniform(0, 0.4), 10 ** random.uniform(-2, -0.7)),
        grain=random.uniform(0.5, 1.5),
    )
    file = io.BytesIO()
    taken = bench.photographed(random, filled_in(hand, number), scene)
    taken.save(file, "WEBP", quality=QUALITY, method=6)
    return file.getvalue()


def good(hand: str, number: int) -> bytes:
    """The first photo of a sheet on which no cell is lost, as one would take another where one is."""
    for take in range(10):
        found = photo(hand, number, take)
        if len(sheets.read(io.BytesIO(found), NAMES).taken) == len(NAMES) * COLUMNS:
            break
        print(f"sheet {number + 1} of the {hand} hand: take {take + 1} has a cell that is lost")
    return found


if __name__ == "__main__":
    signs.FOLDER.mkdir(exist_ok=True)
    for hand, names in signs.SHEETS.items():
        for number, name in enumerate(names):
            content = good(hand, number)
            write_whole(signs.FOLDER / name, content)
            print(f"{name}: {len(content):,} bytes", flush=True)
