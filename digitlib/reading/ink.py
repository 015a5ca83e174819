"""The ink in a picture, whatever the picture is: a scan, a photo, a cut-out, a screen, a board.

1. **Opacity.** What is cut out along its own strokes is ink where it is opaque. Of any other picture the transparent
   parts look as the rim of the opaque ones does.
2. **A sheet** that lies on something else (:mod:`digitlib.reading.sheet`) is read alone.
3. **The ground** at each place, and how far a pixel differs from it: :mod:`digitlib.reading.ground`.
4. **Grain**, by its spread over the whole picture, counts for nothing.
5. **Components** of what is left, without printed lines (:mod:`digitlib.reading.ruling`): the likeliest, and what
   belongs to it (:mod:`digitlib.reading.sign`).
6. Once the pen is known, **the ground is sought again**, as wide as five pens, and kept if the strongest ink stays: a
   hand's shadow is wider than that.

A small picture on an even ground is taken as it is: what differs from its border's median by 32 levels.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image, ImageFilter

from digitlib.reading import ground, ruling, sheet, sign
from digitlib.reading.components import Components
from digitlib.reading.morphology import dilated, outline

__all__ = ["find"]

# Levels by which a small picture's ground may differ from its median.
NOISE = 32
# The longer side at which pictures are looked at; one whose longer side is smaller than the second has no grain.
LONGEST, SMALL = 768, 100
# Below this noise from pixel to pixel, in levels, nothing is smoothed: no camera took the picture.
CLEAN = 0.5
# Ink below this level isn't certain where there is noise.
FAINT = 20
# A sheet that is more slender may be a stroke, or what lies between two sheets.
SLENDER = 2.2
# A ground that is found once the pen is known is a closing as wide as so many pens.
PENS = 5
# Full ink below this level is pale, and made as bright as any: what a model learns of has black ink.
PALE = 80


def find(levels: np.ndarray, alpha: np.ndarray | None = None) -> np.ndarray:
    """The ink as a drawing, bright on dark.

    Args:
        levels: uint8 or floats from 0 to 255, grey ``(H, W)`` or in colour ``(H, W, 3)``.
        alpha: opacity from 0 to 1, ``(H, W)``; None where all is opaque.

    Returns:
        uint8 ``(h, w)``, the longer side at most 768 pixels; all 0 where nothing certain is found. Ink keeps its
        strength in a picture without noise, on an even ground, if it isn't pale; else the strongest is 255.

    >>> import numpy as np
    >>> paper = np.full((300, 400), 210.0) + np.random.RandomState(0).normal(0, 6, (300, 400))
    >>> paper[::40] = 150  # ruled
    >>> paper[90:250, 190:206] = 60  # a 1
    >>> drawing = find(paper.clip(0, 255))
    >>> np.argwhere(drawing > 127).min(axis=0).tolist(), np.argwhere(drawing > 127).max(axis=0).tolist()
    ([90, 190], [249, 205])
    """
    if alpha is not None:
        levels = _composed(levels, alpha)
    if max(levels.shape[:2]) < SMALL:
        drawing = _on_even_ground(levels)
        if drawing is not None:
            return drawing
    planes = _planes(levels)
    found = sheet.find(planes)
    if found is None:
        return _read(planes)[0]
    drawing = np.zeros(planes.shape[1:], dtype=np.uint8)
    top, left, bottom, right = found.box
    drawing[top:bottom, left:right], inside = _read(found.cut(planes))
    if found.slender < SLENDER and (inside or _noise(planes) >= CLEAN):
        return drawing
    whole, likely = _read(planes)
    # A thick stroke, a filled shape and the gutter of a book have next to nothing on them.
    return whole if likely > 2 * inside else drawing


def _composed(levels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Levels without opacity: of ink that is cut out itself its opacity, else with a ground behind what is opaque."""
    opaque = alpha > 0.9
    if not opaque.any():
        return 255 * alpha
    shown = levels[opaque].reshape(opaque.sum(), -1).astype(np.float32)
    low, high = np.quantile(shown, [0.001, 0.999], axis=0)
    y, x = np.nonzero(opaque)
    part = opaque.sum() / ((np.ptp(y) + 1) * (np.ptp(x) + 1))
    if (high - low).max() < 2 * ground.LEAST or part < 0.4:
        return np.floor(255 * alpha + 0.5)
    rim = opaque & dilated(~opaque, 5)
    behind = np.median(levels[rim if rim.any() else opaque], axis=0)
    return np.where(opaque if levels.ndim == 2 else opaque[..., None], levels, behind)


def _on_even_ground(levels: np.ndarray) -> np.ndarray | None:
    """What differs from the border's median; None where much of the picture differs from it.

    In colour, in the channel where most does.
    """
    if levels.ndim == 3:
        channels = [_on_even_ground(plane) for plane in np.moveaxis(levels, -1, 0)]
        return max((one for one in channels if one is not None), key=np.sum, default=None)
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    border = np.sort(border.astype(np.float32))
    # As np.median has it, whose checks take longer than a small picture's border.
    even = (border[(len(border) - 1) // 2] + border[len(border) // 2]) / 2
    bright = levels.astype(np.float32) - even
    if (abs(bright) < 2).mean() < 0.4:
        return None
    bright[abs(bright) < NOISE] = 0
    ink = -bright if bright.sum(dtype=np.float64) < 0 else bright
    return np.floor(ink.clip(min=0) + 0.5).astype(np.uint8)


def _planes(levels: np.ndarray) -> np.ndarray:
    """The channels, uint8 ``(C, h, w)``, the longer side at most ``LONGEST``."""
    planes = levels[None] if levels.ndim == 2 else np.moveaxis(levels, -1, 0)
    if planes.dtype != np.uint8:
        planes = np.floor(planes + 0.5).astype(np.uint8)
    height, width = planes.shape[1:]
    long = max(height, width)
    if long <= LONGEST:
        return planes
    size = max(1, width * LONGEST // long), max(1, height * LONGEST // long)
    images = [Image.fromarray(plane).resize(size, Image.Resampling.BOX) for plane in planes]
    return np.stack([np.asarray(image) for image in images])


def _read(planes: np.ndarray) -> tuple[np.ndarray, float]:
    """The ink on one sheet, and how likely it is a sign; smoothed, and more where grain is all that is found."""
    noise = _noise(planes)
    wide = 2 * max(1, max(planes.shape[1:]) // 6) + 1
    for radius in (0 if noise < CLEAN else min(3, max(1.2, noise / 8)), 3.5, 5):
        smooth = _smoothed(planes, radius)
        best, grainy = _likeliest(smooth, wide)
        if not grainy:
            break
    if best is None or (noise >= CLEAN and best.full < FAINT):
        return np.zeros(planes.shape[1:], dtype=np.uint8), 0.0
    as_it_is = noise < CLEAN and best.even and best.full >= PALE
    if not as_it_is and (pen := 2 * int(PENS * best.pen / 2) + 1) < wide:
        # What is much wider than the pen is ground: a hand's shadow, a highlighter's stroke.
        finer, grainy = _likeliest(smooth, pen)
        if finer is not None and not grainy and best.lives_on_in(finer):
            best = finer
    scale = 1 if as_it_is else 255 / best.full
    return np.floor((best.ink * scale).clip(0, 255) + 0.5).astype(np.uint8), best.score


def _likeliest(planes: np.ndarray, width: int) -> tuple["_Sign | None", bool]:
    """The likeliest sign of all ways to see a picture, if there is one; and whether one way shows nothing but grain."""
    signs = [_Layer.of(seen).found() for seen in ground.ways(planes, width)]
    clear = [one for one in signs if one.score > 0 and not one.grainy]
    best = max(clear, key=lambda one: one.score, default=None)
    return best, any(one.grainy for one in signs)


def _smoothed(planes: np.ndarray, radius: float) -> np.ndarray:
    if not radius:
        return planes
    blur = ImageFilter.GaussianBlur(radius)
    return np.stack([np.asarray(Image.fromarray(plane).filter(blur)) for plane in planes])


def _noise(planes: np.ndarray) -> float:
    """The standard deviation of the noise from pixel to pixel, in grey levels, at most places."""
    p = planes.astype(np.int16)
    steps = abs(p[:, 1:, 1:] - p[:, :-1, 1:] - p[:, 1:, :-1] + p[:, :-1, :-1])
    channels, height, width = steps.shape
    side = min(16, height, width)
    if not side:
        return 0.0
    rows, columns = height // side, width // side
    blocks = steps[:, : rows * side, : columns * side].reshape(channels, rows, side, columns, side)
    # Of four times the variance, the mean of what is distributed normally.
    return float(np.median(blocks.mean((2, 4)).max(0))) / 1.6


@dataclass(frozen=True)
class _Sign:
    """What is taken for the sign, or nothing but grain.

    Its ink, how strong full ink is, how likely it is a sign, and where ink is strongest, a paler shadow that touches it
    not counted.
    """

    ink: np.ndarray
    full: float = 1.0
    score: float = 0.0
    even: bool = True
    grainy: bool = False
    core: np.ndarray | None = None

    @property
    def pen(self) -> float:
        """How wide its strokes are, in pixels."""
        assert self.core is not None  # as there is a sign
        return 2 * float(self.core.sum() / outline(self.core).sum())

    def lives_on_in(self, other: "_Sign") -> bool:
        """Whether another reading has its strongest ink, too."""
        return bool(other.ink[self.core].sum() > 0.8 * self.ink[self.core].sum())


@dataclass(frozen=True)
class _Layer:
    """What stands out of the ground: the ink above the grain, where it may be, and where the ground has edges."""

    ink: np.ndarray
    least: float
    free: np.ndarray
    hems: np.ndarray
    even: bool

    @classmethod
    def of(cls, seen: ground.Seen) -> "_Layer":
        paper, spread = ground.paper(seen.strength)
        ink, least = seen.strength - paper, max(ground.LEAST, ground.GRAIN * spread)
        weak = ink >= least
        components = Components.of(weak, ink)
        weak &= ~components.mask(sign.frames(components)) & ~ruling.forms(components)
        return cls(ink, least, weak & ~ruling.printed(weak), dilated(seen.jumps, 9), seen.even)

    @cached_property
    def components(self) -> Components:
        """The components of all that stands out."""
        return Components.of(self.free, self.ink)

    def found(self) -> _Sign:
        """The main component, at the level where it is likeliest, and what belongs to it."""
        if not self.free.any():
            return _Sign(self.ink)
        components, main, score = self._main()
        if score <= 0:
            return _Sign(self.ink)
        if self._is_grain(components.area[main]):
            return _Sign(self.ink, grainy=True)
        own = np.where(components.labels == main + 1, self.ink, 0)
        full = float(np.quantile(own[own > 0], 0.9))
        strong = self.free & (self.ink >= 0.4 * full)
        components = Components.of(strong, self.ink)
        main = components.labels[np.unravel_index(own.argmax(), own.shape)] - 1
        kept = components.mask(sign.belonging(components, main))
        full = float(np.quantile(self.ink[components.labels == main + 1], 0.9))
        # Soft edges, but no hair that leads away.
        near = dilated(kept, 2 * max(1, int(components.width[main])) + 1)
        ink = np.where(kept | (near & self.free), self.ink, 0)
        core = (components.labels == main + 1) & (ink >= 0.7 * np.quantile(own[own > 0], 0.98))
        return _Sign(ink, full, score, self.even, core=core)

    def _main(self) -> tuple[Components, int, float]:
        """The likeliest component at any level: at a low one faint lines may join what a higher one parts."""
        best, level, components = None, self.least, self.components
        top = 0.6 * float(np.quantile(self.ink[self.free], 0.95))
        while best is None or level < top:
            if not components.n:
                break
            scores = sign.scores(components, self.hems)
            main = int(scores.argmax())
            if best is None or scores[main] > 1.15 * best[2]:
                best = components, main, float(scores[main])
            level *= 1.8
            components = Components.of(self.free & (self.ink >= level), self.ink)
        assert best is not None  # at the lowest level there is something
        return best

    def _is_grain(self, area: int) -> bool:
        """Whether there are so many specks that they are not dust."""
        if max(self.free.shape) <= SMALL:
            return False
        specks = self.components.size < sign.SPECK * max(self.free.shape)
        return bool(specks.sum() > 60 and self.components.area[specks].sum() > 0.25 * area)
