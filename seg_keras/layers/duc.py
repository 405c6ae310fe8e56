"""Dense upsampling convolution: the network predicts every pixel of a cell in its channels.

Reference: Wang et al., "Understanding Convolution for Semantic Segmentation", WACV 2018,
section 3.1, https://arxiv.org/abs/1702.08502
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable("seg_keras")
class DenseUpsampling(keras.layers.Layer):
    """Lays the channels of each pixel out as a square of pixels.

    Channels are ordered by class, then row, then column, as the published weights have them
    (depth-to-space of most frameworks wants the class last).

    Args:
        scale: Rows and columns of the square.

    Input shape: (B, h, w, C * scale^2). Output shape: (B, h * scale, w * scale, C).
    """

    def __init__(self, scale: int, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def build(self, input_shape):
        if input_shape[-1] % self.scale**2:
            raise ValueError(
                f"{input_shape[-1]} channels do not fill squares of {self.scale}x{self.scale} "
                f"pixels. Give a multiple of {self.scale**2}."
            )

    def call(self, inputs):
        _, height, width, classes = self.compute_output_shape(inputs.shape)
        h, w, scale = *inputs.shape[1:3], self.scale
        # Two transposes of few axes: TFLite and TensorRT take no more than these.
        x = ops.reshape(inputs, (-1, h * w, classes, scale**2))
        x = ops.transpose(x, (0, 1, 3, 2))  # row, column, class within a pixel
        x = ops.reshape(x, (-1, h, w, scale, scale * classes))
        x = ops.transpose(x, (0, 1, 3, 2, 4))
        return ops.reshape(x, (-1, height, width, classes))

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, height * self.scale, width * self.scale, channels // self.scale**2

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}
