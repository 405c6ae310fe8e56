"""CRF as a layer: mean-field steps whose kernels and label costs are learned with the network.

Reference: Zheng et al., "Conditional Random Fields as Recurrent Neural Networks", ICCV 2015,
https://arxiv.org/abs/1502.03240
"""

import math

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("seg_keras")
class MeanField(keras.layers.Layer):
    """Refines logits by what pixels of like colour and place are taken for.

    The bilateral sum over all pixels is approximated by one over a regular grid of them, at most
    `num_samples`, and the pixel itself; since the paper divides by the sum of the kernel, it is
    a weighted mean, of which the grid is a sample. The spatial sum is exact up to three widths.
    Memory is that of H W `num_samples` floats for each image: 1 GB for 500x500 pixels.

    Args:
        bilateral_xy: Width in pixels of the kernel of place and colour.
        bilateral_rgb: Its width in steps of colour, of 255.
        spatial_xy: Width in pixels of the kernel of place alone.
        train_iterations: Mean-field steps while training.
        test_iterations: Mean-field steps otherwise.
        num_samples: Most pixels that stand for all of them.

    Call arguments:
        inputs: Logits (B, H, W, C) and the RGB image (B, H, W, 3) in [0, 255] that they are of.
            A lone logit is that of class 1 against a class 0 of its own.

    Output shape: (B, H, W, C), logits.
    """

    # Squares in the tens of thousands, whose exponentials count: no step of int8 fits both.
    needs_float = True

    def __init__(
        self,
        bilateral_xy: float = 160.0,
        bilateral_rgb: float = 3.0,
        spatial_xy: float = 3.0,
        train_iterations: int = 5,
        test_iterations: int = 10,
        num_samples: int = 1024,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.bilateral_xy = bilateral_xy
        self.bilateral_rgb = bilateral_rgb
        self.spatial_xy = spatial_xy
        self.train_iterations = train_iterations
        self.test_iterations = test_iterations
        self.num_samples = num_samples

    def build(self, input_shape):
        logits_shape, image_shape = input_shape
        if tuple(logits_shape[1:3]) != tuple(image_shape[1:3]):
            raise ValueError(
                f"MeanField got logits of {logits_shape[1:3]} for an image of "
                f"{image_shape[1:3]} pixels. Resize the logits to the image first."
            )
        shape = (max(2, logits_shape[-1]),) * 2

        def matrix(name: str, gain: float):
            return self.add_weight(
                shape=shape, initializer=keras.initializers.Identity(gain), name=name
            )

        # As the authors' files start: Potts, up to a constant.
        self.spatial_weights = matrix("spatial_weights", 3.0)
        self.bilateral_weights = matrix("bilateral_weights", 5.0)
        self.compatibility = matrix("compatibility", -1.0)

    def call(self, inputs, training=None):
        logits, image = (ops.cast(x, self.compute_dtype) for x in inputs)
        lone = logits.shape[-1] == 1
        if lone:
            logits = ops.concatenate([ops.zeros_like(logits), logits], axis=-1)
        bilateral = self._bilateral(image)
        spatial = self._spatial(logits.shape)
        refined = logits
        for _ in range(self.train_iterations if training else self.test_iterations):
            shares = ops.softmax(refined, axis=-1)
            message = spatial(shares) @ self.spatial_weights
            message += bilateral(shares) @ self.bilateral_weights
            refined = logits - message @ self.compatibility
        return refined[..., 1:] - refined[..., :1] if lone else refined

    def _bilateral(self, image):
        """A function from (B, H, W, C) to means over pixels of like colour and place."""
        height, width = image.shape[1:3]
        stride = math.ceil(math.sqrt(height * width / self.num_samples))
        grid = np.s_[:, stride // 2 :: stride, stride // 2 :: stride]
        places = np.stack(np.indices((height, width)), axis=-1) / self.bilateral_xy
        places = ops.broadcast_to(
            ops.cast(places, image.dtype), (ops.shape(image)[0], height, width, 2)
        )
        features = ops.concatenate([places, image / self.bilateral_rgb], axis=-1)
        features = features - ops.mean(features, axis=(1, 2), keepdims=True)  # smaller, so exacter
        samples = ops.reshape(features[grid], (-1, _count(height, width, stride), 5))
        pixels = ops.reshape(features, (-1, height * width, 5))

        squares = (
            ops.sum(pixels**2, axis=-1)[:, :, None]
            + ops.sum(samples**2, axis=-1)[:, None, :]
            - 2 * pixels @ ops.transpose(samples, (0, 2, 1))
        )
        kernel = ops.exp(-0.5 * ops.maximum(squares, 0.0))  # (B, H W, samples)
        total = 1.0 + ops.sum(kernel, axis=-1, keepdims=True)

        def means(values):
            classes = values.shape[-1]
            chosen = ops.reshape(values[grid], (-1, kernel.shape[-1], classes))
            flat = ops.reshape(values, (-1, height * width, classes))
            return ops.reshape((flat + kernel @ chosen) / total, (-1, height, width, classes))

        return means

    def _spatial(self, shape):
        """A function from (B, H, W, C) to means over neighbours, whatever their colour."""
        rows, columns = (
            ops.cast(_gaussian_matrix(extent, self.spatial_xy), self.compute_dtype)
            for extent in shape[1:3]
        )

        def means(values):
            height, width, classes = values.shape[1:]
            x = rows @ ops.reshape(values, (-1, height, width * classes))
            return columns @ ops.reshape(x, (-1, height, width, classes))

        return means

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        names = (
            "bilateral_xy",
            "bilateral_rgb",
            "spatial_xy",
            "train_iterations",
            "test_iterations",
            "num_samples",
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _count(height: int, width: int, stride: int) -> int:
    """Pixels of the grid that starts half a stride from the corner."""
    return len(range(stride // 2, height, stride)) * len(range(stride // 2, width, stride))


def _gaussian_matrix(extent: int, width: float) -> np.ndarray:
    """Weights of a Gaussian mean along one side: (extent, extent), rows summing to 1."""
    distance = np.abs(np.subtract.outer(np.arange(extent), np.arange(extent)))
    kernel = np.exp(-0.5 * (distance / width) ** 2) * (distance <= 3 * width)
    return kernel / kernel.sum(axis=1, keepdims=True)
