"""MNIST's file format, for tests."""

import numpy as np


def idx(array):
    """An array in MNIST's file format."""
    sizes = b"".join(int(size).to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()
