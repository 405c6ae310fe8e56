"""The dense CRF against the authors' C++, where the package pydensecrf2 is installed."""

from pathlib import Path

import numpy as np
import pytest

import seg_keras
from seg_keras.data.roads import drive
from seg_keras.inference import DenseCRF
from seg_keras.inference.refined import probabilities_of
from tests.inference.exact_crf import exact_mean_field

densecrf = pytest.importorskip("pydensecrf.densecrf")
pytestmark = pytest.mark.slow

ZOO = Path(__file__).parents[2] / "zoo"
SIZE, NUM_CLASSES = (120, 160), 11
COSTS = tuple(tuple(float(abs(i - j)) for j in range(11)) for i in range(11))  # of an order


def reference(crf, image, probabilities):
    height, width, num_classes = probabilities.shape
    field = densecrf.DenseCRF2D(width, height, num_classes)
    unary = -np.log(np.clip(probabilities, 1e-5, 1)).reshape(-1, num_classes).T
    field.setUnaryEnergy(np.ascontiguousarray(unary, "float32"))
    factor = 1.0 if crf.compatibility is None else np.array(crf.compatibility, "float32")
    field.addPairwiseGaussian(sxy=crf.spatial_xy, compat=crf.spatial_weight * factor)
    field.addPairwiseBilateral(
        sxy=crf.bilateral_xy,
        srgb=crf.bilateral_rgb,
        rgbim=image,
        compat=crf.bilateral_weight * factor,
    )
    refined = np.array(field.inference(crf.iterations))
    return refined.T.reshape(probabilities.shape)


def stripes(rng, size=SIZE, num_classes=NUM_CLASSES):
    """Stripes of one colour for each class, and probabilities that are right now and then."""
    label = np.arange(size[1]) * num_classes // size[1] * np.ones((size[0], 1), int)
    colors = rng.uniform(0, 255, (num_classes, 3))[label]
    image = np.clip(colors + rng.normal(0, 10, colors.shape), 0, 255).astype("uint8")
    scores = rng.normal(size=(*size, num_classes)) + 1.5 * np.eye(num_classes)[label]
    return image, probabilities_of(scores.astype("float32"))


def drawn_road(rng):
    """A street, and what a trained model says of it."""
    image, _ = next(drive(3, SIZE))
    model = seg_keras.load_model(ZOO / "deeplab_v3_plus_camvid" / "model.keras", (*SIZE, 3))
    return image, probabilities_of(np.array(model(image[None].astype("float32"))["logits"])[0])


def noise(rng, size=SIZE, num_classes=NUM_CLASSES):
    """Colours that no two pixels share, and guesses: every pixel hangs in the balance."""
    image = rng.integers(0, 256, (*size, 3), "uint8")
    rows, columns = np.indices(size) // 20
    label = rng.integers(0, num_classes, (rows.max() + 1, columns.max() + 1))[rows, columns]
    scores = rng.normal(size=(*size, num_classes)) + 1.5 * np.eye(num_classes)[label]
    return image, probabilities_of(scores.astype("float32"))


@pytest.mark.parametrize(
    "crf",
    [
        DenseCRF(),
        DenseCRF(bilateral_weight=10.0, bilateral_xy=80.0, bilateral_rgb=13.0, spatial_xy=3.0),
        DenseCRF(bilateral_xy=40.0, bilateral_rgb=10.0, compatibility=COSTS),
    ],
    ids=["defaults", "readme", "costs"],
)
@pytest.mark.parametrize("make", [stripes, drawn_road, noise])
def test_labels_agree(rng, make, crf):
    image, probabilities = make(rng)
    ours = crf(image, probabilities).argmax(-1)
    theirs = reference(crf, image, probabilities).argmax(-1)
    assert (ours == theirs).mean() >= 0.99
    assert (ours != probabilities.argmax(-1)).any()  # there was something to refine


@pytest.mark.parametrize("make", [stripes, noise])
def test_is_as_close_to_the_exact_sum(rng, make):
    image, probabilities = make(rng, (32, 32), 4)
    crf = DenseCRF(bilateral_xy=10.0, bilateral_rgb=20.0, spatial_xy=3.0)
    exact = exact_mean_field(crf, image, probabilities, 1 - np.eye(4))
    ours = np.abs(crf(image, probabilities) - exact).mean()
    theirs = np.abs(reference(crf, image, probabilities) - exact).mean()
    assert ours <= 1.2 * theirs
