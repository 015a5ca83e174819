"""Digits of our own, drawn by program."""

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
    7: [[(25, 12), (75, 12), (42, 90)]],
}


def draw(digit: int, size: int = 280, pen: int = 22) -> Image.Image:
    """One of our own drawings, white on black."""
    image = Image.new("L", (size, size))
    brush = ImageDraw.Draw(image)
    for stroke in STROKES[digit]:
        points = [(x * size / 100, y * size / 100) for x, y in stroke]
        brush.line(points, fill=255, width=pen, joint="curve")
        for x, y in (points[0], points[-1]):
            brush.ellipse(
                (x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255
            )
    return image
