import base64

import ipywidgets
import pytest

from digitlib import show, widget


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
