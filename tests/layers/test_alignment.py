"""Bilinear enlarging, local response normalisation, and maps that are put upon each other."""

import keras
import numpy as np
import pytest
from keras import layers

from seg_keras.layers import (
    BilinearInitializer,
    BilinearUpsampling2D,
    LocalResponseNormalization,
    add_aligned,
    cut_to_image,
    enlarge_bilinear,
    first_center,
    overlapping_max_pool,
    pad_for_windows,
)


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("size", [3, 4, 15, 16, 63, 64])
def test_kernels_are_those_of_the_reference(size):
    factor = (size + 1) // 2
    center = factor - 1 if size % 2 else factor - 0.5
    tent = np.array([1 - abs(i - center) / factor for i in range(size)])
    kernel = numpy(BilinearInitializer()((size, size, 3, 3), "float32"))
    np.testing.assert_allclose(kernel[:, :, 1, 1], np.outer(tent, tent), atol=1e-6)
    assert np.count_nonzero(kernel) == np.count_nonzero(kernel[:, :, range(3), range(3)])


@pytest.mark.parametrize(("strides", "kernel_size"), [(2, 4), (2, 3), (8, 16), (4, 7)])
def test_upsampling_interpolates_each_channel_by_itself(rng, strides, kernel_size):
    x = rng.normal(size=(2, 3, 5, 4)).astype("float32")
    layer = BilinearUpsampling2D(strides, kernel_size)
    y = numpy(layer(x))
    assert y.shape == layer.compute_output_shape(x.shape)
    expected = np.zeros_like(y)
    tent = 1 - np.abs(np.arange(kernel_size) - (kernel_size - 1) / 2) / ((kernel_size + 1) // 2)
    for i in range(3):
        for j in range(5):
            part = np.s_[:, i * strides :, j * strides :]
            window = np.outer(tent, tent)[None, :, :, None] * x[:, i, j, None, None]
            expected[part][:, :kernel_size, :kernel_size] += window
    np.testing.assert_allclose(y, expected, atol=1e-5)


def test_upsampling_that_is_not_trainable_has_no_trainable_weight():
    layer = BilinearUpsampling2D(2, 4, trainable=False)
    layer.build((None, 4, 4, 3))
    assert [w.shape for w in layer.weights] == [(4, 4, 3, 1)]
    assert not layer.trainable_weights


@pytest.mark.parametrize("size", [(7, 11), (8, 12)])
def test_pooling_and_padding_begin_where_they_are_told_whatever_the_size(rng, size):
    x = rng.uniform(0, 1, (1, *size, 2)).astype("float32")
    image = keras.Input((*size, 2))
    pooled = numpy(keras.Model(image, overlapping_max_pool(image, True, name="pool"))(x))
    assert pooled.shape[1:3] == tuple(-(-n // 2) for n in size)
    assert pooled[0, 1, 2, 0] == x[0, 2:5, 4:7, 0].max()
    assert pooled[0, -1, -1, 1] == x[0, size[0] - 2 + size[0] % 2 :, -(2 - size[1] % 2) :, 1].max()
    down = overlapping_max_pool(image, False, name="pool")
    assert down.shape[1:3] == tuple(n // 2 for n in size)
    padded = numpy(keras.Model(image, pad_for_windows(image, 5, 4, before=1, name="pad"))(x))
    np.testing.assert_array_equal(padded[:, 1:][:, : size[0], 1:][:, :, : size[1]], x)
    windows = layers.AveragePooling2D(5, strides=4)(padded)
    assert windows.shape[1:3] == tuple(-(-n // 4) for n in size)


def test_local_response_is_that_of_the_paper(rng):
    x = rng.normal(0, 100, (2, 3, 5, 7)).astype("float32")
    y = numpy(LocalResponseNormalization(depth_size=5, alpha=1e-4, beta=0.75)(x))
    for channel in range(7):
        window = x[..., max(0, channel - 2) : channel + 3]
        scale = (1 + 1e-4 / 5 * np.sum(window**2, axis=-1)) ** 0.75
        np.testing.assert_allclose(y[..., channel], x[..., channel] / scale, rtol=1e-4)


def test_centers_are_followed_through_paddings_strides_and_branches():
    image = keras.Input((20, 24, 1))
    x = layers.Conv2D(2, 3, strides=2, padding="same", name="a")(image)  # even: pads the end
    assert first_center(image, x) == 1
    y = layers.MaxPooling2D(2)(layers.ReLU()(x))
    assert first_center(image, y) == 2
    y = layers.Concatenate()([layers.Conv2D(2, 5, padding="same")(y), y])
    assert first_center(image, y) == 2
    y = layers.ZeroPadding2D(3)(y)
    assert first_center(image, y) == 2 - 3 * 4
    y = layers.Conv2D(2, 3, dilation_rate=2)(y)
    assert first_center(image, y) == 2 - 3 * 4 + 2 * 4
    up = BilinearUpsampling2D(2, 4)(layers.Cropping2D(1)(y))  # the crop takes one pixel of 4
    assert first_center(image, up) == (2 - 12 + 8 + 4) - 1.5 * 2


def test_a_ramp_that_was_shrunk_is_enlarged_to_itself():
    image = keras.Input((24, 28, 1))
    x = layers.AveragePooling2D(4, name="pool")(image)
    x = enlarge_bilinear(image, x, 2, trainable=False, name="enlarge")
    y = layers.AveragePooling2D(2)(image)
    total = add_aligned(image, x, y, 2, name="add")
    assert total.shape[1:3] == y.shape[1:3]
    x = enlarge_bilinear(image, total, 2, trainable=False, name="enlarge_more")
    model = keras.Model(image, cut_to_image(image, x, name="logits"))
    rows, columns = np.mgrid[:24, :28]
    ramp = (2.0 * rows + columns)[None, ..., None].astype("float32")
    inside = np.s_[:, 5:-5, 5:-5]
    np.testing.assert_allclose(model(ramp)[inside], 2 * ramp[inside], rtol=1e-5)
