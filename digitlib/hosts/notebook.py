"""The drawing pad in a notebook: live where a kernel runs, a still picture everywhere else."""

import base64
import io
from pathlib import Path

import numpy as np
import traitlets
from anywidget import AnyWidget
from PIL import Image, ImageDraw, ImageFont

from digitlib.classify import DigitClassifier, Prediction
from digitlib.show import COLOURS, GREY, bundle
from digitlib.weights import SHIPPED

__all__ = ["DigitPad"]

_PAD = Path(__file__).parents[1] / "pad"
_SIDE = 280


class DigitPad(AnyWidget):
    """The drawing pad in a notebook: what is drawn arrives here while one draws.

    Args:
        weights: the path of a weights file; by default the one that comes with the package.

    Attributes:
        prediction: ``{"label", "reason", "probabilities"}`` of the drawing, as the pad in the browser sees it.
        drawing: the grey levels as base64; :attr:`image` has them as an array.

    Raises:
        FileNotFoundError, ValueError: no such file, or not a weights file.

    A notebook that is stored or shown without a kernel keeps a still picture of the drawing as it was when the cell
    was run, or of a 4 where nothing was drawn yet.
    """

    _esm = (_PAD / "pad.mjs").read_text(encoding="utf-8")
    _css = (_PAD / "pad.css").read_text(encoding="utf-8")
    weights = traitlets.Bytes().tag(sync=True)
    drawing = traitlets.Unicode().tag(sync=True)
    prediction = traitlets.Dict().tag(sync=True)

    def __init__(self, weights: str | Path = SHIPPED):
        self._classifier = DigitClassifier.load(weights)
        super().__init__(weights=Path(weights).read_bytes())

    @property
    def image(self) -> np.ndarray:
        """The drawing, uint8 ``(280, 280)``, bright on dark; all 0 before the first stroke."""
        if not self.drawing:
            return np.zeros((_SIDE, _SIDE), dtype=np.uint8)
        levels = base64.b64decode(self.drawing)
        return np.frombuffer(levels, dtype=np.uint8).reshape(_SIDE, _SIDE)

    # With it ipywidgets 7 would show the pad in its own way, without a picture.
    _ipython_display_ = None

    def _repr_mimebundle_(self, **options) -> tuple[dict, dict]:
        # Colab learns from anywidget's metadata what shows it.
        _, metadata = super()._repr_mimebundle_(**options)
        image = self.image if self.image.any() else _a_four()
        still = _still(image, self._classifier.classify(image))
        return bundle(self, still, "(a drawing pad)"), metadata


def _a_four() -> np.ndarray:
    """A 4 of our own, uint8 ``(280, 280)``."""
    sheet, radius = Image.new("L", (_SIDE, _SIDE)), 11
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


def _still(image: np.ndarray, prediction: Prediction) -> bytes:
    """The pad as a PNG on a transparent ground: the sheet, the guess and ten bars."""
    picture = Image.new("RGBA", (2 * _SIDE + 40, _SIDE))
    picture.paste(Image.fromarray(image).convert("RGBA"), (0, 0))
    brush = ImageDraw.Draw(picture)
    font, left, top, length = ImageFont.load_default(13), _SIDE + 40, 56, 200
    guess = f"This is a {prediction.label}"
    if prediction.label is None:
        guess = "Not a digit, I think"
    brush.text((left, 8), guess, GREY, ImageFont.load_default(22))
    for digit, share in enumerate(prediction.probabilities):
        y = top + 22 * digit
        colour = COLOURS[1 if digit == prediction.label else 0]
        brush.text((left, y), str(digit), GREY, font)
        brush.rounded_rectangle((left + 20, y + 2, left + 20 + length, y + 14), 4, "#80808033")
        if share > 0.005:
            end = left + 20 + length * float(share)
            brush.rectangle((left + 20, y + 2, end, y + 14), colour)
        brush.text((left + 228, y), f"{100 * share:.0f} %", GREY, font)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
