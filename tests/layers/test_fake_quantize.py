"""Rounding to 8 bits against NumPy, and the gradient that pretends nothing was rounded."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from seg_keras.layers import FakeQuantize, FakeQuantizedWeights
from seg_keras.layers.fake_quantize import round_to_steps, round_weights

RNG = np.random.default_rng(3)


def rounded_by_numpy(x, low, high):
    """As an int8 tensor with a scale and a zero point holds it."""
    scale = (high - low) / 255
    zero_point = -np.floor(low / scale + 0.5) - 128
    stored = np.clip(np.round(x / scale) + zero_point, -128, 127)
    return (stored - zero_point) * scale


@pytest.mark.parametrize(("low", "high"), [(-1.0, 3.0), (0.0, 6.0), (-0.3, 0.0)])
def test_activations_take_the_values_of_an_int8_tensor(low, high):
    x = RNG.uniform(low - 1, high + 1, (3, 5, 7)).astype("float32")
    y = ops.convert_to_numpy(round_to_steps(x, low, high))
    np.testing.assert_allclose(y, rounded_by_numpy(x, low, high), atol=1e-6)
    assert len(np.unique(y)) <= 256
    assert ops.convert_to_numpy(round_to_steps(np.zeros(1, "float32"), low, high)) == 0


def test_an_empty_range_gives_numbers():
    y = ops.convert_to_numpy(round_to_steps(np.zeros((2, 2), "float32"), 0.0, 0.0))
    np.testing.assert_array_equal(y, 0)


def gradient(function, x):
    variable = keras.Variable(x)
    import tensorflow as tf

    with tf.GradientTape() as tape:
        total = ops.sum(function(variable.value))
    return ops.convert_to_numpy(tape.gradient(total, variable.value))


def test_the_gradient_passes_inside_of_the_range_only():
    x = np.array([-9.0, -0.5, 0.1, 2.2, 9.0], "float32")
    np.testing.assert_array_equal(
        gradient(lambda x: round_to_steps(x, -1.0, 3.0), x), [0, 1, 1, 1, 0]
    )
    kernel = RNG.normal(size=(3, 3, 2, 4)).astype("float32")
    np.testing.assert_array_equal(gradient(lambda x: round_weights(x, (3,)), kernel), 1)


def test_the_range_is_that_of_the_first_batch_then_its_average():
    layer = FakeQuantize(momentum=0.75)
    x = np.linspace(1, 5, 6, dtype="float32").reshape(1, 6)
    np.testing.assert_array_equal(layer(x), x)  # no range yet
    layer(x, training=True)
    np.testing.assert_allclose(layer.range, [0, 5])
    layer(-x, training=True)
    np.testing.assert_allclose(layer.range, [0.25 * -5, 0.75 * 5])
    before = np.array(layer.range)
    layer(100 * x)
    np.testing.assert_array_equal(layer.range, before)


@pytest.mark.parametrize(
    ("layer", "channels"),
    [
        (layers.Conv2D(5, 3), 5),
        (layers.Conv2D(6, (1, 3), groups=3), 6),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), 12),
        (layers.Conv2DTranspose(5, 3), 5),
        (layers.Dense(5), 1),
    ],
)
def test_kernels_have_one_scale_for_each_output_channel(layer, channels):
    x = RNG.normal(size=(2, 7, 9, 6)).astype("float32")
    layer(x)
    kernel = ops.convert_to_numpy(layer.kernel)
    kernel = kernel * RNG.uniform(0.01, 10, kernel.shape).astype("float32")
    layer.kernel.assign(kernel)
    rounded = FakeQuantizedWeights(layer)(x)
    np.testing.assert_array_equal(layer.kernel, kernel)  # its own stays

    axis = {layers.DepthwiseConv2D: (0, 1), layers.Conv2DTranspose: (0, 1, 3)}.get(type(layer))
    axis = axis or ((0, 1, 2) if isinstance(layer, layers.Conv2D) else (0, 1))
    scale = np.abs(kernel).max(axis, keepdims=True) / 127
    assert scale.size == channels
    layer.kernel.assign(np.round(kernel / scale) * scale)
    np.testing.assert_allclose(rounded, layer(x), rtol=1e-4, atol=1e-4)


def test_both_survive_saving(tmp_path):
    inputs = keras.Input((8, 8, 2))
    x = FakeQuantizedWeights(layers.Conv2D(3, 3, name="conv"), name="rounded")(inputs)
    model = keras.Model(inputs, FakeQuantize(momentum=0.5, name="range")(x))
    x = RNG.normal(size=(2, 8, 8, 2)).astype("float32")
    model(x, training=True)
    model.save_weights(tmp_path / "a.weights.h5")
    expected = model(x)
    for variable in model.variables:
        variable.assign(ops.zeros_like(variable))
    model.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(model(x), expected)
