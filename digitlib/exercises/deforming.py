"""Checks of the exercises on what a network is fed: batches of a shuffled epoch, and images that are moved at random.

Both ask a function of the reader's own with a generator of random numbers, more than once: the same generator must give
the same again, and none of the functions may look for chance elsewhere.
"""

from collections.abc import Callable
from itertools import pairwise, product
from typing import Any

import numpy as np
import torch

from digitlib.checks import Bug, as_bug
from digitlib.preprocess import SIDE

__all__ = ["check_batches", "check_shift"]

COUNT, SIZE, STEP = 22, 4, 11
FAR = 2
LOOKED = 4
"""How far a move is looked for, in pixels."""


def _array(value: Any) -> np.ndarray:
    """A tensor, an array or a list of some as an array; numpy would go through each tensor of a list by itself."""
    parts = isinstance(value, list | tuple)
    return np.stack([np.asarray(part) for part in value]) if parts else np.asarray(value)


def check_batches(batches: Callable) -> None:
    """Check a function that deals images, kept as bytes, into the batches of a shuffled epoch.

    Args:
        batches: called with images, uint8 ``(N, 28, 28)``, labels ``(N,)``, the size of a batch and a generator; gives
            pairs ``(x, y)``, x float ``(B, 28, 28)`` in [0, 1] and y ``(B,)``, as a list or one by one.

    Twenty-two images are dealt in fours, three times over: twice on end with one generator, and again with one that is
    seeded like the first. Not seen: what it costs in time and memory, and whether all orders are as probable.

    Raises:
        Bug: other batches. Named are bytes that were not divided by 255, a last batch that was left out, images that
            go with other images' labels, some that come twice and others never, an order that is as stored or the same
            in every epoch, batches of neighbours, and chance that is not the generator's.

    >>> from digitlib.checks import say
    >>> def batches(images, labels, size, generator):
    ...     order = torch.randint(len(images), (len(images),), generator=generator)
    ...     return [(images[some] / 255, labels[some]) for some in order.split(size)]
    >>> say(check_batches, batches).rpartition(": ")[2]
    'are they drawn anew each time?'
    """
    generator, like_it = (torch.Generator().manual_seed(0) for _ in range(2))
    with torch.random.fork_rng(devices=[]):
        first, second, again = (_dealt(batches, luck) for luck in (generator, generator, like_it))
    if first == sorted(first):
        raise Bug("expected a shuffled order, got the one in which the images are stored")
    blocks = [set(first[i : i + SIZE]) for i in range(0, COUNT, SIZE)]
    if all(max(block) - min(block) < SIZE for block in blocks):
        raise Bug("expected a batch of images from everywhere, got neighbours, as they are stored")
    follow = sum(abs(after - one) == 1 for one, after in pairwise(first))
    if follow > COUNT // 2:
        raise Bug(
            f"expected a shuffled order, got {follow} of {COUNT} beside their stored neighbour"
        )
    if first == second:
        raise Bug(
            "expected another order in the next epoch, got the same: is a seed set in the function?"
        )
    if first != again:
        raise Bug(
            "expected the same order from a generator with the same seed, got another: hand it on"
        )


def _dealt(batches: Callable, generator: torch.Generator) -> list[int]:
    """The order in which an epoch deals the images; a Bug unless it deals each of them once, with its own label."""
    images = STEP * torch.arange(COUNT, dtype=torch.uint8).view(-1, 1, 1).repeat(1, SIDE, SIDE)
    dealt = []
    with as_bug("batches (x, y)"):
        for x, y in batches(images, torch.arange(COUNT), SIZE, generator):
            dealt.append((_array(x).copy(), _array(y)))  # its memory may be used again
    _check_sizes([len(x) for x, _ in dealt])
    numbers, labels = [], []
    for x, y in dealt:
        if x.shape != (len(x), SIDE, SIDE) or y.shape != (len(x),):
            wanted = f"x of shape ({len(x)}, {SIDE}, {SIDE}) and y ({len(x)},)"
            raise Bug(f"expected {wanted}, got {tuple(x.shape)} and {tuple(y.shape)}")
        numbers += _numbers(x)
        labels += y.tolist()
    if (different := len(set(numbers))) < COUNT:
        raise Bug(
            f"expected each of {COUNT} images once, got {different} of them: "
            "are they drawn anew each time?"
        )
    if numbers != labels:
        raise Bug("expected each image with its own label, got others: one order for both")
    return numbers


def _check_sizes(sizes: list[int]) -> None:
    """A Bug for other sizes of batches."""
    full = [SIZE] * (COUNT // SIZE)
    wanted = [*full, COUNT % SIZE]
    if sizes != wanted:
        why = ": the last one, which is not full, is left out" if sizes == full else ""
        raise Bug(f"expected batches of {wanted}, got {sizes}{why}")


def _numbers(x: np.ndarray) -> list[int]:
    """Which images a batch holds, by their brightness."""
    if x.dtype.kind != "f":
        raise Bug(f"expected floats from 0 to 1, got {x.dtype}: divide by 255")
    if x.min() < 0 or x.max() > 1:
        why = ": divide by 255" if x.max() > SIDE else ""
        raise Bug(f"expected floats from 0 to 1, got {x.min():.4g} to {x.max():.4g}{why}")
    found = 255 * x / STEP
    if np.abs(found - found.round()).max() > 1e-2 or np.ptp(found.round(), axis=(1, 2)).any():
        raise Bug(f"expected the images divided by 255, got others, up to {x.max():.4g}")
    return found[:, 0, 0].round().astype(int).tolist()


def check_shift(shift: Callable) -> None:
    """Check a function that moves each image of a batch by whole pixels of its own, dark coming in where it leaves.

    Args:
        shift: called with float images ``(N, 28, 28)`` in [0, 1] and a generator; returns images of the same shape,
            each moved down and, apart from it, to the right by -2, -1, 0, 1 or 2 pixels, all as probable as one
            another.

    It gets 1,000 images, noise to the edges: twice with one generator, and again with one that is seeded like the
    first; and a single image. Not seen: whether the images handed in are left as they were.

    Raises:
        Bug: other images. Named are one move for the whole batch, one number for both directions, what leaves on one
            side and comes in on the other, moves that are too short or too long, ends that are less probable, and
            chance that is not the generator's.

    >>> from digitlib.checks import say
    >>> def shift(images, generator):
    ...     down, right = torch.randint(-2, 3, (2,), generator=generator).tolist()
    ...     return images.roll((down, right), dims=(1, 2))
    >>> say(check_shift, shift).rpartition(": ")[2]
    'what leaves on one side comes in on the other'
    """
    generator, like_it = (torch.Generator().manual_seed(0) for _ in range(2))
    images = torch.rand(1_000, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    with torch.random.fork_rng(devices=[]):
        _shifted(shift, images[:1], torch.Generator().manual_seed(0))
        first, second, again = (
            _shifted(shift, images, luck) for luck in (generator, generator, like_it)
        )
    if len(first.unique(dim=0)) == 1:
        raise Bug("expected a move of its own for each image, got one for the whole batch")
    if torch.equal(first, second):
        raise Bug(
            "expected other moves of the next batch, got the same: is a seed set in the function?"
        )
    if not torch.equal(first, again):
        raise Bug(
            "expected the same moves from a generator with the same seed, got others: hand it on"
        )
    _check_moves(torch.cat([first, second]))


def _shifted(shift: Callable, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """By how much each image was moved, down and to the right, ``(N, 2)``; a Bug unless dark came in."""
    with as_bug("images"):
        answer = shift(images.clone(), generator)
    if answer is None:
        raise Bug("expected images, got None: does the function return them?")
    with as_bug("images (N, 28, 28)"):
        got = torch.from_numpy(_array(answer).astype(np.float32))
    if got.shape != images.shape:
        raise Bug(f"expected shape {tuple(images.shape)}, got shape {tuple(got.shape)}")
    moves = _moves(images, got)
    down, right = (moves[:, i, None] for i in (0, 1))
    at = torch.arange(SIDE)
    rows, columns = (at - down)[:, :, None], (at - right)[:, None, :]  # where each comes from
    rolled = images[torch.arange(len(images))[:, None, None], rows % SIDE, columns % SIDE]
    inside = (rows >= 0) & (rows < SIDE) & (columns >= 0) & (columns < SIDE)
    if _alike(got, rolled * inside):
        return moves
    if _alike(got, rolled):
        raise Bug(
            "expected dark to come in, got bright: what leaves on one side comes in on the other"
        )
    if _alike(got * inside, rolled * inside):
        raise Bug("expected 0 to come in where nothing was, got other numbers there")
    raise Bug("expected all of an image to move together, got parts that do not")


def _alike(got: torch.Tensor, wanted: torch.Tensor) -> bool:
    return bool((got - wanted).abs().max() < 1e-3)


def _moves(images: torch.Tensor, got: torch.Tensor) -> torch.Tensor:
    """By how much the middle of each image was moved, ``(N, 2)``."""
    middle = slice(SIDE // 2, SIDE // 2 + 2)
    seen, found = got[:, middle, middle], torch.full((len(images), 2), SIDE)
    for move in product(range(-LOOKED, LOOKED + 1), repeat=2):
        rows, columns = (slice(middle.start - by, middle.stop - by) for by in move)
        same = (images[:, rows, columns] - seen).abs().amax((1, 2)) < 1e-3
        found[same] = torch.tensor(move)
    if (lost := int((found == SIDE).any(1).sum())) > 0:
        raise Bug(
            "expected each image moved by whole pixels and else as it was, "
            f"got {lost:,} of {len(images):,} that are not"
        )
    return found


def _check_moves(moves: torch.Tensor) -> None:
    """A Bug unless all moves of up to two pixels are about as frequent."""
    for name, numbers in (("down", moves[:, 0]), ("right", moves[:, 1])):
        low, high = int(numbers.min()), int(numbers.max())
        if (low, high) != (-FAR, FAR):
            short = (low, high) in ((-FAR, FAR - 1), (1 - FAR, FAR))
            why = ": randint leaves out its upper end" if short else ""
            raise Bug(f"expected moves {name} by -{FAR} to {FAR}, got {low} to {high}{why}")
        counts = torch.bincount(numbers + FAR)
        mean = counts.float().mean()
        if counts.min() < 0.8 * mean or counts.max() > 1.25 * mean:
            raise Bug(
                f"expected each move {name} as often as another, got {counts.tolist()} times "
                f"-{FAR} to {FAR}: are numbers rounded, or is a sign drawn apart?"
            )
    if (pairs := len(moves.unique(dim=0))) < (2 * FAR + 1) ** 2:
        raise Bug(f"expected down and right to be drawn apart, got {pairs} pairs of 25")
