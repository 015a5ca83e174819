from dataclasses import replace

import pytest
import torch

from digitlib.accuracy import Share
from digitlib.drawn import nondigits
from digitlib.preprocess import preprocess


@pytest.mark.parametrize("kind", nondigits.KINDS)
def test_each_kind_is_prepared_varied_and_repeatable(kind, small):
    images = nondigits.draw(kind, 12, small, seed=1)
    assert images.shape == (12, 28, 28) and images.dtype == torch.uint8
    assert torch.equal(images, nondigits.draw(kind, 12, small, seed=1))
    assert not torch.equal(images, nondigits.draw(kind, 12, small, seed=2))
    assert len({image.numpy().tobytes() for image in images}) == 12
    for image in images:
        ink = image.numpy() > 0
        height, width = (
            int(ink.any(axis).nonzero()[0].max() - ink.any(axis).nonzero()[0].min() + 1)
            for axis in (1, 0)
        )
        assert max(height, width) <= 20  # it went through preprocessing
    assert (preprocess(images[0].numpy()) > 0).any()


def test_another_kind_is_an_error(small):
    with pytest.raises(ValueError, match=r"expected a kind out of scribbles, .*'horses'"):
        nondigits.draw("horses", 1, small, seed=0)


def test_kinds_are_trained_on_or_set_aside_or_look_alikes():
    trained, aside = set(nondigits.TRAINED), set(nondigits.SET_ASIDE)
    assert not trained & aside
    assert trained | aside | {"look-alikes"} == set(nondigits.KINDS)
    assert sorted(sum(nondigits.GROUPS.values(), ())) == sorted(nondigits.KINDS)


def test_mixed_adds_the_trained_kinds_alone(small):
    some = small[:100]
    mixed = nondigits.mixed(some, share=0.48, seed=3)
    assert torch.equal(mixed.images[:100], some.images)
    assert torch.equal(mixed.labels[:100], some.labels)
    assert mixed.labels[100:].tolist() == [10] * 48
    expected = [nondigits.draw(kind, 6, some, 3) for kind in nondigits.TRAINED]
    assert torch.equal(mixed.images[100:], torch.cat(expected))


@pytest.mark.parametrize(
    "changes", [{"classes": tuple("abcdefghij")}, {"preparation": "picture"}], ids=str
)
def test_other_images_than_digits_are_refused(small, changes):
    others = replace(small, **changes)
    with pytest.raises(ValueError, match=r"expected the ten digits, .* got 10 classes, prep"):
        nondigits.mixed(others, share=0.1, seed=0)
    with pytest.raises(ValueError, match=r"expected the ten digits, .* got 10 classes, prep"):
        nondigits.accepted(lambda some: some[:, 0, 0] > 0, others, n=1)


def test_accepted_is_the_share_that_is_not_refused(small):
    def refused(images):
        return torch.arange(len(images)) < 3

    found = nondigits.accepted(refused, small, n=10)
    assert found == dict.fromkeys(nondigits.KINDS, Share(7, 10))
