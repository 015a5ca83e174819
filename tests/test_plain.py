import json
from dataclasses import asdict, dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from digitlib.plain import listed, make_plain, one_line, readable, shown


@dataclass(frozen=True)
class Record:
    number: float
    several: tuple
    text: str = "as it is"

    def __post_init__(self):
        make_plain(self)


def test_numbers_become_pythons_own():
    for several in (np.array([1, 2]), torch.tensor([1, 2]), [np.int64(1), 2]):
        record = Record(np.float32(0.5), several)
        assert record == Record(0.5, (1, 2))
        assert json.loads(json.dumps(asdict(record)))["several"] == [1, 2]


def test_of_many_names_a_line_has_the_first():
    assert listed("ab") == "a, b"
    assert listed("abcde", most=3) == "a, b, c and 2 more"


def test_an_error_is_said_on_one_line():
    assert one_line(ValueError(" two\n  lines ")) == "two lines"


@pytest.mark.parametrize("name", ["a.png", "größer.png", "日.png", "\U0001f600"])
def test_a_name_is_read_as_it_was_written(name):
    """Whether the locale knew its letters, or took its bytes for what no letter is."""
    assert readable(name) == name
    assert readable(name.encode().decode("ascii", "surrogateescape")) == name


@pytest.mark.parametrize("name", ["\udcff.png", "\ud800"])
def test_what_was_no_letters_stays(name):
    assert readable(name) == name


@given(st.text())
def test_any_error_is_said_on_one_line(text):
    line = one_line(ValueError(text))
    assert len(line.splitlines()) <= 1 and line == one_line(line)
    assert line.replace(" ", "") == "".join(text.split())


@given(st.lists(st.text(), max_size=20), st.integers(1, 20))
def test_a_list_names_some_and_counts_the_rest(names, most):
    line = listed(names, most)
    assert line.startswith(", ".join(names[:most]))
    assert line.endswith(f" and {len(names) - most} more") or len(names) <= most


def test_a_systems_error_names_the_file_first():
    error = FileNotFoundError(2, "No such file or directory", "a\nb.png")
    assert one_line(error) == "a b.png: No such file or directory"
    assert one_line(OSError(28, "No space left")) == "[Errno 28] No space left"


@given(st.text())
def test_a_name_is_shown_on_one_line(name):
    assert len(shown(name).splitlines()) == bool(name) and shown("ä  b") == "ä  b"
