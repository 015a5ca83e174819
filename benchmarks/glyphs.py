"""Where do the stored glyphs come from? ``python benchmarks/glyphs.py`` draws them from the typefaces in matplotlib.

It writes ``digitlib/drawn/glyphs.npz``: the very file that is there, to the byte, with the versions in
``constraints.txt`` on Linux. Other versions may draw other glyphs. What learned from drawings with these ones then
can't be had again, so the file is to be made anew only for more characters or typefaces, each with the old ones as
they were.
"""

import io
import zipfile
from pathlib import Path

import matplotlib
import numpy as np
from PIL import ImageFont, features

from digitlib.drawn import glyphs, sketches
from digitlib.drawn.strokes import CANVAS
from digitlib.files import write_whole

LAST = "OolIiSsZzBbqgG"  # of the letters; what looks like a digit has more by now, but the file keeps its order
FIRST = "".join(sorted(set(sketches.LETTERS + sketches.LOOK_ALIKES) - set(LAST)))
TEXTS = (FIRST, LAST, sketches.SYMBOLS)
FAMILIES = ("DejaVuS*", "STIXGeneral*", "cmb10", "cmr10", "cmss10", "cmti10", "cmtt10")
SIZE = CANVAS // 2  # pixels to the em


def main() -> None:
    """Draw the glyphs and store them."""
    write_whole(glyphs.FILE, packed(drawn()))
    print(f"wrote {glyphs.FILE.name}: {glyphs.FILE.stat().st_size:,} bytes")


def drawn() -> dict[str, dict[str, np.ndarray]]:
    """The characters of each text in each typeface that has them all: what ``glyphs.load`` gives.

    Raises:
        RuntimeError: Pillow lacks a library, without which some glyphs are a pixel wider or narrower.
    """
    if not features.check("raqm"):
        raise RuntimeError("expected a Pillow with Raqm and the library FriBiDi, got one without")
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    found = {}
    for path in sorted(path for family in FAMILIES for path in folder.glob(f"{family}.ttf")):
        font = ImageFont.truetype(str(path), SIZE, layout_engine=ImageFont.Layout.RAQM)
        text = "".join(text for text in TEXTS if has(font, text))
        if text:
            found[path.stem] = {character: picture(font, character) for character in text}
    return found


def has(font: ImageFont.FreeTypeFont, text: str) -> bool:
    """Whether a typeface draws each character otherwise than one that no typeface has."""
    missing = bytes(font.getmask("\U0010fffe"))
    return all(bytes(font.getmask(character)) not in (b"", missing) for character in text)


def picture(font: ImageFont.FreeTypeFont, character: str) -> np.ndarray:
    """A character as uint8 ``(height, width)``."""
    mask = font.getmask(character)
    return np.frombuffer(bytes(mask), np.uint8).reshape(mask.size[::-1])


def packed(found: dict[str, dict[str, np.ndarray]]) -> bytes:
    """The file's content, in LZMA: numpy reads it but writes none, and what it writes is a third larger."""
    each = [(typeface, *glyph) for typeface, of in found.items() for glyph in of.items()]
    names, characters, pictures = zip(*each, strict=True)
    arrays = {
        "typefaces": np.array(names),
        "characters": np.array(characters),
        "sizes": np.array([picture.shape for picture in pictures], np.uint8),
        "pixels": np.concatenate([picture.ravel() for picture in pictures]),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")  # of 1980, whenever it is made
            entry.compress_type = zipfile.ZIP_LZMA
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(entry, content.getvalue())
    return file.getvalue()


if __name__ == "__main__":
    main()
