"""Conditions of ``pictures.py``: scans, lined paper, forms.

Each function makes a picture; its docstring states the condition, and :mod:`album` keeps the list.
"""

from typing import Any

import numpy as np
from PIL import Image

import papers
from conditions import condition
from inks import Hand, lay
from photography import blurred, grain, picture, saved, slope

__all__: list[str] = []

SCAN, LINED = "scan", "lined paper"
RULES = ((0.55, 0.68, 0.88), (0.6, 0.6, 0.62), (0.72, 0.62, 0.75))
"""What lines are printed in: blue, grey, violet."""


def scanned(hand: Hand, scene: np.ndarray, sigma: float = 2.0, mode: str = "") -> Image.Image:
    """What a scanner sends: hardly blurred, little noise, grey or in colour, a good JPEG."""
    seen = grain(hand.random, blurred(scene, 0.6), sigma)
    mode = mode or ("L" if hand.random.uniform() < 0.5 else "RGB")
    return saved(picture(seen, mode), quality=hand.random.randint(75, 95))


def sheet(hand: Hand) -> np.ndarray:
    """A sheet of white paper of any size."""
    return papers.white(hand.random, papers.shape(hand.random))


def written(hand: Hand, paper: np.ndarray, **where: Any) -> np.ndarray:
    """The digit on it, by ballpoint, fineliner or felt pen."""
    lay(hand, paper, ("ballpoint", "fineliner", "felt pen")[hand.random.randint(3)], **where)
    return paper


@condition(SCAN, "clean scan")
def clean(hand: Hand) -> Image.Image:
    """A white sheet with one digit in ballpoint, fineliner or felt pen, scanned in grey or colour, JPEG 75 to 94."""
    return scanned(hand, written(hand, sheet(hand)))


@condition(SCAN, "scan with dust")
def dusty(hand: Hand) -> Image.Image:
    """A clean scan with 3 to 20 dark specks of 1 to 3 pixels' radius anywhere on it."""
    paper = written(hand, sheet(hand))
    papers.dust(hand.random, paper, hand.random.randint(3, 21), (1.0, 3.0), (0.25, 0.24, 0.22))
    return scanned(hand, paper)


@condition(SCAN, "scan with a black border")
def bordered(hand: Hand) -> Image.Image:
    """A scan that is black along one to four sides, 3 to 9 % of the width, where the sheet ends before the glass
    does.
    """
    paper = sheet(hand)
    written(hand, paper, box=(0.14, 0.14, 0.86, 0.86))
    rows, columns = paper.shape[:2]
    sides = hand.random.permutation(4)[: hand.random.randint(1, 5)]
    for side in sides:
        far = round(hand.random.uniform(0.03, 0.09) * columns)
        part = [np.s_[:far], np.s_[rows - far :], np.s_[:, :far], np.s_[:, columns - far :]][side]
        paper[part] = hand.random.uniform(0.02, 0.12)
    return scanned(hand, paper)


@condition(SCAN, "yellowed and stained")
def yellowed(hand: Hand) -> Image.Image:
    """Old yellowish paper with one to three pale brown stains, scanned in colour."""
    paper = papers.plain(papers.shape(hand.random), (0.93, 0.87, 0.7))
    papers.fibres(hand.random, paper, 0.01)
    papers.stains(hand.random, paper)
    return scanned(hand, written(hand, paper), mode="RGB")


@condition(SCAN, "folded sheet")
def folded(hand: Hand) -> Image.Image:
    """A sheet that was folded once or twice, each crease a thin dark line from edge to edge with a bright one beside
    it.
    """
    paper = written(hand, sheet(hand))
    papers.fold(hand.random, paper, hand.random.randint(1, 3))
    return scanned(hand, paper)


@condition(SCAN, "show-through")
def shown_through(hand: Hand) -> Image.Image:
    """A sheet through which three to six digits on its other side show, mirrored, blurred, at 6 to 16 % of their
    ink.
    """
    paper = sheet(hand)
    for _ in range(hand.random.randint(3, 7)):
        other = hand.mask(0.4 * min(paper.shape[:2]), 0.08, hand.random.randint(10))
        papers.show_through(hand.random, paper, other, hand.random.uniform(0.06, 0.16))
    return scanned(hand, written(hand, paper))


@condition(SCAN, "punched sheet")
def punched(hand: Hand) -> Image.Image:
    """A sheet with two punched holes at its left side, dark grey where the scanner's lid shows through."""
    paper = sheet(hand)
    rows, columns = paper.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns]
    r, far = 0.028 * max(rows, columns), hand.random.uniform(0.15, 0.25) * rows
    for middle in (rows / 2 - far, rows / 2 + far):
        hole = (r - np.hypot(y - middle, x - 0.07 * columns) + 0.5).clip(0, 1)
        paper *= 1 - 0.7 * hole[..., None].astype(np.float32)
    return scanned(hand, written(hand, paper, box=(0.16, 0.06, 0.94, 0.94)))


@condition(SCAN, "fax, thresholded")
def faxed(hand: Hand) -> Image.Image:
    """A fax of two levels: thresholded at a half after noise of 12 levels, with 0.02 % of the pixels flipped, a PNG
    of one bit.
    """
    paper = written(hand, sheet(hand))
    seen = grain(hand.random, blurred(paper, 1.2), 12).mean(2) > 0.5
    seen ^= hand.random.uniform(size=seen.shape) < 2e-4
    return saved(Image.fromarray(seen), "PNG")


@condition(SCAN, "dithered to one bit")
def dithered(hand: Hand) -> Image.Image:
    """A slightly grey scan reduced to black and white by Floyd and Steinberg's dithering, a PNG of one bit."""
    paper = written(hand, sheet(hand)) * hand.random.uniform(0.88, 0.98)
    return saved(picture(paper, "L").convert("1"), "PNG")


@condition(SCAN, "pencil on paper")
def pencilled(hand: Hand) -> Image.Image:
    """A grainy pencil's digit, half to four fifths as dark as its lead, on white paper with a texture, scanned."""
    paper = sheet(hand)
    papers.fibres(hand.random, paper, 0.008)
    lay(hand, paper, "pencil")
    return scanned(hand, paper)


@condition(SCAN, "askew on the glass")
def askew(hand: Hand) -> Image.Image:
    """A sheet turned by 2 to 8 degrees under a grey lid, so that its edges and corners show."""
    paper = written(hand, sheet(hand), box=(0.1, 0.1, 0.9, 0.9))
    rows, columns = paper.shape[:2]
    lid = hand.random.uniform(0.35, 0.75)
    glass = papers.plain((round(1.1 * rows), round(1.1 * columns)), (lid, lid, lid))
    turn = np.radians(hand.random.uniform(2, 8) * hand.random.choice([-1, 1]))
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (columns, rows) * 0.48
    way = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    papers.on(glass, paper, list(corners @ way + np.array([columns, rows]) * 0.55), shadow=0.25)
    return scanned(hand, glass)


@condition(SCAN, "16-bit scan")
def deep(hand: Hand) -> Image.Image:
    """A clean scan in grey of 16 bits, a PNG, with a range of its own: white at 50 to 100 % of the greatest level."""
    paper = grain(hand.random, written(hand, sheet(hand)), 1.5).mean(2).clip(0, 1)
    levels = paper * hand.random.uniform(0.5, 1.0) * 65_535
    return saved(Image.fromarray(levels.astype(np.uint16)), "PNG")


def on_lines(hand: Hand, kind: str = "ruled", pitch: float = 0.0, **more: Any) -> np.ndarray:
    """A sheet with lines of one colour, and a digit one to three lines high."""
    paper, random = sheet(hand), hand.random
    pitch = pitch or random.uniform(0.1, 0.2) * min(paper.shape[:2])
    colour = RULES[random.randint(len(RULES))]
    papers.lines(random, paper, pitch, colour, kind=kind, **more)
    return paper


@condition(LINED, "ruled, scanned")
def ruled(hand: Hand) -> Image.Image:
    """Writing paper with blue, grey or violet rules 10 to 20 % of the sheet's shorter side apart, scanned."""
    return scanned(hand, written(hand, on_lines(hand)))


@condition(LINED, "ruled with a red margin")
def margined(hand: Hand) -> Image.Image:
    """Ruled paper with a red line down its left side, scanned in colour."""
    paper = on_lines(hand)
    x = hand.random.uniform(0.1, 0.2) * paper.shape[1]
    way = [(x, 0), (x + hand.random.uniform(-4, 4), paper.shape[0])]
    papers.put(paper, papers.strokes(paper.shape[:2], [way], 2), (0.85, 0.35, 0.4), 0, 0)
    return scanned(hand, written(hand, paper, box=(0.24, 0.06, 0.94, 0.94)), mode="RGB")


@condition(LINED, "squared, scanned")
def squared(hand: Hand) -> Image.Image:
    """Squared paper, the squares 6 to 12 % of the sheet's shorter side, scanned."""
    pitch = hand.random.uniform(25, 50)
    return scanned(hand, written(hand, on_lines(hand, "squared", pitch)))


@condition(LINED, "graph paper")
def graph(hand: Hand) -> Image.Image:
    """Millimetre paper: fine squares of 9 to 14 pixels at 45 % strength and every fifth line stronger, in orange or
    green.
    """
    paper, random = sheet(hand), hand.random
    colour = ((0.95, 0.65, 0.45), (0.55, 0.8, 0.6))[random.randint(2)]
    pitch = random.uniform(9, 14)
    papers.lines(random, paper, pitch, colour, 1.0, "squared", 0.45)
    papers.lines(random, paper, 5 * pitch, colour, 2.0, "squared", 0.7)
    return scanned(hand, written(hand, paper), mode="RGB")


@condition(LINED, "dotted, scanned")
def dotted(hand: Hand) -> Image.Image:
    """A dotted notebook: grey dots of 1.5 to 2.5 pixels' radius, 20 to 45 pixels apart, scanned."""
    pitch, width = hand.random.uniform(20, 45), hand.random.uniform(1.5, 2.5)
    return scanned(hand, written(hand, on_lines(hand, "dotted", pitch, width=width)))


@condition(LINED, "ruled, photographed")
def ruled_photo(hand: Hand) -> Image.Image:
    """Ruled paper by a window: light falling off by 15 to 45 %, grain of 3 to 8 levels, JPEG 60 to 90."""
    paper = written(hand, on_lines(hand, width=2.0))
    slope(hand.random, paper, hand.random.uniform(0.15, 0.45))
    seen = grain(hand.random, blurred(paper, 1.0), hand.random.uniform(3, 8), 2)
    return saved(picture(seen), quality=hand.random.randint(60, 91))


@condition(LINED, "cell of a form")
def cell(hand: Hand) -> Image.Image:
    """A printed frame with a digit within it, cut out with 4 to 12 % of paper around the frame, scanned."""
    paper = sheet(hand)
    rows, columns = paper.shape[:2]
    far = hand.random.uniform(0.04, 0.12) * min(rows, columns)
    box = (far, far, columns - far, rows - far)
    papers.framed(paper, box, hand.random.uniform(1.5, 5), (0.15, 0.15, 0.15))
    written(hand, paper, share=(0.5, 0.8), box=(0.18, 0.18, 0.82, 0.82))
    return scanned(hand, paper)


@condition(LINED, "comb of a form")
def comb(hand: Hand) -> Image.Image:
    """A row of three to five printed boxes that share their sides, a digit in one and nothing in the others,
    scanned.
    """
    random = hand.random
    n, side = random.randint(3, 6), random.uniform(90, 150)
    paper = papers.white(random, (round(1.5 * side), round(side * (n + 0.5))))
    colour = ((0.15, 0.15, 0.15), (0.3, 0.5, 0.75), (0.85, 0.45, 0.3))[random.randint(3)]
    for i in range(n):
        left = side * (i + 0.25)
        box = (left, 0.25 * side, left + side, 1.25 * side)
        papers.framed(paper, box, random.uniform(1.5, 2.5), colour)
    left, width = (random.randint(n) + 0.32) / (n + 0.5), 0.86 / (n + 0.5)
    written(hand, paper, share=(0.75, 0.95), box=(left, 0.22, left + width, 0.78))
    return scanned(hand, paper)


@condition(LINED, "on a dotted line")
def on_a_line(hand: Hand) -> Image.Image:
    """A field to fill in: one printed line, whole or dotted, under the digit or touching its foot, scanned."""
    random, paper = hand.random, sheet(hand)
    rows, columns = paper.shape[:2]
    y, ends = random.uniform(0.72, 0.8) * rows, np.array([0.08, 0.92]) * columns
    ways = [[(ends[0], y), (ends[1], y)]]
    if random.uniform() < 0.5:
        ways = [[(x, y), (x + 2.5, y)] for x in np.arange(ends[0], ends[1], 7)]
    papers.put(paper, papers.strokes((rows, columns), ways, 2), (0.3, 0.3, 0.3), 0, 0)
    written(hand, paper, share=(0.75, 0.98), box=(0.1, 0.15, 0.9, y / rows + 0.01))
    return scanned(hand, paper)
