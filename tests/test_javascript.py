import numpy as np
import pytest

from digitlib import weights
from digitlib.book import javascript
from digitlib.classify import DigitClassifier
from drawings import draw
from named import names, write

needs_node = pytest.mark.skipif(javascript.NODE is None, reason="Node is not installed")


@needs_node
@pytest.mark.parametrize("digit", range(10))
def test_both_languages_answer_alike(digit):
    drawing = np.asarray(draw(digit))
    there = javascript.ask(drawing)
    here = DigitClassifier.load().classify(drawing)
    assert (there["name"], there["reason"]) == (here.name, here.reason)
    np.testing.assert_allclose(there["probabilities"], here.probabilities, atol=1e-5)


@needs_node
def test_it_takes_any_weights(tmp_path):
    file = write(tmp_path / "w.safetensors", names(3))
    drawing = np.asarray(draw(7))
    there = javascript.ask(drawing, file)
    assert there["name"] == DigitClassifier.load(file).classify(drawing).name


@needs_node
def test_it_takes_a_sheet_that_is_no_square():
    drawing = np.asarray(draw(7))[:, 20:]
    assert javascript.ask(drawing)["name"] == "7"


@needs_node
def test_what_goes_wrong_is_told(tmp_path):
    (tmp_path / "w").write_bytes(b"no weights")
    with pytest.raises(RuntimeError, match="expected a digitlib weights file"):
        javascript.ask(np.asarray(draw(7)), tmp_path / "w")


def test_without_node_there_is_no_answer(monkeypatch):
    monkeypatch.setattr(javascript, "NODE", None)
    assert javascript.ask(np.zeros((9, 9), np.uint8), weights.TINY) == {}
