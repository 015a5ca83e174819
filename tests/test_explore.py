import base64
import subprocess
import sys

import ipywidgets
import pytest

from digitlib import show
from digitlib.book import explore


@pytest.fixture
def shown(monkeypatch):
    outputs = []
    monkeypatch.setattr(explore, "display", lambda data, **how: outputs.append((data, how)))
    return outputs


def bars(height):
    return show.bars([height, 1])


def test_the_still_picture_is_the_first_one(shown):
    explore.explore(bars, height=ipywidgets.IntSlider(value=3))
    [(output, how)] = shown
    assert base64.b64decode(output["image/png"]) == bars(3).png
    assert how == {"metadata": {"image/png": bars(3).size}, "raw": True}
    assert show.VIEW in output


def test_the_picture_follows_the_control(shown, monkeypatch):
    frames = []
    image = ipywidgets.Image
    monkeypatch.setattr(
        ipywidgets,
        "Image",
        lambda **options: frames.append(image(**options)) or frames[-1],
    )
    slider = ipywidgets.IntSlider(value=3)
    explore.explore(bars, height=slider)
    assert frames[0].value == bars(3).png and frames[0].width == str(bars(3).size["width"])
    slider.value = 7
    assert frames[0].value == bars(7).png


def test_explorations_work_without_anywidget():
    code = """import sys
sys.modules["anywidget"] = None
import digitlib.book.explore
try:
    import digitlib.hosts.notebook
except ModuleNotFoundError as error:
    print(error)"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "anywidget" in result.stdout
