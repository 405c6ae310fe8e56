"""Mean field on the dense CRF with every pair of pixels, to compare with."""

import numpy as np


def exact_mean_field(crf, image, probabilities, costs):
    """The same inference with the kernels as full matrices."""
    shape = probabilities.shape
    places = np.indices(shape[:2]).reshape(2, -1).T
    colors = image.reshape(-1, 3) / crf.bilateral_rgb
    bilateral = np.concatenate([places / crf.bilateral_xy, colors], axis=1)
    total = 0
    for weight, features in (
        (crf.bilateral_weight, bilateral),
        (crf.spatial_weight, places / crf.spatial_xy),
    ):
        kernel = np.exp(-0.5 * ((features[:, None] - features[None]) ** 2).sum(axis=-1))
        norm = 1 / np.sqrt(kernel.sum(axis=1))
        total = total + weight * norm[:, None] * kernel * norm
    unary = -np.log(probabilities.reshape(-1, shape[-1]))
    refined = np.exp(-unary)
    for _ in range(crf.iterations):
        refined = np.exp(-unary - total @ refined @ costs.T)
        refined /= refined.sum(axis=1, keepdims=True)
    return refined.reshape(shape)
