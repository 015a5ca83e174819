import numpy as np
import pytest
import torch
from torch.nn import functional as F

from digitlib.checks import say
from digitlib.exercises.seeing import check_count, check_pool
from digitlib.model import CNN


def by_loops(answers):
    rows, columns = answers.shape[0] // 2, answers.shape[1] // 2
    pooled = torch.empty(rows, columns)
    for y in range(rows):
        for x in range(columns):
            pooled[y, x] = answers[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].max()
    return pooled


def by_shape(answers):
    rows, columns = answers.shape[0] // 2, answers.shape[1] // 2
    blocks = answers[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2)
    return blocks.amax((1, 3))


def by_numpy(answers):
    rows, columns = answers.shape[0] // 2 * 2, answers.shape[1] // 2 * 2
    answers = answers.numpy()[:rows, :columns]
    return np.maximum(
        np.maximum(answers[::2, ::2], answers[1::2, ::2]),
        np.maximum(answers[::2, 1::2], answers[1::2, 1::2]),
    )


@pytest.mark.parametrize(
    "pool", [by_loops, by_shape, by_numpy, lambda x: F.max_pool2d(x[None], 2)[0]]
)
def test_a_pooling_that_is_one_passes(pool):
    assert say(check_pool, pool) == "passes"


def from_zero(answers):
    pooled = torch.zeros(answers.shape[0] // 2, answers.shape[1] // 2)
    return torch.maximum(pooled, by_loops(answers))


WRONG_POOLINGS = {
    "this is the mean of each four": lambda x: F.avg_pool2d(x[None], 2)[0],
    "this is the sum of each four": lambda x: 4 * F.avg_pool2d(x[None], 2)[0],
    "this is the smallest of each four": lambda x: -by_loops(-x),
    "the upper left of each four": lambda x: x[::2, ::2],
    "the windows overlap": lambda x: F.max_pool2d(x[None], 2, stride=1)[0],
    "what is left of an odd row": lambda x: F.max_pool2d(x[None], 2, ceil_mode=True)[0],
    "the columns are as many as before": lambda x: F.max_pool2d(x[None], (2, 1))[0],
    "the rows are as many as before": lambda x: F.max_pool2d(x[None], (1, 2))[0],
    "don't begin from 0": from_zero,
    "expected shape (2, 3), got a single number": lambda x: x.max(),
    "got RuntimeError": lambda x: x.reshape(2, 2),
}


@pytest.mark.parametrize("slip", WRONG_POOLINGS)
def test_a_pooling_that_is_none(slip):
    assert slip in say(check_pool, WRONG_POOLINGS[slip])


def counted(channels):
    total, n, side = 0, 1, 28
    for more in channels:
        total += 9 * n * more + 2 * more
        n, side = more, side // 2
    return total + 10 * n * side * side + 10


def made(channels):
    return sum(weight.numel() for weight in CNN(channels).parameters())


@pytest.mark.parametrize("count", [counted, made, lambda channels: torch.tensor(made(channels))])
def test_a_count_that_is_right_passes(count):
    assert say(check_count, count) == "passes"


def wrongly(**change):
    """A count with one slip."""

    def count(channels):
        total, n, side = 0, 1, 28
        for more in channels:
            total += 9 * (1 if change.get("alone") else n) * more
            total += (change.get("norm", 2) + change.get("bias", 0)) * more
            n = more
            side = side if change.get("whole") else side / 2 if change.get("odd") else side // 2
        side = 1 if change.get("mean") else side
        return total + 10 * n * side * side + change.get("last", 10)

    return count


WRONG_COUNTS = {
    "nine weights for each channel that it looks at": wrongly(alone=True),
    "each filter's normalisation has two weights": wrongly(norm=0),
    "here is one": wrongly(norm=1),
    "the last layer has ten biases": wrongly(last=0),
    "the convolutions have no bias": wrongly(bias=1),
    "each block halves the side": wrongly(whole=True),
    "half of 7 is 3": wrongly(odd=True),
    "the last layer looks at every place": wrongly(mean=True),
    "expected 15778, got 16": lambda channels: channels[0] + 8,
    "got TypeError": lambda channels: channels + 1,
}


@pytest.mark.parametrize("slip", WRONG_COUNTS)
def test_a_count_that_is_wrong(slip):
    assert slip in say(check_count, WRONG_COUNTS[slip])
