import numpy as np
import pytest

from digitlib.reading.ground import LEAST, paper, ways

STROKE = np.s_[40:100, 70:78]
LIGHTS = {
    "even": np.full((140, 180), 220.0),
    "a slope": np.linspace(240, 110, 180) * np.ones((140, 1)),
    "a shadow": np.where(np.arange(180) < 110, 220.0, 120.0) * np.ones((140, 1)),
}


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("light", LIGHTS)
def test_a_stroke_stands_out_of_any_light(light, dark):
    levels = LIGHTS[light].copy()
    levels[STROKE] *= 0.3
    plane = levels if dark else 255 - levels
    [seen] = ways(plane.astype(np.uint8)[None], 61)
    ink = np.zeros(levels.shape, dtype=bool)
    ink[STROKE] = True
    assert seen.strength[ink].min() > 60 > LEAST > seen.strength[~ink].max()
    assert seen.jumps.any() == (light == "a shadow")
    assert seen.even == (light == "even")


def test_what_is_as_wide_is_ground():
    plane = np.full((1, 140, 180), 220, dtype=np.uint8)
    plane[:, 40:90, 60:110] = 100
    assert ways(plane, 61)[0].strength.max() == 120
    assert not any(seen.strength.any() for seen in ways(plane, 41))


def test_a_ring_is_darker_not_what_is_in_it_brighter():
    y, x = np.mgrid[:140, :180]
    away = np.hypot(y - 70, x - 90)
    plane = np.where(abs(away - 20) < 4, 40, 220).astype(np.uint8)[None]
    [seen] = ways(plane, 61)
    np.testing.assert_array_equal(seen.strength > LEAST, plane[0] == 40)


def test_ink_may_differ_in_one_channel_alone():
    planes = np.full((3, 140, 180), 200, dtype=np.uint8)
    planes[2][STROKE] = 90  # yellow on grey
    [seen] = ways(planes, 61)
    assert seen.strength[STROKE].min() > 100


def test_grain_is_told_by_its_spread():
    grain = np.random.RandomState(0).normal(9, 3, (200, 200))
    grain[:20] = 150  # ink
    middle, spread = paper(grain)
    assert abs(middle - 9) < 1 and abs(spread - 3) < 0.5


def test_a_chequered_ground_has_two_levels():
    y, x = np.mgrid[:200, :200]
    chequered = np.where((y // 20 + x // 20) % 2, 50.0, 0.0)
    chequered[80:120, 90:98] = 180
    middle, spread = paper(chequered)
    assert (middle, spread) == (50, 0)
