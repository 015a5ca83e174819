"""The drawing pad in a notebook: live where a kernel runs, a still picture everywhere else."""

import base64
import io
import math
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import traitlets
from anywidget import AnyWidget
from PIL import Image, ImageDraw, ImageFont

from digitlib.accuracy import percent
from digitlib.classify import DigitClassifier, Prediction
from digitlib.hosts import words
from digitlib.plain import one_line
from digitlib.show import bundle
from digitlib.style import COLOURS, GREY
from digitlib.weights import SHIPPED, are_digits

__all__ = ["DigitPad"]

_PAD = Path(__file__).parents[1] / "pad"
_SHEET = 280
_ROWS = 12  # of bars; more stand in two columns
_WIDEST = 140  # pixels for a name

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class DigitPad(AnyWidget):
    """The drawing pad in a notebook: what is drawn arrives here while one draws.

    Args:
        weights: the path of a weights file, of any classes; by default the one that comes with the package.
        example: what the still picture shows where nothing was drawn yet, uint8 ``(280, 280)``, bright on dark; by
            default a 4 for the digits, and an empty sheet for other classes.

    Attributes:
        prediction: ``{"label", "name", "reason", "probabilities"}`` of the drawing, as the pad in the browser sees
            it: the index of a class and its name, or None for both and the reason why. Empty until it has looked.
        drawing: the grey levels as base64, empty before the first stroke; ``image`` has them as an array.

    Raises:
        FileNotFoundError, ValueError: no such file, or not a weights file; or an example of another kind.

    A notebook that is stored or shown without a kernel keeps a still picture of the drawing as it was when the cell
    was run, or of the example.

    >>> from digitlib import DigitClassifier
    >>> from digitlib.hosts.notebook import DigitPad
    >>> pad = DigitPad()  # the last line of a cell shows it
    >>> pad.image.shape, pad.prediction
    ((280, 280), {})
    >>> DigitClassifier.load().classify(pad.image).reason
    'blank'
    """

    _esm = (_PAD / "pad.mjs").read_text(encoding="utf-8")
    _css = (_PAD / "pad.css").read_text(encoding="utf-8")
    weights = traitlets.Bytes().tag(sync=True)
    drawing = traitlets.Unicode().tag(sync=True)
    prediction = traitlets.Dict().tag(sync=True)

    def __init__(self, weights: str | Path = SHIPPED, example: np.ndarray | None = None):
        self._classifier = DigitClassifier.load(weights)
        self._example = _sheet(example, self._classifier.classes)
        super().__init__(weights=Path(weights).read_bytes())

    @property
    def image(self) -> np.ndarray:
        """The drawing, uint8 ``(280, 280)``, bright on dark; all 0 before the first stroke."""
        if not self.drawing:
            return np.zeros((_SHEET, _SHEET), dtype=np.uint8)
        levels = base64.b64decode(self.drawing)
        return np.frombuffer(levels, dtype=np.uint8).reshape(_SHEET, _SHEET)

    # With it ipywidgets 7 would show the pad in its own way, without a picture.
    _ipython_display_ = None

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict, dict]:
        # Colab learns from anywidget's metadata what shows it.
        _, metadata = super()._repr_mimebundle_(**options) or ({}, {})
        image, classes = self.image, self._classifier.classes
        if not image.any():
            image = self._example
        still = _still(image, self._classifier.classify(image), classes)
        return bundle(self, still, "(a drawing pad)"), metadata


def _sheet(example: np.ndarray | None, classes: tuple[str, ...]) -> np.ndarray:
    """What is shown in the place of a drawing."""
    if example is None:
        return _a_four() if are_digits(classes) else np.zeros((_SHEET, _SHEET), np.uint8)
    if example.shape != (_SHEET, _SHEET) or example.dtype != np.uint8:
        raise ValueError(
            f"expected an example as uint8 ({_SHEET}, {_SHEET}), got {example.dtype} {example.shape}"
        )
    return example


def _a_four() -> np.ndarray:
    """A 4 of our own, uint8 ``(280, 280)``."""
    sheet, radius = Image.new("L", (_SHEET, _SHEET)), 11
    brush = ImageDraw.Draw(sheet)
    for stroke in (
        [(138, 52), (108, 92), (86, 142), (92, 154), (130, 156), (196, 142)],
        [(170, 60), (166, 140), (150, 232)],
    ):
        brush.line(stroke, fill=255, width=2 * radius, joint="curve")
        for x, y in (stroke[0], stroke[-1]):
            box = (x - radius, y - radius, x + radius, y + radius)
            brush.ellipse(box, fill=255)
    return np.asarray(sheet)


def _still(image: np.ndarray, prediction: Prediction, classes: tuple[str, ...]) -> bytes:
    """The pad as a PNG on a transparent ground: the sheet, the guess and a bar for each class."""
    font, large = _font(13, classes), _font(22, classes)
    left, top, line = _SHEET + 40, 56, 22
    columns = 1 if len(classes) <= _ROWS else 2
    widest = max(font.getlength(one_line(name)[:80]) for name in classes)
    names = min(max(20, math.ceil(widest) + 8), _WIDEST)
    length = 200 // columns
    step = names + length + 60  # from column to column: the name, the bar and the share
    height = top + line * -(-len(classes) // columns)
    picture = Image.new("RGBA", (left + columns * step, max(_SHEET, height)))
    picture.paste(Image.fromarray(image).convert("RGBA"), (0, 0))
    brush = ImageDraw.Draw(picture)
    guess = _shortened(_sentence(prediction, classes), columns * step, large)
    brush.text((left, 8), guess, GREY, large)
    for i, (name, share) in enumerate(zip(classes, prediction.probabilities, strict=True)):
        row, column = divmod(i, columns)
        x, y = left + step * column, top + line * row
        brush.text((x, y), _shortened(name, names - 8, font), GREY, font)
        colour = COLOURS[1 if i == prediction.label else 0]
        _bar(brush, (x + names, y), length, float(share), colour)
        brush.text((x + names + length + 8, y), percent(share, 0), GREY, font)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _font(size: int, classes: tuple[str, ...]) -> _Font:
    """Pillow's own font for digits; it has little more than English, so matplotlib's for other names."""
    if are_digits(classes):
        return ImageFont.load_default(size)
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    # As text: a path is too new for Pillow 10.
    return ImageFont.truetype(str(fonts / "DejaVuSans.ttf"), size)


def _bar(
    brush: ImageDraw.ImageDraw, place: tuple[int, int], length: int, share: float, colour: str
) -> None:
    """One bar of the still picture, filled up to its share."""
    x, y = place
    brush.rounded_rectangle((x, y + 2, x + length, y + 14), 4, "#80808033")
    if share > 0.005:
        brush.rectangle((x, y + 2, x + length * share, y + 14), colour)


def _sentence(prediction: Prediction, classes: tuple[str, ...]) -> str:
    """What the pad says above its bars."""
    digits = are_digits(classes)
    if prediction.reason == "blank":
        return words.heading(classes)
    if prediction.name is None:
        return "Not a digit, I think" if digits else "None of these, I think"
    return f"This is a {prediction.name}" if digits else prediction.name


def _shortened(text: str, width: int, font: _Font) -> str:
    """A text as it is, or its beginning and an ellipsis where it is wider than that."""
    text = one_line(text)[:80]
    if font.getlength(text) <= width:
        return text
    return next(
        shorter
        for end in range(len(text) - 1, -1, -1)
        if font.getlength(shorter := text[:end].rstrip() + "…") <= width or not end
    )
