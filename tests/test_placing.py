import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from digitlib import preprocess, weights
from digitlib.checks import say
from digitlib.exercises import placing
from digitlib.exercises.placing import check_centre, check_quantise


def ways(picture):
    rows, columns = np.indices(picture.shape)
    return [14 - (each * picture).sum() / picture.sum() for each in (rows, columns)]


def moved(picture, down, right):
    return np.pad(picture, 28)[28 - down : 56 - down, 28 - right : 56 - right]


def by_padding(picture):
    return moved(picture, *map(round, ways(picture)))


def by_loop(picture):
    mass = sum(int(grey) for grey in picture.flat)
    down = right = 14.5
    for row in range(28):
        for column in range(28):
            down -= row * int(picture[row, column]) / mass
            right -= column * int(picture[row, column]) / mass
    down, right = math.floor(down), math.floor(right)
    out = [[0] * 28 for _ in range(28)]
    for row in range(28):
        for column in range(28):
            if 0 <= row + down < 28 and 0 <= column + right < 28:
                out[row + down][column + right] = int(picture[row, column])
    return out


def by_torch(picture):
    ink = torch.from_numpy(picture).double() / 255
    places = torch.arange(28.0).double()
    down = 14 - round((ink.sum(1) @ places / ink.sum()).item())
    right = 14 - round((ink.sum(0) @ places / ink.sum()).item())
    return F.pad(ink, (right, -right, down, -down)) * 255


def in_place(picture):
    down, right = map(round, ways(picture))
    picture[:] = np.roll(picture, (down, right), axis=(0, 1))
    picture[: max(down, 0)] = 0
    picture[28 + min(down, 0) :] = 0
    picture[:, : max(right, 0)] = 0
    picture[:, 28 + min(right, 0) :] = 0
    return picture


@pytest.mark.parametrize("centre", [by_padding, by_loop, by_torch, in_place])
def test_a_picture_in_the_middle_passes(centre):
    assert say(check_centre, centre) == "passes"


def test_the_middle_is_the_packages():
    """Ink that fits into 20 x 20 comes out as `preprocess` has it."""
    for picture in placing._pictures()[:2]:
        there = preprocess.centre_by_mass(preprocess.crop(picture))
        assert np.array_equal(by_padding(picture), there)


def box(picture):
    rows, columns = (np.flatnonzero(picture.any(axis=axis)) for axis in (1, 0))
    return [(28 - len(range(each[0], each[-1] + 1))) // 2 - each[0] for each in (rows, columns)]


WRONG_PLACES = {
    "rows and columns are swapped": lambda picture: moved(
        picture, *map(round, ways(picture)[::-1])
    ),
    "all dark: moved the wrong way": lambda picture: np.zeros_like(picture),
    "the wrong way": lambda picture: moved(picture, *(-round(way) for way in ways(picture))),
    "twice as far": lambda picture: moved(picture, *(2 * round(way) for way in ways(picture))),
    "cut off, not rounded, or not to pixel 14": lambda picture: moved(
        picture, *map(int, ways(picture))
    ),
    "by the middle of the ink's box": lambda picture: moved(picture, *box(picture)),
    "each pixel counts alike": lambda picture: moved(picture, *map(round, ways(picture > 0))),
    "got it so: ink that goes over the edge comes in at the other side": lambda picture: np.roll(
        picture, [round(way) for way in ways(picture)], axis=(0, 1)
    ),
    "moved 11 up and 2 left, got it moved 5 up and 3 right": lambda picture: moved(picture, -5, 3),
    "got it changed: is all ink there": lambda picture: by_padding(picture) > 0,
    "expected shape (28, 28), got shape (20, 20)": lambda picture: by_padding(picture)[4:24, 4:24],
    "got ValueError": lambda picture: np.zeros((28, 28))[-3:17] + picture,
    "expected shape (28, 28), got shape ()": lambda picture: "the picture",
}
SAME_SLIPS = {
    "cut off, not rounded": [
        lambda picture: moved(picture, *(14 - int(14 - way) for way in ways(picture))),
        lambda picture: moved(picture, *(round(way - 0.5) for way in ways(picture))),
        lambda picture: moved(picture, *(round(way) - 1 for way in ways(picture))),
    ],
    "rows and columns are swapped": [
        lambda picture: np.roll(picture, [round(way) for way in ways(picture)[::-1]], (0, 1))
    ],
    "by the middle of the ink's box": [lambda picture: by_box(picture)],
}


def by_box(picture):
    ink, field = preprocess.crop(picture), np.zeros((28, 28), dtype=np.uint8)
    top, left = (28 - np.array(ink.shape)) // 2
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return field


@pytest.mark.parametrize("slip", WRONG_PLACES)
def test_a_picture_elsewhere(slip):
    assert slip in say(check_centre, WRONG_PLACES[slip])


@pytest.mark.parametrize("slip", SAME_SLIPS)
def test_the_same_slip_in_another_way(slip):
    for centre in SAME_SLIPS[slip]:
        assert slip in say(check_centre, centre)


def test_no_two_slips_lead_to_the_same_place():
    picture = placing._pictures()[0]
    moves = [move for some in placing._slips(picture).values() for move in set(some)]
    moves.append(tuple(round(way) for way in ways(picture)))
    assert len(set(moves)) == len(moves)


def by_rows(array):
    scale = np.abs(array).max(axis=1, keepdims=True) / 127
    scale[scale == 0] = 1
    return np.rint(array / scale).astype(np.int8), scale


def of_tensors(array):
    tensor = torch.from_numpy(array).double()
    scale = tensor.abs().amax(dim=1).clamp(min=1e-12) / 127
    return [(tensor / scale[:, None]).round(), scale]


def of_lists(array):
    scales = [max(abs(float(w)) for w in row) / 127 or 1.0 for row in array]
    return [
        [round(float(w) / s) for w in row] for row, s in zip(array, scales, strict=True)
    ], scales


@pytest.mark.parametrize("quantise", [by_rows, of_tensors, of_lists, weights.quantise])
def test_weights_in_steps_pass(quantise):
    assert say(check_quantise, quantise) == "passes"


def with_scale(scale, cut=np.rint, kind=np.int8):
    """A quantiser whose scale is another."""

    def quantise(array):
        with np.errstate(all="ignore"):
            step = np.where(scale(array) == 0, 1, scale(array))
            return cut(array / step).astype(kind), step

    return quantise


def largest(array, axis=1):
    return np.abs(array).max(axis=axis, keepdims=True)


def divided_by_nothing(kind):
    def quantise(array):
        with np.errstate(all="ignore"):
            return np.rint(array / (largest(array) / 127)).astype(kind), largest(array) / 127

    return quantise


WRONG_STEPS = {
    "128 is more than 8 bits": with_scale(lambda w: largest(w) / 128),
    "cut off, not rounded": with_scale(lambda w: largest(w) / 127, np.trunc),
    "rounded down, not to the nearest": with_scale(lambda w: largest(w) / 127, np.floor),
    ": not rounded": with_scale(lambda w: largest(w) / 127, np.array, float),
    "one scale for all rows": with_scale(lambda w: np.abs(w).max(keepdims=True) / 127),
    "a scale for each column": with_scale(lambda w: largest(w, axis=0) / 127),
    "but -1.27 is larger in size": with_scale(lambda w: w.max(axis=1, keepdims=True) / 127),
    "the signs got lost": lambda w: (np.abs(by_rows(w)[0]), by_rows(w)[1]),
    "a kind of number without a sign": lambda w: (by_rows(w)[0].astype(np.uint8), by_rows(w)[1]),
    "a row of zeros was divided by 0": divided_by_nothing(float),
    "a scale above 0 for a row of zeros, got 0: what is 0 / 0?": divided_by_nothing(np.int8),
    ": upside down": lambda w: (by_rows(w)[0], 1 / by_rows(w)[1]),
    ": not divided by 127": lambda w: (by_rows(w)[0], 127 * by_rows(w)[1]),
    "expected a scale for each of 3 rows, got 1": lambda w: (by_rows(w)[0], 0.01),
    "whole numbers and scales, got ndarray": lambda w: by_rows(w)[0],
    "to be shape (3, 4), got shape (4, 3)": lambda w: (by_rows(w)[0].T, by_rows(w)[1]),
}


@pytest.mark.parametrize("slip", WRONG_STEPS)
def test_weights_in_other_steps(slip):
    assert slip in say(check_quantise, WRONG_STEPS[slip])


@pytest.mark.parametrize("kind", [float, int, np.int8])
def test_a_slip_is_named_whatever_keeps_its_numbers(kind):
    assert "128 is more than" in say(
        check_quantise, with_scale(lambda w: largest(w) / 128, kind=kind)
    )
    clipped = with_scale(lambda w: largest(w) / 128, lambda w: np.rint(w).clip(-128, 127), kind)
    assert "128 is more than" in say(check_quantise, clipped)
    signed = with_scale(lambda w: w.max(axis=1, keepdims=True) / 127, kind=kind)
    assert "larger in size" in say(check_quantise, signed)
