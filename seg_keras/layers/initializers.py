"""Convolutions that start by passing their input on, or by enlarging it.

References: Yu and Koltun, "Multi-Scale Context Aggregation by Dilated Convolutions", ICLR 2016,
section 3, https://arxiv.org/abs/1511.07122; Long et al., "Fully Convolutional Networks for
Semantic Segmentation", CVPR 2015, section 3.3, https://arxiv.org/abs/1411.4038
"""

import keras
import numpy as np
from keras import random


@keras.saving.register_keras_serializable("seg_keras")
class IdentityInitializer(keras.initializers.Initializer):
    """The middle of a kernel passes channel i on to channel i, with noise everywhere.

    Where there are more input channels than output channels, those with the same remainder are
    summed.

    Args:
        gain: What a channel is multiplied by.
        stddev: Of the Gaussian noise.
    """

    def __init__(self, gain: float = 1.0, stddev: float = 0.0):
        self.gain = gain
        self.stddev = stddev

    def __call__(self, shape, dtype=None):
        height, width, inputs, outputs = shape
        kernel = np.zeros(shape)
        channel = np.arange(inputs)[:, None] % outputs
        kernel[height // 2, width // 2] = self.gain * (channel == np.arange(outputs) % inputs)
        kernel = keras.ops.convert_to_tensor(kernel, dtype)
        if not self.stddev:
            return kernel
        return kernel + random.normal(shape, stddev=self.stddev, dtype=dtype)

    def get_config(self):
        return {"gain": self.gain, "stddev": self.stddev}


@keras.saving.register_keras_serializable("seg_keras")
class BilinearInitializer(keras.initializers.Initializer):
    """Kernels with which a transposed convolution interpolates, each channel by itself.

    A kernel of 2s pixels suits a stride of s; one of 2s - 1 puts a pixel of the input exactly onto
    one of the output. Shapes are those of `keras.layers.Conv2DTranspose`: (k, k, outputs, inputs).
    """

    def __call__(self, shape, dtype=None):
        height, width, outputs, inputs = shape
        same = np.arange(outputs)[:, None] % inputs == np.arange(inputs)
        kernel = np.outer(_tent(height), _tent(width))[..., None, None] * same
        return keras.ops.convert_to_tensor(kernel, dtype)


def _tent(size: int) -> np.ndarray:
    """Shares of one input pixel in `size` output pixels along one axis."""
    half = (size + 1) // 2
    return 1 - np.abs(np.arange(size) - (size - 1) / 2) / half
