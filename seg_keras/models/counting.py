"""Counts weights and multiplications of a model, for which its weights need not exist."""

import math
from collections.abc import Callable

import keras
from keras import layers

from seg_keras.layers import BilinearUpsampling2D


def shape_only(build: Callable[[], keras.Model]) -> keras.Model:
    """A model to look at but not to run: its variables have shapes and take no memory.

    Args:
        build: Gives a new model, such as `lambda: build_model("pspnet", 19, (713, 713, 3))`.
    """
    with keras.StatelessScope(initialize_variables=False):
        model = build()
    keras.utils.clear_session()  # forgets the variables that still wait for their values
    return model


def count_weights(model: keras.Model) -> int:
    """Weights that training changes; the statistics of batch norms are none."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def count_macs(model: keras.Model) -> int:
    """Multiply-accumulates of the convolutions for one image, as papers count them.

    A transposed convolution counts on the map that it is given, another one on the map that it
    gives. Count `deployable(model)`, or the heads that only training needs count too.

    Args:
        model: A functional model that is built at one size; so are the models inside of it.

    Raises:
        ValueError: If the model, or one inside of it, takes images of any size.
    """
    if None in model.input_shape[1:]:
        raise ValueError(
            f"{model.name} takes images of any size, {model.input_shape[1:]}, so that it has no "
            f"fixed count of multiplications. Build it at one size, deeplab_v2 at one scale."
        )
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += count_macs(layer)
        elif isinstance(layer, layers.DepthwiseConv2D | layers.Conv2D):
            total += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif isinstance(layer, layers.Conv2DTranspose | BilinearUpsampling2D):
            total += math.prod(layer.kernel.shape) * math.prod(layer.input.shape[1:3])
    return total
