"""A Keras model as the gate takes it: an image in, logits out, as of an artifact."""

import keras
import numpy as np
import tensorflow as tf

from deploy.export.float32 import to_float32


class KerasReference:
    """A Keras model that artifacts are compared with.

    Args:
        model: Float RGB images (B, H, W, 3) of a fixed size to a dict with "logits"; it is run in
            float32, however it was trained.

    Attributes:
        input_size: The (height, width) in pixels that it takes.
    """

    def __init__(self, model: keras.Model):
        model = to_float32(model)
        self.input_size = tuple(model.input_shape[1:3])
        # A concrete function: a second model in one process is no retracing to be warned of.
        self._to_logits = tf.function(
            lambda image: model(image, training=False)["logits"]
        ).get_concrete_function(tf.TensorSpec((1, *model.input_shape[1:])))

    def run(self, image: np.ndarray) -> np.ndarray:
        """Maps one uint8 image (1, h, w, 3) of `input_size` to float32 logits (1, h, w, C)."""
        return self._to_logits(tf.constant(image, tf.float32)).numpy()
