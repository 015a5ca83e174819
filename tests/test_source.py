from digitlib.book.source import Sentence, show_source
from digitlib.train import train_epoch


def test_show_source_is_the_code_that_runs():
    assert show_source(train_epoch).startswith("```python\ndef train_epoch(model")


def test_a_sentence_is_shown_as_markdown():
    assert Sentence("**a**")._repr_markdown_() == repr(Sentence("**a**")) == "**a**"
