"""Transposed convolution in a form for which devices have fast kernels.

Reference: Shi et al., "Is the deconvolution layer the same as a convolutional layer?", 2016,
https://arxiv.org/abs/1609.07009
"""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("seg_keras")
class SubpixelConv2DTranspose(keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` as a convolution whose channels become pixels.

    Weights and values are the same: every pixel of the input becomes strides x strides pixels, and
    each of these places has a small kernel of its own, made of the entries of the whole one that
    reach it. LiteRT's TRANSPOSE_CONV takes twice the time of these in float32, in int8 up to thirty
    times.

    Args:
        filters: Channels of the output.
        kernel_size: Of the transposed convolution.
        strides: How many times larger the output is, 2 or more and the same along both sides.
        padding: `"same"`, with which the output is `strides` times as large as the input; a
            `"valid"` one is that too where the kernel is no larger than its stride.
        **kwargs: As `keras.layers.Conv2DTranspose` takes them.

    Input shape: (B, H, W, C). Output shape: (B, H x strides, W x strides, filters).

    Raises:
        ValueError: If the strides differ or are 1, the kernel is dilated, channels come first or
            nothing is padded where kernels overlap.
    """

    def __init__(self, filters, kernel_size, strides=(2, 2), padding="same", **kwargs):
        super().__init__(filters, kernel_size, strides=strides, padding=padding, **kwargs)
        overlaps = any(
            size > stride for size, stride in zip(self.kernel_size, self.strides, strict=True)
        )
        if (
            len(set(self.strides)) > 1
            or self.strides[0] < 2
            or set(self.dilation_rate) != {1}
            or self.data_format != "channels_last"
            or (self.padding == "valid" and overlaps)
        ):
            raise ValueError(
                f"{self.name} has strides {self.strides}, dilation_rate {self.dilation_rate}, "
                f"data_format {self.data_format!r} and padding {self.padding!r}. Give equal "
                f'strides of 2 or more, no dilation, channels last and padding="same", or take '
                f"keras.layers.Conv2DTranspose."
            )

    def call(self, inputs):
        stride = self.strides[0]
        kernel, margins = convolution_of(self.kernel, stride)
        x = inputs
        if any(map(any, margins)):
            x = ops.pad(x, ((0, 0), *margins, (0, 0)))
        x = ops.conv(x, kernel, padding="valid")
        if self.use_bias:
            x = x + ops.tile(self.bias, stride * stride)
        return self.activation(ops.depth_to_space(x, stride))


def convolution_of(kernel, stride: int):
    """The kernel of a convolution that gives all pixels of a transposed one as channels.

    Args:
        kernel: Of the transposed convolution, (height, width, filters, C).
        stride: Of the transposed convolution.

    Returns:
        The kernel (h, w, C, stride x stride x filters), channels in the order of
        `ops.depth_to_space`, and the zeros that it needs (above, below), (left, right).
    """
    *extents, filters, channels = kernel.shape
    (rows, above_and_below), (columns, left_and_right) = (_blocks(n, stride) for n in extents)
    kernel = ops.pad(kernel, (rows, columns, (0, 0), (0, 0)))
    height, width = (extent // stride for extent in kernel.shape[:2])
    kernel = ops.reshape(kernel, (height, stride, width, stride, filters, channels))
    kernel = ops.transpose(ops.flip(kernel, (0, 2)), (0, 2, 5, 1, 3, 4))
    kernel = ops.reshape(kernel, (height, width, channels, stride * stride * filters))
    return kernel, (above_and_below, left_and_right)


def _blocks(extent: int, stride: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Zeros that cut one side of a kernel into blocks of `stride`, and those beside the image.

    Entry t of the kernel takes pixel i to pixel i x stride + t - first. A block of entries takes
    it to all places of one pixel of the input, which is so many blocks away.
    """
    first = max(extent - stride, 0) // 2
    before = math.ceil(first / stride)
    after = math.ceil((extent - first) / stride)
    zeros = before * stride - first, after * stride - (extent - first)
    return zeros, (after - 1, before)
