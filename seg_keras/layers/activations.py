"""Piecewise linear stand-ins for sigmoid and swish, cheap to compute and exact to quantise.

Reference: Howard et al., "Searching for MobileNetV3", ICCV 2019, section 5.2,
https://arxiv.org/abs/1905.02244
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable("seg_keras")
class HardSigmoid(keras.layers.Layer):
    """ReLU6(x + 3) / 6: 0 below -3, 1 above 3, a straight line between.

    Any shape in, the same shape out. Its range is known beforehand, so that a quantised file
    loses nothing of it to calibration.
    """

    def call(self, inputs):
        return ops.relu6(inputs + 3.0) * (1.0 / 6.0)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("seg_keras")
class HardSwish(keras.layers.Layer):
    """x ReLU6(x + 3) / 6. Any shape in, the same shape out.

    Written in an order in which TensorFlow Lite does not recognise its HARD_SWISH, because that
    has no fast int8 kernel: as an addition and two products LR-ASPP takes a third of the time in
    int8, and a tenth more in float32.
    """

    def call(self, inputs):
        return ops.relu6(inputs + 3.0) * inputs * (1.0 / 6.0)

    def compute_output_shape(self, input_shape):
        return input_shape
