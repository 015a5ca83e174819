import numpy as np
import pytest
import torch

from digitlib.checks import Bug, say
from digitlib.exercises import marking


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (2, 2.0),
        (np.float32(0.1), 0.1),
        (torch.tensor([1, 2]), np.array([1.0, 2.0])),
        ([1, 2], torch.tensor([1, 2])),
        (True, torch.tensor(1)),
        ("a 4", "a 4"),
        ((torch.zeros(2), 3), [np.zeros(2), 3]),
        ((torch.zeros(2), torch.zeros(3)), (np.zeros(2), np.zeros(3))),
        (1e6 + 1, 1e6),
        (np.nan, np.nan),
        (torch.zeros(0), []),
    ],
)
def test_the_same_answer_in_other_clothes(got, expected):
    marking.compare(got, expected)


@pytest.mark.parametrize(
    ("got", "expected", "line"),
    [
        (2.1, 2, "expected 2, got 2.1"),
        (np.nan, 2, "expected 2, got nan"),
        (np.inf, 2, "expected 2, got inf"),
        (2, np.inf, "expected inf, got 2"),
        (
            torch.tensor([1.0, np.inf]),
            torch.tensor([2.0, np.inf]),
            "expected [ 2. inf], got [ 1. inf]",
        ),
        ("a 9", "a 4", "expected a 4, got a 9"),
        (4, "4", "expected str 4, got int 4"),
        (torch.zeros(2), 0.0, "expected a single number, got shape (2,)"),
        (1.0, torch.zeros(2), "expected shape (2,), got a single number"),
        (torch.zeros(2, 3), torch.zeros(3, 2), "expected shape (3, 2), got shape (2, 3)"),
        ((1, 2, 3), ("a", 2), "expected a, 2, got 1, 2, 3"),
        ((1, torch.zeros(2)), (2, torch.zeros(2)), "expected 2, [0. 0.], got 1, [0. 0.]"),
        (print, 2, "expected 2, got <built-in function print>"),
        (None, 2, "expected 2, got None"),
    ],
)
def test_another_answer_is_told_in_a_line(got, expected, line):
    assert say(marking.compare, got, expected) == f"fails: {line}"


def test_a_long_answer_is_cut():
    line = say(marking.compare, torch.arange(1000.0), torch.zeros(1000))
    assert "\n" not in line and len(line) < 200 and "..." in line


def test_a_slip_is_named_and_another_is_not():
    slips = {"rows and columns are swapped": torch.tensor([[1, 3], [2, 4]])}
    right = torch.tensor([[1, 2], [3, 4]])
    swapped = say(marking.mark, lambda x: x.T, (right,), right, slips)
    assert swapped.endswith("got [[1. 3.] [2. 4.]]: rows and columns are swapped")
    assert say(marking.mark, lambda x: x + 1, (right,), right, slips).endswith("[4. 5.]]")


def test_a_function_may_change_what_it_is_given():
    row = torch.zeros(3)
    marking.mark(lambda given: given.add_(1), (row,), torch.ones(3))
    assert not row.any()


def test_what_a_function_raises_is_told_with_its_line():
    def crash(row):
        return row["four"]

    with pytest.raises(
        Bug, match=r"expected an answer, got TypeError at `return row\[\"four\"\]`: "
    ):
        marking.ask(crash, [1])


def test_nothing_returned_is_told():
    with pytest.raises(Bug, match="got None: does the function return it"):
        marking.ask(lambda row: row.append(1), [1])


def test_how_far_off_numbers_may_be():
    marking.compare(0.301, 0.3, within=0.01)
    marking.compare(99.5, 100, within=0.01)
    with pytest.raises(Bug, match=r"expected the share to be 0\.3, got 0\.32"):
        marking.compare(0.32, 0.3, within=0.01, what="the share")
