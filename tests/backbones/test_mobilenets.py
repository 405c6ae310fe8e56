"""MobileNetV1 and V3: they compute what Keras's own do, given its weights."""

import keras
import numpy as np
import pytest

from seg_keras.backbones import build_backbone

SHAPE = (64, 96, 3)  # of other sizes, Keras's MobileNet rounds half of it down
# name -> builder of Keras, its options, whether it normalises the image by itself
SOURCES = {
    "mobilenet_v1": (keras.applications.MobileNet, {"alpha": 0.25}, False),
    "mobilenet_v3_small": (keras.applications.MobileNetV3Small, {}, True),
    "mobilenet_v3_large": (keras.applications.MobileNetV3Large, {}, True),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_takes_the_weights_of_keras(name, rng, tmp_path):
    build, options, normalises = SOURCES[name]
    source = build(SHAPE, include_top=False, weights=None, **options)
    for variable in source.weights:  # batch norms that would show a mix-up
        if len(variable.shape) == 1:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    file = tmp_path / "source.weights.h5"
    source.save_weights(file)
    backbone = build_backbone(name, SHAPE, options={**options, "weights": str(file)})
    images = rng.uniform(0, 255, (1, *SHAPE)).astype("float32")
    fed = images if normalises else images / 127.5 - 1
    expected = keras.ops.convert_to_numpy(source(fed))
    scale = np.abs(expected).max()
    actual = keras.ops.convert_to_numpy(backbone(images)["c5"])
    np.testing.assert_allclose(actual / scale, expected / scale, atol=1e-3)


def test_published_weights_of_v3_need_the_full_model():
    options = {"tail": "reduced", "weights": "imagenet"}
    with pytest.raises(ValueError, match="alpha 1.0 and the full tail, got 1.0 and 'reduced'"):
        build_backbone("mobilenet_v3_small", SHAPE, options=options)


@pytest.mark.parametrize("name", SOURCES)
def test_refuses_other_output_strides(name):
    with pytest.raises(ValueError, match="8, 16 and 32, got 4"):
        build_backbone(name, SHAPE, output_stride=4)
