from functools import partial

import numpy as np
import pytest
import torch

from digitlib import data, evaluate, export
from digitlib.evaluate import Accuracy
from digitlib.report import corruptions
from digitlib.report.corruptions import CORRUPTIONS, corrupt


@pytest.fixture(scope="module")
def cross():
    """Two strokes of three pixels, which stay in sight wherever they are moved."""
    images = torch.zeros(200, 28, 28, dtype=torch.uint8)
    images[:, 6:22, 13:16] = images[:, 13:16, 8:20] = 255
    return images


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_the_same_seed_gives_the_same_images(cross, kind):
    before = cross.clone()
    severity = CORRUPTIONS[kind].severities[1]
    worse = corrupt(cross, kind, severity)
    assert worse.dtype == torch.uint8 and worse.shape == cross.shape
    assert torch.equal(worse, corrupt(cross, kind, severity))
    assert not torch.equal(worse, cross) and torch.equal(cross, before)


def test_a_seed_may_be_numpys(cross):
    seeds = np.int64(7), 7
    assert torch.equal(*(corrupt(cross, "noise", 0.3, seed) for seed in seeds))


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_more_is_further_from_the_original(cross, kind):
    away = [
        (corrupt(cross, kind, severity).float() - cross).abs().mean()
        for severity in CORRUPTIONS[kind].severities
    ]
    assert away == sorted(away) and away[0] > 0


def middle(image):
    ink = image.float()
    across = (ink.sum(0) * torch.arange(28)).sum() / ink.sum()
    along = (ink.sum(1) * torch.arange(28)).sum() / ink.sum()
    return round(across.item()), round(along.item())


def test_a_shift_goes_each_of_four_ways(cross):
    x, y = middle(cross[0])
    places = {middle(image) for image in corrupt(cross, "shift", 3)}
    assert places == {(x + 3, y), (x - 3, y), (x, y + 3), (x, y - 3)}


def test_thicker_and_thinner_strokes(cross):
    across = {0: 3}
    for kind, pixels in (("thicker", 1), ("thicker", 2), ("thinner", 1)):
        worse = corrupt(cross, kind, pixels)
        across[kind, pixels] = int((worse[0, 8] > 127).sum())
    assert list(across.values()) == [3, 5, 7, 1]


def test_a_square_of_ink_is_gone(cross):
    full = torch.full_like(cross, 255)
    assert ((corrupt(full, "occlusion", 6) == 0).sum((1, 2)) == 36).all()


def test_contrast_keeps_the_middle_grey(cross):
    worse = corrupt(cross, "contrast", 0.5)
    assert sorted(set(worse.flatten().tolist())) == [64, 191]


def test_an_unknown_kind_is_named(cross):
    with pytest.raises(ValueError, match=r"expected a corruption out of shift, .* 'ra"):
        corrupt(cross, "rain", 1)
    images = data.Images(cross, torch.ones(len(cross), dtype=torch.int64))
    with pytest.raises(ValueError, match=r"expected a corruption out of shift, .* 'ra"):
        next(corruptions.curve(lambda images: images, images, "rain"))


def test_curves_fall(small):
    logits = partial(evaluate.logits, export.load_model())
    _, valid = data.split(small, valid=data.VALID_SIZE["optdigits"])
    clean = evaluate.accuracy(logits(valid.images), valid.labels)
    curves = corruptions.curves(logits, valid)
    assert list(curves) == list(CORRUPTIONS)
    for kind, found in curves.items():
        assert tuple(found) == CORRUPTIONS[kind].severities
        assert min(accuracy.value for accuracy in found.values()) < clean.value
    assert curves["blur"] == dict(corruptions.curve(logits, valid, "blur"))


def test_in_the_mean_each_kind_counts_the_same():
    """However many severities it has, and however many digits were asked about."""
    curves = {
        "blur": {1: Accuracy(1, 2), 2: Accuracy(0, 2)},
        "noise": {1: Accuracy(9, 9)},
    }
    assert corruptions.mean_error(curves) == (0.75 + 0) / 2


def test_truths_are_what_the_curves_count():
    valid = data.load("optdigits")[:100]
    logits = partial(evaluate.logits, export.load_model())
    counted = {
        kind: {severity: Accuracy.of(true) for severity, true in found.items()}
        for kind, found in corruptions.truths(logits, valid).items()
    }
    assert counted == corruptions.curves(logits, valid)
