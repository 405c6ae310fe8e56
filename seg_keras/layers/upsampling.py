"""Enlarging by a transposed convolution that starts as bilinear interpolation and may learn more.

Reference: Long et al., "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015,
section 3.3, https://arxiv.org/abs/1411.4038
"""

import keras
from keras import ops

from seg_keras.layers.initializers import BilinearInitializer


@keras.saving.register_keras_serializable("seg_keras")
class BilinearUpsampling2D(keras.layers.Layer):
    """Transposed convolution of each channel by itself, without padding, bilinear at first.

    Pixel p of the input adds to the pixels from p x strides on; `first_center` says what part of
    the image that is. With `trainable=False` it stays an interpolation.

    Args:
        strides: How many times larger the result is.
        kernel_size: 2 x strides, or 1 less for pixels of the input that fall onto pixels of the
            output rather than between them.

    Input shape: (B, H, W, C). Output shape: (B, (H - 1) x strides + kernel_size, ..., C).
    """

    def __init__(self, strides: int, kernel_size: int, **kwargs):
        super().__init__(**kwargs)
        self.strides = strides
        self.kernel_size = kernel_size

    def build(self, input_shape):
        self.kernel = self.add_weight(
            (self.kernel_size, self.kernel_size, input_shape[-1], 1),
            initializer=BilinearInitializer(),
            name="kernel",
        )

    def call(self, inputs):
        # No backend transposes a convolution of single channels: the others' kernels are zeros.
        kernel = self.kernel * ops.eye(inputs.shape[-1], dtype=self.compute_dtype)
        return ops.conv_transpose(inputs, kernel, self.strides, padding="valid")

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        height, width = ((n - 1) * self.strides + self.kernel_size for n in (height, width))
        return batch, height, width, channels

    def get_config(self):
        return {
            **super().get_config(),
            "strides": self.strides,
            "kernel_size": self.kernel_size,
        }
