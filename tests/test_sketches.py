from pathlib import Path

import matplotlib
import numpy as np
import pytest

from digitlib.drawn import sketches


@pytest.mark.parametrize("kind", sketches.KINDS)
def test_a_sketch_is_bright_on_dark(kind, small):
    drawing = sketches.KINDS[kind](np.random.RandomState(0), small)
    assert drawing.dtype == np.uint8 and drawing.ndim == 2
    assert drawing.max() > 127 and drawing.min() < 127


def test_no_letter_that_looks_like_a_digit_is_trained_on():
    assert not set(sketches.LETTERS) & set(sketches.LOOK_ALIKES)
    assert {"O", "l", "S", "Z", "B", "q"} <= set(sketches.LOOK_ALIKES)


@pytest.mark.parametrize("characters", ["LETTERS", "LOOK_ALIKES", "SYMBOLS"])
def test_many_typefaces_have_the_characters(characters):
    text = getattr(sketches, characters)
    assert len(sketches._fonts(text)) >= (1 if characters == "SYMBOLS" else 15)


def test_an_older_matplotlib_has_as_many_typefaces(tmp_path, monkeypatch):
    """Before 3.11 it had no cmti10; the others keep their places, so that the same seed draws the same."""
    fonts = tmp_path / "fonts" / "ttf"
    fonts.mkdir(parents=True)
    for path in (Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("*.ttf"):
        if path.name != "cmti10.ttf":
            (fonts / path.name).symlink_to(path)
    new = [Path(font.path).name for font in sketches._fonts(sketches.LETTERS)]
    monkeypatch.setattr(matplotlib, "get_data_path", lambda: tmp_path)
    older = sketches._fonts.__wrapped__(sketches.LETTERS)
    assert [Path(font.path).name for font in older] == [
        name.replace("cmti10", "cmmi10") for name in new
    ]
