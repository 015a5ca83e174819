import math

import pytest
import torch

from digitlib import data
from digitlib.augment import Deform
from digitlib.recipes import RECIPES

Y, X = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def deformed(image, n=1, seed=0, **ranges):
    """``n`` deformed copies of one image."""
    return Deform(**ranges)(image.expand(n, 28, 28), generator(seed))


def blob(width=2.0, height=6.0):
    """A smooth spot, upright and in the middle."""
    x, y = (X - 13.5) / width, (Y - 13.5) / height
    return torch.exp(-(x**2 + y**2) / 2)


def moments(image):
    """Centre (x, y), and the covariance of the ink around it."""
    ink = image / image.sum()
    x, y = (ink * X).sum(), (ink * Y).sum()
    xx, yy = (ink * (X - x) ** 2).sum(), (ink * (Y - y) ** 2).sum()
    return x, y, xx, yy, (ink * (X - x) * (Y - y)).sum()


def angle(image):
    """Degrees from upright to the longer axis, against the clock."""
    _, _, xx, yy, xy = moments(image)
    # y points downwards, so a positive covariance leans to the left at the top.
    return math.degrees(0.5 * math.atan2(2 * xy, yy - xx))


@pytest.mark.parametrize("degrees", [15.0, -15.0, 40.0])
def test_a_rotation_rotates_by_so_many_degrees(degrees):
    [turned] = deformed(blob(), rotation=(degrees, degrees))
    assert angle(blob()) == pytest.approx(0, abs=1e-4)
    assert angle(turned) == pytest.approx(degrees, abs=0.3)


def test_a_range_is_filled_evenly():
    angles = [angle(image) for image in deformed(blob(), 400, rotation=15)]
    assert -15.3 < min(angles) < -13 and 13 < max(angles) < 15.3
    assert abs(sum(angles) / 400) < 2


@pytest.mark.parametrize("scale", [0.25, -0.25])
def test_a_scale_changes_the_size(scale):
    _, _, xx, yy, _ = moments(blob(3, 3))
    [changed] = deformed(blob(3, 3), scale=(scale, scale))
    _, _, wide, high, _ = moments(changed)
    assert (wide / xx).sqrt() == pytest.approx(1 + scale, abs=0.02)
    assert (high / yy).sqrt() == pytest.approx(1 + scale, abs=0.02)


def test_a_shift_moves_to_the_right_and_down():
    [moved] = deformed(blob(2, 2), shift=(3, 3))
    x, y, *_ = moments(moved)
    assert (x.item(), y.item()) == pytest.approx((16.5, 16.5), abs=0.01)


def test_shifts_across_and_down_are_drawn_apart():
    places = [moments(image)[:2] for image in deformed(blob(2, 2), 50, shift=3)]
    x, y = torch.tensor(places).T - 13.5
    assert abs(torch.corrcoef(torch.stack([x, y]))[0, 1]) < 0.4
    assert x.abs().max() < 3.01 and y.abs().max() < 3.01


def test_a_shear_leans_the_top_to_the_right():
    [leaning] = deformed(blob(1.5, 5), shear=(0.3, 0.3))
    _, _, _, yy, xy = moments(leaning)
    assert (xy / yy).item() == pytest.approx(-0.3, abs=0.02)  # y points downwards


def test_together_they_act_one_after_the_other():
    """Leaned, then turned, scaled and moved: covariance M C M^T, and the centre where the shift puts it."""
    ranges = {"rotation": 30.0, "shear": 0.3, "scale": 0.1, "shift": 2.0}
    fixed = {name: (value, value) for name, value in ranges.items()}
    [changed] = deformed(blob(1.5, 3), **fixed)
    theta = math.radians(30)
    turn = torch.tensor(  # against the clock, y downwards
        [[math.cos(theta), math.sin(theta)], [-math.sin(theta), math.cos(theta)]]
    )
    matrix = 1.1 * turn @ torch.tensor([[1, -0.3], [0, 1]])

    def covariance(image):
        _, _, xx, yy, xy = moments(image)
        return torch.tensor([[xx, xy], [xy, yy]])

    expected = matrix @ covariance(blob(1.5, 3)) @ matrix.T
    assert torch.allclose(
        covariance(changed), expected, atol=0.25
    )  # bilinear reading blurs a little
    x, y, *_ = moments(changed)
    assert (x.item(), y.item()) == pytest.approx((15.5, 15.5), abs=0.02)


@pytest.mark.parametrize("pen", [1.0, 0.5, -0.5, -1.0])
def test_the_pen_moves_each_edge_by_so_many_pixels(pen):
    bar = ((X >= 12) & (X < 16) & (Y >= 4) & (Y < 24)).float()
    [redrawn] = deformed(bar, pen=(pen, pen))
    assert redrawn[14].sum().item() == pytest.approx(4 + 2 * pen, abs=1e-4)
    assert redrawn[:, 13].sum().item() == pytest.approx(20 + 2 * pen, abs=1e-4)


def ramp(n):
    return (X / 28).expand(n, 28, 28)


@pytest.mark.parametrize("along", [X, Y])
def test_elastic_is_the_deviation_of_control_points_in_pixels(along):
    deform = Deform(elastic=0.5, coarseness=28)  # each pixel is a control point
    steady = (along / 28).expand(2000, 28, 28)
    moved = 28 * (deform(steady, generator()) - steady)
    assert moved[:, 5:-5, 5:-5].std().item() == pytest.approx(0.5, rel=0.03)
    assert abs(moved[:, 5:-5, 5:-5].mean().item()) < 0.01


def test_few_control_points_bend_in_long_waves():
    def likeness_of_neighbours(coarseness):
        deform = Deform(elastic=1.0, coarseness=coarseness)
        moved = (deform(ramp(500), generator()) - ramp(1))[:, 5:-5, 5:-5]
        sides = torch.stack([moved[:, 3:].flatten(), moved[:, :-3].flatten()])
        return torch.corrcoef(sides)[0, 1].item()

    long, middle, short = map(likeness_of_neighbours, (3, 6, 14))
    assert long > middle > short and long > 0.9 and short < 0.3


def test_each_image_is_deformed_in_its_own_way():
    images = deformed(blob(), 50, elastic=1.0)
    assert len({image.numpy().tobytes() for image in images}) == 50


def test_the_same_generator_deforms_alike_and_leaves_the_originals():
    originals = torch.rand(8, 28, 28, generator=generator(1))
    before, deform = originals.clone(), RECIPES["base"].training.deform
    once, again = deform(originals, generator()), deform(originals, generator())
    assert torch.equal(once, again) and torch.equal(originals, before)
    assert not torch.equal(once, deform(originals, generator(2)))


@pytest.mark.parametrize("other", ["rotation", "scale", "shear"])
def test_one_range_does_not_change_what_another_draws(other):
    """The shifts, drawn after these, are the same with and without them."""

    def centres(**ranges):
        images = deformed(blob(2, 2), 20, shift=3, **ranges)
        return torch.tensor([moments(image)[:2] for image in images])

    assert torch.allclose(centres(), centres(**{other: 1e-6}), atol=1e-3)


def test_times_makes_each_part_weaker_or_stronger():
    deform = Deform(rotation=8, scale=(-0.2, 0.1), shift=2, elastic=0.5, coarseness=4)
    expected = Deform(rotation=4, scale=(-0.1, 0.05), shift=1, elastic=0.25, coarseness=4)
    images = torch.rand(5, 28, 28)
    half, same = (
        some(images, torch.Generator().manual_seed(0)) for some in (deform.times(0.5), expected)
    )
    assert torch.equal(half, same)
    assert deform.times(2).times(0.5) == deform.times(1)
    none = deform.times(0)(images, torch.Generator().manual_seed(0))
    torch.testing.assert_close(none, images)


def test_without_ranges_nothing_happens():
    images = torch.rand(8, 28, 28, generator=generator())
    assert torch.allclose(Deform()(images, generator()), images, atol=1e-5)


def test_on_real_digits_the_ink_stays_within_bounds(small):
    images = data.scale(small.images)
    ratio = RECIPES["base"].training.deform(images, generator()).sum((1, 2)) / images.sum((1, 2))
    assert ratio.min() > 0.6 and ratio.max() < 1.5
    assert ratio.mean().item() == pytest.approx(1, abs=0.03)


def test_copies_are_waited_for_where_nothing_keeps_their_memory(monkeypatch):
    """On a device without numbers, which stands in for Apple's GPU: what is copied later may be gone by then."""
    to, waited = torch.Tensor.to, []

    def noted(tensor, *arguments, **options):
        waited.append(not options.get("non_blocking"))
        return to(tensor, *arguments, **options)

    monkeypatch.setattr(torch.Tensor, "to", noted)
    images = torch.empty(5, 28, 28, device="meta")
    assert Deform(pen=0.5, shift=1, coarseness=5)(images, generator()).is_meta
    assert len(waited) >= 2 and all(waited)


def test_an_empty_batch_stays_empty():
    assert Deform(rotation=10)(torch.empty(0, 28, 28), generator()).shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rotation": (10, -10)}, "rotation from low to high, got 10 to -10"),
        ({"shift": float("nan")}, "shift from low to high"),
        ({"scale": 1.0}, "scale above -1, got 1.0"),
        ({"pen": 2.0}, "pen from -1 to 1, got 2.0"),
        ({"elastic": -1.0}, "at least 0"),
        ({"coarseness": 1}, "coarseness of at least 2, got 0.0 and 1"),
        ({"elastic": (0.0, 1.0)}, "elastic to be one number"),
    ],
)
def test_impossible_ranges_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Deform(**wrong)


@pytest.mark.parametrize("images", [torch.zeros(2, 28, 28, dtype=torch.uint8), torch.zeros(28, 28)])
def test_other_images_are_refused(images):
    with pytest.raises(ValueError, match=r"float images \(N, 28, 28\), got"):
        Deform()(images, generator())
