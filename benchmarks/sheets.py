"""How well is a photographed sheet read? ``python benchmarks/sheets.py`` fills in 200 sheets and photographs them.

A program writes: signs of splines, no two alike on a sheet, with a slant, a size and a pen of each writer's own. It
photographs: turned, in perspective, in uneven light, with shadows, blur, grain and JPEG, on a table, in 1,200 to 4,000
pixels. What was cut out of a cell is compared with what was drawn in every cell of that sheet: it is right if it is
most like its own, and like that. The table goes to the screen and to ``benchmarks/sheets.md``.

``--part 0 --of 8`` measures a part alone, and leaves its counts in a folder of scratch; the last call, without it,
gathers what is there and does the rest.
"""

import argparse
import io
import json
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from digitlib import sheets
from digitlib.accuracy import Share
from digitlib.files import write_whole
from digitlib.paper import blank, template
from digitlib.paper.cells import BEYOND
from digitlib.paper.straight import homography, moved
from inks import Random, clouds
from tables import table

__all__ = [
    "DOTS",
    "NAMES",
    "PENS",
    "Drawn",
    "Scene",
    "Writer",
    "compared",
    "draw",
    "ink",
    "likeness",
    "photographed",
    "printed",
]

NAMES = ("camp", "rest", "water", "fire", "danger", "path", "friend", "food", "stop", "home")
DOTS = blank.DOTS / 25.4  # pixels of the page to the millimetre
SEEN = 3  # pixels of a truth to the millimetre, by and large
PENS = {
    "ballpoint": ((0.35, 0.6), [(20, 30, 120), (25, 25, 30), (150, 20, 30)], 0.9),
    "fineliner": ((0.3, 0.6), [(20, 20, 25), (20, 30, 110)], 0.97),
    "felt pen": ((0.8, 1.6), [(20, 20, 25), (20, 40, 140), (170, 25, 30), (15, 100, 50)], 0.95),
    "pencil": ((0.4, 0.8), [(75, 75, 80)], 0.75),
}


@dataclass
class Writer:
    """Who fills in a sheet, and how.

    Attributes:
        random: its stream.
        pen: its name.
        size: half of a sign, in millimetres.
        slant: how far it leans.
        unrest: how far a sign's points stray.
    """

    random: Random
    pen: str
    size: float = 4.2
    slant: float = 0.0
    unrest: float = 0.12

    @classmethod
    def of(cls, random: Random) -> "Writer":
        """Any writer."""
        pen = sorted(PENS)[random.randint(len(PENS))]
        return cls(
            random,
            pen,
            random.uniform(2.8, 4.2),
            random.uniform(-0.25, 0.25),
            random.uniform(0.06, 0.16),
        )


@dataclass
class Scene:
    """How a photo is taken; what isn't said is drawn.

    Attributes:
        longest: its longer side, in pixels.
        quarter: how often the page is turned by 90 degrees.
        turned: by how many degrees beside that.
        pitch, yaw: from where it is seen, in degrees.
        curl: how far the middle of the page rises, in parts of its width.
        shadow: how deep a shadow is, of 1; and soft over so many parts of the picture.
        crop: how far the page's first corner lies outside the picture, in parts of its width.
        thumb: whether a thumb covers a corner's mark.
        grain: in levels of 255.
    """

    longest: int = 0
    quarter: int = 0
    turned: float = 0.0
    pitch: float = 0.0
    yaw: float = 0.0
    curl: float = 0.0
    shadow: tuple[float, float] = (0.0, 0.1)
    crop: float = 0.0
    thumb: bool = False
    grain: float = 3.0

    @classmethod
    def of(cls, random: Random) -> "Scene":
        """Any scene."""
        return cls(
            round(np.exp(random.uniform(np.log(1200), np.log(4000)))),
            2 * random.randint(2) + (random.uniform() < 0.3),
            random.uniform(-20, 20),
            random.uniform(-22, 22),
            random.uniform(-22, 22),
            random.uniform(-0.012, 0.012),
            (random.uniform(0, 0.55) * random.randint(2), 10 ** random.uniform(-3, -0.7)),
            grain=random.uniform(1, 7),
        )


@dataclass
class Drawn:
    """A photo of a filled-in sheet.

    Attributes:
        photo: as it comes out of a camera, a JPEG.
        truths: what was drawn in each cell, and how far beyond, float32 ``(rows, 20, 31, 29)``, ink bright.
    """

    photo: Image.Image
    truths: np.ndarray = field(repr=False)


def draw(
    seed: int,
    names: tuple[str, ...] = NAMES,
    scene: Scene | None = None,
    writer: Writer | None = None,
    empty: float = 0.0,
    alike: bool = True,
) -> Drawn:
    """Fill in a sheet and photograph it.

    Args:
        seed: of all chance.
        names: of the classes.
        scene, writer: None for any.
        empty: the part of the cells in which nothing is written.
        alike: whether a class's signs are alike, or each is one of its own.
    """
    random = np.random.RandomState(seed)
    writer = writer or Writer.of(random)
    scene = scene or Scene.of(random)
    page, truths = written(random, writer, names, empty, alike)
    return Drawn(photographed(random, page, scene), truths)


def sign(random: Random, label: int, unrest: float) -> list[np.ndarray]:
    """The strokes of a class's sign, each ``(n, 2)`` from -1 to 1, as a hand writes it this time."""
    own = np.random.RandomState(1000 + label)
    strokes = [own.uniform(-1, 1, (own.randint(3, 6), 2)) for _ in range(1 + label % 3)]
    points = np.concatenate(strokes)
    points = 2 * (points - points.min(0)) / np.ptp(points, axis=0) - 1
    ends = np.cumsum([len(stroke) for stroke in strokes])[:-1]
    points = points + random.normal(0, unrest, points.shape)
    return [spline(part) for part in np.split(points, ends)]


def spline(points: np.ndarray, steps: int = 9) -> np.ndarray:
    """A curve of Catmull and Rom through points."""
    around = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, steps)[:, None]
    curve = []
    for p, q, r, s in zip(around, around[1:], around[2:], around[3:], strict=False):
        curve.append(
            0.5
            * (
                2 * q
                + (r - p) * t
                + (2 * p - 5 * q + 4 * r - s) * t**2
                + (3 * q - p - 3 * r + s) * t**3
            )
        )
    return np.concatenate(curve)


def printed(names: tuple[str, ...]) -> Image.Image:
    """An empty page, RGB, in black and white."""
    return _printed(names).convert("RGB")


@lru_cache
def _printed(names: tuple[str, ...]) -> Image.Image:
    return blank.draw(names)


def written(
    random: Random, writer: Writer, names: tuple[str, ...], empty: float, alike: bool
) -> tuple[Image.Image, np.ndarray]:
    """A filled-in page, RGB, and what was drawn in each cell."""
    page = printed(names)
    widths, colours, strength = PENS[writer.pen]
    width, colour = random.uniform(*widths), colours[random.randint(len(colours))]
    cells = template.boxes(len(names))
    truths = np.zeros((*cells.shape[:2], 31, 29), np.float32)
    mask = Image.new("L", page.size)
    pen = ImageDraw.Draw(mask)
    for row, column in np.ndindex(cells.shape[:2]):
        if random.uniform() < empty:
            continue
        left, top, right, bottom = cells[row, column]
        size = writer.size * random.uniform(0.85, 1.1, 2)
        room = np.maximum(0, np.array([right - left, bottom - top]) / 2 - size - 0.6)
        middle = np.array([left + right, top + bottom]) / 2 + random.uniform(-1, 1, 2) * room
        own = Image.new("L", (290, 310))
        small = ImageDraw.Draw(own)
        for stroke in sign(random, row if alike else random.randint(1 << 30), writer.unrest):
            points = stroke * size
            points[:, 0] -= writer.slant * points[:, 1]
            _line(pen, (points + middle) * DOTS, width * DOTS)
            scale = 290 / (template.CELL[0] + 2 * BEYOND)
            _line(small, (points + middle - (left - BEYOND, top - BEYOND)) * scale, width * scale)
        truths[row, column] = np.asarray(own.reduce(10)) / 255
    ink(random, page, mask, colour, strength)
    return page, truths


def ink(
    random: Random, page: Image.Image, mask: Image.Image, colour: tuple[int, ...], strength: float
) -> None:
    """Lay a pen's ink on a page where a mask is bright, paler in some places than in others."""
    rough = clouds(random, (mask.height // 8, mask.width // 8), 200)
    rough = Image.fromarray((255 * strength * (0.8 + 0.2 * rough)).astype(np.uint8))
    page.paste(colour, (0, 0), ImageChops.multiply(mask, rough.resize(mask.size)))


def _line(pen: ImageDraw.ImageDraw, points: np.ndarray, width: float) -> None:
    pen.line([tuple(point) for point in points], 255, max(1, round(width)), "curve")
    for x, y in points[[0, -1]]:
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), 255)


def photographed(random: Random, page: Image.Image, scene: Scene) -> Image.Image:
    """A photo of a page on a table."""
    longest = scene.longest or 2400
    upright = scene.quarter % 2 == 1
    size = (round(0.75 * longest), longest) if upright else (longest, round(0.75 * longest))
    while page.width > 2.2 * longest:
        page = page.reduce(2)
    way = _view(random, page, scene, size)
    photo = _table(random, size)
    seen, mask = _seen(page, way, scene, size)
    photo.paste(seen, (0, 0), mask)
    if scene.thumb:
        _thumb(photo, moved(way, np.array(template.CORNERS[1] * page.width / 297)))
    photo = photo.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.0) * longest / 2000))
    levels = np.asarray(photo, np.float32) * _light(random, size, scene)[..., None]
    levels *= np.array([1, random.uniform(0.9, 1), random.uniform(0.75, 1)], np.float32)
    tile = random.standard_normal((1021, 1021)).astype(np.float32) * scene.grain
    rows, columns = (-(-side // 1021) for side in size[::-1])
    levels += np.tile(tile, (rows, columns))[: size[1], : size[0], None]
    file = io.BytesIO()
    whole = Image.fromarray(levels.clip(0, 255).astype(np.uint8))
    whole.save(file, "JPEG", quality=random.randint(60, 96))
    return Image.open(file)


def _view(random: Random, page: Image.Image, scene: Scene, size: tuple[int, int]) -> np.ndarray:
    """The homography from the page's pixels to the photo's."""
    width, height = page.size
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    flat = (corners - (width / 2, height / 2)) / width
    turn = np.radians(90 * scene.quarter + scene.turned)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    x, y = spin @ flat.T
    pitch, yaw = np.radians([scene.pitch, scene.yaw])
    y, z = y * np.cos(pitch), y * np.sin(pitch)
    x, z = x * np.cos(yaw), z + x * np.sin(yaw)
    points = np.stack([x, y], axis=1) / (1 + z / 1.6)[:, None]
    room = np.array(size) / np.ptp(points, axis=0)
    margin = random.uniform(0.02, 0.12)
    points = (points - (points.min(0) + points.max(0)) / 2) * room.min() * (1 - 2 * margin)
    points += np.array(size) / 2
    if scene.crop:
        away = points[0] - points.mean(axis=0)
        edge = np.where(away < 0, 0, size)
        points += (edge - points[0]) + np.sign(away) * scene.crop * np.ptp(points, axis=0)
    return homography(corners, points)


def _seen(
    page: Image.Image, way: np.ndarray, scene: Scene, size: tuple[int, int]
) -> tuple[Image.Image, Image.Image]:
    """The page as the camera sees it, and where."""
    back = np.linalg.inv(way)
    step = 40
    x, y = (np.append(np.arange(0, side, step), side) for side in size)
    there = moved(back, np.stack(np.meshgrid(x, y), axis=-1).astype(float))
    u = there[..., 0] / page.width
    # A page that rises in its middle, seen from above its foot: its lines bow.
    rise = scene.curl * np.sin(np.pi * u.clip(-0.2, 1.2))
    there = there + np.stack([0.4 * rise * np.cos(np.pi * u), rise], -1) * page.width
    mesh = [
        (
            (int(x[j]), int(y[i]), int(x[j + 1]), int(y[i + 1])),
            tuple(
                there[[i, i + 1, i + 1, i], [j, j, j + 1, j + 1]].ravel().tolist(),
            ),
        )
        for i in range(len(y) - 1)
        for j in range(len(x) - 1)
    ]
    how = Image.Transform.MESH, mesh, Image.Resampling.BICUBIC
    return page.transform(size, *how), Image.new("L", page.size, 255).transform(size, *how)


def _table(random: Random, size: tuple[int, int]) -> Image.Image:
    """Wood or cloth, dark or bright."""
    few = size[1] // 8, size[0] // 8
    grain = clouds(random, few, 60) * 0.3 + clouds(random, few, 5) * 0.4 + 0.5
    colour = np.array([(120, 85, 55), (60, 60, 65), (150, 150, 145), (90, 60, 40)])
    levels = grain[..., None] * colour[random.randint(len(colour))]
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8)).resize(size)


def _thumb(photo: Image.Image, middle: np.ndarray) -> None:
    x, y = middle
    r = 0.035 * max(photo.size)
    ImageDraw.Draw(photo).ellipse((x - r, y - r, x + 3 * r, y + r), fill=(205, 150, 125))


def _light(random: Random, size: tuple[int, int], scene: Scene) -> np.ndarray:
    """How bright it is at each place, ``(H, W)``."""
    width, height = size
    y, x = np.linspace(-1, 1, height // 4)[:, None], np.linspace(-1, 1, width // 4)
    turn = random.uniform(0, 2 * np.pi)
    slope = 0.5 + (x * np.cos(turn) + y * np.sin(turn)) / 2.83
    light = (1 - random.uniform(0, 0.45) * slope) * (1 - random.uniform(0, 0.3) * (x**2 + y**2) / 2)
    depth, soft = scene.shadow
    if depth:
        turn = random.uniform(0, 2 * np.pi)
        far = x * np.cos(turn) + y * np.sin(turn) - random.uniform(-0.5, 0.5)
        light = light * (1 - depth / (1 + np.exp((-far / soft).clip(-40, 40))))
    light = Image.fromarray((light * random.uniform(0.8, 1)).astype(np.float32))
    return np.asarray(light.resize(size, Image.Resampling.BILINEAR))


def compared(drawn: Drawn, found: sheets.Sheet) -> Counter:
    """How many cells are right, wrong (like another, or like none), doubted too, lost, taken for empty, and not."""
    truths = drawn.truths.reshape(-1, 31 * 29)
    counts: Counter = Counter()
    for number, cell in enumerate(found.cells):
        some = bool(truths[number].any())
        if cell.ink is None:
            counts["lost" if cell.lost else "taken for empty" if some else "right"] += 1
            continue
        if not some:
            counts["not empty"] += 1
            continue
        [like] = likeness(drawn.truths, [cell])
        right = like.argmax() == number and like[number] > 0.5
        counts["right" if right else "doubted" if cell.parted else "wrong"] += 1
    return counts


def likeness(truths: np.ndarray, cells: list[sheets.Cell]) -> np.ndarray:
    """How like what was cut out of each cell is what was drawn in each, from -1 to 1, ``(cells, cells of a sheet)``."""
    seen = [np.asarray(Image.fromarray(cell.ink).reduce(3), np.float32) for cell in cells]
    return (
        _unit(255 - np.array(seen).reshape(len(cells), -1)) @ _unit(truths.reshape(-1, 31 * 29)).T
    )


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows without their mean, of length 1."""
    away = rows - rows.mean(axis=1, keepdims=True)
    return away / np.maximum(1e-9, np.linalg.norm(away, axis=1, keepdims=True))


FIRST = 1000  # of the seeds: the reader was made with an eye on sheets of lower ones
KINDS = {
    "half of the cells empty": lambda random: {"empty": 0.5},
    "upside down": lambda random: {"scene": Scene(2400, 2, random.uniform(-20, 20))},
    "a sharp shadow, half as bright": lambda random: {"scene": Scene(2400, shadow=(0.5, 0.002))},
    "a sharp shadow, a quarter as bright": lambda random: {
        "scene": Scene(2400, shadow=(0.75, 0.002))
    },
    "signs that overflow": lambda random: {"writer": Writer(random, "ballpoint", 6.2)},
    "a page that bows by 2 %": lambda random: {"scene": Scene(2400, curl=0.02)},
    "a page that bows by 4 %": lambda random: {"scene": Scene(2400, curl=0.04)},
    "much grain": lambda random: {"scene": Scene(2400, grain=18)},
    "a thumb on a corner mark": lambda random: {"scene": Scene(2400, turned=4, thumb=True)},
    "a corner cut off": lambda random: {"scene": Scene(2400, turned=4, crop=0.1)},
}
EACH = 5  # sheets of these
HEAD = [
    *("what", "sheets", "refused", "cells", "right", "lost", "taken for empty", "misplaced"),
    *("misplaced and doubted", "not empty"),
]


def one(seed: int, **options: object) -> Counter:
    """One sheet, drawn and read."""
    drawn = draw(seed, alike=False, **options)
    counts: Counter = Counter(sheets=1, cells=drawn.truths.shape[0] * drawn.truths.shape[1])
    start = time.process_time()
    try:
        counts += compared(drawn, sheets.read(drawn.photo, NAMES))
    except sheets.NotASheet as error:
        counts["refused"] += 1
        counts["lost"] += counts["cells"]
        print(f"  {seed}: {error}", flush=True)
    counts["milliseconds"] += round(1000 * (time.process_time() - start))
    return counts


def nothings() -> dict[str, Image.Image]:
    """Photos of something else: paper, a table, noise, concentric squares, another's grid."""
    random = np.random.RandomState(FIRST)
    rings = Image.new("L", (1600, 1200), 235)
    pen = ImageDraw.Draw(rings)
    for x, y in random.uniform(0.05, 0.9, (40, 2)) * (1600, 1200):
        for inset, level in ((0, 20), (9, 235), (18, 20)):
            pen.rectangle((x + inset, y + inset, x + 63 - inset, y + 63 - inset), level)
    grid = Image.new("L", (1600, 1200), 235)
    for x in range(100, 1500, 60):
        ImageDraw.Draw(grid).line((x, 100, x, 1100), 120)
        ImageDraw.Draw(grid).line((100, x * 0.7, 1500, x * 0.7), 120)
    noise = random.randint(256, size=(1200, 1600)).astype(np.uint8)
    return {
        "white paper": Image.new("L", (1600, 1200), 235),
        "a table": _table(random, (1600, 1200)),
        "noise": Image.fromarray(noise),
        "forty drawn marks": rings,
        "squared paper": grid,
    }


def row(what: str, counts: Counter) -> list[str]:
    """A line of the table."""
    names = "sheets", "refused", "cells", "right", "lost", "taken for empty", "wrong", "doubted"
    return [what, *(f"{counts[name]:,}" for name in (*names, "not empty"))]


def part(number: int, of: int, count: int) -> dict[str, Counter]:
    """What every so-manieth sheet gives; a part after the last is that of the other kinds."""
    if number < of:
        some = range(FIRST + number, FIRST + count, of)
        return {"any": sum((one(seed) for seed in some), Counter())}
    found = {}
    for place, (kind, options) in enumerate(KINDS.items()):
        print(kind, flush=True)
        seeds = range(10 * FIRST + 100 * place, 10 * FIRST + 100 * place + EACH)
        each = (one(seed, **options(np.random.RandomState(seed))) for seed in seeds)
        found[kind] = sum(each, Counter())
    return found


def main() -> None:
    """Measure, or a part of it; once all parts are there, write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", type=int)
    parser.add_argument("--of", type=int, default=8)
    parser.add_argument("--sheets", type=int, default=200)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "sheets")
    options = parser.parse_args()
    options.scratch.mkdir(exist_ok=True)
    found: dict[str, Counter] = {}
    for number in range(options.of + 1) if options.part is None else [options.part]:
        file = options.scratch / f"{number}-{options.of}-{options.sheets}.json"
        if not file.exists():
            file.write_text(json.dumps(part(number, options.of, options.sheets)))
        for kind, counts in json.loads(file.read_text()).items():
            found[kind] = found.get(kind, Counter()) + Counter(counts)
        print(number, {kind: dict(counts) for kind, counts in found.items()}, flush=True)
    if options.part is None:
        write_page(found)


def write_page(found: dict[str, Counter]) -> None:
    """The tables, and what is refused of what is no sheet."""
    said = []
    for what, photo in nothings().items():
        try:
            sheets.read(photo, NAMES)
            said.append([what, "taken for a sheet"])
        except sheets.NotASheet as error:
            said.append([what, str(error)])
    whole = found["any"]
    seconds = whole["milliseconds"] / whole["sheets"] / 1000
    lines = [
        "# Photos of filled-in sheets\n",
        "Made by `python benchmarks/sheets.py`: sheets that a program filled in and photographed, turned by up to 20 "
        "degrees and tilted by up to 22, in 1,200 to 4,000 pixels, with shadows that take up to 55 % of the light. A "
        "cell is right if what was cut out is most like what was drawn in it, of all 200 of its sheet; misplaced if "
        "it is most like another, or like none, and doubted if the reader says that its ink was parted from a "
        "neighbour's. All cells of a refused sheet are lost. Real photos were not at hand.\n",
        *table(HEAD, [row("any photo", whole)]),
        "",
        f"Right: {Share(whole['right'], whole['cells'])} cells. A photo took {seconds:.1f} seconds of a core.\n",
        "## The nasty ones\n",
        *table(HEAD, [row(kind, counts) for kind, counts in found.items() if kind != "any"]),
        "",
        "## What is no sheet\n",
        *table(["photo", "what is said"], said),
        "",
    ]
    write_whole(Path(__file__).with_name("sheets.md"), "\n".join(lines).encode())
    print("\n".join(lines))


if __name__ == "__main__":
    main()
