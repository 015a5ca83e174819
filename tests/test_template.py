import numpy as np
import pytest

from digitlib.paper import template

NAMES = ["camp", "rest", "water"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["camp"], "expected 2 to 10 names of classes, got 1"),
        ([str(i) for i in range(11)], "expected 2 to 10 names of classes, got 11"),
        (["camp", "CAMP"], "expected another name for each class, got CAMP twice"),
        (["a\u0308", "ä"], "got ä twice"),
        *((["camp", name], "expected names that a folder can have, got ") for name in ("", ".a", "a/b", "a\nb")),
        (["camp", "x" * 61], "expected names that a folder can have"),
    ],
)  # fmt: skip
def test_names_that_are_refused(names, said):
    with pytest.raises(ValueError, match=said):
        template.check_names(names)


def test_cells_lie_on_the_page_between_the_marks():
    boxes = template.boxes(10)
    assert boxes.min() > 0 and (boxes[..., 2:].max((0, 1)) < template.PAGE).all()
    half = template.MARK / 2
    upper, lower = template.CORNERS[0, 1] + half, template.CORNERS[2, 1] - half
    assert upper + 2 < boxes[..., 1].min() and boxes[..., 3].max() < lower - 2
    assert template.squares()[-1, 0] < template.CORNERS[1, 0] - half - 5


def test_a_code_says_names_and_order_and_a_wrong_square_makes_it_none():
    bits = template.coded(NAMES)
    assert template.decoded(bits) == (3, template.names_code(NAMES))
    assert template.names_code(NAMES) != template.names_code(NAMES[::-1])
    for place in range(template.BITS):
        wrong = bits.copy()
        wrong[place] ^= True
        assert template.decoded(wrong) is None
    assert template.decoded(np.zeros(template.BITS, bool)) is None
