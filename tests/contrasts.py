"""Contrast as WCAG 2 defines it."""

import re


def channels(colour: str) -> list[float]:
    """Red, green and blue in [0, 1] of ``#rgb``, ``#rrggbb`` or ``rgb(…)``, whatever the transparency."""
    if colour.startswith("rgb"):
        return [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    digits = colour.lstrip("#")
    if len(digits) < 6:
        digits = "".join(2 * digit for digit in digits)
    return [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]


def luminance(colour: str) -> float:
    """Of black 0, of white 1."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
