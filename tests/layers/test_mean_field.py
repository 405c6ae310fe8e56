"""The trainable CRF: its size, its sums against NumPy, its gradients against differences."""

import keras
import numpy as np
import pytest

from seg_keras.layers import MeanField

SMALL = {"bilateral_xy": 4.0, "bilateral_rgb": 30.0, "spatial_xy": 1.0, "num_samples": 1000}


@pytest.fixture
def inputs(rng):
    image = rng.uniform(0, 255, (2, 7, 9, 3)).astype("float32")
    return rng.normal(size=(2, 7, 9, 3)).astype("float32"), image


def softmax(x):
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def mean_field(logits, image, layer, iterations):
    """One image, every pixel compared with every pixel."""
    height, width, classes = logits.shape
    places = np.indices((height, width)).reshape(2, -1).T.astype(float)

    def kernel(features):
        return np.exp(-0.5 * ((features[:, None] - features[None]) ** 2).sum(axis=-1))

    colors = image.reshape(-1, 3) / layer.bilateral_rgb
    bilateral = kernel(np.concatenate([places / layer.bilateral_xy, colors], axis=1))
    bilateral += np.eye(len(places))  # the pixel itself, besides the grid of samples
    near = np.abs(places[:, None] - places[None]).max(axis=-1) <= 3 * layer.spatial_xy
    spatial = kernel(places / layer.spatial_xy) * near
    bilateral /= bilateral.sum(axis=1, keepdims=True)
    spatial /= spatial.sum(axis=1, keepdims=True)
    unary = refined = logits.reshape(-1, classes)
    weights = [np.array(w) for w in layer.weights]
    for _ in range(iterations):
        shares = softmax(refined)
        message = spatial @ shares @ weights[0] + bilateral @ shares @ weights[1]
        refined = unary - message @ weights[2]
    return refined.reshape(logits.shape)


@pytest.mark.parametrize("training", [True, False])  # five steps and ten
def test_equals_numpy_where_every_pixel_is_a_sample(rng, inputs, training):
    layer = MeanField(**SMALL)
    layer(inputs)
    for weight in layer.weights:
        weight.assign(weight + rng.normal(0, 0.3, weight.shape))
    refined = layer(inputs, training=training)
    for index in range(2):
        expected = mean_field(
            inputs[0][index], inputs[1][index], layer, iterations=5 if training else 10
        )
        np.testing.assert_allclose(refined[index], expected, atol=2e-3)


def test_starts_as_potts_with_the_published_number_of_weights():
    layer = MeanField()
    layer.build([(None, 8, 8, 21), (None, 8, 8, 3)])
    assert layer.count_params() == 1_323
    np.testing.assert_array_equal(layer.spatial_weights, 3 * np.eye(21))
    np.testing.assert_array_equal(layer.bilateral_weights, 5 * np.eye(21))
    np.testing.assert_array_equal(layer.compatibility, -np.eye(21))


def test_gradients_equal_finite_differences(rng, inputs):
    import tensorflow as tf

    layer = MeanField(**SMALL, dtype="float64")
    logits, image = tf.cast(inputs[0], "float64"), tf.cast(inputs[1], "float64")
    direction = rng.normal(size=logits.shape)

    def value():
        return tf.reduce_sum(layer([logits, image], training=True) * direction)

    value()  # builds the weights
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = value()
    gradients = tape.gradient(total, [*(w.value for w in layer.weights), logits])
    for weight, gradient in zip(layer.weights, gradients[:-1], strict=True):
        start, step = np.array(weight), 1e-5
        difference = np.zeros_like(start)
        for index in np.ndindex(*start.shape):
            ends = []
            for sign in (1, -1):
                moved = start.copy()
                moved[index] += sign * step
                weight.assign(moved)
                ends.append(float(value()))
            difference[index] = (ends[0] - ends[1]) / (2 * step)
        weight.assign(start)
        np.testing.assert_allclose(gradient, difference, rtol=1e-4, atol=1e-6)
    assert np.abs(gradients[-1]).min() > 0  # every pixel's logits matter


def test_few_samples_give_nearly_the_same_labels(rng):
    colors = np.where(np.arange(48)[None, :, None] < 24, 60.0, 200.0) * np.ones((40, 48, 3))
    image = (colors + rng.normal(0, 5, colors.shape))[None].astype("float32")
    logits = rng.normal(size=(1, 40, 48, 2)).astype("float32")
    logits[0, :, 24:, 1] += 1.0
    logits[0, :, :24, 0] += 1.0
    options = {**SMALL, "bilateral_xy": 20.0}
    every = MeanField(**{**options, "num_samples": 40 * 48})([logits, image])
    few = MeanField(**{**options, "num_samples": 120})([logits, image])
    same = np.argmax(every, -1) == np.argmax(few, -1)
    assert same.mean() > 0.98


def test_a_lone_logit_is_weighed_against_class_0(inputs):
    logits, image = inputs[0][..., :1], inputs[1]
    lone = MeanField(**SMALL)([logits, image])
    both = MeanField(**SMALL)([np.concatenate([0 * logits, logits], axis=-1), image])
    np.testing.assert_allclose(lone, both[..., 1:] - both[..., :1], atol=1e-4)


def test_survives_its_config_and_refuses_other_sizes():
    layer = MeanField(**SMALL)
    again = MeanField.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    with pytest.raises(ValueError, match="Resize the logits to the image first"):
        layer([np.zeros((1, 4, 4, 2), "float32"), np.zeros((1, 8, 8, 3), "float32")])
    assert keras.saving.get_registered_name(MeanField) == "seg_keras>MeanField"
