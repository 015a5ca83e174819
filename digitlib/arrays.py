"""Images and labels that are in memory already, as arrays or tensors, become bytes of 28 x 28 and whole numbers.

Bytes of that size are taken as they are, without a copy where they can be; anything else is prepared one by one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from digitlib.folder import Pictures, composed, gather, left_out
from digitlib.plain import listed
from digitlib.preprocess import SIDE, check_preparation
from digitlib.weights import DIGITS, check_answers, usual_preparation

__all__ = ["read"]


def read(
    images: Any,
    labels: Any,
    classes: Sequence[str] | None = None,
    preparation: str | None = None,
) -> Pictures:
    """Take arrays, tensors or lists as images with labels.

    Args:
        images: uint8 ``(N, 28, 28)``, which stay as they are, or ``(N, H, W)``, whole numbers 0 to 255 or floats 0 to
            1, bright on dark, of which those without ink are left out, and named in a warning by their places. Whole
            numbers that are 0 and 1 alone are masks, and count as 0 and 255.
        labels: ``(N,)``, whole numbers 0 to C - 1, or names.
        classes: the C names; None for the ten digits, or for the labels' own, sorted.
        preparation: how images were prepared, or are to be; None for what is usual.

    Raises:
        ValueError: other shapes, grey levels or labels.

    >>> found = read(np.ones((3, 9, 9)), ["dog", "cat", "dog"])
    >>> found.images.shape, found.labels.tolist(), found.classes
    ((3, 28, 28), [1, 0, 1], ('cat', 'dog'))
    """
    images = _unmasked(_array(images))
    if images.ndim != 3:
        raise ValueError(f"expected images (N, H, W), got {images.shape}")
    if labels is None:
        raise ValueError(f"expected labels ({len(images)},) beside the images, got none")
    labels = _array(labels)
    if labels.shape != images.shape[:1]:
        raise ValueError(f"expected labels ({len(images)},), one an image, got {labels.shape}")
    numbers, known = _numbers(labels, classes)
    preparation = preparation or usual_preparation(known)
    check_preparation(preparation)
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
        images, kept = _prepared(images, preparation)
        numbers = numbers[kept]
    return Pictures(np.require(images, requirements=["C", "W"]), numbers, known, preparation)


def _array(values: Any) -> np.ndarray:
    if not isinstance(values, torch.Tensor):
        return np.asarray(values)
    values = values.detach().cpu()
    return (values.float() if values.dtype == torch.bfloat16 else values).numpy()


def _unmasked(images: np.ndarray) -> np.ndarray:
    """The images, of masks, whole numbers 0 and 1 alone, with ink as strong as it can be."""
    if images.dtype.kind in "iu" and images.size and images.max() == 1 and images.min() == 0:
        # Bytes stay bytes, since of those alone the size says whether they are prepared.
        return images.astype(np.uint8 if images.dtype == np.uint8 else np.int64) * 255
    return images


def _prepared(images: np.ndarray, preparation: str) -> tuple[np.ndarray, np.ndarray]:
    """The images that hold ink, prepared, and their places."""
    taken = gather(images.__getitem__, len(images), preparation)
    for place, reason in taken.unreadable.items():
        raise ValueError(f"image {place}: {reason}")
    left_out("images", blank=list(map(str, taken.blank)))
    return taken.images, taken.kept


def _alike(labels: np.ndarray) -> np.ndarray:
    """Objects that are all names, or all whole numbers; with a None or NaN among them they are neither."""
    if all(isinstance(label, int | np.integer) for label in labels):
        return labels.astype(np.int64)
    if all(isinstance(label, str) for label in labels):
        return labels
    odd = [label for label in labels if not isinstance(label, str | int | np.integer)]
    got = f"{odd[0]!r} among them" if odd else "both"
    raise ValueError(f"expected labels as whole numbers or names, got {got}")


def _numbers(
    labels: np.ndarray, classes: Sequence[str] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The labels as whole numbers, int64, and what they count."""
    if labels.dtype.kind == "O":
        labels = _alike(labels)
    names = [composed(str(label)) for label in labels] if labels.dtype.kind in "UO" else None
    given = classes if classes is not None else sorted(set(names)) if names is not None else DIGITS
    known = check_answers(given, "picture")
    if names is not None:
        place = {composed(name): number for number, name in enumerate(known)}
        if unknown := sorted(set(names) - set(place)):
            raise ValueError(f"expected labels out of {listed(known)}, got {listed(unknown)}")
        return np.array([place[name] for name in names], dtype=np.int64), known
    if labels.dtype.kind not in "biu" and len(labels):
        raise ValueError(f"expected labels as whole numbers or names, got {labels.dtype}")
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(known):
        raise ValueError(
            f"expected labels 0 to {len(known) - 1}, got {labels.min()} to {labels.max()}"
            + ("; name their classes" if classes is None else "")
        )
    return labels.astype(np.int64), known
