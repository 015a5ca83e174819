"""A digit spoilt as far as a slider says."""

import pytest
import torch

from digitlib.book.spoiling import Spoiling
from digitlib.report.corruptions import CORRUPTIONS


def test_nothing_asked_is_nothing_done(small):
    assert torch.equal(Spoiling()(small.images[:50]), small.images[:50])


def test_moving_loses_what_goes_over_the_edge(small):
    image = small.images[:1]
    moved = Spoiling(right=-3, down=5)(image)
    assert torch.equal(moved[:, 5:, :-3], image[:, :-5, 3:])
    assert not moved[:, :5].any() and not moved[:, :, -3:].any()
    assert not Spoiling(right=28)(image).any()


def test_turning_goes_with_the_clock():
    upper = torch.zeros(1, 28, 28, dtype=torch.uint8)
    upper[:, 2:6, 12:16] = 255
    rows, columns = Spoiling(turn=90)(upper)[0].nonzero().float().mean(dim=0).tolist()
    assert columns > 20 and rows == pytest.approx(13.5)


@pytest.mark.parametrize(
    ("spoiling", "kind", "much"),
    [
        (Spoiling(pen=1.5), "thicker", 1.5),
        (Spoiling(pen=-0.5), "thinner", 0.5),
        (Spoiling(blur=1.2), "blur", 1.2),
    ],
)
def test_ways_are_the_reports(small, spoiling, kind, much):
    images = small.images[:20]
    worse = CORRUPTIONS[kind].apply(images / 255, much, torch.Generator().manual_seed(0))
    assert torch.equal(spoiling(images), (255 * worse).round().clamp(0, 255).to(torch.uint8))
