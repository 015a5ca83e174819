"""Validation digits as a visitor might have drawn them: any size, anywhere on the sheet, with any pen.

Any strokes will do that were prepared as digits are, letters too; what is said of digits is true of them.

Each step is stated, so that the figures can be made again:

1. The digit's own box of ink is enlarged, by bicubic resampling, until its longer side is a share of the sheet's.
   In the same step it is leaned, bent a little, and put at a place of its own.
2. Grey morphology makes the strokes thicker or thinner, pixel by pixel, until they have the pen's width on average:
   a dilation takes the brightest of each pixel's neighbours, an erosion the darkest. Where a stroke is too thin to be
   eroded, its middle line stays, as it would under a thin pen.

Places are drawn anew for each digit and are no dimension of the grid: preprocessing starts from the box of ink, so a
place decides nothing unless the sheet's edge cuts something off.

The result goes through the same preprocessing as any drawing. :func:`digitlib.drawn.redrawn.grid` measures on it;
:func:`digitlib.drawn.redrawn.mixed` redraws training digits, for a model to learn from, some of them degraded: as small
images and poor scans show them.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from torch.nn import functional as F

from digitlib.accuracy import Share
from digitlib.augment import basis
from digitlib.data import Images
from digitlib.preprocess import SIDE, crop, fit, preprocess

__all__ = ["GRID", "SHEET", "Pen", "cells", "grid", "mixed", "redraw"]

SHEET = 280
"""Pixels on each side of what is drawn on, as of the pad's canvas."""


@dataclass(frozen=True)
class Pen:
    """A cell of the grid.

    Attributes:
        size: the digit's longer side, in parts of the sheet.
        width: the pen's width, in parts of the digit's longer side.

    >>> from digitlib.drawn import redrawn
    >>> redrawn.GRID[0], len(redrawn.GRID)
    (Pen(size=0.3, width=0.05), 16)
    """

    size: float
    width: float


GRID = [
    Pen(size, width)
    for size, width in product((0.3, 0.5, 0.75, 1.0), (1 / 20, 1 / 10, 1 / 7, 1 / 5))
]
"""Sizes from 30 to 100 % of the sheet, pens from a twentieth to a fifth of the digit."""

LEAN = 0.15
"""How far the top may lean to either side, in parts of the height; evenly drawn."""
JITTER = 0.015
"""Standard deviation of the bending at 6 x 6 points, smooth between them, in parts of the digit's longer side."""

PALEST = 0.25
"""The least brightness of degraded ink, in parts of full ink."""
GREYEST = 0.3
"""The brightest ground of a degraded digit, in parts of full ink."""
WIDEST = 1.3
"""How many times wider a digit to learn from may become, or narrower: people's are flatter and taller than MNIST's."""

_POINTS = 6  # of the bending, on each side


def cells(digits: Images, n: int = 1_000) -> Iterator[tuple[Pen, Images]]:
    """Each pen of the grid, with ``n`` digits redrawn with it and preprocessed; cells take turns with the digits.

    Args:
        digits: validation digits.
        n: how many of them each cell redraws.

    Yields:
        a pen, and ``n`` images with their labels.

    Raises:
        ValueError: images that were prepared in another way than digits are; at the first step.

    >>> import torch
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import redrawn, styles
    >>> fours = Images(styles.draw("4 left open", 20, seed=0), torch.full((20,), 4))
    >>> pen, some = next(redrawn.cells(fours, n=5))
    >>> pen, some.images.shape
    (Pen(size=0.3, width=0.05), torch.Size([5, 28, 28]))
    """
    _check(digits)
    for number, pen in enumerate(GRID):
        some = digits[torch.arange(number * n, (number + 1) * n) % len(digits)]
        yield pen, replace(some, images=_prepared(some.images, pen, SHEET, number))


def grid(
    logits: Callable[[torch.Tensor], torch.Tensor], digits: Images, n: int = 1_000
) -> dict[Pen, Share]:
    """The share of drawings in each cell that are named rightly.

    Args:
        logits: takes uint8 ``(N, 28, 28)``, returns ``(N, C)``, such as ``partial(evaluate.logits, model)``.
        digits: validation digits.
        n: how many of them each cell redraws, at least 1.

    Raises:
        ValueError: images that were prepared in another way than digits are.

    >>> from functools import partial
    >>> import torch
    >>> from digitlib import DigitClassifier, evaluate
    >>> from digitlib.accuracy import total
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import redrawn, styles
    >>> fours = Images(styles.draw("4 left open", 20, seed=0), torch.full((20,), 4))
    >>> found = redrawn.grid(partial(evaluate.logits, DigitClassifier.load()), fours, n=2)
    >>> len(found), total(found.values()).n, total(found.values()).value > 0.8
    (16, 32, True)
    """
    return {
        pen: Share.of(logits(some.images).argmax(1) == some.labels)
        for pen, some in cells(digits, n)
    }


def mixed(digits: Images, share: float, seed: int, degraded: float = 0.0) -> Images:
    """Digits, and after them some of them redrawn, each few with a pen of their own, and preprocessed.

    Args:
        digits: the digits to learn from.
        share: how many redrawn ones for each digit, above 0.
        seed: decides sizes, widths, pens, degradations and all that :func:`digitlib.drawn.redrawn.redraw` draws.
        degraded: the part of the redrawn ones that come from 5 to 12 pixels on the longer side, their ink down to a
            quarter of its brightness, on a ground up to three tenths of the way to white.

    Raises:
        ValueError: images that were prepared in another way than digits are.

    >>> import torch
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import redrawn, styles
    >>> fours = Images(styles.draw("4 left open", 20, seed=0), torch.full((20,), 4))
    >>> len(redrawn.mixed(fours, share=0.5, seed=0, degraded=0.5))
    30
    """
    _check(digits)
    random = torch.Generator().manual_seed(int(seed))
    order = torch.randperm(len(digits), generator=random)
    again = order.repeat(math.ceil(share))[: math.ceil(share * len(digits))]
    images = [
        _prepared(digits.images[some], sheet=_SMALL, **_any_way(random, degraded))
        for some in again.split(_FEW)
    ]
    return digits.and_also(torch.cat(images), digits.labels[again])


def _check(digits: Images) -> None:
    if digits.preparation != "digit":
        raise ValueError(
            f"expected images prepared as digits are, got preparation {digits.preparation!r}"
        )


_FEW = 50  # digits that share a pen in training

# Two fifths of each side, and digits that nearly fill it: a digit has as many pixels as the smallest of the grid, and
# is redrawn in a sixth of the time.
_SMALL = 112


def _any_way(random: torch.Generator, degraded: float) -> dict:
    """Pen, seed and, for degraded ones, resolution for a few digits that are learned from.

    Sizes lie evenly between three quarters and all of a sheet; pens between a fiftieth of the digit and a fifth,
    evenly in their ratio, or a twentieth and a third where they are degraded: a pixel or two of the few that there are.
    Widths of those that aren't are :data:`WIDEST` times less or more than they were, evenly in their ratio too.
    """
    size, width = torch.rand(2, generator=random).tolist()
    pixels = None
    # Nothing is drawn where degraded is 0: recipes without it keep their digits, to the bit.
    if degraded > 0 and torch.rand((), generator=random) < degraded:
        pixels = int(torch.randint(5, 13, (), generator=random))
    finest, broadest = (20, 3) if pixels else (50, 5)
    pen = Pen(0.75 + 0.25 * size, (finest / broadest) ** width / finest)
    # Few pixels and another width together are hard to tell from another digit.
    stretch = 1.0 if pixels else WIDEST ** (2 * torch.rand((), generator=random).item() - 1)
    seed = int(torch.randint(2**31, (), generator=random))
    return {"pen": pen, "stretch": stretch, "seed": seed, "pixels": pixels}


def _prepared(
    images: torch.Tensor,
    pen: Pen,
    sheet: int,
    seed: int,
    pixels: int | None = None,
    stretch: float = 1.0,
) -> torch.Tensor:
    """Redrawn and preprocessed, uint8 ``(N, 28, 28)``; degraded if ``pixels`` are given, for the longer side."""
    drawings = list(redraw(images, pen, seed, sheet, stretch).numpy())
    if pixels:
        drawings = [fit(crop(drawing), pixels) for drawing in drawings]
    prepared = torch.from_numpy(np.stack([preprocess(drawing) for drawing in drawings]))
    return _paled(prepared, seed) if pixels else prepared


def _paled(images: torch.Tensor, seed: int) -> torch.Tensor:
    """Each image's ink and ground closer to each other, as far as it happens."""
    random = torch.Generator().manual_seed(int(seed))
    ink, ground = torch.rand(2, len(images), 1, 1, generator=random)
    ink, ground = 1 - (1 - PALEST) * ink, GREYEST * ground
    return (255 * ground + images * ink * (1 - ground)).round().to(torch.uint8)


def redraw(
    images: torch.Tensor, pen: Pen, seed: int = 0, sheet: int = SHEET, stretch: float = 1.0
) -> torch.Tensor:
    """Redraw digits, each leaned, bent and placed in its own way.

    Args:
        images: uint8 ``(N, 28, 28)``, each with some ink.
        pen: size and pen of them all.
        seed: decides lean, bending and place.
        sheet: pixels on each side of what is drawn on.
        stretch: how many times wider they become, at the same height, before their size is theirs.

    Returns:
        uint8 ``(N, sheet, sheet)``, bright on dark.

    >>> import torch
    >>> from digitlib.drawn import redrawn, styles
    >>> fours = styles.draw("4 left open", 20, seed=0)
    >>> fine, bold = (redrawn.redraw(fours, redrawn.Pen(0.5, width)) for width in (0.05, 0.2))
    >>> fine.shape, bool(bold.float().mean() > 2 * fine.float().mean())
    (torch.Size([20, 280, 280]), True)
    """
    random = torch.Generator().manual_seed(int(seed))
    parts = [_redraw(part, pen, sheet, stretch, random) for part in images.split(100)]
    return torch.cat(parts)


def _redraw(
    images: torch.Tensor, pen: Pen, sheet: int, stretch: float, random: torch.Generator
) -> torch.Tensor:
    side = pen.size * sheet
    low, extent = _boxes(images)  # (N, 2) each: x and y
    # The sheet's pixels for a pixel of the image, in x and in y.
    wider = torch.tensor([stretch, 1.0])
    scale = wider * (side / (extent * wider).amax(1))[:, None]
    places = _places(low, extent, scale, side, sheet, random)
    grid = (places @ basis(_POINTS, images.device, sheet)).unflatten(2, (sheet, sheet))
    large = F.grid_sample(
        images[:, None].float(),
        grid.permute(0, 2, 3, 1).contiguous(),
        mode="bicubic",
        align_corners=False,
    )
    large = large[:, 0].round().clamp(0, 255).to(torch.uint8)
    own = _stroke_width(images) * scale.mean(1)
    steps = ((pen.width * side - own) / 2).round().int()  # outwards on either side
    return _thinned(_thickened(large, steps), -steps)


def _places(
    low: torch.Tensor,
    extent: torch.Tensor,
    scale: torch.Tensor,
    side: float,
    sheet: int,
    random: torch.Generator,
) -> torch.Tensor:
    """Where each pixel of the sheet comes from, ``(N, 2, 3 + 36)``: factors for x, y, 1 and each bending point."""
    n, half = len(low), sheet / 2
    # A box as large as the sheet fills it; what pen, lean and bending take beyond its edge is lost, as on the pad.
    free = sheet - extent * scale
    middle = half - torch.rand(n, 2, generator=random) * free - (sheet - free) / 2
    lean = LEAN * (2 * torch.rand(n, generator=random) - 1)
    wander = JITTER * side * torch.randn(n, 2, _POINTS**2, generator=random)
    places = torch.zeros(n, 2, 3 + _POINTS**2)
    places[:, 0, 0] = places[:, 1, 1] = half
    places[:, :, 2] = middle  # from the digit's own middle to the sheet's
    places[:, :, 3:] = wander
    places[:, 0] += lean[:, None] * places[:, 1]
    places /= scale[:, :, None]
    places[:, :, 2] += low + extent / 2
    places *= 2 / SIDE  # grid_sample counts from -1 to 1
    places[:, :, 2] -= 1
    return places


def _boxes(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Each image's box of ink: its upper left corner and its extent, ``(N, 2)`` floats, x before y."""
    ink = (images > 0).numpy()
    columns, rows = ink.max(1), ink.max(2)
    low = np.stack([columns.argmax(1), rows.argmax(1)], axis=1)
    high = SIDE - np.stack([columns[:, ::-1].argmax(1), rows[:, ::-1].argmax(1)], axis=1)
    return torch.from_numpy(low).float(), torch.from_numpy(high - low).float()


def _stroke_width(images: torch.Tensor) -> torch.Tensor:
    """The mean width of the strokes in pixels, ``(N,)``, from the ink and from what a pixel's dilation adds to it.

    A stroke of width w and length l has w * l of ink, and a dilation adds 2 * l + 2 * w + 4; solved for w.
    """
    ink = images.float().sum((1, 2)) / 255
    added = _widest(images, 0).float().sum((1, 2)) / 255 - ink
    half = (added - 4) / 4
    return half - (half.square() - ink).clamp(min=0).sqrt()


def _thickened(images: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Dilate each image, in place, by as many pixels as ``steps`` ``(N,)`` says; none for negative ones."""
    for step in range(int(steps.max())):
        going = steps > step
        images[going] = _widest(images[going], step)
    return images


def _thinned(images: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Erode each image so often; what an opening would lose, the middle of a thin stroke, is kept at each step."""
    kept = torch.zeros_like(images)
    for step in range(int(steps.max())):
        going = steps > step
        now = images[going]
        eroded = 255 - _widest(255 - now, step)
        lost = now - torch.minimum(now, _widest(eroded, step))
        # A stroke with soft edges loses a little at each step: what it loses in all is its brightness.
        kept[going] += torch.minimum(lost, 255 - kept[going])
        images[going] = eroded
    return torch.maximum(images, kept)


def _widest(images: torch.Tensor, step: int) -> torch.Tensor:
    """Each pixel's brightest neighbour: of eight, or every second time of four, which makes a pen almost round."""
    x = F.pad(images, (1, 1, 1, 1))
    across = torch.maximum(torch.maximum(x[:, :, :-2], x[:, :, 1:-1]), x[:, :, 2:])
    if step % 2 == 0:  # all eight
        return torch.maximum(torch.maximum(across[:, :-2], across[:, 1:-1]), across[:, 2:])
    upright = torch.maximum(x[:, :-2, 1:-1], x[:, 2:, 1:-1])
    return torch.maximum(across[:, 1:-1], upright)
