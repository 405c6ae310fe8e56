"""Transposed convolution as a convolution: the values of Keras's layer, and what it refuses."""

import keras
import numpy as np
import pytest

from deploy.export.tflite import export_tflite
from deploy.operator_times import time_operators
from seg_keras.layers import SubpixelConv2DTranspose

IMAGES = (2, 5, 7, 4)


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 8, (5, 2), (2, 7)])
@pytest.mark.parametrize("strides", [2, 3])
def test_equals_the_layer_of_keras(rng, kernel_size, strides):
    options = {"activation": "softmax", "bias_initializer": "normal"}
    theirs = keras.layers.Conv2DTranspose(3, kernel_size, strides, padding="same", **options)
    ours = SubpixelConv2DTranspose(3, kernel_size, strides, **options)
    images = rng.normal(size=IMAGES).astype("float32")
    expected = np.array(theirs(images))
    ours.build(IMAGES)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(images), expected, atol=1e-5)
    assert tuple(ours.compute_output_shape(IMAGES)) == expected.shape


def test_equals_a_sum_over_the_pixels_of_the_input(rng):
    layer = SubpixelConv2DTranspose(2, 3, use_bias=False)
    image = rng.normal(size=(3, 4, 5)).astype("float32")
    actual = np.array(layer(image[None]))[0]
    expected = np.zeros((2 * 3 + 1, 2 * 4 + 1, 2))
    for row, column in np.ndindex(3, 4):
        window = np.s_[2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
        expected[window] += np.array(layer.kernel) @ image[row, column]
    np.testing.assert_allclose(actual, expected[:-1, :-1], atol=1e-5)


def test_kernel_as_large_as_its_stride_needs_no_padding(rng):
    images = rng.normal(size=IMAGES).astype("float32")
    same, valid = (SubpixelConv2DTranspose(3, 2, padding=padding) for padding in ("same", "valid"))
    valid.build(IMAGES)
    same.build(IMAGES)
    valid.set_weights(same.get_weights())
    np.testing.assert_array_equal(valid(images), same(images))


@pytest.mark.parametrize(
    "options",
    [
        {"strides": (2, 3)},
        {"strides": 1},
        {"strides": 1, "dilation_rate": 2},
        {"data_format": "channels_first"},
        {"padding": "valid"},
    ],
)
def test_other_forms_are_refused(options):
    with pytest.raises(ValueError, match="equal strides of 2 or more"):
        SubpixelConv2DTranspose(3, 3, **options)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_device_runs_no_transposed_convolution(tmp_path, rng, precision):
    inputs = keras.Input((6, 8, 3))
    x = keras.layers.Conv2D(4, 3, 2, padding="same", activation="relu")(inputs)
    logits = SubpixelConv2DTranspose(2, 3, strides=2)(x)
    model = keras.Model(inputs, {"logits": logits}, name="tiny")
    images = rng.integers(0, 256, (4, 6, 8, 3), "uint8")
    description = {"model": "tiny", "classes": ["a", "b"], "palette": [[0] * 3, [9] * 3]}
    description["source_model_sha256"] = "0" * 64
    calibration = images if precision == "int8" else None
    export_tflite(model, tmp_path / "m.tflite", description, precision, calibration)
    kinds = [row["kind"] for row in time_operators(tmp_path / "m.tflite", 1, 1)[0]]
    assert "TRANSPOSE_CONV" not in kinds
    assert kinds.count("CONV_2D") == 2
    assert not {"TRANSPOSE", "REVERSE_V2", "RESHAPE"} & set(kinds)  # the kernel is a constant
