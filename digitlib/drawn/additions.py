"""What is added to images to learn from: digits in other styles, digits redrawn with any pen, things that are none.

All of it is drawn by program before the training, from the training images alone, and the same seed draws the same.
"""

import math
from dataclasses import dataclass

from digitlib.data import Images
from digitlib.drawn import nondigits, redrawn, styles
from digitlib.plain import make_plain

__all__ = ["Additions"]


@dataclass(frozen=True)
class Additions:
    """How much is added, for each image that is there.

    Attributes:
        styles: digits in other styles (:mod:`digitlib.drawn.styles`).
        redrawn: images redrawn with any pen (:func:`digitlib.drawn.redrawn.mixed`); those in other styles too.
        degraded: the part of the redrawn ones, 0 to 1, that have few pixels, pale ink and a grey ground.
        nondigits: things that are no digits (:mod:`digitlib.drawn.nondigits`), for each image or redrawn image.

    Raises:
        ValueError: a share below 0 or not finite, a part not from 0 to 1, or degraded ones where none are redrawn.

    >>> import torch
    >>> from digitlib.data import Images
    >>> from digitlib.drawn import styles
    >>> from digitlib.drawn.additions import Additions
    >>> fours = Images(styles.draw("4 left open", 20, seed=0), torch.full((20,), 4))
    >>> more = Additions(redrawn=1, nondigits=0.4)
    >>> len(more.to(fours, seed=0)), more.none  # 20, 20 redrawn, and 16 that are no digits
    (56, True)
    >>> Additions(degraded=0.5)
    Traceback (most recent call last):
    ValueError: expected redrawn above 0 with degraded 0.5, got 0.0
    """

    styles: float = 0.0
    redrawn: float = 0.0
    degraded: float = 0.0
    nondigits: float = 0.0

    def __post_init__(self) -> None:
        make_plain(self)
        for name in ("styles", "redrawn", "nondigits"):
            share = getattr(self, name)
            if not 0 <= share < math.inf:
                raise ValueError(f"expected {name} of 0 or more, got {share}")
        if not 0 <= self.degraded <= 1:
            raise ValueError(f"expected degraded from 0 to 1, got {self.degraded}")
        if self.degraded and not self.redrawn:
            raise ValueError(
                f"expected redrawn above 0 with degraded {self.degraded}, got {self.redrawn}"
            )

    @property
    def none(self) -> bool:
        """Whether something is added that belongs to no class, which a model needs one output more for."""
        return self.nondigits > 0

    def to(self, images: Images, seed: int) -> Images:
        """The images, and after them what is added; the seed decides the drawings.

        Raises:
            ValueError: images that can't be drawn: styles and non-digits are for the ten digits, and what is redrawn
                must have been prepared as digits are.
        """
        if self.styles:
            images = styles.mixed(images, self.styles, seed)
        if self.redrawn:
            images = redrawn.mixed(images, self.redrawn, seed, self.degraded)
        if self.nondigits:
            images = nondigits.mixed(images, self.nondigits, seed)
        return images
