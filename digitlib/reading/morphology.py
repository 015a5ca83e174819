"""Mathematical morphology with squares (Serra, 1982), of masks and of grey levels, in numpy.

What lies outside an image counts for nothing: at its rim a square is smaller.
"""

import numpy as np

__all__ = ["closed", "dilated", "eroded", "opened", "outline"]


def dilated(image: np.ndarray, width: int) -> np.ndarray:
    """The maximum over a square around each pixel.

    Args:
        image: booleans or uint8, ``(H, W)``.
        width: the square's, in pixels; odd, so that it has a middle.

    >>> import numpy as np
    >>> dilated(np.eye(4, dtype=bool)[:2], 3).astype(int).tolist()
    [[1, 1, 1, 0], [1, 1, 1, 0]]
    """
    half = width // 2
    for _ in range(2):
        image = np.pad(image.T, ((half, half), (0, 0)))
        covered = 1
        while covered < width:  # a maximum over 1, 2, 4, … rows
            step = min(covered, width - covered)
            image = np.maximum(image[:-step], image[step:])
            covered += step
    return image


def eroded(image: np.ndarray, width: int) -> np.ndarray:
    """The minimum over a square around each pixel. Args are those of :func:`dilated`.

    >>> import numpy as np
    >>> eroded(np.array([[7, 9, 8, 9]], dtype=np.uint8), 3).tolist()
    [[7, 7, 8, 8]]
    """
    return np.invert(dilated(np.invert(image), width))


def closed(image: np.ndarray, width: int) -> np.ndarray:
    """Grey levels in which what is darker than around it, and narrower than ``width``, is filled.

    The square may reach beyond the rim: slopes of light, the edges of wide shadows and what is dark along the rim stay
    as they are. Args are those of :func:`dilated`.

    >>> import numpy as np
    >>> closed(np.array([[5, 9, 2, 2, 9, 9]], dtype=np.uint8), 3).tolist()
    [[5, 9, 9, 9, 9, 9]]
    """
    half = width // 2
    filled = eroded(dilated(np.pad(image, half), width), width)
    return filled[half : half + image.shape[0], half : half + image.shape[1]]


def opened(image: np.ndarray, width: int) -> np.ndarray:
    """Grey levels in which what is brighter than around it, and narrower than ``width``, is gone.

    See :func:`closed`.

    >>> import numpy as np
    >>> opened(np.array([[5, 5, 9, 5, 5]], dtype=np.uint8), 3).tolist()
    [[5, 5, 5, 5, 5]]
    """
    return np.invert(closed(np.invert(image), width))


def outline(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask ``(H, W)`` that have a neighbour outside it, above, below, left or right.

    >>> import numpy as np
    >>> outline(np.ones((3, 4), dtype=bool)).astype(int).tolist()
    [[1, 1, 1, 1], [1, 0, 0, 1], [1, 1, 1, 1]]
    """
    around = np.pad(mask, 1)
    inner = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    return mask & ~inner
