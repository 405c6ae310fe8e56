"""The fused batch norm: values, gradients and statistics of Keras's own."""

import keras
import numpy as np
import pytest
from keras import ops

from seg_keras.layers import BatchNormalization

tf = pytest.importorskip("tensorflow")


def train_both(images, **options):
    """One training call of Keras's layer and of ours: outputs, gradients, moving statistics."""
    results = []
    for kind in (keras.layers.BatchNormalization, BatchNormalization):
        layer = kind(momentum=0.9, epsilon=1e-3, **options)
        layer.build(images.shape)
        rng = np.random.default_rng(1)
        layer.set_weights([rng.uniform(0.5, 1.5, images.shape[-1]) for _ in layer.weights])
        x = tf.constant(images)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            loss = tf.reduce_sum(tf.cast(y, "float32") ** 3)
        gradients = tape.gradient(loss, [x, *(v.value for v in layer.trainable_variables)])
        results.append([y, *gradients, *layer.non_trainable_variables])
    return [[ops.convert_to_numpy(ops.cast(value, "float32")) for value in one] for one in results]


@pytest.mark.parametrize("shape", [(2, 5, 7, 3), (3, 1, 1, 4), (1, 1, 1, 2)])
def test_it_trains_as_keras_does(rng, shape):
    images = rng.normal(1, 2, shape).astype("float32")
    for expected, actual in zip(*train_both(images), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=2e-4, atol=2e-4)


def test_half_precision_keeps_its_type_and_float32_statistics(rng):
    images = rng.normal(1, 2, (2, 6, 4, 3)).astype("float16")
    layer = BatchNormalization(dtype="mixed_float16")
    assert layer(tf.constant(images), training=True).dtype == "float16"
    assert layer.moving_mean.dtype == "float32"
    expected, actual = train_both(images, dtype="mixed_float16")
    np.testing.assert_allclose(actual[-1], expected[-1], rtol=1e-3)
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-2, atol=1e-2)


def test_it_is_one_kernel_in_training_only():
    layer = BatchNormalization()
    spec = tf.TensorSpec((2, 4, 4, 3))
    layer.build(spec.shape)
    for training in (True, False):
        graph = tf.function(layer).get_concrete_function(spec, training=training).graph
        kinds = {operation.type for operation in graph.get_operations()}
        assert ("FusedBatchNormV3" in kinds) == training


def test_frozen_it_uses_its_moving_statistics(rng):
    layer = BatchNormalization()
    layer.trainable = False
    images = rng.normal(5, 2, (2, 3, 3, 2)).astype("float32")
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(images, training=True)), images / np.sqrt(1 + 1e-3), rtol=1e-5
    )
