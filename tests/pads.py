"""What tests of the pad share: small weights files, and what a page with a pad shows."""

import base64
import json
from contextlib import contextmanager

import numpy as np
from safetensors.numpy import save


def weights_file(outputs=11, calibration=None, odd=False, **said):
    """A small weights file; with ``odd`` its arrays don't begin at multiples of four.

    What else the file says is named: ``classes``, ``preparation``, ``provenance``.
    """
    random = np.random.RandomState(0)
    shapes = [(16, 784), (outputs, 16)]
    arrays = {"a": np.zeros(3, dtype=np.int8)} if odd else {}
    for i, (rows, inputs) in enumerate(shapes):
        arrays[f"{i}.weight"] = random.randint(-127, 128, (rows, inputs), dtype=np.int8)
        arrays[f"{i}.scale"] = np.full(rows, 0.002, dtype=np.float32)
        arrays[f"{i}.bias"] = random.normal(size=rows).astype(np.float32)
    said |= {} if calibration is None else {"calibration": calibration}
    notes = {name: json.dumps(value) for name, value in said.items()}
    return arrays, save(arrays, notes)


@contextmanager
def failures(page):
    """What fails in a page's scripts while it is looked at: a list that grows."""
    errors = []

    def on_error(error):
        errors.append(str(error))

    page.on("pageerror", on_error)
    try:
        yield errors
    finally:
        page.remove_listener("pageerror", on_error)


def guess(page):
    return page.locator(".pad-guess").inner_text()


# As text: a list of numbers takes its time from the browser to Python.
LEVELS = """([name, side]) => {
  const { data } = document.querySelector(name).getContext("2d").getImageData(0, 0, side, side);
  let letters = "";
  for (let i = 0; i < data.length; i += 4) letters += String.fromCharCode(data[i]);
  return btoa(letters);
}"""


def levels(page, name, side):
    content = base64.b64decode(page.evaluate(LEVELS, [name, side]))
    return np.frombuffer(content, dtype=np.uint8).reshape(side, side)


def ink(page):
    """The sheet's grey levels."""
    return levels(page, ".pad-canvas", 280)


def seen(page):
    """The 28 x 28 levels that the pad says the model sees."""
    return levels(page, ".pad-seen canvas", 28)
