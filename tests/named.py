"""Models of any classes, for tests: their names, and files with random numbers."""

import numpy as np

from digitlib import weights
from digitlib.weights import Weights

# As awkward as names may be.
AWKWARD = (
    "T-shirt/top", "a|b", '"quoted"', "<b>", "ä", "日", "*x* _y_", "`c` ~~d~~", "[e](f)", "www.g.org", "{h}", "&amp; $i$",
    "j\\k", "two\nlines", "100 %", "#1", "x" * 200,
)  # fmt: skip
COUNTS = [2, 10, 20, 47]


def names(count):
    """So many names of classes."""
    return (*AWKWARD, *(f"class {number}" for number in range(count)))[:count]


def write(path, classes, none=False, preparation="picture", **said):
    """A weights file with random layers; ``said`` are its provenance and calibration."""
    random = np.random.RandomState(0)
    widths = [784, 16, len(classes) + none]
    layers = [
        (random.normal(size=(out, into)).astype(np.float32) / 9, np.zeros(out, dtype=np.float32))
        for into, out in zip(widths, widths[1:], strict=False)
    ]
    weights.save(path, Weights(layers, classes=classes, preparation=preparation, **said))
    return path
