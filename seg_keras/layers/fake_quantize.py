"""Rounding to 8 bits inside of a float network, so that training feels what int8 will cost.

Values are rounded as LiteRT's full int8 scheme rounds them: weights symmetrically, one scale for
each output channel; activations on 256 steps between a smallest and a largest value, one of which
is exactly 0. The gradient passes as if nothing had been rounded ("straight through").

Reference: Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", CVPR 2018, section 3, https://arxiv.org/abs/1712.05877
"""

import keras
from keras import ops

WEIGHT_STEPS = 127  # on either side of 0
ACTIVATION_STEPS = 255


@keras.saving.register_keras_serializable("seg_keras")
class FakeQuantize(keras.layers.Layer):
    """Rounds activations to the 256 values that int8 has for the range they take.

    The range is a moving average of the smallest and the largest value of each training batch,
    widened to hold 0.

    Args:
        momentum: How much of the range stays from batch to batch, in [0, 1).

    Input shape: any. Output shape: the same.
    """

    def __init__(self, momentum: float = 0.99, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum

    def build(self, input_shape):
        # NaN until the first batch: a range of its own, not one that starts at 0.
        self.range = self.add_weight(
            shape=(2,),
            initializer=keras.initializers.Constant(float("nan")),
            trainable=False,
            dtype="float32",
            autocast=False,
            name="range",
        )

    def call(self, inputs, training=None):
        x = ops.cast(inputs, "float32")
        if training:
            batch = ops.stop_gradient(ops.stack([ops.min(x), ops.max(x)]))
            batch = ops.stack([ops.minimum(batch[0], 0.0), ops.maximum(batch[1], 0.0)])
            moved = self.momentum * self.range + (1 - self.momentum) * batch
            self.range.assign(ops.where(ops.isnan(self.range), batch, moved))
        low, high = self.range[0], self.range[1]
        rounded = round_to_steps(x, low, high)
        # Not one batch seen: there is no range to round to.
        return ops.cast(ops.where(ops.isnan(low), x, rounded), inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum}


@keras.saving.register_keras_serializable("seg_keras")
class FakeQuantizedWeights(keras.layers.Layer):
    """Calls a convolution or dense layer with its kernel rounded; the layer keeps its own.

    Args:
        layer: The layer; `kernel_channels` must know its kind.

    Input and output shape: the layer's.
    """

    def __init__(self, layer: keras.layers.Layer, **kwargs):
        super().__init__(dtype=layer.dtype_policy, **kwargs)
        self.layer = layer

    def build(self, input_shape):
        if not self.layer.built:
            self.layer.build(input_shape)

    def call(self, inputs):
        kernel = self.layer.kernel
        rounded = round_weights(ops.convert_to_tensor(kernel), kernel_channels(self.layer))
        with keras.StatelessScope(state_mapping=[(kernel, rounded)]):
            return self.layer(inputs)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)


@keras.saving.register_keras_serializable("seg_keras")
class StatisticsAtRest(keras.layers.Layer):
    """Calls a batch norm as in inference, also in training; its scale and offset do learn.

    Args:
        layer: The batch norm.

    Input and output shape: the layer's.
    """

    def __init__(self, layer: keras.layers.BatchNormalization, **kwargs):
        super().__init__(dtype=layer.dtype_policy, **kwargs)
        self.layer = layer

    def build(self, input_shape):
        if not self.layer.built:
            self.layer.build(input_shape)

    def call(self, inputs):
        return self.layer(inputs, training=False)

    def compute_output_shape(self, input_shape):
        return input_shape


def kernel_channels(layer: keras.layers.Layer) -> tuple[int, ...] | None:
    """The axes of a layer's kernel that have a scale for each of their entries; None without any.

    A dense layer has one scale for all of its kernel, which is what the converter gives it.
    """
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return 2, 3  # (height, width, channels, multiplier)
    if isinstance(layer, keras.layers.Conv2DTranspose):
        return (2,)  # (height, width, outputs, inputs)
    if isinstance(layer, keras.layers.Conv2D):
        return (3,)  # (height, width, inputs, outputs)
    return () if isinstance(layer, keras.layers.Dense) else None


def round_weights(kernel, channel_axes: tuple[int, ...]):
    """Rounds a kernel to 127 steps on either side of 0, of one width along `channel_axes`.

    A batch norm after the layer changes nothing: merged into the kernel it multiplies each channel
    by one number, and the steps with it.
    """
    kernel_in_float32 = ops.cast(kernel, "float32")
    others = [axis for axis in range(len(kernel.shape)) if axis not in channel_axes]
    largest = ops.max(ops.abs(kernel_in_float32), axis=others, keepdims=True)
    step = ops.stop_gradient(ops.where(largest > 0, largest, 1.0) / WEIGHT_STEPS)
    rounded = step * ops.round(kernel_in_float32 / step)
    rounded = kernel_in_float32 + ops.stop_gradient(rounded - kernel_in_float32)
    return ops.cast(rounded, kernel.dtype)


def round_to_steps(x, low, high):
    """Rounds to 255 equal steps from `low` to `high`, moved so that 0 is among the values.

    Args:
        x: float32 of any shape. No gradient flows where it lies outside of the range.
        low: The smallest value, at most 0.
        high: The largest value, at least 0.
    """
    step = ops.where(high > low, high - low, 1.0) / ACTIVATION_STEPS
    zero = -ops.floor(low / step + 0.5)  # halves as the converter rounds them
    low, high = -zero * step, (ACTIVATION_STEPS - zero) * step
    clipped = ops.clip(x, low, high)
    rounded = step * ops.round(clipped / step)
    return clipped + ops.stop_gradient(rounded - clipped)
