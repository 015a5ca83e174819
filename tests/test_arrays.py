import numpy as np
import pytest
import torch

from digitlib import arrays
from digitlib.folder import LeftOut
from digitlib.preprocess import prepare


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_bytes_of_the_size_stay_as_they_are(noise, kind):
    images = noise if kind == "numpy" else torch.from_numpy(noise)
    found = arrays.read(images, np.arange(20) % 10)
    assert np.shares_memory(found.images, noise)
    assert (found.classes, found.preparation) == (tuple("0123456789"), "digit")
    locked = noise.copy()
    locked.flags.writeable = False
    assert arrays.read(locked, [0] * 20).images.flags.writeable


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, bool])
@pytest.mark.parametrize("preparation", ["digit", "picture"])
@pytest.mark.parametrize("shape", [(40, 30), (28, 28)])
def test_others_are_prepared(dtype, preparation, shape):
    if (dtype, shape) == (np.uint8, (28, 28)):
        pytest.skip("those stay as they are")
    images = np.zeros((3, *shape), dtype=dtype)
    images[:, 4:20, 8:12] = 1
    if images.dtype.kind in "iu":
        images *= 200
    found = arrays.read(images, ["b", "a", "b"], None, preparation)
    assert found.preparation == preparation
    np.testing.assert_array_equal(found.images, [prepare(image, preparation) for image in images])


@pytest.mark.parametrize(
    ("labels", "classes", "numbers", "known"),
    [
        (["b", "a", "b"], None, [1, 0, 1], ("a", "b")),
        (["b", "a", "b"], ("c", "b", "a"), [1, 2, 1], ("c", "b", "a")),
        (np.array(["b", "a", "b"]), None, [1, 0, 1], ("a", "b")),
        (["a\u0308", "ä", "b"], None, [1, 1, 0], ("b", "ä")),
        (np.array([1, 0, 1], dtype=np.uint8), ("x", "y"), [1, 0, 1], ("x", "y")),
        (torch.tensor([9, 0, 1]), None, [9, 0, 1], tuple("0123456789")),
        ([True, False, True], ("no", "yes"), [1, 0, 1], ("no", "yes")),
        (np.array([1, 0, 1], dtype=object), ("x", "y"), [1, 0, 1], ("x", "y")),
    ],
)
def test_labels_are_numbers_or_names(noise, labels, classes, numbers, known):
    found = arrays.read(noise[:3], labels, classes)
    assert found.labels.dtype == np.int64
    assert (found.labels.tolist(), found.classes) == (numbers, known)


def test_images_without_ink_are_left_out_and_named():
    images = np.zeros((4, 9, 9))
    images[::2] = 1
    with pytest.warns(LeftOut, match=r"^images: 2 pictures without ink \(1, 3\)$"):
        found = arrays.read(images, ["a", "b", "b", "a"])
    assert found.labels.tolist() == [0, 1] and len(found.images) == 2


@pytest.mark.parametrize(
    ("images", "labels", "classes", "message"),
    [
        (np.zeros((3, 784)), [0, 1, 0], None, r"images \(N, H, W\), got \(3, 784\)"),
        (np.zeros((3, 28, 28)), None, None, r"labels \(3,\) beside the images, got none"),
        (np.zeros((3, 28, 28)), [0, 1], None, r"labels \(3,\), one an image, got \(2,\)"),
        (np.zeros((2, 28, 28)), [0, 10], None, "labels 0 to 9, got 0 to 10; name their classes"),
        (np.zeros((2, 28, 28)), [-1, 1], ("a", "b"), "labels 0 to 1, got -1 to 1$"),
        (np.zeros((2, 28, 28)), [0, 2], ("a", "b"), "labels 0 to 1, got 0 to 2$"),
        (np.zeros((2, 28, 28)), [0.0, 1.0], None, "whole numbers or names, got float64"),
        (np.zeros((2, 28, 28)), ["a", None], None, "whole numbers or names, got None among"),
        (np.zeros((2, 28, 28)), [0, None], None, "whole numbers or names, got None among"),
        (np.zeros((2, 28, 28)), np.array(["a", np.nan], object), None, "got nan among"),
        (np.zeros((2, 28, 28)), ["a", "z"], ("a", "b"), "labels out of a, b, got z"),
        (np.zeros((2, 28, 28)), ["a", "a"], None, "at least two names of classes"),
        (np.full((2, 9, 9), 7.0), [0, 1], None, "image 0: expected float64 grey levels"),
        (np.full((2, 28, 28), 256), [0, 1], None, "image 0: expected int64 grey levels"),
    ],
)
def test_what_does_not_fit_is_refused(images, labels, classes, message):
    with pytest.raises(ValueError, match=message):
        arrays.read(images, labels, classes)


def test_a_tensor_of_a_kind_that_numpy_lacks_is_prepared_too():
    images = torch.ones(2, 9, 9, dtype=torch.bfloat16)
    found, same = (arrays.read(some, [0, 1]) for some in (images, images.float()))
    np.testing.assert_array_equal(found.images, same.images)


@pytest.mark.parametrize("kind", ["uint8", "int64"])
@pytest.mark.parametrize("side", [28, 30])
def test_masks_have_ink_as_strong_as_can_be(kind, side):
    masks = np.tri(side, dtype=kind)[None].repeat(4, axis=0)
    found = arrays.read(masks, [1, 7, 1, 7])
    assert found.images.max() == 255 and masks.max() == 1
    np.testing.assert_array_equal(found.images, arrays.read(masks * 255, [1, 7, 1, 7]).images)
