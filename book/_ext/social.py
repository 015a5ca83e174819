"""Draw ``book/_static/card.png``, what a link to the book shows where people share it: ``python book/_ext/social.py``.

1,200 by 630 pixels, as the sites that show such cards ask for; the mark is ``book/_static/mark.svg``, by its paths.
"""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import yaml
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path as Line

BOOK = Path(__file__).parents[1]
CARD = BOOK / "_static" / "card.png"
MARK = BOOK / "_static" / "mark.svg"
SUBTITLE = "From a file on disk\nto a live web page"


def curves(path: str) -> Line:
    """An SVG path of moves and cubic curves, absolute or relative, as matplotlib's."""
    parts = re.findall(r"([MCc])([^MCc]*)", path)
    points, codes = [], []
    for letter, rest in parts:
        numbers = [float(number) for number in re.findall(r"-?\d*\.?\d+", rest)]
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        if letter == "c":
            x, y = points[-1]
            pairs = [(x + dx, y + dy) for dx, dy in pairs]
        points += pairs
        codes += [Line.MOVETO] if letter == "M" else [Line.CURVE4] * len(pairs)
    return Line(points, codes)


def draw(path: Path = CARD) -> None:
    """Draw the card."""
    title = yaml.safe_load((BOOK.parent / "_config.yml").read_text("utf-8"))["title"]
    figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor="#14181d")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1200), ylim=(630, 0))
    axes.axis("off")
    frame = figure.add_axes((0.07, 0.16, 0.357, 0.68), xlim=(0, 28), ylim=(28, 0))
    frame.axis("off")
    square = FancyBboxPatch((2, 2), 24, 24, "round,pad=2,rounding_size=6", color="#000")
    frame.add_patch(square)
    for line in re.findall(r'<path d="([^"]+)"', MARK.read_text("utf-8")):
        round_ends = {"capstyle": "round", "joinstyle": "round"}
        style = {"edgecolor": "#fff", "facecolor": "none", "linewidth": 28.6} | round_ends
        frame.add_patch(PathPatch(curves(line), **style))
    axes.text(590, 265, title, color="#fff", fontsize=56, weight="bold", va="center")
    axes.text(592, 400, SUBTITLE, color="#ced6dd", fontsize=32, va="center", linespacing=1.4)
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    draw()
