"""Checks of the exercises on gradients: the way back through a network, and the slope of any function.

The first knows the right slopes of a small network. The second knows none: it asks the function itself for its rise
over run, in 64 bits, and so marks the derivative of whatever it is handed.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch

from digitlib.checks import Bug, as_bug
from digitlib.exercises.marking import ask, compare

__all__ = ["check_backward", "check_slope"]

NAMES = "W1", "b1", "W2", "b2"
NUDGE = 1e-5
"""How far to each side rise over run goes, at points of the size of 1; at this one it is exact to about ten digits."""


def check_backward(backward: Callable) -> None:
    """Check the way back through one hidden layer with ReLU, softmax and the mean cross-entropy.

    Args:
        backward: called with a batch ``x`` ``(n, D)``, ``y`` ``(n, C)`` with a 1 at the right class, and what came on
            the way forward, ``h`` ``(n, H)`` and ``p`` ``(n, C)``, and with the second layer's weights ``(H, C)``, all
            arrays of 64 bits; returns the slopes of W1 ``(D, H)``, b1 ``(H,)``, W2 and b2 ``(C,)``.

    It is asked about two batches of different size. Not seen: whether it changes what it is given.

    Raises:
        Bug: other slopes. Named are a turned sign, a sum or a division too many or missing, ReLU forgotten or asked
            about something else, a product turned on its side, and the four in another order.

    >>> from digitlib.checks import say
    >>> def backward(x, y, h, p, W2):
    ...     dz = p - y
    ...     da = dz @ W2.T * (h > 0)
    ...     return x.T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)
    >>> say(check_backward, backward).rpartition(": ")[2]
    'n times too large, the loss is a mean over n digits'
    """
    for n in (4, 2):
        x, y, h, p, W2 = batch = _batch(n)
        dz = (p - y) / n
        dh = dz @ W2.T
        da = dh * (h > 0)
        right = x.T @ da, da.sum(axis=0), h.T @ dz, dz.sum(axis=0)
        got = _four(ask(backward, *batch), right)
        masks = {
            "a silent unit hands back a slope: ReLU is missing, or lets 0 pass as `h >= 0` does": dh,
            "it was multiplied by h, where only counts whether h is above 0": dh * h,
            "ReLU passes a slope where h was above 0, not where the slope is": np.maximum(dh, 0),
        }
        through = {slip: (x.T @ other, other.sum(axis=0)) for slip, other in masks.items()}
        before = [{slip: pair[i] for slip, pair in through.items()} for i in (0, 1)]
        slips = (
            _product(right[0]) | before[0],
            _sums(da) | before[1],
            _product(right[2]),
            _sums(dz) | {"the sign is turned: the scores' slopes are p - y": -right[3]},
        )
        for i in (3, 2, 1, 0):  # as the slopes come about: a mistake shows where it is made
            what = f"the slopes of {NAMES[i]}"
            compare(got[i], right[i], slips[i] | _sizes(right[i], n), what=what)


def _batch(n: int) -> tuple[np.ndarray, ...]:
    """What the way back is asked with, no two sizes alike; in each digit some units are silent."""
    luck = np.random.default_rng(n)
    x, W1, W2 = (luck.normal(size=size) for size in ((n, 5), (5, 6), (6, 3)))
    h = np.maximum(x @ W1, 0)
    powers = np.exp(h @ W2 / 4)
    return x, np.eye(3)[np.arange(n) % 3], h, powers / powers.sum(axis=1, keepdims=True), W2


def _four(got: Any, right: tuple[np.ndarray, ...]) -> Sequence:
    """The slopes that came, if they are four, in their order."""
    if not isinstance(got, tuple | list) or len(got) != len(NAMES):
        came = f"{len(got)}" if isinstance(got, tuple | list) else type(got).__name__
        raise Bug(f"expected four: the slopes of W1, b1, W2 and b2, got {came}")
    wanted = [slopes.shape for slopes in right]
    with as_bug("four arrays"):
        shapes = [np.shape(slopes) for slopes in got]
    if shapes != wanted and sorted(shapes) == sorted(wanted):
        order = ", ".join(NAMES[wanted.index(shape)] for shape in shapes)
        raise Bug(f"expected the slopes of W1, b1, W2 and b2, got {order}: another order")
    return got


def _product(right: np.ndarray) -> dict[str, np.ndarray]:
    """What slips give in the place of a product of two matrices."""
    return {"turned on its side: a slope has the shape of what it belongs to": right.T}


def _sums(slopes: np.ndarray) -> dict[str, np.ndarray]:
    """What slips give in the place of a sum over the digits."""
    return {
        "not summed over the digits": slopes,
        "summed over the wrong side: `axis=0` runs over the digits": slopes.sum(axis=1),
        "summed over everything: `axis=0` is missing": slopes.sum(),
    }


def _sizes(right: np.ndarray, n: int) -> dict[str, np.ndarray]:
    """What other signs and sizes give, whatever the slopes are of."""
    return {
        "the sign is turned": -right,
        "n times too large, the loss is a mean over n digits": n * right,
        "divided by n twice: the digits' parts are summed": right / n,
        "divided by 100, whatever n is": n / 100 * right,
        "divided by the number of all scores, n is that of the digits": right / 3,
    }


def check_slope(slope: Callable, function: Callable, points: Any) -> None:
    """Check the derivative of any function of one number, by rise over run.

    Args:
        slope: called with the points; returns the function's derivative at each.
        function: called with points, returns its value at each, in 64 bits: no random numbers, no rounding.
        points: ``(N,)``, a list, an array, or a tensor where the two functions want one. They are handed on in 64 bits.
            None may lie on a bend, where a slope isn't one number.

    Not seen: what is wrong between the points.

    Raises:
        Bug: another slope at any point. Named are a turned sign, a factor that is missing at all of them, the function
            itself, and what the function puts out mistaken for what it takes in.
        ValueError: the points aren't ``(N,)``, or there is none.

    >>> from digitlib.checks import say
    >>> say(check_slope, lambda x: x**2, lambda x: x**3, [1, 2, 5])
    'fails: expected 75 as the slope at 5, got 25: a factor of 3 is missing, at all points'
    """
    tensors = isinstance(points, torch.Tensor)
    x = points.double() if tensors else np.asarray(points, dtype=float)
    if x.ndim != 1 or not len(x):
        raise ValueError(f"expected points (N,), got {tuple(x.shape)}")
    out, right = _numbers(ask(function, x)), _rise_over_run(function, x)
    if out.shape != x.shape:
        raise ValueError(f"expected a value of the function for each point, got shape {out.shape}")
    got = _numbers(ask(slope, x))
    if got.shape != right.shape:
        raise Bug(f"expected a slope for each of {len(x)} points, got shape {got.shape}")
    away = np.where(np.isnan(got), np.inf, np.abs(got - right))
    if away.max() <= 1e-6 * max(1, np.abs(right).max()):
        return
    worst = away.argmax()
    alike = f"{right[worst]:.4g}" == f"{got[worst]:.4g}"
    ours, theirs = (f"{slope[worst]:{'.8g' if alike else '.4g'}}" for slope in (right, got))
    found = f"{ours} as the slope at {float(x[worst]):.4g}, got {theirs}"
    raise Bug(f"expected {found}{_why(slope, function, x, got, right)}")


def _rise_over_run(function: Callable, x: Any) -> np.ndarray:
    """A function's slopes at points, without its derivative."""
    nudge = NUDGE * np.maximum(1, np.abs(_numbers(x)))
    nudges = torch.as_tensor(nudge) if isinstance(x, torch.Tensor) else nudge
    up, down = (_numbers(ask(function, x + side)) for side in (nudges, -nudges))
    return (up - down) / (2 * nudge)


def _numbers(values: Any) -> np.ndarray:
    """What a function gave, as an array."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    with as_bug("a number for each point"):
        return np.asarray(values, dtype=float)


def _why(slope: Callable, function: Callable, x: Any, got: np.ndarray, right: np.ndarray) -> str:
    """The usual slip that gives these slopes, after a colon; nothing where it is none."""

    def like(one: np.ndarray, other: np.ndarray) -> bool:
        return np.allclose(one, other, rtol=0, atol=1e-6 * max(1, np.abs(other).max()))

    if like(got, -right):
        return ": the sign is turned, at all points"
    out = ask(function, x)
    if like(got, _numbers(out)):
        return ": that is the function itself"
    with (
        suppress(Bug),
        np.errstate(all="ignore"),
    ):  # one of them may not know what the function puts out
        if like(got, _rise_over_run(function, out)):
            return ": that is the slope at what the function puts out there"
        if like(_numbers(ask(slope, out)), right):
            return ": it would be right if it were given what the function puts out"
    most = np.abs(right).argmax()
    if got[most] and like(right[most] / got[most] * got, right):
        return f": a factor of {right[most] / got[most]:.4g} is missing, at all points"
    return ""
