"""The gallery of ``pictures.py``: one picture of each condition, what the model got of it, and what it said.

``python benchmarks/pictures.py --gallery`` writes a sheet for each kind into ``book/_static``, and the part of
``book/pictures.md`` below the line that says so. Which picture of a condition is shown follows from its place in the
list; none is chosen by what was said of it. A last sheet shows some that were misread when all were asked.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

import album
from conditions import Condition
from digitlib import classify
from digitlib.files import write_whole
from digitlib.picture import read
from digitlib.preprocess import NoInk, prepare
from tables import table

__all__ = ["make"]

BOOK = Path(__file__).parents[1] / "book"
PAGE = BOOK / "pictures.md"
LINE = "<!-- What follows is the gallery that benchmarks/pictures.py makes. -->"
WIDE, HIGH, COLUMNS = 330, 340, 3
"""A tile's sides, in pixels, and how many stand in a row."""
QUALITY = 66
LOG = Path(__file__).with_name("pictures.json")
MISREAD = "Still misread"


def make(path: Path) -> None:
    """Draw, ask the model in a file, and write sheets and page."""
    classifier = classify.load(path)
    kinds: dict[str, list[Condition]] = {}
    for one in album.CONDITIONS.values():
        kinds.setdefault(one.kind, []).append(one)
    parts = []
    for kind, conditions in kinds.items():
        shown = [Shown(classifier, one, turn(one)) for one in conditions]
        parts += [section(kind, saved(kind, shown), shown)]
    worst = [Shown(classifier, one, i) for one, i in misread()]
    if worst := [one for one in worst if not one.right]:
        parts += [section(MISREAD, saved(MISREAD, worst), worst)]
    text = PAGE.read_text(encoding="utf-8").partition(LINE)[0]
    write_whole(PAGE, "\n\n".join([text + LINE, *parts, ""]).encode().rstrip() + b"\n")


def saved(kind: str, shown: list["Shown"]) -> str:
    """Write a kind's sheet; returns the file's name."""
    name = f"pictures-{kind.lower().replace(' ', '-')}.webp"
    sheet(shown).save(BOOK / "_static" / name, "WEBP", quality=QUALITY, method=6)
    return name


def turn(condition: Condition) -> int:
    """The number of the picture that stands for a condition: other digits in turn, and both sources."""
    place = list(album.CONDITIONS).index(condition.name)
    return (7 * place) % 10 + 10 * (place % 2)


def misread() -> list[tuple[Condition, int]]:
    """Of the twelve conditions with the most wrong names, when last asked, the first picture that got one."""
    columns = json.loads(LOG.read_text(encoding="utf-8"))
    log = columns["now"] | columns.get("mended", {})
    misread = {name: one["misread"] for name, one in log.items() if one["misread"]}
    worst = sorted(misread, key=lambda name: -log[name]["wrong"])[:12]
    return [(album.CONDITIONS[name], misread[name][0]) for name in worst]


class Shown:
    """A condition's picture for the gallery, by its number.

    Attributes:
        number: of its condition, counted from 1.
        condition: what it is an example of.
        picture: as it was sent.
        label: its digit.
        got: what the model saw, uint8 ``(28, 28)``, bright on dark; all dark for a blank.
        said: the model's answer in words.
        right: whether it was.
    """

    def __init__(self, classifier: classify.Classifier, condition: Condition, i: int):
        self.number, self.condition = list(album.CONDITIONS).index(condition.name) + 1, condition
        self.picture, self.label = album.draw(condition, i)
        try:
            self.got = prepare(read(self.picture, classifier.preparation), classifier.preparation)
        except NoInk:
            self.got = np.zeros((28, 28), np.uint8)
        said = classifier.classify(self.picture)
        sure = f"{said.probabilities.max():.2f}"
        self.said = said.reason or f"{said.name} ({sure})"
        expected = self.label if condition.named else None
        self.right = said.label == expected

    @property
    def what(self) -> str:
        """What a person sees in it."""
        return f"a {self.label}" if self.condition.named else "no digit"


def sheet(shown: list[Shown]) -> Image.Image:
    """All pictures of a kind: cards on a transparent ground, three in a row."""
    rows = -(-len(shown) // COLUMNS)
    whole = Image.new("RGBA", (COLUMNS * (WIDE + 10) - 10, rows * (HIGH + 10) - 10))
    for i, one in enumerate(shown):
        whole.paste(card(one), ((i % COLUMNS) * (WIDE + 10), (i // COLUMNS) * (HIGH + 10)))
    return whole


def card(one: Shown) -> Image.Image:
    """The picture above; below it what the model got, three times as large, and what it said, red where wrong."""
    paper = Image.new("RGBA", (WIDE, HIGH), "#f2f2ee")
    room = (WIDE - 16, HIGH - 108)
    small = ImageOps.contain(visible(one.picture), room)
    paper.paste(small, ((WIDE - small.width) // 2, 8 + (room[1] - small.height) // 2), small)
    paper.paste(Image.fromarray(one.got).resize((84, 84), Image.Resampling.NEAREST), (8, HIGH - 92))
    pen = ImageDraw.Draw(paper)
    colour = "#1a1a1a" if one.right else "#b00020"
    pen.text((106, HIGH - 90), f"{one.number}", "#5a5a5a", ImageFont.load_default(28))
    pen.text((106, HIGH - 52), one.said, colour, ImageFont.load_default(34))
    return paper


def visible(image: Image.Image) -> Image.Image:
    """A picture of any mode as a screen shows it, what is transparent on a middle grey."""
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    image = ImageOps.exif_transpose(image).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "#9a9a9a"), image)


def section(kind: str, name: str, shown: list[Shown]) -> str:
    """A kind's heading, its sheet with all of it in words, and a table."""
    told = "; ".join(f"{one.condition.name}, {one.what}: {one.said}" for one in shown)
    rows = [
        [one.number, one.condition.name, one.what, one.said if one.right else f"**{one.said}**"]
        for one in shown
    ]
    head = ["number", "kind of picture", "it shows", "the model said"]
    title = kind[0].upper() + kind[1:]
    return "\n\n".join([f"## {title}", f"![{told}.](_static/{name})", "\n".join(table(head, rows))])
