"""The dense CRF against the authors' C++, where the package pydensecrf2 is installed."""

import numpy as np
import pytest

from seg_keras.inference import DenseCRF
from tests.inference.exact_crf import exact_mean_field

densecrf = pytest.importorskip("pydensecrf.densecrf")
pytestmark = pytest.mark.slow


def reference(crf, image, probabilities):
    height, width, num_classes = probabilities.shape
    field = densecrf.DenseCRF2D(width, height, num_classes)
    unary = -np.log(np.clip(probabilities, 1e-5, 1)).reshape(-1, num_classes).T
    field.setUnaryEnergy(np.ascontiguousarray(unary, "float32"))
    field.addPairwiseGaussian(sxy=crf.spatial_xy, compat=crf.spatial_weight)
    field.addPairwiseBilateral(
        sxy=crf.bilateral_xy, srgb=crf.bilateral_rgb, rgbim=image, compat=crf.bilateral_weight
    )
    refined = np.array(field.inference(crf.iterations))
    return refined.T.reshape(probabilities.shape)


def scene(rng, size, num_classes):
    """Stripes of one colour for each class, and probabilities that are right now and then."""
    label = np.arange(size[1]) * num_classes // size[1] * np.ones((size[0], 1), int)
    colors = rng.uniform(0, 255, (num_classes, 3))[label]
    image = np.clip(colors + rng.normal(0, 10, colors.shape), 0, 255).astype("uint8")
    scores = rng.normal(size=(*size, num_classes)) + 1.5 * np.eye(num_classes)[label]
    exponentials = np.exp(scores)
    return image, (exponentials / exponentials.sum(-1, keepdims=True)).astype("float32")


def test_labels_agree(rng):
    image, probabilities = scene(rng, (120, 160), 11)
    crf = DenseCRF(bilateral_xy=40.0, bilateral_rgb=10.0)
    ours = crf(image, probabilities).argmax(-1)
    assert (ours == reference(crf, image, probabilities).argmax(-1)).mean() >= 0.99


def test_is_as_close_to_the_exact_sum(rng):
    image, probabilities = scene(rng, (32, 32), 4)
    crf = DenseCRF(bilateral_xy=10.0, bilateral_rgb=20.0, spatial_xy=3.0)
    exact = exact_mean_field(crf, image, probabilities, 1 - np.eye(4))
    ours = np.abs(crf(image, probabilities) - exact).mean()
    theirs = np.abs(reference(crf, image, probabilities) - exact).mean()
    assert ours <= 1.2 * theirs
