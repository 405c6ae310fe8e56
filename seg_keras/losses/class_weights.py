"""Weights that let rare classes count as much as frequent ones.

References: Eigen and Fergus, "Predicting Depth, Surface Normals and Semantic Labels", ICCV 2015,
section 4.3 (median frequency); Paszke et al., "ENet", 2016, section 5.2, arXiv 1606.02147.
"""

import numpy as np


def median_frequency_weights(pixels: np.ndarray, pixels_of_images: np.ndarray) -> np.ndarray:
    """Median frequency balancing: median(f) / f with f = pixels / pixels_of_images.

    Args:
        pixels: Pixels of each class, (num_classes,).
        pixels_of_images: Pixels of all the images that hold the class, (num_classes,).

    Returns:
        float32 (num_classes,). A class without pixels has weight 0 and no part in the median.
    """
    pixels, pixels_of_images = np.asarray(pixels, "float64"), np.asarray(pixels_of_images)
    present = pixels > 0
    frequency = pixels[present] / pixels_of_images[present]
    weights = np.zeros(len(pixels), "float32")
    if frequency.size:
        weights[present] = np.median(frequency) / frequency
    return weights


def enet_weights(pixels: np.ndarray, offset: float = 1.02) -> np.ndarray:
    """ENet's weights 1 / ln(offset + share of the class): bounded, 1.42 to 50.5 for 1.02.

    Args:
        pixels: Pixels of each class, (num_classes,).
        offset: Greater than 1; the larger, the closer the weights are to each other.

    Returns:
        float32 (num_classes,).
    """
    pixels = np.asarray(pixels, "float64")
    return (1 / np.log(offset + pixels / max(pixels.sum(), 1))).astype("float32")
