import io

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw

from digitlib import DigitClassifier, picture
from digitlib.inputs import drawings
from drawings import STROKES, draw


@pytest.fixture(scope="module")
def classifier():
    return DigitClassifier.load()


INK = np.asarray(draw(7, size=560).resize((280, 280)))  # with soft edges
MASK = INK > 127


@pytest.mark.parametrize(
    "kind", ["bool", "uint8", "int8", "uint16", "int32", "int64", "float32", "float64"]
)
@pytest.mark.parametrize("ink", [1, 2, 100])
def test_an_array_of_two_levels_is_a_mask(classifier, kind, ink):
    mask = (MASK * (ink if "int" in kind else 1)).astype(kind)
    assert classifier.classify(mask).label == 7
    assert [level.item() for level in np.unique(drawings(mask)[0])] in ([0, 255], [0, 1])


def seven():
    """Dark on paper, as a program draws it."""
    image = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(image).line([(90, 60), (200, 60), (140, 240)], 0, 20, "curve")
    return image


def test_what_somebody_handed_in(classifier):
    levels = np.asarray(seven())
    one = [
        seven().convert("I"),
        Image.fromarray((levels / 255).astype("f")),
        Image.fromarray(levels.astype("u2") * 16),
        (levels < 128).astype(np.uint8),
    ]
    assert [classifier.classify(image).label for image in one] == [7, 7, 7, 7]
    assert classifier.probabilities([seven(), seven()]).argmax(1).tolist() == [7, 7]


def test_a_mask_may_lie_on_any_level():
    [drawing] = drawings(np.where(MASK, 65_535, 100).astype(np.uint16))
    np.testing.assert_array_equal(drawing, 255 * MASK)


def test_a_single_level_is_ink_everywhere_or_nowhere(classifier):
    assert classifier.classify(np.zeros((9, 9), dtype=int)).reason == "blank"
    for level in (1, 7, 255):
        assert drawings(np.full((20, 3), level))[0].min() == 255
        assert classifier.classify(np.full((20, 3), level)).label == 1


def test_a_mask_says_the_same_whatever_stands_beside_it():
    both = np.stack([MASK.astype(np.uint8), INK])
    np.testing.assert_array_equal(drawings(both)[0], drawings(both[0])[0])
    np.testing.assert_array_equal(drawings(both)[1], INK)


@given(arrays.arrays(np.uint8, (4, 4)))
def test_what_is_no_mask_stays_as_it_is(drawing):
    assume(len(np.unique(drawing)) > 2)
    np.testing.assert_array_equal(drawings(drawing), drawing[None])


@pytest.mark.parametrize(("levels", "expected"), [((0, 1), (0, 255)), ((90, 200), (90, 200))])
def test_two_greys_of_a_whole_picture_are_what_it_shows(levels, expected):
    [drawing] = drawings(np.array([levels]), "picture")
    assert drawing.tolist() == [list(expected)]


def files_of(folder):
    for digit in STROKES:
        Image.fromarray(255 - np.asarray(draw(digit))).save(folder / f"{digit}.png")
        yield folder / f"{digit}.png"


def test_a_file_and_the_array_made_of_it_get_one_answer(classifier, tmp_path):
    Image.fromarray(np.where(MASK, 20, 180).astype(np.uint8)).save(tmp_path / "7.png")
    drawing = picture.read(tmp_path / "7.png", "digit")
    np.testing.assert_array_equal(
        classifier.probabilities(drawing), classifier.probabilities(tmp_path / "7.png")
    )


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize("read", [Image.open, str, lambda path: path, lambda path: path.open("rb")])
def test_each_picture_of_a_list_is_read_as_one(classifier, tmp_path, read, kind):
    pictures = kind(read(path) for path in files_of(tmp_path))
    assert classifier.probabilities(pictures).argmax(axis=1).tolist() == list(STROKES)
    for opened in pictures:
        if hasattr(opened, "close"):
            opened.close()


def test_a_list_may_hold_anything_that_is_one_image(classifier):
    paper = Image.fromarray(255 - INK)
    file = io.BytesIO()
    paper.save(file, "PNG")
    mixed = [paper, INK, MASK, INK / 255, file, INK[:200]]
    assert classifier.probabilities(mixed)[:5].argmax(axis=1).tolist() == [7] * 5
    assert classifier.classify([paper]).label == 7
    assert classifier.classify(MASK.astype(int).tolist()).label == 7


@pytest.mark.parametrize("shape", [(280, 280), (1, 280, 280)])
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "float16", "uint8", "bool"])
def test_a_tensor_is_an_array(classifier, kind, shape):
    import torch

    tensor = torch.tensor(MASK).reshape(shape).to(getattr(torch, kind))
    tensor.requires_grad_(tensor.is_floating_point())
    assert classifier.classify(tensor).label == 7


def test_what_is_masked_is_dark():
    masked = np.ma.MaskedArray(INK, mask=~MASK)
    np.testing.assert_array_equal(drawings(masked)[0], np.where(MASK, INK, 0))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "got None"),
        (7, "got int"),
        (np.float32(0.5), "got float32"),
        ([], r"expected \(H, W\) or \(N, H, W\), got \(0,\)"),
        (b"a 4", "got bytes"),
        ({"image": 4}, "got dict"),
        ([[1, 2], [3]], "got list: "),
        ([INK, None], "image 2: expected .*, got None"),
        ([INK, INK[0]], r"image 2: expected \(H, W\) or a picture, got \(280,\)"),
        (np.zeros((8, 1, 28, 28)), r"got \(8, 1, 28, 28\); drop the axis .* images\[:, 0\]"),
        (np.zeros((28, 28, 1)), r"got \(28, 28, 1\); drop the axis .* images\[\.\.\., 0\]"),
        (np.zeros((28, 28, 3)), r"got \(28, 28, 3\); pass a colour picture as"),
        (np.zeros((2, 3, 28, 28)), r"got \(2, 3, 28, 28\); pass a colour picture as"),
        (np.full((9, 9), np.nan), "float64 grey levels from 0 to 1, got nan to nan"),
        (np.full((9, 9), np.inf), "grey levels from 0 to 1, got inf to inf"),
        (INK / 1.0, "float64 grey levels from 0 to 1, got 0.0 to 255.0"),
        (-MASK.astype(int), "grey levels from 0 to 255, got -1 to 0"),
        (INK.astype(int) * 2, "int64 grey levels from 0 to 255, got 0 to 510"),
        (INK.astype(object), "grey levels as numbers, got object"),
        (INK * 1j, "grey levels as numbers, got complex128"),
        (np.array([["7"]]), "grey levels as numbers, got <U1"),
    ],
)
def test_what_is_no_drawing_is_told_in_one_line(classifier, wrong, message):
    with pytest.raises(ValueError, match=message) as error:
        classifier.classify(wrong)
    assert "\n" not in str(error.value)
