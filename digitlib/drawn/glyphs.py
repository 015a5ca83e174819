"""Characters as typefaces draw them, stored: no upgrade changes what is drawn with them.

How a font file becomes a grey picture depends on the file, on FreeType, and on the library that lays out a line of
text. Classifiers learn from such pictures, so ``glyphs.npz`` holds the pictures themselves, 70 pixels to the em, each
with the blank strips that a line of text leaves beside the character. ``glyphs.txt`` says whose typefaces these are;
``benchmarks/glyphs.py`` makes the file.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

__all__ = ["FILE", "load", "typefaces"]

FILE = Path(__file__).with_name("glyphs.npz")
"""Four arrays. For each glyph ``typefaces``, ``characters`` and ``sizes``, height before width; and all ``pixels``, row
by row, of one glyph after the other."""


@lru_cache
def load() -> dict[str, dict[str, np.ndarray]]:
    """All glyphs: ``{typeface: {character: uint8 (height, width)}}``, bright on dark, in the order of the file.

    The arrays are the same for every caller, and can't be written.

    >>> from digitlib.drawn import glyphs
    >>> letter = glyphs.load()["DejaVuSans"]["A"]
    >>> letter.shape, letter.dtype.name
    ((51, 48), 'uint8')
    """
    with np.load(FILE) as stored:
        arrays = dict(stored)
    pixels, sizes = arrays["pixels"], arrays["sizes"].astype(int)
    pixels.flags.writeable = False  # every caller gets the same
    pieces = np.split(pixels, np.cumsum(sizes.prod(axis=1))[:-1])
    glyphs: dict[str, dict[str, np.ndarray]] = {}
    names = zip(arrays["typefaces"].tolist(), arrays["characters"].tolist(), strict=True)
    for (typeface, character), size, piece in zip(names, sizes, pieces, strict=True):
        glyphs.setdefault(typeface, {})[character] = piece.reshape(size)
    return glyphs


@lru_cache
def typefaces(text: str) -> tuple[dict[str, np.ndarray], ...]:
    """The glyphs of each typeface that has every character of a text, by character, in the order of the file.

    Raises:
        ValueError: no typeface has them all.

    >>> from digitlib.drawn import glyphs
    >>> len(glyphs.typefaces("ABC")), len(glyphs.typefaces("αβγ"))
    (21, 7)
    >>> glyphs.typefaces("あ")
    Traceback (most recent call last):
    ValueError: expected characters that a typeface in glyphs.npz has, got 'あ'
    """
    found = tuple(glyphs for glyphs in load().values() if set(text) <= set(glyphs))
    if not found:
        raise ValueError(f"expected characters that a typeface in {FILE.name} has, got {text!r}")
    return found
