"""Which components of a picture are one sign: the likeliest, and what belongs to it.

The likeliest is strong, large, and neither a hair nor a patch, an edge or a speck. With it stay those that are as
strong and as wide and lie near it, and others as large as it is: two digits on a page are two digits. Dust, text,
buttons, frames and what reaches in from the rim go.
"""

import numpy as np

from digitlib.reading.components import Components, filled
from digitlib.reading.morphology import outline

__all__ = ["SPECK", "belonging", "frames", "scores"]

SPECK = 0.02
"""What is smaller than this part of the picture's longer side is a speck."""

# In a picture whose longer side is smaller, whatever there is lies along the ground's edges.
THUMBNAIL = 200


def scores(components: Components, hems: np.ndarray) -> np.ndarray:
    """How likely each component is the main part of a sign, 0 or more; the numbers mean nothing beside others'.

    Args:
        components: of one picture.
        hems: where the ground has an edge, booleans ``(H, W)``.

    >>> import numpy as np
    >>> mask = np.zeros((120, 100), dtype=bool)
    >>> mask[10:90, 20:30] = mask[100, 5:95] = mask[5, 5] = True  # a stroke, a hair and a speck
    >>> found = scores(Components.of(mask, 200.0 * mask), np.zeros_like(mask))
    >>> found.argmax().item(), found[0].item()  # they are numbered from above
    (1, 0.0)
    """
    width, size = components.width, components.size
    likely = components.strength * size * (width / (0.03 * size)).clip(0.1, 1) ** 2
    likely[width > 0.4 * size] *= 0.4
    likely[components.touches] *= 0.1
    likely[_rods(components)] *= 0.1
    # What is flat may lie under a sign, and is none itself.
    likely[components.height < 0.2 * components.breadth] *= 0.3
    likely[(size < SPECK * max(hems.shape)) | (components.area < 12)] = 0
    along_hems = components.sums(hems) > 0.4 * components.area
    likely[along_hems] *= 0.1
    if max(hems.shape) > THUMBNAIL:
        # The wedge in a page's corner that no upright square reaches: one side of three is an edge of the ground.
        rims = outline(components.labels > 0)
        likely[components.sums(rims & hems) > 0.35 * components.sums(rims)] = 0
    likely[frames(components)] = 0
    return likely


def frames(components: Components) -> np.ndarray:
    """Which components are frames: with corners, or closed around something nearly as high; booleans ``(n,)``.

    Within a frame with corners there is something of some size, and the middle is free of the frame.

    >>> import numpy as np
    >>> mask = np.zeros((60, 60), dtype=bool)
    >>> mask[5:55, 5:55] = True
    >>> mask[8:52, 8:52] = False
    >>> mask[20:40, 30:34] = True
    >>> frames(Components.of(mask, 200.0 * mask)).tolist()
    [True, False]
    """
    found = np.zeros(components.n, dtype=bool)
    size, box = components.size, components.box
    for k in np.flatnonzero(size > 0.1 * max(components.labels.shape)):
        inside = (box[:, :2] > box[k, :2]).all(1) & (box[:, 2:] < box[k, 2:]).all(1)
        if not (inside & (size > 0.2 * size[k])).any():
            continue
        top, left, bottom, right = box[k]
        labels = components.labels[top : bottom + 1, left : right + 1]
        own = labels == k + 1
        y, x = (max(1, side // 7) for side in own.shape)
        corners = own[:y, :x], own[:y, -x:], own[-y:, :x], own[-y:, -x:]
        empty = not own[2 * y : -2 * y, 2 * x : -2 * x].any()
        found[k] = empty and sum(corner.any() for corner in corners) >= 3
        high = inside & (components.height > 0.4 * components.height[k])
        found[k] |= high.any() and _surrounds(own, labels, high)
    return found


def _surrounds(own: np.ndarray, labels: np.ndarray, others: np.ndarray) -> bool:
    """Whether a component, as a mask, is closed around one of others ``(n,)``, of which it shows the numbers."""
    held = np.bincount(labels[filled(own) & ~own], minlength=len(others) + 1)[1:]
    there = np.bincount(labels[labels > 0], minlength=len(others) + 1)[1:]
    return bool((others & (held == there)).any())


def belonging(components: Components, main: int) -> np.ndarray:
    """Which components are kept with the main one, its own parts and other signs: booleans ``(n,)``.

    >>> import numpy as np
    >>> mask = np.zeros((60, 100), dtype=bool)
    >>> mask[10:50, 20:25] = mask[12:16, 29:42] = mask[55:58, 90:93] = True  # a stroke, a flag and a grain of dust
    >>> belonging(Components.of(mask, 200.0 * mask), main=0).tolist()
    [True, True, False]
    """
    size, strength, width = components.size, components.strength, components.width
    height, breadth = components.height, components.breadth
    alike = (strength >= 0.5 * strength[main]) & (strength <= 2 * strength[main])
    near = alike & (width >= 0.3 * width[main]) & (width <= 3 * width[main])
    near &= (components.gap(main) <= 0.35 * size[main]) & (size >= 0.12 * size[main])
    near &= ~components.touches | components.touches[main]
    # Another sign may be of another pen.
    another = alike & (width >= 0.12 * width[main]) & (width <= 8 * width[main])
    another &= (height >= 0.5 * height[main]) & (breadth < 2 * height)
    another &= (size < 1.7 * size[main]) & (width > 0.02 * size) & ~components.touches
    kept = near | another | (alike & components.within(main))
    kept &= ~_in_a_row(components, main) & ~frames(components) & ~_underlines(components, main)
    kept &= ~_rods(components) | (size < 1.2 * size[main])
    kept[main] = True
    return kept


def _rods(components: Components) -> np.ndarray:
    """Which components are straight and nearly as long as the picture: a pen that lies there, a ruler's edge."""
    height, width = components.labels.shape
    long = (components.height > 0.65 * height) | (components.breadth > 0.65 * width)
    return long & (components.spread < 0.03 * components.size)


def _underlines(components: Components, main: int) -> np.ndarray:
    """Which components are flat and lie below the main one, as no part of a digit does: the foot of a 1 is nearer."""
    apart = components.box[:, 0] - components.box[main, 2]
    flat = components.height < 0.3 * components.breadth
    long = components.breadth > 0.5 * components.breadth[main]
    return flat & long & (apart > 0.07 * components.size[main])


def _in_a_row(components: Components, main: int) -> np.ndarray:
    """Which components outside the main one stand in a row with two others of their height: text, or buttons."""
    found = np.zeros(components.n, dtype=bool)
    size, height = components.size, components.height
    some = ~components.within(main) & (size < 0.5 * size[main])
    at = np.flatnonzero(some & (size > SPECK * max(components.labels.shape)))
    if 3 <= len(at) <= 300:
        height, middle = height[at], components.box[at][:, [0, 2]].mean(1)
        level = abs(middle[:, None] - middle) < 0.4 * height[:, None]
        level &= abs(np.log(height[:, None] / height)) < 0.5
        found[at] = level.sum(1) >= 3
    return found
