"""Resizing feature maps to a size that is known when the model is built."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("seg_keras")
class BilinearResize(keras.layers.Layer):
    """Resizes feature maps to a fixed height and width.

    The size is a constant of the layer, not read from another tensor at run time, so
    the exported graph holds one plain resize that TFLite, ONNX and TensorRT all accept.

    Args:
        size: Target (height, width) in pixels.

    Input shape: (B, H, W, C). Output shape: (B, *size, C).
    """

    def __init__(self, size: tuple[int, int], **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def call(self, inputs):
        return ops.image.resize(inputs, self.size, interpolation="bilinear")

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "size": self.size}
