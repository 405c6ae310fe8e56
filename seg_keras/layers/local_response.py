"""Normalisation of a channel by its neighbours, as networks had it before batch norm.

Reference: Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks",
NeurIPS 2012, section 3.3
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable("seg_keras")
class LocalResponseNormalization(keras.layers.Layer):
    """Divides each value by a power of the mean square of the channels around it.

    y = x / (1 + alpha * mean of x^2)^beta over `depth_size` channels, those beyond the first and
    the last being zeros: the form and the defaults of Caffe.

    Args:
        depth_size: Channels in the window, an odd number.
        alpha: Weight of the mean square.
        beta: The power.

    Input shape: (B, H, W, C). Output shape: the same.
    """

    def __init__(self, depth_size: int = 5, alpha: float = 1e-4, beta: float = 0.75, **kwargs):
        super().__init__(**kwargs)
        self.depth_size = depth_size
        self.alpha = alpha
        self.beta = beta

    def call(self, inputs):
        # Pooling over channels is plain average pooling of a map whose columns are the channels.
        height, width, channels = inputs.shape[1:]
        margin = self.depth_size // 2
        squares = ops.square(ops.cast(inputs, "float32"))  # those of 256 are no longer float16
        squares = ops.pad(squares, [[0, 0], [0, 0], [0, 0], [margin, margin]])
        rows = ops.reshape(squares, (-1, height * width, channels + 2 * margin, 1))
        means = ops.average_pool(rows, (1, self.depth_size), strides=1, padding="valid")
        means = ops.reshape(means, (-1, height, width, channels))
        scale = ops.power(1 + self.alpha * means, -self.beta)
        return inputs * ops.cast(scale, inputs.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "depth_size": self.depth_size,
            "alpha": self.alpha,
            "beta": self.beta,
        }
