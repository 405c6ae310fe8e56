"""Layers of the context family against NumPy: resizing, pooling, gates, upsampling, padding."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from seg_keras.layers import (
    BilinearResize,
    DenseUpsampling,
    IdentityInitializer,
    ReflectionPadding,
    StrongestChannelBoost,
    bottleneck,
    channel_gate,
    grid_average_pool,
    normalize_image,
    strided_conv_bn,
    summed_atrous_classifiers,
)


def aligned_weights(old, new):
    """(new, old) interpolation matrix that leaves the first and the last pixel in their places."""
    matrix = np.zeros((new, old))
    for i in range(new):
        position = i * (old - 1) / (new - 1) if new > 1 else 0.0
        low = min(int(position), old - 1)
        matrix[i, low] += 1 - (position - low)
        if low + 1 < old:
            matrix[i, low + 1] += position - low
    return matrix


@pytest.mark.parametrize("size", [(9, 13), (1, 1), (5, 7), (3, 20)])  # up, to one, same, mixed
def test_resize_with_aligned_corners_equals_interpolation_matrices(rng, size):
    x = rng.normal(size=(2, 5, 7, 3)).astype("float32")
    expected = np.einsum(
        "ih,bhwc,jw->bijc", aligned_weights(5, size[0]), x, aligned_weights(7, size[1])
    )
    layer = BilinearResize(size, align_corners=True)
    np.testing.assert_allclose(layer(x), expected, atol=1e-4)
    np.testing.assert_allclose(
        layer._by_matrices(keras.ops.convert_to_tensor(x)), expected, 0, 1e-5
    )
    assert BilinearResize.from_config(layer.get_config()).align_corners


def test_aligned_corners_keep_half_precision(rng):
    layer = BilinearResize((9, 13), align_corners=True, dtype="float16")
    resized = layer(rng.normal(size=(1, 5, 7, 3)).astype("float16"))
    assert keras.backend.standardize_dtype(resized.dtype) == "float16"


def test_aligned_corners_work_without_tensorflow():
    code = (
        "import sys, numpy as np; from seg_keras.layers import BilinearResize;"
        "x = np.arange(12, dtype='float32').reshape(1, 3, 4, 1);"
        "y = np.array(BilinearResize((5, 7), align_corners=True)(x))[0, ..., 0];"
        "assert np.allclose(y, np.arange(0, 12, 2)[:5, None] + np.arange(7) / 2, atol=1e-5), y;"
        "assert 'tensorflow' not in sys.modules"
    )
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("bins", [1, 2, 3, 5])
def test_grid_pool_averages_windows_that_cover_the_map(rng, bins):
    x = rng.normal(size=(2, 10, 17, 3)).astype("float32")
    inputs = keras.Input(x.shape[1:])
    pooled = keras.Model(inputs, grid_average_pool(inputs, bins, name="pool"))(x)
    assert pooled.shape == (2, bins, bins, 3)
    rows, columns = 10 // bins, 17 // bins
    for i, j in np.ndindex(bins, bins):
        bottom = 10 - (bins - 1 - i) * rows
        right = 17 - (bins - 1 - j) * columns
        window = x[:, i * rows : bottom, j * columns : right].mean(axis=(1, 2))
        np.testing.assert_allclose(pooled[:, i, j], window, atol=1e-5)


def test_grid_pool_refuses_more_bins_than_pixels():
    with pytest.raises(ValueError, match="pool a 4x9 feature map into 5x5 bins. Use a larger"):
        grid_average_pool(keras.Input((4, 9, 3)), 5, name="pool")


@pytest.mark.parametrize("gate", ["sigmoid", "softmax"])
def test_channel_gate_weighs_channels_by_their_averages(rng, gate):
    x = rng.normal(size=(2, 5, 7, 32)).astype("float32")
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, channel_gate(inputs, gate, boost=3.0, name="gate"))
    squeeze, excite = (
        np.array(model.get_layer(f"gate_{part}").kernel)[0, 0] for part in ("squeeze", "excite")
    )
    assert squeeze.shape == (32, 2)
    scores = np.maximum(x.mean(axis=(1, 2)) @ squeeze, 0) @ excite
    if gate == "sigmoid":
        gates = 1 / (1 + np.exp(-scores))
    else:
        gates = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        gates *= np.where(gates == gates.max(axis=1, keepdims=True), 3.0, 1.0)
    np.testing.assert_allclose(model(x), x * gates[:, None, None], atol=1e-5)


def test_strongest_channel_boost_survives_its_config():
    layer = StrongestChannelBoost(2.5)
    assert StrongestChannelBoost.from_config(layer.get_config()).boost == 2.5


def test_dense_upsampling_reads_classes_then_rows_then_columns(rng):
    x = rng.normal(size=(2, 3, 5, 2 * 9)).astype("float32")
    laid_out = np.array(DenseUpsampling(3)(x))
    assert laid_out.shape == (2, 9, 15, 2)
    for i, j, label in np.ndindex(9, 15, 2):
        channel = label * 9 + (i % 3) * 3 + j % 3
        np.testing.assert_array_equal(laid_out[:, i, j, label], x[:, i // 3, j // 3, channel])
    with pytest.raises(ValueError, match="10 channels do not fill squares of 3x3 .* multiple of 9"):
        DenseUpsampling(3)(np.zeros((1, 2, 2, 10), "float32"))


@pytest.mark.parametrize("margins", [((2, 3), (0, 1)), ((9, 11), (20, 0))])  # within, repeated
def test_reflection_padding_equals_numpy(rng, margins):
    x = rng.normal(size=(2, 5, 7, 3)).astype("float32")
    expected = x
    for axis, (before, after) in enumerate(margins, start=1):
        widths = [(0, 0)] * 4
        widths[axis] = (before, after)
        expected = np.pad(expected, widths, mode="reflect")
    layer = ReflectionPadding(margins)
    np.testing.assert_array_equal(layer(x), expected)
    assert layer.compute_output_shape(x.shape) == expected.shape


def test_identity_initializer_passes_channels_on(rng):
    x = rng.normal(size=(1, 5, 6, 4)).astype("float32")
    for filters, expected in ((4, x), (2, x[..., :2] + x[..., 2:])):
        initializer = IdentityInitializer()
        conv = keras.layers.Conv2D(filters, 3, padding="same", kernel_initializer=initializer)
        np.testing.assert_allclose(conv(x), expected, atol=1e-6)
    kernel = np.array(IdentityInitializer(stddev=0.01)((3, 3, 40, 40), "float32"))
    kernel[1, 1] -= np.eye(40)
    assert 0.0098 < kernel.std() < 0.0102


def test_normalisation_takes_any_number_of_channels():
    for channels in (1, 3, 4):
        inputs = keras.Input((2, 2, channels))
        model = keras.Model(inputs, normalize_image(inputs))
        ends = [model(np.full((1, 2, 2, channels), value))[0, 0, 0] for value in (0.0, 255.0)]
        assert np.all(np.less(ends[0], -0.9))
        assert np.all(np.greater(ends[1], 0.9))


def test_strided_convolution_pads_all_sides_alike(rng):
    x = rng.normal(size=(1, 8, 10, 2)).astype("float32")
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, strided_conv_bn(inputs, 3, 3, 2, name="conv"))
    kernel = np.array(model.get_layer("conv_conv").kernel)
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    corner = np.einsum("bijc,ijcf->bf", padded[:, :3, :3], kernel) / np.sqrt(1 + 1e-5)
    outputs = model(x)
    assert outputs.shape == (1, 4, 5, 3)
    np.testing.assert_allclose(outputs[:, 0, 0], corner, atol=1e-5)


def test_a_residual_unit_adds_to_what_came_in(rng):
    x = rng.normal(size=(1, 5, 7, 8)).astype("float32")
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, bottleneck(inputs, 2, name="unit"))
    model.get_layer("unit_expand_bn").gamma.assign(np.zeros(8))
    np.testing.assert_allclose(model(x), np.maximum(x, 0), atol=1e-6)
    halved = keras.Model(inputs, bottleneck(inputs, 2, 2, name="unit"))
    halved.get_layer("unit_expand_bn").gamma.assign(np.zeros(8))
    np.testing.assert_allclose(halved(x), np.maximum(x[:, ::2, ::2], 0), atol=1e-6)


def test_atrous_classifiers_are_summed(rng):
    x = rng.normal(size=(1, 9, 9, 4)).astype("float32")
    inputs = keras.Input(x.shape[1:])
    both = keras.Model(inputs, summed_atrous_classifiers(inputs, 3, (1, 2), name="head"))
    assert both.get_layer("head_rate2").dilation_rate == (2, 2)
    parts = [both.get_layer(f"head_rate{rate}")(x) for rate in (1, 2)]
    np.testing.assert_allclose(both(x), parts[0] + parts[1], atol=1e-6)
    one = summed_atrous_classifiers(inputs, 3, (2,), name="head")
    assert one.shape == (None, 9, 9, 3)


def test_rates_beyond_the_map_are_told_and_a_single_pixel_is_refused(caplog):
    def build(size):
        x = keras.Input((*size, 4))
        return summed_atrous_classifiers(x, 3, (6, 12), name="head")

    build((7, 4))
    assert not caplog.text
    build((5, 6))
    assert "5x6 pixels are smaller than every dilation rate of (6, 12)" in caplog.text
    with pytest.raises(ValueError, match="a single pixel. Use an `input_shape` that is larger"):
        build((1, 1))
