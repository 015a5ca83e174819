import base64
import importlib.util
import io
import sys
from types import ModuleType, SimpleNamespace

import ipywidgets
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from digitlib import show, widget
from digitlib.weights import SHIPPED, TINY
from drawings import draw


@pytest.fixture
def shown(monkeypatch):
    outputs = []
    monkeypatch.setattr(widget, "display", lambda data, raw: outputs.append(data))
    return outputs


def bars(height):
    return show.bars([height, 1])


def test_the_still_picture_is_the_first_one(shown):
    widget.explore(bars, height=ipywidgets.IntSlider(value=3))
    [output] = shown
    assert base64.b64decode(output["image/png"]) == bars(3).png
    assert widget.VIEW in output


def test_the_picture_follows_the_control(shown, monkeypatch):
    frames = []
    image = ipywidgets.Image
    monkeypatch.setattr(
        ipywidgets,
        "Image",
        lambda **options: frames.append(image(**options)) or frames[-1],
    )
    slider = ipywidgets.IntSlider(value=3)
    widget.explore(bars, height=slider)
    assert frames[0].value == bars(3).png
    slider.value = 7
    assert frames[0].value == bars(7).png


def test_a_drawing_arrives_as_an_array():
    pad = widget.DigitPad()
    assert pad.weights == SHIPPED.read_bytes()
    assert pad.image.shape == (280, 280) and not pad.image.any()
    drawn = np.asarray(draw(2))
    pad.set_state({"drawing": base64.b64encode(drawn.tobytes()).decode()})
    np.testing.assert_array_equal(pad.image, drawn)
    pad.set_state({"prediction": {"label": 2, "reason": None}})
    assert pad.prediction["label"] == 2


def still(pad):
    data, _ = DisplayFormatter().format(pad)  # as a cell's last line
    assert widget.VIEW in data
    return base64.b64decode(data["image/png"])


def test_the_pad_keeps_a_still_picture():
    pad = widget.DigitPad()
    before = Image.open(io.BytesIO(still(pad)))
    assert before.format == "PNG" and before.mode == "RGBA"
    assert np.asarray(before)[:, 280:, 3].min() == 0  # nothing behind the bars
    pad.drawing = base64.b64encode(np.asarray(draw(2)).tobytes()).decode()
    after = Image.open(io.BytesIO(still(pad)))
    np.testing.assert_array_equal(np.asarray(after)[:, :280, 0], np.asarray(draw(2)))
    assert not np.array_equal(np.asarray(before), np.asarray(after))


def test_in_colab_the_pad_says_what_shows_it(monkeypatch):
    """A stand-in for Colab's module, which anywidget asks."""
    manager = SimpleNamespace(_installed_url="https://example.org/manager.js")
    output = ModuleType("google.colab.output")
    output._widgets, output.enable_custom_widget_manager = manager, lambda: None
    monkeypatch.setitem(sys.modules, "google.colab.output", output)
    _, metadata = DisplayFormatter().format(widget.DigitPad())
    told = metadata[widget.VIEW]["colab"]["custom_widget_manager"]
    assert told == {"url": manager._installed_url}


def test_the_pad_reads_other_weights(tmp_path):
    assert widget.DigitPad(TINY).weights == TINY.read_bytes()
    with pytest.raises(FileNotFoundError, match="no such file"):
        widget.DigitPad(tmp_path / "nowhere.safetensors")
    (tmp_path / "note").write_text("a 4")
    with pytest.raises(ValueError, match="expected a digitlib weights file"):
        widget.DigitPad(tmp_path / "note")


def test_without_anywidget_the_explorations_work(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    spec = importlib.util.find_spec("digitlib.widget")
    again = importlib.util.module_from_spec(spec)  # a second copy, which found none
    spec.loader.exec_module(again)
    outputs = []
    again.display = lambda data, raw: outputs.append(data)
    again.explore(bars, height=ipywidgets.IntSlider(value=3))
    assert base64.b64decode(outputs[0]["image/png"]) == bars(3).png
    with pytest.raises(ModuleNotFoundError, match="anywidget"):
        again.DigitPad()
