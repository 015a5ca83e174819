from dataclasses import replace

import numpy as np
import pytest
import torch

from digitlib.drawn import styles
from digitlib.drawn.strokes import EXAM


@pytest.mark.parametrize("style", styles.STYLES)
def test_each_style_is_prepared_varied_and_repeatable(style):
    images = styles.draw(style, 12, seed=1)
    assert images.shape == (12, 28, 28) and images.dtype == torch.uint8
    assert torch.equal(images, styles.draw(style, 12, seed=1))
    assert not torch.equal(images, styles.draw(style, 12, seed=2))
    assert len({image.numpy().tobytes() for image in images}) == 12
    for image in images.numpy() > 0:
        rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
        # It went through preprocessing: 20 pixels, or a little less where the longer side is rounded.
        assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20)


def test_pens_are_fine_and_thick():
    ink = styles.draw("1 with a flag", 200, seed=0).float().sum((1, 2)) / 255
    assert ink.quantile(0.9) > 2 * ink.quantile(0.1)


def test_a_flag_is_not_a_foot():
    """A flag is ink in the upper half, to the left of the stem; a foot is at the bottom, on both its sides."""
    flag, both = (
        styles.draw(style, 200, seed=0).float().mean(0)
        for style in ("1 with a flag", "1 with a flag and a foot")
    )
    assert flag[6:14, :12].sum() > 3 * flag[15:24, :12].sum()
    for side in (slice(None, 10), slice(17, None)):
        assert both[19:24, side].sum() > 2 * flag[19:24, side].sum()


def test_another_style_is_an_error():
    with pytest.raises(ValueError, match=r"expected a style out of 1 with a flag, .*'an 8'"):
        styles.draw("an 8", 1, seed=0)


def test_mixed_adds_each_style_with_its_label(small):
    some = small[:100]
    mixed = styles.mixed(some, share=0.12, seed=3)
    assert torch.equal(mixed.images[:100], some.images)
    assert torch.equal(mixed.labels[:100], some.labels)
    assert mixed.labels[100:].tolist() == [
        style.digit for style in styles.STYLES.values() for _ in range(2)
    ]
    expected = [styles.draw(style, 2, seed=3) for style in styles.STYLES]
    assert torch.equal(mixed.images[100:], torch.cat(expected))


@pytest.mark.parametrize(
    "changes", [{"classes": tuple("abcdefghij")}, {"preparation": "picture"}], ids=str
)
def test_other_images_than_digits_are_refused(small, changes):
    others = replace(small, **changes)
    with pytest.raises(ValueError, match=r"expected the ten digits, .* got 10 classes, prep"):
        styles.mixed(others, share=0.1, seed=0)


def test_right_counts_on_drawings_of_its_own(monkeypatch):
    seeds = []
    drawn = styles.draw
    monkeypatch.setattr(styles, "draw", lambda *asked: seeds.append(asked[2]) or drawn(*asked))
    found = styles.right(lambda images: torch.eye(10)[[1] * len(images)], n=5)
    assert {style: (some.count, some.n) for style, some in found.items()} == {
        name: (5 * (style.digit == 1), 5) for name, style in styles.STYLES.items()
    }
    assert set(seeds) == {EXAM}
