"""The ground at each place of a picture, and how far each pixel differs from it.

The ground, in each channel, is a closing or an opening: what would be there if all that is darker, or brighter, than
around it and narrower than a given width were gone. Ink is darker than its ground where that ground has fewer edges, so
light may be as uneven as it likes. Channels are weighed as the strongest pixels have them: ink is what differs in any.
"""

from dataclasses import dataclass

import numpy as np

from digitlib.reading import sheet
from digitlib.reading.morphology import closed, dilated, eroded, opened

__all__ = ["GRAIN", "LEAST", "Seen", "paper", "ways"]

LEAST = 16
"""Grey levels, of 255, by which ink differs from its ground at least."""
GRAIN = 5
"""And so many times the spread of the paper's grain."""

# Paper is of two levels where the variance between them is so much of the whole: 0.64 in one that is distributed
# normally.
TWO = 0.7


@dataclass(frozen=True)
class Seen:
    """A picture against its ground.

    Attributes:
        strength: how far each pixel differs from its ground, towards ink, in grey levels, float32 ``(H, W)``.
        jumps: where the ground itself has an edge, booleans ``(H, W)``.
        even: whether the ground is of one level.

    >>> import numpy as np
    >>> page = np.full((1, 60, 90), 200, dtype=np.uint8)
    >>> page[:, 20:40, 30:34] = 50
    >>> [seen] = ways(page, width=31)
    >>> isinstance(seen, Seen), seen.strength[30, [0, 31]].tolist(), seen.even
    (True, [0.0, 150.0], True)
    """

    strength: np.ndarray
    jumps: np.ndarray
    even: bool


def ways(planes: np.ndarray, width: int) -> list[Seen]:
    """The ways to see a picture: one, or three where ink seems darker in one channel and brighter in another.

    Args:
        planes: the channels, uint8 ``(C, H, W)``.
        width: what is as wide, in pixels, belongs to the ground; odd.

    Returns:
        none where nothing differs from its ground by :data:`LEAST`.

    >>> import numpy as np
    >>> green = np.stack([np.full((60, 90), level, dtype=np.uint8) for level in (60, 160, 60)])
    >>> len(ways(green, width=31))
    0
    >>> green[:, 20:40, 30:34] = [[[200]], [[60]], [[60]]]  # red
    >>> len(ways(green, width=31))
    3
    """
    grounds = [(plane, closed(plane, width), opened(plane, width)) for plane in planes]
    grounds = [one for one in grounds if int((one[1] - one[2]).max()) >= LEAST]
    if not grounds:
        return []
    dark = [_is_dark(*one) for one in grounds]
    ways = [dark]
    if len(set(dark)) > 1:
        ways += [[True] * len(dark), [False] * len(dark)]
    return [
        _together([_against(*one, side) for one, side in zip(grounds, way, strict=True)])
        for way in ways
    ]


def _is_dark(plane: np.ndarray, above: np.ndarray, below: np.ndarray) -> bool:
    """Whether ink is darker than its ground, which then is the closing: of both, the ground has the fewer edges."""
    darker, brighter = _edges(above, below), _edges(below, above)
    if max(darker, brighter) > 1.3 * min(darker, brighter):
        return darker < brighter
    level = plane.mean()
    return bool(above.mean() - level <= level - below.mean())


def _edges(ground: np.ndarray, other: np.ndarray) -> float:
    """How much a ground has of sharp edges, slopes of light not counted, that another has not."""
    total = 0.001
    for one, two in ((ground, other), (ground.T, other.T)):
        if len(one) > 3:
            own, others = (abs(image[3:].astype(np.int16) - image[:-3]) for image in (one, two))
            total += float((own - others - LEAST // 2).clip(min=0).mean())
    return total


def _against(plane: np.ndarray, above: np.ndarray, below: np.ndarray, dark: bool) -> Seen:
    """One channel against its ground, the closing or the opening."""
    ground = above if dark else below
    # Where the ground itself has an edge, of a sheet or a shadow, that edge is all that is seen.
    jumps = dilated(ground, 5) - eroded(ground, 5) > 1.5 * LEAST
    even = np.ptp(np.quantile(ground, [0.01, 0.99])) <= LEAST / 2
    levels = ground.astype(np.float32)
    # Paper swallows a part of its light, a screen and a board have light of their own.
    swallowed = (levels - plane) * (np.median(levels) / levels.clip(min=32))
    strength = swallowed if dark else plane - levels
    strength[jumps] = 0
    return Seen(strength, jumps, bool(even))


def _together(channels: list[Seen]) -> Seen:
    """Channels as one, each weighed as the strongest pixels have it, as bright as the strongest channel."""
    if len(channels) == 1:
        return channels[0]
    strengths = np.stack([channel.strength for channel in channels])
    highest = strengths.max(0)
    strong = highest >= max(LEAST, np.quantile(highest, 0.98) / 2)
    means = strengths[:, strong].mean(1) if strong.any() else np.ones(len(channels))
    weights = means * means.max() / (means @ means)
    return Seen(
        np.tensordot(weights, strengths, 1).astype(np.float32),
        np.any([channel.jumps for channel in channels], axis=0),
        all(channel.even for channel in channels),
    )


def paper(strength: np.ndarray) -> tuple[float, float]:
    """How strong most of the paper seems, of strengths ``(H, W)``, and the spread of its grain.

    Where that spread drowns all ink but the paper is of two levels, as in the shadow of leaves or on a chequered
    ground, it is those of the level that is nearer to ink.

    >>> import numpy as np
    >>> grain = np.random.RandomState(0).normal(7, 2, (100, 100))
    >>> [round(value, 1) for value in paper(grain)]
    [6.9, 2.0]
    """
    middle, spread = _middle(strength)
    if not spread or GRAIN * spread < strength.max() - middle:
        return middle, spread
    no_ink = strength[strength < middle + GRAIN * spread / 2].clip(0, 255)
    level, apart = sheet.otsu(no_ink)
    if apart < TWO * no_ink.size**2 * no_ink.var():
        return middle, spread
    return _middle(no_ink[no_ink > level])


def _middle(strength: np.ndarray) -> tuple[float, float]:
    """The median, and what would be the standard deviation if it were distributed normally."""
    median = np.median(strength)
    return float(median), 1.4826 * float(np.median(abs(strength - median)))
