"""Blocks of factorised convolutions: a k x 1 and a 1 x k one in place of one k x k.

Reference: Romera et al., "ERFNet: Efficient Residual Factorized ConvNet for Real-time Semantic
Segmentation", IEEE T-ITS 2018, section III
"""

from keras import KerasTensor, layers

from seg_keras.layers.blocks import batch_norm
from seg_keras.layers.subpixel import SubpixelConv2DTranspose

EPSILON = 1e-3  # of every batch norm of the ERFNet family


def conv_pool_bn(x: KerasTensor, filters: int, *, relu: bool, name: str) -> KerasTensor:
    """Halves (B, H, W, C) to (B, H/2, W/2, filters): a convolution beside a max-pooling.

    The pooling keeps the C channels, the convolution makes the others (ENet, section 3). Batch norm
    and, with `relu`, ReLU work on each channel alone, so they are done before the two are joined:
    there a convolution takes them in, and an int8 file gives each map a range of its own.
    """
    conv = layers.Conv2D(filters - x.shape[-1], 3, strides=2, padding="same", name=f"{name}_conv")(
        x
    )
    pool = layers.MaxPooling2D(2, padding="same", name=f"{name}_pool")(x)
    branches = []
    for branch, part in ((conv, "conv"), (pool, "pool")):
        branch = batch_norm(branch, epsilon=EPSILON, name=f"{name}_{part}_bn")
        branches.append(layers.ReLU(name=f"{name}_{part}_relu")(branch) if relu else branch)
    return layers.Concatenate(name=f"{name}_concat")(branches)


def factorized_convs(
    x: KerasTensor, kernel_size: int, dilation_rate: int, vertical_first: bool, name: str
) -> KerasTensor:
    """Convolution along one axis, ReLU, convolution along the other; the shape stays."""
    axes = ("vertical", "horizontal") if vertical_first else ("horizontal", "vertical")
    for index, axis in enumerate(axes):
        if index == 1:
            x = layers.ReLU(name=f"{name}_relu")(x)
        vertical = axis == "vertical"
        x = layers.Conv2D(
            x.shape[-1],
            (kernel_size, 1) if vertical else (1, kernel_size),
            padding="same",
            dilation_rate=(dilation_rate, 1) if vertical else (1, dilation_rate),
            kernel_initializer="he_normal",
            name=f"{name}_{axis}_conv",
        )(x)
    return x


def factorized_conv_bn(
    x: KerasTensor, kernel_size: int, dilation_rate: int, vertical_first: bool, name: str
) -> KerasTensor:
    """`factorized_convs` and batch norm; the shape stays."""
    x = factorized_convs(x, kernel_size, dilation_rate, vertical_first, name)
    return batch_norm(x, epsilon=EPSILON, name=f"{name}_bn")


def upsampling_conv(
    x: KerasTensor, filters: int, kernel_size: int, size: tuple[int, int], name: str
) -> KerasTensor:
    """Transposed convolution that doubles (B, h, w, C), cut to (B, *size, filters)."""
    x = SubpixelConv2DTranspose(filters, kernel_size, name=f"{name}_conv")(x)
    return crop_to(x, size, name=f"{name}_crop")


def crop_to(
    x: KerasTensor, size: tuple[int, int], name: str, *, dtype: str | None = None
) -> KerasTensor:
    """Drops the last rows and columns that (B, H, W, C) has more than `size`."""
    surplus = tuple((0, have - want) for have, want in zip(x.shape[1:3], size, strict=True))
    if not any(map(any, surplus)):
        return x
    return layers.Cropping2D(surplus, dtype=dtype, name=name)(x)
