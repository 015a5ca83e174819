import io

import numpy as np
import pytest
from PIL import Image

from digitlib import show
from digitlib.evaluate import Accuracy
from digitlib.train import train_epoch

PICTURES = {
    "digits": lambda: show.digits(
        np.eye(28)[None].repeat(12, axis=0) * 255, [str(i) for i in range(12)]
    ),
    "bars": lambda: show.bars([1, 2, 3], ylabel="digits"),
    "lines": lambda: show.lines(
        {"a": ([0, 1], [1, 0]), "b": ([0, 1], [0, 1])}, xlabel="epoch"
    ),
    "doubling": lambda: show.lines({"a": ([16, 64, 256], [3, 2, 1])}, doubling=True),
    "intervals": lambda: show.intervals(
        [Accuracy(9, 10), Accuracy(90, 100)], ["few", "many"]
    ),
    "matrix": lambda: show.matrix(
        np.diag([5, 6, 7]) + np.eye(3, k=1, dtype=int), hide_diagonal=True
    ),
}


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture._repr_png_())).convert("RGBA"))


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_have_a_transparent_ground_and_something_on_it(name):
    levels = pixels(PICTURES[name]())
    assert levels[0, 0, 3] == 0
    assert (levels[..., 3] > 200).mean() > 0.005


def test_digits_appear_as_they_are():
    image = np.zeros((28, 28), dtype=np.uint8)
    image[:14] = 255
    levels = pixels(show.digits([image], columns=1, size=2.0))
    opaque = levels[levels[..., 3] == 255][:, 0]
    assert 0.4 < (opaque > 250).mean() < 0.6 and 0.4 < (opaque < 5).mean() < 0.6


def test_the_same_picture_has_the_same_bytes():
    assert PICTURES["bars"]().png == PICTURES["bars"]().png


def test_show_source_is_the_code_that_runs():
    assert show.show_source(train_epoch).startswith("```python\ndef train_epoch(model")
