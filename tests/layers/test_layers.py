"""Layers and blocks against a few lines of NumPy."""

import keras
import numpy as np
import pytest

from seg_keras.layers import (
    BilinearResize,
    atrous_rates,
    atrous_spatial_pyramid_pooling,
    conv_bn_relu,
    image_pooling,
    segmentation_head,
    separable_conv_bn_relu,
)


def linear_weights(old, new):
    """(new, old) interpolation matrix with half-pixel centres; the edge pixels are repeated."""
    position = (np.arange(new) + 0.5) * old / new - 0.5
    low = np.floor(position).astype(int)
    share = position - low
    matrix = np.zeros((new, old))
    np.add.at(matrix, (np.arange(new), np.clip(low, 0, old - 1)), 1 - share)
    np.add.at(matrix, (np.arange(new), np.clip(low + 1, 0, old - 1)), share)
    return matrix


@pytest.mark.parametrize("size", [(9, 14), (1, 1), (5, 7), (3, 20)])  # up, to one, same, mixed
def test_bilinear_resize_equals_interpolation_matrices(rng, size):
    x = rng.normal(size=(2, 5, 7, 3)).astype("float32")
    expected = np.einsum(
        "ih,bhwc,jw->bijc", linear_weights(5, size[0]), x, linear_weights(7, size[1])
    )
    if size == (1, 1):  # the middle pixel, since bilinear sampling looks at two at the most
        expected = x[:, 2:3, 3:4]
    np.testing.assert_allclose(BilinearResize(size)(x), expected, atol=1e-5)


def test_bilinear_resize_survives_its_config():
    layer = BilinearResize((4, 6), name="up")
    again = BilinearResize.from_config(layer.get_config())
    assert tuple(again.size) == (4, 6)
    assert again.compute_output_shape((None, 2, 3, 5)) == (None, 4, 6, 5)


def run(block, x, **arguments):
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, block(inputs, name="block", **arguments))
    return model, np.array(model(x))


def convolve(x, kernel, strides=1, dilation=1):
    """Convolution with "same" padding in NumPy: kernel (k, k, C, filters)."""
    reach = dilation * (kernel.shape[0] - 1)
    out = [-(-extent // strides) for extent in x.shape[1:3]]
    padding = [
        max((n - 1) * strides + reach + 1 - extent, 0)
        for n, extent in zip(out, x.shape[1:3], strict=True)
    ]
    padded = np.pad(x, [(0, 0), *[(p // 2, p - p // 2) for p in padding], (0, 0)])
    y = np.zeros((len(x), *out, kernel.shape[-1]))
    for i, j in np.ndindex(*kernel.shape[:2]):
        rows = slice(i * dilation, i * dilation + (out[0] - 1) * strides + 1, strides)
        columns = slice(j * dilation, j * dilation + (out[1] - 1) * strides + 1, strides)
        y += padded[:, rows, columns] @ kernel[i, j]
    return y


@pytest.mark.parametrize(
    ("kernel_size", "strides", "dilation_rate"),
    [(3, 1, 1), (3, 2, 1), (3, 1, 4), (1, 1, 1), (7, 2, 1)],
)
def test_conv_bn_relu_equals_numpy(rng, kernel_size, strides, dilation_rate):
    x = rng.normal(size=(2, 9, 12, 3)).astype("float32")
    model, y = run(
        conv_bn_relu, x, filters=4, kernel_size=kernel_size, strides=strides,
        dilation_rate=dilation_rate,
    )  # fmt: skip
    kernel = np.array(model.get_layer("block_conv").kernel)
    expected = np.maximum(convolve(x, kernel, strides, dilation_rate) / np.sqrt(1 + 1e-5), 0)
    np.testing.assert_allclose(y, expected, atol=1e-4)
    assert [layer.name for layer in model.layers[1:]] == ["block_conv", "block_bn", "block_relu"]


def test_separable_conv_filters_each_channel_then_mixes(rng):
    x = rng.normal(size=(1, 9, 7, 3)).astype("float32")
    model, y = run(separable_conv_bn_relu, x, filters=5, dilation_rate=2)
    depthwise = np.array(model.get_layer("block_depthwise").kernel)[..., 0]
    mixed = np.array(model.get_layer("block_conv").kernel)
    diagonal = np.einsum("ijc,cd->ijcd", depthwise, np.eye(3))
    inside = np.maximum(convolve(x, diagonal, dilation=2) / np.sqrt(1 + 1e-5), 0)
    expected = np.maximum(convolve(inside, mixed) / np.sqrt(1 + 1e-5), 0)
    np.testing.assert_allclose(y, expected, atol=1e-4)


def test_image_pooling_puts_the_same_vector_everywhere(rng):
    x = rng.normal(size=(2, 5, 7, 3)).astype("float32")
    model, y = run(image_pooling, x, filters=4)
    kernel = np.array(model.get_layer("block_conv").kernel)[0, 0]
    vector = np.maximum(x.mean(axis=(1, 2)) @ kernel / np.sqrt(1 + 1e-5), 0)
    np.testing.assert_allclose(y, np.tile(vector[:, None, None], (1, 5, 7, 1)), atol=1e-5)


def test_segmentation_head_classifies_then_enlarges(rng):
    x = rng.normal(size=(1, 3, 4, 6)).astype("float32")
    model, y = run(segmentation_head, x, num_classes=5, size=(9, 13))
    scores = x @ np.array(model.get_layer("block_classifier").kernel)[0, 0]
    expected = np.einsum("ih,bhwc,jw->bijc", linear_weights(3, 9), scores, linear_weights(4, 13))
    np.testing.assert_allclose(y, expected, atol=1e-5)


def test_atrous_rates_keep_their_reach_in_image_pixels():
    assert atrous_rates(16) == (6, 12, 18)
    assert atrous_rates(8) == (12, 24, 36)


def test_atrous_pyramid_has_a_branch_per_rate_and_two_more():
    inputs = keras.Input((9, 11, 4))
    outputs = atrous_spatial_pyramid_pooling(inputs, 8, (6, 12), separable=True, name="aspp")
    model = keras.Model(inputs, outputs)
    assert model.get_layer("aspp_concat").output.shape == (None, 9, 11, 4 * 8)
    assert model.get_layer("aspp_rate12_depthwise").dilation_rate == (12, 12)
    assert outputs.shape == (None, 9, 11, 8)
