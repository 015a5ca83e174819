"""One digit made worse in four ways at once, each by as much as is wanted: what a reader's sliders do.

The ways are those of :mod:`digitlib.report.corruptions`, which draws their directions by chance; here one says them.
A page computes the same (``book/_static/figures/spoil.mjs``).
"""

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from digitlib.augment import Deform
from digitlib.data import scale
from digitlib.preprocess import SIDE
from digitlib.report.corruptions import CORRUPTIONS

__all__ = ["Spoiling"]


@dataclass(frozen=True)
class Spoiling:
    """How a digit is spoilt: another pen, then turned, blurred and moved.

    Attributes:
        pen: pixels by which each edge of a stroke moves outwards, from -1, which makes it thinner, to 2.
        turn: degrees with the clock.
        blur: standard deviation in pixels.
        right: whole pixels, up to 28 either way; what goes over the edge is lost.
        down: likewise.

    >>> from digitlib.drawn import styles
    >>> fours = styles.draw("4 left open", 3, seed=0)
    >>> moved = Spoiling(right=2)(fours)
    >>> bool((moved[:, :, 2:] == fours[:, :, :-2]).all()), bool(moved[:, :, :2].any())
    (True, False)
    >>> bool((Spoiling(pen=1)(fours) >= fours).all())
    True
    """

    pen: float = 0
    turn: float = 0
    blur: float = 0
    right: int = 0
    down: int = 0

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Spoil uint8 images ``(N, 28, 28)``, all in the same way; returns such images."""
        random = torch.Generator()  # which nothing here follows
        worse = scale(images)
        if self.pen:
            kind = "thicker" if self.pen > 0 else "thinner"
            worse = CORRUPTIONS[kind].apply(worse, abs(self.pen), random)
        if self.turn:
            worse = Deform(rotation=(-self.turn, -self.turn))(worse, random)
        if self.blur:
            worse = CORRUPTIONS["blur"].apply(worse, self.blur, random)
        wide = F.pad(worse, [SIDE] * 4)
        top, left = SIDE - self.down, SIDE - self.right
        moved = wide[:, top : top + SIDE, left : left + SIDE]
        return (255 * moved).round().clamp(0, 255).to(torch.uint8)
