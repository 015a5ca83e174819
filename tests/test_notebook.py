import base64
import io
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from digitlib import show
from digitlib.hosts.notebook import DigitPad
from digitlib.weights import SHIPPED, TINY
from drawings import draw
from pads import weights_file


def test_a_drawing_arrives_as_an_array():
    pad = DigitPad()
    assert pad.weights == SHIPPED.read_bytes()
    assert pad.image.shape == (280, 280) and not pad.image.any()
    drawn = np.asarray(draw(2))
    pad.set_state({"drawing": base64.b64encode(drawn.tobytes()).decode()})
    np.testing.assert_array_equal(pad.image, drawn)
    pad.set_state({"prediction": {"label": 2, "name": "2", "reason": None}})
    assert (pad.prediction["label"], pad.prediction["name"]) == (2, "2")


def still(pad):
    data, _ = DisplayFormatter().format(pad)  # as a cell's last line
    assert show.VIEW in data
    return base64.b64decode(data["image/png"])


def test_the_pad_keeps_a_still_picture():
    pad = DigitPad()
    before = Image.open(io.BytesIO(still(pad)))
    assert before.format == "PNG" and before.mode == "RGBA"
    assert np.asarray(before)[:, 280:, 3].min() == 0  # nothing behind the bars
    pad.drawing = base64.b64encode(np.asarray(draw(2)).tobytes()).decode()
    after = Image.open(io.BytesIO(still(pad)))
    np.testing.assert_array_equal(np.asarray(after)[:, :280, 0], np.asarray(draw(2)))
    assert not np.array_equal(np.asarray(before), np.asarray(after))


def test_the_still_picture_shows_an_example_until_something_is_drawn(tmp_path):
    _, content = weights_file(3, classes=["camp", "rest"])
    (tmp_path / "w.safetensors").write_bytes(content)
    pad = DigitPad(tmp_path / "w.safetensors", example=np.asarray(draw(7)))
    shown = np.asarray(Image.open(io.BytesIO(still(pad))))
    np.testing.assert_array_equal(shown[:280, :280, 0], np.asarray(draw(7)))
    assert not pad.image.any()
    pad.drawing = base64.b64encode(np.asarray(draw(2)).tobytes()).decode()
    shown = np.asarray(Image.open(io.BytesIO(still(pad))))
    np.testing.assert_array_equal(shown[:280, :280, 0], np.asarray(draw(2)))


@pytest.mark.parametrize("example", [np.zeros((28, 28), np.uint8), np.zeros((280, 280))])
def test_another_example_is_refused(example):
    with pytest.raises(ValueError, match=r"expected an example as uint8 \(280, 280\), got "):
        DigitPad(example=example)


CLASSES = {
    "two": ["no\nbreak", "\ud800 half a letter"],
    "five": ["cat", "T-shirt/top", "x" * 300, "猫", "قطة"],
    "47": [f"{'nearly ' * (i % 4)}number {i}" for i in range(47)],
    "200": [str(i) for i in range(200)],
}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("drawn", [False, True])
def test_a_still_picture_has_a_bar_for_each_class(tmp_path, name, drawn):
    """Below one another or in two columns, each with its name and its share, none over the picture's edge."""
    classes = CLASSES[name]
    _, content = weights_file(len(classes) + 1, classes=classes, preparation="picture")
    (tmp_path / "w.safetensors").write_bytes(content)
    pad = DigitPad(tmp_path / "w.safetensors")
    if drawn:
        pad.drawing = base64.b64encode(np.asarray(draw(2)).tobytes()).decode()
    picture = np.asarray(Image.open(io.BytesIO(still(pad))))
    assert picture[:280, :280, 0].any() == drawn  # no 4 where weights know none
    opaque = picture[..., 3] > 0
    assert not opaque[-1, 281:].any() and not opaque[:, -1].any()
    tracks = (picture[:, 281:] == [128, 128, 128, 51]).all(axis=2)  # the empty part of bars
    [middles] = np.nonzero(tracks.any(axis=1)[:-1] & ~tracks.any(axis=1)[1:])
    columns = 1 if len(classes) <= 12 else 2
    assert len(middles) == -(-len(classes) // columns)
    assert picture.shape[1] <= 1_000


def test_in_colab_the_pad_says_what_shows_it(monkeypatch):
    """A stand-in for Colab's module, which anywidget asks."""
    manager = SimpleNamespace(_installed_url="https://example.org/manager.js")
    output = ModuleType("google.colab.output")
    output._widgets, output.enable_custom_widget_manager = manager, lambda: None
    monkeypatch.setitem(sys.modules, "google.colab.output", output)
    _, metadata = DisplayFormatter().format(DigitPad())
    told = metadata[show.VIEW]["colab"]["custom_widget_manager"]
    assert told == {"url": manager._installed_url}


def test_the_pad_reads_other_weights(tmp_path):
    assert DigitPad(TINY).weights == TINY.read_bytes()
    with pytest.raises(FileNotFoundError, match="no such file"):
        DigitPad(tmp_path / "nowhere.safetensors")
    (tmp_path / "note").write_text("a 4")
    with pytest.raises(ValueError, match="expected a digitlib weights file"):
        DigitPad(tmp_path / "note")
