"""Pictures to hang on surfaces, with smaller copies so that far surfaces do not flicker."""

import cv2
import numpy as np


def noise(rng: np.random.Generator, size: tuple[int, int], cell: tuple[int, int]) -> np.ndarray:
    """Smooth random values in [0, 1], float32 of `size` (H, W), which tile without a seam.

    Args:
        rng: Decides the values.
        size: (height, width) in pixels.
        cell: (height, width) in pixels of what is about equally bright.
    """
    counts = [max(1, round(pixels / step)) for pixels, step in zip(size, cell, strict=True)]
    coarse = rng.random(counts, dtype="float32")
    # Two cells repeated on each side make the interpolation meet itself at the borders.
    framed = cv2.copyMakeBorder(coarse, 2, 2, 2, 2, cv2.BORDER_WRAP)
    scale = [pixels / count for pixels, count in zip(size, counts, strict=True)]
    height, width = (round(step * (count + 4)) for step, count in zip(scale, counts, strict=True))
    smooth = cv2.resize(framed, (width, height), interpolation=cv2.INTER_CUBIC)
    top, left = round(2 * scale[0]), round(2 * scale[1])
    return np.clip(smooth[top : top + size[0], left : left + size[1]], 0, 1)


def fractal(rng: np.random.Generator, size: tuple[int, int], cell: int, octaves: int) -> np.ndarray:
    """Cloud-like random values around 0.5, float32 of `size` (H, W), which tile without a seam."""
    total, weight = np.zeros(size, "float32"), 0.0
    for octave in range(octaves):
        step = max(1, cell >> octave)
        total += noise(rng, size, (step, step)) * 0.55**octave
        weight += 0.55**octave
    return total / weight


class Texture:
    """A picture on a surface.

    Args:
        pixels: uint8 (H, W, 3) colors, or (H, W, 4) with opacity.

    Attributes:
        size: (height, width) of `pixels`.
    """

    def __init__(self, pixels: np.ndarray):
        self.size = pixels.shape[:2]
        self._smaller = {(0, 0): np.ascontiguousarray(pixels)}

    def fitting(self, height: float, width: float) -> np.ndarray:
        """The smallest copy that still has about a texel per pixel at a size on the screen.

        Height and width shrink apart from each other: a wall seen at a slant is as high as ever.
        """
        halvings = tuple(
            max(int(full / max(pixels, 1.0)).bit_length() - 1, 0)
            for full, pixels in zip(self.size, (height, width), strict=True)
        )
        if halvings not in self._smaller:
            shape = tuple(
                max(1, full >> halving) for full, halving in zip(self.size, halvings, strict=True)
            )
            self._smaller[halvings] = cv2.resize(
                self._smaller[0, 0], shape[::-1], interpolation=cv2.INTER_AREA
            )
        return self._smaller[halvings]
