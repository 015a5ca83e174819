"""A share as a report writes it: what is right in many ways, and what is another's."""

import pytest

from digitlib.accuracy import Share
from digitlib.exercises.figures import fault

SHARES = {"train": Share(800, 800), "valid": Share(393, 400), "test": Share(228, 237)}
BARE = "no interval behind it, from its lower to its upper end in brackets"


@pytest.mark.parametrize("name", SHARES)
def test_a_share_as_it_is_printed_is_right(name):
    assert fault(f"{name}: {SHARES[name]}", name, SHARES) == ""


@pytest.mark.parametrize(
    "line",
    [
        "Validation: 98.25% (96.4-99.1) of 400 digits",
        "98.2 % (96.4 % to 99.1 %) of 400",
        "98.3 % (96.43 to 99.15) of 400",
    ],
)
def test_it_may_be_written_in_other_ways(line):
    assert fault(line, "valid", SHARES) == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("96.2 % (92.9 to 98.0) of 237", "96.2 %, which is that of test"),
        ("99.9 % (96.4 to 99.1) of 400", "99.9 %"),
        ("98.2 % of 400", BARE),
        ("98.2 %", BARE),
        (
            "98.2 % (97.1 to 99.0) of 400",
            "97.1 to 99.0, which is the interval of 800 images, as many as train has",
        ),
        (
            "98.2 % (97.0 to 99.5) of 400",
            "97.0 to 99.5, which is p ± 1.96 √(p (1 − p) / n), and not Wilson's",  # noqa: RUF001
        ),
        ("98.2 % (98.0 to 98.4) of 400", "98.0 to 98.4"),
        ("98.2 % (96.4 to 99.1)", "of no number of images"),
        ("98.2 % (96.4 to 99.1) of 1,200", "of 1,200"),
    ],
)
def test_what_is_another_is_said(line, said):
    assert fault(line, "valid", SHARES) == said


@pytest.mark.parametrize("line", ["", "0.982", "98.2 of 400"])
def test_a_line_without_a_share_has_none(line):
    assert fault(line, "valid", SHARES) is None
