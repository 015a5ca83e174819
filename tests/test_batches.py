import pytest
import torch

from digitlib import data
from digitlib.augment import Deform
from digitlib.engine.batches import Batches


@pytest.fixture(scope="module")
def parts(small):
    return data.split(small, valid=287)


def test_batches_are_fetched_together_and_hold_each_digit_once(parts):
    """As many as make two fetches and a part of a third, the last batch smaller than the others."""
    train = parts[0]
    dealt = Batches(train.images, train.labels, 30, seed=3).of_epoch(2)
    batches = [(x.clone(), y) for x, y in dealt]
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(3_000 + 2))
    assert [len(y) for _, y in batches] == [30] * 38 + [10]
    x, y = (torch.cat(some) for some in zip(*batches, strict=True))
    assert torch.equal(x, data.scale(train.images[order]))
    assert torch.equal(y, train.labels[order])


@pytest.mark.parametrize(("least", "sizes"), [(1, [50, 50, 1]), (2, [50, 50])])
def test_too_small_a_last_batch_is_left_out(small, least, sizes):
    batches = Batches(small.images[:101], small.labels[:101], 50, seed=0, least=least)
    assert [len(y) for _, y in batches.of_epoch(1)] == sizes
    assert batches.steps == len(sizes)


def test_an_epoch_is_dealt_and_deformed_the_same_again_and_others_otherwise(small):
    batches, deform = Batches(small.images, small.labels, len(small), seed=0), Deform(rotation=10)

    def images(number):
        [(x, _)] = batches.of_epoch(number, deform)
        return x.clone()

    assert torch.equal(images(2), images(2))
    assert not torch.equal(images(1), images(2))


def test_labels_become_shares(small):
    batches = Batches(small.images[:20], small.labels[:20], 20, seed=0)
    [(_, shares)] = batches.of_epoch(1, soften=lambda x, y: y[:, None] + x.amax((1, 2))[:, None])
    assert shares.shape == (20, 1)
