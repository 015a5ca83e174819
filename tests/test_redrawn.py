from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from digitlib import DigitClassifier, evaluate
from digitlib.accuracy import Share
from digitlib.drawn import redrawn
from digitlib.drawn.redrawn import GRID, SHEET, Pen
from digitlib.preprocess import crop, preprocess


def box(image, level=127):
    """Height and width of the ink that is brighter than a level, at first half of what there is."""
    ink = image.numpy() > level
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


@pytest.fixture(scope="module")
def bar():
    """An upright stroke of 3 by 20 pixels."""
    image = torch.zeros(1, 28, 28, dtype=torch.uint8)
    image[0, 4:24, 12:15] = 255
    return image.repeat(40, 1, 1)


def test_a_seed_may_be_numpys(bar, small):
    seeds = np.int64(7), 7
    pen = Pen(0.5, 0.1)
    assert torch.equal(*(redrawn.redraw(bar, pen, seed, 60) for seed in seeds))
    mixtures = [redrawn.mixed(small[:20], 1.0, seed, 0.5) for seed in seeds]
    assert torch.equal(*(mixture.images for mixture in mixtures))


def test_the_grid_is_from_30_to_100_percent_and_a_twentieth_to_a_fifth():
    sizes, widths = {pen.size for pen in GRID}, {pen.width for pen in GRID}
    assert (min(sizes), max(sizes)) == (0.3, 1.0)
    assert (min(widths), max(widths)) == (1 / 20, 1 / 5)
    assert len(GRID) == len(sizes) * len(widths)


@pytest.mark.parametrize("size", [0.3, 0.5, 0.75])
def test_the_longer_side_is_the_share_of_the_canvas_asked_for(bar, size):
    drawn = redrawn.redraw(bar, Pen(size, 3 / 20), seed=0)
    assert drawn.shape == (40, SHEET, SHEET) and drawn.dtype == torch.uint8
    heights = [box(image)[0] for image in drawn]
    assert np.mean(heights) == pytest.approx(size * SHEET, rel=0.06)


@pytest.mark.parametrize("width", [1 / 20, 1 / 10, 1 / 5])
def test_the_pen_is_as_wide_as_asked_for(bar, width, monkeypatch):
    monkeypatch.setattr(redrawn, "LEAN", 0.0)
    monkeypatch.setattr(redrawn, "JITTER", 0.0)
    side = 0.6 * SHEET
    drawn = redrawn.redraw(bar[:5], Pen(0.6, width), seed=0)
    widths = [box(image)[1] for image in drawn]
    assert np.mean(widths) == pytest.approx(width * side, abs=0.03 * side)


def test_a_stroke_too_thin_to_be_eroded_stays_in_one_piece():
    images = torch.zeros(1, 28, 28, dtype=torch.uint8)
    images[0, 4:24, 10:18] = 255  # fat above
    images[0, 14:24, 10:18] = 0
    images[0, 14:24, 13:15] = 255  # thin below
    [drawn] = redrawn.redraw(images, Pen(0.8, 1 / 20), seed=0)
    height, _ = box(drawn, level=40)
    assert height == pytest.approx(0.8 * SHEET, rel=0.12)
    rows = np.flatnonzero((drawn.numpy() > 40).any(1))
    assert (np.diff(rows) == 1).all()


def test_places_differ_and_the_seed_decides(small):
    images = small.images[:30]
    first, again, other = (redrawn.redraw(images, Pen(0.3, 0.1), s) for s in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    ys = [image.float().sum(1).argmax().item() for image in first]
    assert max(ys) - min(ys) > SHEET / 3


@pytest.mark.parametrize("pen", GRID, ids=str)
def test_every_cell_can_be_prepared(small, pen):
    for image in redrawn.redraw(small.images[:10], pen, seed=0):
        prepared = preprocess(image.numpy())
        assert prepared.any()


@pytest.mark.parametrize(("share", "n"), [(0.25, 25), (1.5, 150)])
def test_mixed_adds_redrawn_digits_with_their_labels(small, share, n):
    some = small[:100]
    mixed = redrawn.mixed(some, share, seed=1)
    assert torch.equal(mixed.images[:100], some.images)
    assert len(mixed) == 100 + n and mixed.images.dtype == torch.uint8
    again, other = (
        redrawn.mixed(some, share, seed=1),
        redrawn.mixed(some, share, seed=2),
    )
    assert torch.equal(mixed.images, again.images)
    assert not torch.equal(mixed.images, other.images)
    # Labels of other digits would agree with a tenth; the originals are blurred, so not all do.
    said = DigitClassifier.load().logits(mixed.images.numpy()).argmax(1)
    assert (said[100:] == mixed.labels[100:].numpy()).mean() > 0.7


@pytest.mark.parametrize(
    ("degraded", "share", "n"), [(0.0, 0, 400), (0.5, 0.5, 1_000), (1.0, 1, 400)]
)
def test_a_part_of_the_mixed_digits_is_degraded(small, degraded, share, n, monkeypatch):
    """The part asked for comes from few pixels, each few digits from as many, and each with a ground of its own."""
    asked, fit = [], redrawn.fit

    def watched(ink, pixels):
        asked.append(pixels)
        return fit(ink, pixels)

    monkeypatch.setattr(redrawn, "fit", watched)
    mixed = redrawn.mixed(small[:n], 2.0, seed=1, degraded=degraded)
    assert len(mixed) == 3 * n
    assert len(asked) / (2 * n) == pytest.approx(share, abs=0.2)
    assert all(5 <= pixels <= 12 for pixels in asked)
    assert not asked or len(set(asked)) > 3
    ground = mixed.images[n:, 0, 0].float() / 255
    # A ground of less than half a grey level is black.
    assert (ground > 0).sum().item() == pytest.approx(len(asked), rel=0.02)
    assert ground.max() <= redrawn.GREYEST + 1 / 255


def test_a_digit_is_stretched_within_its_size(small):
    """As many times wider for its height as was asked for, and as large as it would have been."""
    pen = redrawn.Pen(0.5, 0.1)
    boxes = {}
    for stretch in (1.0, 1.8, 1 / 1.8):
        ink = redrawn.redraw(small[:60].images, pen, stretch=stretch).numpy() > 30
        boxes[stretch] = np.array([crop(one.astype(np.uint8)).shape for one in ink], dtype=float)
    height, width = boxes[1.0].T
    for stretch in (1.8, 1 / 1.8):
        taller, wider = boxes[stretch].T
        assert np.median((wider / taller) / (width / height)) == pytest.approx(stretch, rel=0.15)
        longer = boxes[stretch].max(1) / boxes[1.0].max(1)
        assert np.median(longer) == pytest.approx(1, abs=0.1)


def test_digits_to_learn_from_are_flat_and_tall_fine_and_broad(small, monkeypatch):
    asked = []
    prepared = redrawn._prepared
    monkeypatch.setattr(
        redrawn, "_prepared", lambda images, **how: asked.append(how) or prepared(images, **how)
    )
    redrawn.mixed(small, 1.0, seed=0)
    stretches, widths = [how["stretch"] for how in asked], [how["pen"].width for how in asked]
    assert 1 / redrawn.WIDEST <= min(stretches) < 0.8 and 1.25 < max(stretches) <= redrawn.WIDEST
    assert 1 / 50 <= min(widths) < 1 / 20 and 1 / 10 < max(widths) <= 1 / 5


def test_degraded_ink_is_paler(small, monkeypatch):
    def degraded():
        return redrawn.mixed(small[:500], 1.0, seed=1, degraded=1.0).images[500:]

    paled = degraded().flatten(1).int()
    monkeypatch.setattr(redrawn, "_paled", lambda images, seed: images)
    full = degraded().flatten(1).amax(1)
    left = (paled.amax(1) - paled.amin(1)) / full  # of the contrast
    least = redrawn.PALEST * (1 - redrawn.GREYEST)
    assert least - 0.02 <= left.min() < 0.4 and left.max() > 0.9


def test_a_degraded_digit_is_still_its_digit(small):
    mixed = redrawn.mixed(small[:500], 1.0, seed=1, degraded=1.0)
    said = DigitClassifier.load().logits(mixed.images[500:].numpy()).argmax(1)
    assert (said == mixed.labels[500:].numpy()).mean() > 0.6


LETTERS = tuple("abcdefghij")


def test_any_strokes_can_be_redrawn_and_keep_their_classes(small):
    letters = replace(small[:20], classes=LETTERS, preparation="digit")
    mixed = redrawn.mixed(letters, 1.0, seed=1)
    assert mixed.classes == LETTERS and mixed.preparation == "digit" and len(mixed) == 40
    assert torch.equal(mixed.images, redrawn.mixed(small[:20], 1.0, seed=1).images)
    _, some = next(redrawn.cells(letters, n=3))
    assert (some.classes, some.preparation) == (LETTERS, "digit")


def test_whole_pictures_cannot(small):
    pictures = replace(small[:20], classes=LETTERS, preparation="picture")
    for ask in (
        lambda: redrawn.mixed(pictures, 1.0, seed=1),
        lambda: next(redrawn.cells(pictures)),
    ):
        with pytest.raises(ValueError, match="prepared as digits are, got preparation 'picture'"):
            ask()


def test_the_grid_counts_what_is_right_in_each_cell(small, monkeypatch):
    monkeypatch.setattr(redrawn, "GRID", GRID[5:7])
    classifier = DigitClassifier.load()
    found = redrawn.grid(partial(evaluate.logits, classifier), small, n=20)
    cells = {
        pen: Share.of(classifier.logits(some.images.numpy()).argmax(1) == some.labels.numpy())
        for pen, some in redrawn.cells(small, n=20)
    }
    assert found == cells
