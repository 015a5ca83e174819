import inspect
import operator
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from digitlib import DigitClassifier, data, preprocess
from digitlib.book.source import Sentence, show_part, show_source
from digitlib.model import MLP
from digitlib.train import train_epoch

ROOT = Path(__file__).parents[1]


def test_show_source_is_the_code_that_runs():
    assert show_source(train_epoch).startswith("```python\ndef train_epoch(model")


def test_a_sentence_is_shown_as_markdown():
    assert Sentence("**a**")._repr_markdown_() == repr(Sentence("**a**")) == "**a**"


# Every function and class of ours whose source a chapter prints, by the name that it has there.
SHOWN = [
    name
    for text in sorted((ROOT / "book" / "text").glob("*.md"))
    for name in re.findall(r"show_source\(([\w.]+)\)", text.read_text())
    if not re.search(rf"^{name} = ", text.read_text(), re.M)
]
HOMES = SimpleNamespace(
    MLP=MLP,
    DigitClassifier=DigitClassifier,
    data=data,
    preprocess=preprocess,
    train_epoch=train_epoch,
)


@pytest.mark.parametrize("name", SHOWN)
def test_what_the_book_prints_fits_on_its_page(name):
    """A page of the book shows 88 columns of code; for more one has to scroll."""
    source = inspect.getsource(operator.attrgetter(name)(HOMES))
    assert max(map(len, source.splitlines())) <= 88


def test_chapters_print_source():
    assert len(SHOWN) >= 5


PARTS = sorted(
    {
        part
        for text in sorted((ROOT / "book" / "text").glob("*.md"))
        for part in re.findall(r'show_part\("([^"]+)", "(\w+)"\)', text.read_text())
    }
)


@pytest.mark.parametrize(("file", "name"), PARTS)
def test_a_part_that_the_book_prints_fits_on_its_page(file, name):
    """What an app is made of may be read where Gradio is missing."""
    assert max(map(len, show_part(file, name).splitlines())) <= 88


def test_a_part_is_the_text_of_the_file():
    file = ROOT / "digitlib" / "pad" / "pad.mjs"
    [_, *lines, _] = show_part("pad/pad.mjs", "classify").splitlines()
    assert "\n".join(lines) in file.read_text() and lines[-1] == "}"
    with pytest.raises(KeyError, match="no function 'nothing'"):
        show_part("pad/pad.mjs", "nothing")
    with pytest.raises(KeyError, match="no function '_Named'"):
        show_part("hosts/app.py", "_Named")
