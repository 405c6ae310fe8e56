"""Fully-connected CRF: every pixel pulls those of like colour and place to its own class.

Reference: Krähenbühl and Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge
Potentials", NeurIPS 2011, https://arxiv.org/abs/1210.5644
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from seg_keras.layers.permutohedral import PermutohedralLattice


@dataclasses.dataclass(frozen=True)
class DenseCRF:
    """Refines the class probabilities of an image by mean-field inference.

    The default parameters are those that DeepLab v2 on ResNet-101 was refined with.

    Args:
        iterations: Steps of the inference.
        bilateral_weight: How much pixels of like colour count.
        bilateral_xy: Width of that kernel in pixels.
        bilateral_rgb: Its width in steps of colour, of 255.
        spatial_weight: How much neighbours count, whatever their colour.
        spatial_xy: Width of that kernel in pixels.
        compatibility: What it costs that pixels of class i and j are neighbours, as rows
            (num_classes, num_classes); None for Potts, 1 where they differ.
    """

    iterations: int = 10
    bilateral_weight: float = 4.0
    bilateral_xy: float = 67.0
    bilateral_rgb: float = 3.0
    spatial_weight: float = 3.0
    spatial_xy: float = 1.0
    compatibility: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self):
        for name in ("bilateral_xy", "bilateral_rgb", "spatial_xy"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}. Give a width above 0.")

    def __call__(self, image: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Refined probabilities.

        Args:
            image: uint8 (H, W, 3) RGB.
            probabilities: (H, W, num_classes); with one class, that of class 1 against class 0.

        Returns:
            float32 (H, W, num_classes), summing to 1 at every pixel if there are several.

        Raises:
            ValueError: If the shapes do not fit each other.
        """
        self._check(image, probabilities)
        if probabilities.shape[-1] == 1:
            both = np.concatenate([1 - probabilities, probabilities], axis=-1)
            return self(image, both)[..., 1:]
        height, width, num_classes = probabilities.shape
        certain = probabilities.reshape(-1, num_classes).astype("float32")
        logits = np.log(np.clip(certain, 1e-5, 1.0))  # less the unary potential
        kernels = (
            (self.bilateral_weight, _NormalizedFilter(self._bilateral_features(image))),
            (self.spatial_weight, _NormalizedFilter(_positions(height, width) / self.spatial_xy)),
        )
        refined = _softmax(logits)
        for _ in range(self.iterations):
            message = sum(weight * kernel(refined) for weight, kernel in kernels if weight)
            if self.compatibility is not None:
                message = -message @ np.asarray(self.compatibility, "float32").T
            refined = _softmax(logits + message)
        return refined.reshape(probabilities.shape)

    def _bilateral_features(self, image: np.ndarray) -> np.ndarray:
        positions = _positions(*image.shape[:2]) / self.bilateral_xy
        colors = image.reshape(-1, 3).astype("float64") / self.bilateral_rgb
        return np.concatenate([positions, colors], axis=1)

    def _check(self, image: np.ndarray, probabilities: np.ndarray) -> None:
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
            raise ValueError(
                f"The image is {image.dtype} {image.shape}, expected uint8 (height, width, 3)."
            )
        if probabilities.ndim != 3 or probabilities.shape[:2] != image.shape[:2]:
            raise ValueError(
                f"The probabilities are {probabilities.shape} for an image of "
                f"{image.shape[0]}x{image.shape[1]} pixels, expected ({image.shape[0]}, "
                f"{image.shape[1]}, num_classes). Resize them to the image."
            )
        num_classes = max(2, probabilities.shape[-1])
        if self.compatibility is not None:
            shape = np.shape(self.compatibility)
            if shape != (num_classes, num_classes):
                raise ValueError(
                    f"The compatibility is {shape} for {num_classes} classes. Give a cost for "
                    f"every pair of them."
                )


class _NormalizedFilter:
    """D^-1/2 K D^-1/2 with D the sums of K's rows."""

    def __init__(self, features: np.ndarray):
        self._lattice = PermutohedralLattice(features)
        ones = np.ones((len(features), 1), "float32")
        self._norm = 1 / np.sqrt(self._lattice.filter(ones) + 1e-20)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return self._norm * self._lattice.filter(self._norm * values)


def _positions(height: int, width: int) -> np.ndarray:
    """Row and column of every pixel: (H W, 2)."""
    return np.indices((height, width)).reshape(2, -1).T.astype("float64")


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def search_crf(
    score: Callable[[DenseCRF], float],
    start: DenseCRF | None = None,
    factors: tuple[float, ...] = (2.0, 1.4),
) -> DenseCRF:
    """Finds the bilateral weight and widths that score best, coarsely first, then finely.

    The DeepLab papers choose them in this way on some 100 images of the validation set.

    Args:
        score: Judges a CRF, higher is better: such as the mean IoU of what it refines.
        start: Where the search begins; None for the default parameters.
        factors: By how much a parameter is changed up and down, one round for each factor. A
            round goes on until no change helps.
    """
    best = start or DenseCRF()
    best_score = score(best)
    names = ("bilateral_weight", "bilateral_xy", "bilateral_rgb")
    for factor in factors:
        improved = True
        while improved:
            improved = False
            for name, change in ((n, c) for n in names for c in (factor, 1 / factor)):
                other = dataclasses.replace(best, **{name: getattr(best, name) * change})
                other_score = score(other)
                if other_score > best_score:
                    best, best_score, improved = other, other_score, True
    return best
