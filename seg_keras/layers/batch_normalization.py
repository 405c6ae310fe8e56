"""Batch normalisation that trains on one fused kernel where the backend has it.

Reference: Ioffe and Szegedy, "Batch Normalization", ICML 2015, https://arxiv.org/abs/1502.03167
"""

import math

import keras


@keras.saving.register_keras_serializable("seg_keras")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` of feature maps, at less than half of its cost.

    Keras composes the statistics and their gradients of elementwise operations, each a pass over
    memory. In training on TensorFlow this layer calls the fused kernel instead; the values, the
    variables and the exported graph are those of Keras.
    """

    def call(self, inputs, training=None, mask=None):
        fused = (
            keras.backend.backend() == "tensorflow"
            and (training and self.trainable and mask is None)
            and (len(inputs.shape) == 4 and self.axis in (-1, 3))
            and (self.scale and self.center and not self.renorm and not self.synchronized)
        )
        return self._fused(inputs) if fused else super().call(inputs, training, mask)

    def _fused(self, inputs):
        import tensorflow as tf  # here, so that models need it on its own backend only

        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self.beta,
            mean=[],
            variance=[],
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel's variance is the unbiased one, n / (n - 1) of that which Keras averages.
        pixels = tf.cast(math.prod(inputs.shape[1:3]) * tf.shape(inputs)[0], variance.dtype)
        self._follow(self.moving_mean, mean)
        self._follow(self.moving_variance, variance * (pixels - 1) / pixels)
        return outputs

    def _follow(self, moving, value):
        moving.assign(self.momentum * moving + (1 - self.momentum) * value)
