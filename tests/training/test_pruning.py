"""Channel pruning keeps the strongest filters, and nothing else of a layer moves."""

import keras
import numpy as np
import pytest
from keras import layers

from seg_keras.training import prune_channels


def residual_model(filters, join=layers.Add):
    """A stem whose channels an addition shares with a later convolution, and a classifier."""
    inputs = keras.Input((9, 7, 3))
    x = layers.Conv2D(filters, 3, padding="same", name="stem")(inputs)
    x = layers.BatchNormalization(name="stem_bn")(x)
    y = layers.Conv2D(2 * filters, 3, padding="same", use_bias=False, name="wide")(x)
    y = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(layers.ReLU()(y))
    y = layers.Conv2D(filters, 1, name="narrow")(y)
    x = join(name="join")([x, y])
    return keras.Model(inputs, {"logits": layers.Conv2D(4, 1, name="classifier")(x)})


def with_weak_channels(model, weak, rng):
    """Random weights; the filters of index `weak(index)`, and all that follows them, are zero."""
    for layer in model.layers:
        weights = [rng.uniform(0.2, 1, w.shape) for w in layer.get_weights()]
        if weights and layer.name != "classifier":
            channels = np.arange(weights[-1].shape[-1])
            for values in weights:
                axis = 2 if isinstance(layer, layers.DepthwiseConv2D) and values.ndim == 4 else -1
                np.moveaxis(values, axis, -1)[..., weak(channels)] = 0
        layer.set_weights(weights)


def test_removing_filters_that_do_nothing_changes_nothing(rng):
    source, target = residual_model(6), residual_model(3)
    with_weak_channels(source, lambda channels: channels % 2 == 1, rng)
    prune_channels(source, target)
    images = rng.normal(0, 1, (2, 9, 7, 3)).astype("float32")
    expected = keras.ops.convert_to_numpy(source(images)["logits"])
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(target(images)["logits"], expected, rtol=1e-4, atol=1e-4)


def test_maps_that_are_added_lose_the_same_channels(rng):
    source, target = residual_model(4), residual_model(2)
    kernels = {name: source.get_layer(name).get_weights() for name in ("stem", "narrow")}
    # By itself each convolution would keep other channels than the sum of both norms does.
    for name, strength in (("stem", [9, 1, 5, 4]), ("narrow", [1, 9, 6, 7])):
        kernel = np.ones(kernels[name][0].shape)
        kernel *= np.array(strength) / kernel[..., 0].size
        source.get_layer(name).set_weights([kernel, np.arange(4.0)])
    prune_channels(source, target)
    for name in ("stem", "narrow"):
        np.testing.assert_array_equal(target.get_layer(name).get_weights()[1], [2, 3])  # 11, 11


def test_equal_width_keeps_everything(rng):
    source, target = residual_model(4), residual_model(4)
    prune_channels(source, target)
    for ours, theirs in zip(target.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_cannot_be_pruned_is_told():
    with pytest.raises(ValueError, match="stem has 2 filters, but 4"):
        prune_channels(residual_model(2), residual_model(4))
    with pytest.raises(ValueError, match="join is a Concatenate, which .* cannot follow"):
        prune_channels(residual_model(4, layers.Concatenate), residual_model(2))
