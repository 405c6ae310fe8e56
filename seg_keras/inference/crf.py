"""Fully-connected CRF: every pixel pulls those of like colour and place to its own class.

Reference: Krähenbühl and Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge
Potentials", NeurIPS 2011, https://arxiv.org/abs/1210.5644
"""

import dataclasses
from collections.abc import Callable

import numpy as np


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
        # SciPy's sparse matrices take their time to load, which only a CRF is worth.
        from seg_keras.layers.permutohedral import PermutohedralLattice

        self._check(image, probabilities)
        if probabilities.shape[-1] == 1:
            both = np.concatenate([1 - probabilities, probabilities], axis=-1)
            return self(image, both)[..., 1:]
        height, width, num_classes = probabilities.shape
        # Classes first, where softmax takes sums of whole images; the filters want them last.
        certain = np.array(probabilities.reshape(-1, num_classes).T, "float32", order="C")
        logits = np.log(np.clip(certain, 1e-5, 1.0))  # less the unary potential
        positions = _positions(height, width)
        colors = image.reshape(-1, 3) / self.bilateral_rgb
        bilateral = np.concatenate([positions / self.bilateral_xy, colors], axis=1)
        kernels = [
            (weight, PermutohedralLattice(features, normalize=True))
            for weight, features in (
                (self.bilateral_weight, bilateral),
                (self.spatial_weight, positions / self.spatial_xy),
            )
        ]
        refined = _softmax(logits)
        for _ in range(self.iterations):
            shares = np.ascontiguousarray(refined.T)
            message = sum(weight * kernel.filter(shares) for weight, kernel in kernels)
            if self.compatibility is not None:
                message = -message @ np.asarray(self.compatibility, "float32").T
            refined = _softmax(logits + message.T)
        return np.ascontiguousarray(refined.T).reshape(probabilities.shape)

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


def _positions(height: int, width: int) -> np.ndarray:
    """Column and row of every pixel: (H W, 2), in the order of the authors' code.

    Rows first would turn the lattice: in noise, one label in twenty then comes out another.
    """
    return np.indices((height, width))[::-1].reshape(2, -1).T


def _softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the first axis."""
    exponentials = np.exp(logits - logits.max(axis=0))
    return exponentials / exponentials.sum(axis=0)


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
