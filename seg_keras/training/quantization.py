"""Quantisation-aware fine-tuning: a trained model practises in int8 before it is converted.

Reference: Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", CVPR 2018, section 3, https://arxiv.org/abs/1712.05877
"""

import collections

import keras

from seg_keras.layers import (
    BilinearResize,
    FakeQuantize,
    FakeQuantizedWeights,
    NearestResize,
    StatisticsAtRest,
    kernel_channels,
)

# They pass on values that they were given, so the converter gives them the scale of their input.
PASSING_ON = (
    BilinearResize,
    NearestResize,
    keras.layers.Dropout,
    keras.layers.Identity,
    keras.layers.MaxPooling2D,
    keras.layers.Reshape,
    keras.layers.SpatialDropout2D,
    keras.layers.UpSampling2D,
    keras.layers.ZeroPadding2D,
)


def with_fake_quantization(model: keras.Model) -> keras.Model:
    """The same weights in a graph that rounds them and the activations as an int8 file would.

    The statistics of batch norms stand still in it, since the file has them merged into the
    kernels. The model itself stays as it is: once its weights are trained by way of this graph,
    save and export the model.

    Args:
        model: A functional model.

    Returns:
        A model with the inputs, outputs and trainable variables of `model`, and further variables
        for the ranges of its activations, which the first training batch sets.
    """
    merged = {id(operation) for operation in model.operations if is_merged(operation)}
    names = collections.Counter()

    def call(operation, *args, **kwargs):
        names[operation.name] += 1  # a layer may stand in several places
        name = f"{operation.name}_{names[operation.name]}"
        if isinstance(operation, keras.layers.BatchNormalization):
            outputs = StatisticsAtRest(operation, name=f"{name}_at_rest")(*args)
        elif kernel_channels(operation) is not None:
            outputs = FakeQuantizedWeights(operation, name=f"{name}_weights")(*args)
        else:
            outputs = operation(*args, **kwargs)
        if not isinstance(outputs, keras.KerasTensor) or "float" not in outputs.dtype:
            return outputs
        if isinstance(operation, PASSING_ON) or id(operation) in merged:
            return outputs
        return FakeQuantize(name=f"{name}_rounded", dtype=outputs.dtype)(outputs)

    return keras.models.clone_model(model, clone_function=lambda op: op, call_function=call)


def is_merged(operation: keras.Operation) -> bool:
    """Whether the converter merges an operation with the only one that follows it.

    It merges a convolution with its batch norm, and either, or a sum, with a ReLU; what passes
    between the two is never rounded.
    """
    followers = {id(node.operation): node.operation for node in operation._outbound_nodes}
    if len(followers) != 1:
        return False
    (follower,) = followers.values()
    if isinstance(follower, keras.layers.BatchNormalization):
        return kernel_channels(operation) is not None
    return isinstance(follower, keras.layers.ReLU) and (
        kernel_channels(operation) is not None
        or isinstance(operation, keras.layers.BatchNormalization | keras.layers.Add)
    )
