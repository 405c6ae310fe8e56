"""Resizing feature maps to a size that is known when the model is built."""

import keras
import numpy as np
from keras import KerasTensor, ops


@keras.saving.register_keras_serializable("seg_keras")
class BilinearResize(keras.layers.Layer):
    """Resizes feature maps to a fixed height and width.

    The size is a constant of the layer, not read from another tensor at run time, so
    the exported graph holds one plain resize that TFLite, ONNX and TensorRT all accept.

    Args:
        size: Target (height, width) in pixels.
        align_corners: Whether the centres of the corner pixels stay where they are, as in the
            published PSPNet, ICNet and DeepLab; otherwise the corners of the image do.

    Input shape: (B, H, W, C). Output shape: (B, *size, C).
    """

    def __init__(self, size: tuple[int, int], align_corners: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)
        self.align_corners = align_corners

    def call(self, inputs):
        if not self.align_corners:
            return ops.image.resize(inputs, self.size, interpolation="bilinear")
        if keras.backend.backend() != "tensorflow":
            return self._by_matrices(inputs)
        import tensorflow as tf  # here, so that models need it on its own backend only

        # One operator in every export, where matrices would be a chain of them.
        x = tf.raw_ops.ResizeBilinear(images=inputs, size=self.size, align_corners=True)
        return ops.cast(x, inputs.dtype)  # it gives float32 whatever it takes

    def _by_matrices(self, inputs):
        rows, columns = (
            ops.cast(_aligned_weights(old, new), inputs.dtype)
            for old, new in zip(inputs.shape[1:3], self.size, strict=True)
        )
        x = ops.einsum("ih,bhwc->biwc", rows, inputs)
        return ops.einsum("jw,biwc->bijc", columns, x)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "size": self.size, "align_corners": self.align_corners}


def _aligned_weights(old: int, new: int) -> np.ndarray:
    """Share of each of `old` pixels in each of `new` ones: (new, old)."""
    positions = np.linspace(0, old - 1, new) if new > 1 else np.zeros(1)
    return np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(old)))


@keras.saving.register_keras_serializable("seg_keras")
class NearestResize(BilinearResize):
    """Like `BilinearResize`, but every output is the nearest input: one plain resize too."""

    def call(self, inputs):
        return ops.image.resize(inputs, self.size, interpolation="nearest")


def halve(x: KerasTensor, *, align_corners: bool = False, name: str) -> KerasTensor:
    """Resizes (B, H, W, C) to half its height and width, rounded up."""
    height, width = x.shape[1:3]
    return BilinearResize((-(-height // 2), -(-width // 2)), align_corners, name=name)(x)
