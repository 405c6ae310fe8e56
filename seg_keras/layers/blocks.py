"""Blocks that most architectures share: convolution, batch norm and activation in one call."""

from keras import KerasTensor, initializers, layers

from seg_keras.layers.batch_normalization import BatchNormalization

# The Keras default of 0.99 would do; stated here so that no model inherits another by accident.
BATCH_NORM_MOMENTUM = 0.99


def batch_norm(x: KerasTensor, *, epsilon: float = 1e-5, name: str) -> KerasTensor:
    """Batch normalisation with this project's momentum."""
    return BatchNormalization(momentum=BATCH_NORM_MOMENTUM, epsilon=epsilon, name=name)(x)


def conv_bn(
    x: KerasTensor,
    filters: int,
    kernel_size: int = 3,
    strides: int = 1,
    dilation_rate: int = 1,
    *,
    use_bias: bool = False,
    epsilon: float = 1e-5,
    name: str,
) -> KerasTensor:
    """Convolution and batch norm: (B, H, W, C) to (B, H/strides, W/strides, filters).

    Batch norm makes a bias needless; published counts of the VGG family include it all the same.
    """
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        dilation_rate=dilation_rate,
        use_bias=use_bias,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return batch_norm(x, epsilon=epsilon, name=f"{name}_bn")


def strided_conv_bn(
    x: KerasTensor,
    filters: int,
    kernel_size: int,
    strides: int,
    *,
    epsilon: float = 1e-5,
    name: str,
) -> KerasTensor:
    """`conv_bn` that pads all sides alike: (B, H, W, C) to (B, H/strides, W/strides, filters).

    Where the size is even, Keras's "same" would pad the end alone and move the features by a
    pixel; published ResNet and Xception weights expect this form.
    """
    x = layers.ZeroPadding2D(kernel_size // 2, name=f"{name}_pad")(x)
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return batch_norm(x, epsilon=epsilon, name=f"{name}_bn")


def conv_bn_relu(
    x: KerasTensor,
    filters: int,
    kernel_size: int = 3,
    strides: int = 1,
    dilation_rate: int = 1,
    *,
    use_bias: bool = False,
    epsilon: float = 1e-5,
    name: str,
) -> KerasTensor:
    """Convolution, batch norm, ReLU: (B, H, W, C) to (B, H/strides, W/strides, filters)."""
    x = conv_bn(
        x,
        filters,
        kernel_size,
        strides,
        dilation_rate,
        use_bias=use_bias,
        epsilon=epsilon,
        name=name,
    )
    return layers.ReLU(name=f"{name}_relu")(x)


def separable_conv_bn_relu(
    x: KerasTensor, filters: int, dilation_rate: int = 1, *, name: str
) -> KerasTensor:
    """3x3 depthwise and 1x1 pointwise convolution, each with batch norm and ReLU.

    (B, H, W, C) to (B, H, W, filters). The form that DeepLab v3+ uses in its heads.
    """
    x = layers.DepthwiseConv2D(
        3,
        padding="same",
        dilation_rate=dilation_rate,
        use_bias=False,
        depthwise_initializer=initializers.TruncatedNormal(stddev=0.33),
        name=f"{name}_depthwise",
    )(x)
    x = batch_norm(x, name=f"{name}_depthwise_bn")
    x = layers.ReLU(name=f"{name}_depthwise_relu")(x)
    return conv_bn_relu(x, filters, 1, name=name)
