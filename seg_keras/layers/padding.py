"""Padding with the image's own mirror image, and with zeros where windows should begin."""

import keras
from keras import KerasTensor, layers, ops


@keras.saving.register_keras_serializable("seg_keras")
class ReflectionPadding(keras.layers.Layer):
    """Mirrors feature maps at their borders, again and again where they are small.

    Args:
        margins: Pixels to add: ((top, bottom), (left, right)).

    Input shape: (B, H, W, C). Output shape: (B, top + H + bottom, left + W + right, C).
    """

    def __init__(self, margins: tuple[tuple[int, int], tuple[int, int]], **kwargs):
        super().__init__(**kwargs)
        self.margins = tuple(tuple(pair) for pair in margins)

    def call(self, inputs):
        missing = [list(pair) for pair in self.margins]
        x = inputs
        while any(map(any, missing)):
            # One mirror image shows each pixel but the outermost one.
            step = [
                [min(pixels, extent - 1) for pixels in pair]
                for pair, extent in zip(missing, x.shape[1:3], strict=True)
            ]
            x = ops.pad(x, [[0, 0], *step, [0, 0]], mode="reflect")
            missing = [
                [pixels - done for pixels, done in zip(*pairs, strict=True)]
                for pairs in zip(missing, step, strict=True)
            ]
        return x

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        rows, columns = map(sum, self.margins)
        return batch, height + rows, width + columns, channels

    def get_config(self):
        return {**super().get_config(), "margins": self.margins}


def pad_for_windows(
    x: KerasTensor, kernel_size: int, strides: int, before: int, name: str
) -> KerasTensor:
    """Adds zeros, so that windows begin `before` pixels outside whatever the size.

    Keras's "same" begins where the size says, which moves the features. Without padding of its
    own, a layer then turns (B, H, W, C) into (B, H/strides, W/strides, ...), sizes rounded up.
    """
    margins = []
    for extent in x.shape[1:3]:
        last = (-(-extent // strides) - 1) * strides - before  # where the last window begins
        margins.append((before, max(0, last + kernel_size - extent)))
    return layers.ZeroPadding2D(margins, name=name)(x)
