"""Activations in forms that are fast in int8 too.

LiteRT's int8 kernels of HARD_SWISH and PRELU are slow, more than ten times the time of an addition
(benchmarks/int8_operators.py). Written out as below they become additions and products.

References: Howard et al., "Searching for MobileNetV3", ICCV 2019, section 5.2,
https://arxiv.org/abs/1905.02244 (stand-ins for sigmoid and swish); He et al., "Delving Deep into
Rectifiers", ICCV 2015, https://arxiv.org/abs/1502.01852 (PReLU).
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

    In this order TensorFlow Lite does not recognise its HARD_SWISH: LR-ASPP takes a third of the
    time in int8, and a tenth more in float32.
    """

    def call(self, inputs):
        return ops.relu6(inputs + 3.0) * inputs * (1.0 / 6.0)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("seg_keras")
class PReLU(keras.layers.PReLU):
    """ReLU with a learned slope for what is negative: x + (1 - alpha) ReLU(-x).

    Arguments and weights are those of `keras.layers.PReLU`. TensorFlow Lite computes a ReLU of a
    product in one step, but quantises the input of a minimum to the range of its result, and
    leaves a negation in float32.
    """

    def call(self, inputs):
        return inputs + (1.0 - self.alpha) * ops.relu(inputs * -1.0)
