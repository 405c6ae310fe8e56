"""What operators are timed on: patches of random values, because time may depend on them.

Images of roads have areas of one class, and so do their logits. In noise every pixel is another
class, a processor guesses wrong which comparison holds, and ARG_MAX takes twice as long.
"""

import numpy as np

SIDE = 16  # pixels


def patches(shape: tuple[int, ...]) -> np.ndarray:
    """Random values in [0, 1) that are the same all over squares of `SIDE` x `SIDE` pixels.

    Args:
        shape: (B, H, W, C); any other is filled with values of which each is another one.

    Returns:
        float64 of that shape, always the same.
    """
    generator = np.random.default_rng(0)
    if len(shape) != 4:
        return generator.random(shape)
    batch, height, width, channels = shape
    coarse = generator.random((batch, -(-height // SIDE), -(-width // SIDE), channels))
    return coarse.repeat(SIDE, axis=1).repeat(SIDE, axis=2)[:, :height, :width]
