from dataclasses import replace

import numpy as np
import pytest
import torch

from digitlib.drawn import nondigits, redrawn, styles
from digitlib.drawn.additions import Additions


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"styles": -0.1}, "expected styles of 0 or more, got -0.1"),
        ({"redrawn": float("inf")}, "expected redrawn of 0 or more, got inf"),
        ({"nondigits": float("nan")}, "expected nondigits of 0 or more, got nan"),
        ({"degraded": 1.5, "redrawn": 1}, "expected degraded from 0 to 1, got 1.5"),
        ({"degraded": 0.5}, "expected redrawn above 0 with degraded 0.5, got 0.0"),
    ],
)
def test_what_cannot_be_added(changes, message):
    with pytest.raises(ValueError, match=message):
        Additions(**changes)


def test_one_after_the_other_with_the_same_seed(small):
    some = small[:60]
    expected = styles.mixed(some, 0.1, 3)
    expected = redrawn.mixed(expected, 0.5, 3, 0.25)
    expected = nondigits.mixed(expected, 0.2, 3)
    got = Additions(styles=0.1, redrawn=0.5, degraded=0.25, nondigits=0.2).to(some, seed=3)
    assert torch.equal(got.images, expected.images) and torch.equal(got.labels, expected.labels)
    assert got.labels.max() == 10


@pytest.mark.parametrize("n", [2, 10, 20, 47])
def test_nothing_is_added_to_any_classes(small, n):
    some = replace(
        small[:20], labels=small.labels[:20] % n, classes=tuple(map(str, range(1, n + 1)))
    )
    assert Additions().to(some, seed=0) is some
    assert not Additions().none and Additions(nondigits=0.1).none


def test_numpys_numbers_become_pythons():
    assert type(Additions(styles=np.float32(0.5)).styles) is float
