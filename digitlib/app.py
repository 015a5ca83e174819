"""The web page: a pad to draw on and ten bars that move while one draws, served by Gradio on this machine."""

import base64
import binascii
import io
import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

from digitlib.classify import DigitClassifier

os.environ.setdefault(
    "GRADIO_ANALYTICS_ENABLED", "False"
)  # read when Gradio is imported

import gradio as gr

__all__ = ["build", "decode", "launch"]

_PAD = Path(__file__).with_name("pad")
_MODULE = (_PAD / "pad.mjs").read_text(encoding="utf-8")
_CSS = (_PAD / "pad.css").read_text(encoding="utf-8")
_INTRODUCTION = """# Draw a digit
A small neural network, trained on MNIST, says what it sees while you draw."""

# A module from a blob address: the same file then works in any host, with no path to agree on.
_START = """
const module = URL.createObjectURL(new Blob([%s], { type: "text/javascript" }));
import(module).then(({ createPad }) =>
  createPad(element.querySelector(".digit-pad"), (canvas) => server.classify(canvas.toDataURL("image/png"))));
"""


def build(classifier: DigitClassifier | None = None) -> gr.Blocks:
    """Build the page around a classifier, by default the package's own."""
    classifier = classifier or DigitClassifier.load()

    def classify(drawing: str) -> dict:
        """Name the digit on a drawing, a PNG as a ``data:`` address."""
        prediction = classifier.classify(decode(drawing))
        return {
            "label": prediction.label,
            "reason": prediction.reason,
            "probabilities": [float(p) for p in prediction.probabilities],
        }

    with gr.Blocks(title="Draw a digit") as page, gr.Column():
        gr.Markdown(_INTRODUCTION)
        gr.HTML(
            html_template='<div class="digit-pad"></div>',
            css_template=_CSS,
            js_on_load=_START % json.dumps(_MODULE),
            server_functions=[classify],
        )
    return page


def decode(drawing: str) -> np.ndarray:
    """Read grey levels ``(H, W)`` from a ``data:image/png;base64,…`` address; ValueError for anything else."""
    head, _, content = str(drawing).partition(",")
    try:
        if head != "data:image/png;base64":
            raise ValueError(f"it starts with {head[:30]!r}")
        image = Image.open(
            io.BytesIO(base64.b64decode(content, validate=True)), formats=["PNG"]
        )
        if (
            max(image.size) > 1_000
        ):  # read off the header, before a single pixel is unpacked
            raise ValueError(
                f"at most 1,000 x 1,000 pixels, got {image.width} x {image.height}"
            )
        return np.asarray(image.convert("L"))
    except (OSError, ValueError, binascii.Error) as error:
        raise ValueError(
            f"expected a PNG as data:image/png;base64,…: {error}"
        ) from None


def launch(host: str = "127.0.0.1", port: int | None = None, **options):
    """Serve the page and return Gradio's ``(app, local address, public address)``."""
    return build().launch(
        server_name=host, server_port=port, footer_links=[], **options
    )
