"""Digits of our own, drawn by program, and bitmaps that try every corner of the preprocessing."""

import numpy as np
from PIL import Image, ImageDraw

STROKES = {  # on a square of 100 by 100
    0: [
        [
            (50, 10),
            (30, 20),
            (22, 50),
            (30, 80),
            (50, 90),
            (70, 80),
            (78, 50),
            (70, 20),
            (50, 10),
        ]
    ],
    1: [[(50, 10), (50, 90)]],
    2: [[(28, 28), (38, 14), (58, 12), (70, 26), (66, 42), (28, 88), (74, 88)]],
    3: [[(30, 14), (62, 14), (72, 28), (48, 46), (72, 62), (66, 84), (32, 88)]],
    4: [
        [(48, 18), (38, 34), (30, 50), (32, 56), (46, 57), (72, 52)],
        [(62, 22), (60, 50), (54, 86)],
    ],
    5: [
        [(36, 14), (32, 44), (54, 42), (68, 54), (66, 76), (50, 88), (28, 82)],
        [(36, 14), (70, 14)],
    ],
    6: [
        [
            (60, 12),
            (42, 32),
            (32, 60),
            (38, 82),
            (54, 88),
            (68, 76),
            (62, 58),
            (46, 58),
            (34, 72),
        ]
    ],
    7: [[(25, 12), (75, 12), (42, 90)]],
    8: [
        [
            (66, 24),
            (50, 12),
            (34, 22),
            (38, 38),
            (62, 58),
            (68, 76),
            (50, 90),
            (32, 78),
            (38, 58),
            (62, 38),
            (66, 24),
        ]
    ],
    9: [
        [
            (66, 28),
            (50, 14),
            (34, 24),
            (36, 42),
            (54, 46),
            (66, 30),
            (64, 58),
            (58, 90),
        ]
    ],
}


def draw(digit: int, size: int = 280, pen: int = 22) -> Image.Image:
    """One of our own drawings, white on black."""
    image = Image.new("L", (size, size))
    brush = ImageDraw.Draw(image)
    for stroke in STROKES[digit]:
        points = [(x * size / 100, y * size / 100) for x, y in stroke]
        brush.line(points, fill=255, width=pen, joint="curve")
        for x, y in (points[0], points[-1]):
            brush.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return image


def on_sheet(image: np.ndarray, size: int, left: int, top: int) -> np.ndarray:
    """A digit enlarged to ``(size, size)`` by bicubic resampling, at a place on a dark sheet of 280 by 280."""
    sheet = np.zeros((280, 280), dtype=np.uint8)
    larger = Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)
    sheet[top : top + size, left : left + size] = larger
    return sheet


def bitmaps() -> dict[str, np.ndarray]:
    """Drawings ``{name: (H, W)}`` of all sizes, places and grounds, the same every time."""
    noise = np.random.RandomState(0).randint(256, size=(90, 170)).astype(np.uint8)
    faint = np.zeros((280, 280), dtype=np.uint8)
    faint[140, 30:250] = 1
    specks = np.zeros((1000, 1000), dtype=np.uint8)
    specks[0, 0] = specks[-1, -1] = 255  # too small to show at 20 x 20
    pixel = np.zeros((280, 280), dtype=np.uint8)
    pixel[279, 0] = 255
    line = np.zeros((9, 301), dtype=np.uint8)
    line[4] = 200
    eight, three = np.asarray(draw(8)), np.asarray(draw(3))
    return {
        **{f"digit {digit}": np.asarray(draw(digit)) for digit in STROKES},
        "thin": np.asarray(draw(2, pen=3)),
        "thick": np.asarray(draw(5, pen=48)),
        "corner": on_sheet(np.asarray(draw(4, size=60, pen=5)), 61, 219, 0),
        "cut off": np.asarray(draw(9))[:, :150],
        "non-square": np.asarray(draw(6).resize((333, 101))),
        "large": np.asarray(draw(7, size=1203, pen=90)),
        "smaller than 20": np.asarray(draw(3, size=13, pen=2)),
        "inverted": 255 - eight,
        "grey": three // 3,
        "noise": noise,
        "full": np.full((280, 280), 255, dtype=np.uint8),
        "one level": faint,
        "one pixel": pixel,
        "a line": line,
        "upright": line.T.copy(),
        "1 x 1": np.full((1, 1), 255, dtype=np.uint8),
        "specks": specks,
        "blank": np.zeros((280, 280), dtype=np.uint8),
    }
