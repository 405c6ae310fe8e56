"""Layers and blocks of the real-time family against NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from seg_keras.layers import (
    HardSigmoid,
    HardSwish,
    NearestResize,
    PReLU,
    conv_pool_bn,
    crop_to,
    factorized_convs,
    grid_average_pool,
    halve,
    round_channels,
    squeeze_excite,
    upsampling_conv,
)


def run(build, images):
    """What a block gives for images, as NumPy."""
    inputs = keras.Input(images.shape[1:])
    return ops.convert_to_numpy(keras.Model(inputs, build(inputs))(images))


def test_hard_sigmoid_and_hard_swish(rng):
    x = rng.normal(0, 4, (2, 5, 7, 3)).astype("float32")
    sigmoid = np.clip(x + 3, 0, 6) / 6
    np.testing.assert_allclose(run(HardSigmoid(), x), sigmoid, atol=1e-6)
    np.testing.assert_allclose(run(HardSwish(), x), x * sigmoid, atol=1e-5)


def test_prelu_is_that_of_keras_also_for_steep_slopes(rng):
    x = rng.normal(0, 4, (2, 5, 7, 3)).astype("float32")
    options = {"shared_axes": (1, 2), "alpha_initializer": keras.initializers.Constant(1.5)}
    np.testing.assert_allclose(
        run(PReLU(**options), x), run(keras.layers.PReLU(**options), x), rtol=1e-6
    )


def test_squeeze_excite_weighs_whole_channels(rng):
    keras.utils.set_random_seed(0)  # a chance of weights may leave both inner units at zero
    x = rng.uniform(1, 2, (2, 5, 3, 4)).astype("float32")
    gates = run(lambda inputs: squeeze_excite(inputs, 2, name="gate"), x) / x
    np.testing.assert_allclose(gates, np.broadcast_to(gates[:, :1, :1], x.shape), atol=1e-5)
    assert (gates >= 0).all()
    assert (gates <= 1 + 1e-6).all()
    assert np.ptp(gates) > 0


def test_nearest_resize_repeats_every_pixel(rng):
    x = rng.normal(0, 1, (1, 3, 5, 2)).astype("float32")
    expected = x.repeat(4, axis=1).repeat(4, axis=2)
    np.testing.assert_array_equal(run(NearestResize((12, 20)), x), expected)


def test_halve_rounds_up_and_crop_drops_the_ends(rng):
    x = rng.normal(0, 1, (1, 7, 10, 2)).astype("float32")
    assert run(lambda inputs: halve(inputs, name="half"), x).shape == (1, 4, 5, 2)
    cropped = run(lambda inputs: crop_to(inputs, (6, 9), name="crop"), x)
    np.testing.assert_array_equal(cropped, x[:, :6, :9])
    assert crop_to(keras.Input((7, 10, 2)), (7, 10), name="none").shape == (None, 7, 10, 2)


@pytest.mark.parametrize("relu", [True, False])
def test_conv_pool_keeps_the_maxima_after_the_convolution(rng, relu):
    x = rng.normal(-1, 1, (1, 5, 7, 3)).astype("float32")
    y = run(lambda inputs: conv_pool_bn(inputs, 8, relu=relu, name="down"), x)
    padded = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=-np.inf)
    maxima = padded.reshape(1, 3, 2, 4, 2, 3).max(axis=(2, 4))
    maxima = maxima.clip(0) if relu else maxima
    assert y.shape == (1, 3, 4, 8)
    assert (y[..., :5].min() >= 0) == relu
    np.testing.assert_allclose(y[..., 5:], maxima / np.sqrt(1 + 1e-3), rtol=1e-5)


@pytest.mark.parametrize("vertical_first", [True, False])
def test_factorized_convolutions_reach_along_one_axis_each(vertical_first):
    inputs = keras.Input((15, 17, 1))
    model = keras.Model(inputs, factorized_convs(inputs, 3, 5, vertical_first, name="pair"))
    for layer in model.layers[1:]:
        layer.set_weights([np.ones_like(w) * (w.ndim > 1) for w in layer.get_weights()])
    kernels = [w.shape[:2] for w in model.weights if w.ndim == 4]
    assert kernels == ([(3, 1), (1, 3)] if vertical_first else [(1, 3), (3, 1)])
    image = np.zeros((1, 15, 17, 1), "float32")
    image[0, 7, 8] = 1
    hit = np.argwhere(ops.convert_to_numpy(model(image))[0, ..., 0])
    np.testing.assert_array_equal(hit, [(r, c) for r in (2, 7, 12) for c in (3, 8, 13)])


@pytest.mark.parametrize("size", [(6, 10), (5, 9)])
def test_upsampling_convolution_is_cut_to_the_size_of_the_finer_map(rng, size):
    x = rng.normal(0, 1, (1, 3, 5, 2)).astype("float32")
    assert run(lambda inputs: upsampling_conv(inputs, 4, 3, size, name="up"), x).shape == (
        1,
        *size,
        4,
    )


def test_grid_average_pool_is_exact_where_the_bins_divide_and_refuses_empty_bins(rng):
    x = rng.normal(0, 1, (1, 6, 9, 2)).astype("float32")
    expected = x.reshape(1, 3, 2, 3, 3, 2).mean(axis=(2, 4))
    pooled = run(lambda inputs: grid_average_pool(inputs, 3, name="pool"), x)
    np.testing.assert_allclose(pooled, expected, atol=1e-6)
    with pytest.raises(ValueError, match="2x9 feature map into 3x3 bins"):
        grid_average_pool(keras.Input((2, 9, 1)), 3, name="pool")


def test_rounded_channels_never_lose_a_tenth():
    assert [round_channels(c, 8) for c in (3, 12, 84, 36, 240)] == [8, 16, 88, 40, 240]
    assert round_channels(10.4, 1) == 10
