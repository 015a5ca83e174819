import numpy as np
import pytest

from digitlib import sketches


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
