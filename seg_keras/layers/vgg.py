"""The stages of VGG16 for architectures that change its padding, pooling or dilation.

Reference: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition", ICLR 2015, https://arxiv.org/abs/1409.1556
"""

from keras import KerasTensor, layers

VGG_FILTERS = (64, 128, 256, 512, 512)
VGG_CONVS = (2, 2, 3, 3, 3)


def vgg_stage(
    x: KerasTensor,
    stage: int,
    *,
    width: float = 1.0,
    dilation_rate: int = 1,
    padding: str = "same",
) -> KerasTensor:
    """Convolutions of stage 1 to 5, without its pooling; layers are named as Keras names them.

    (B, H, W, C) to (B, H, W, filters), or less by 2 x dilation rate for each with `"valid"`.
    """
    for index in range(1, VGG_CONVS[stage - 1] + 1):
        x = layers.Conv2D(
            round(VGG_FILTERS[stage - 1] * width),
            3,
            padding=padding,
            dilation_rate=dilation_rate,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"block{stage}_conv{index}",
        )(x)
    return x


def dilated_vgg(x: KerasTensor, width: float = 1.0) -> KerasTensor:
    """VGG16 as DeepLab v1 and v2 have it: normalised (B, H, W, 3) to (B, H/8, W/8, 512).

    All pools look at 3x3 pixels, the last two without a stride, and an average follows them.
    """
    for stage in range(1, 6):
        x = vgg_stage(x, stage, width=width, dilation_rate=2 if stage == 5 else 1)
        if stage <= 3:
            x = layers.ZeroPadding2D(1, name=f"pool{stage}_pad")(x)  # after ReLU: no maximum
            x = layers.MaxPooling2D(3, strides=2, name=f"pool{stage}")(x)
        else:
            x = layers.MaxPooling2D(3, strides=1, padding="same", name=f"pool{stage}")(x)
    return layers.AveragePooling2D(3, strides=1, padding="same", name="pool5_average")(x)


def fully_connected_as_convs(
    x: KerasTensor, filters: int, kernel_size: int, dilation_rate: int, *, name: str
) -> KerasTensor:
    """VGG's two wide layers as convolutions with dropout: (B, h, w, C) to (B, h, w, filters)."""
    for index, size, rate in ((6, kernel_size, dilation_rate), (7, 1, 1)):
        x = layers.Conv2D(
            filters,
            size,
            padding="same",
            dilation_rate=rate,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"{name}_fc{index}",
        )(x)
        x = layers.Dropout(0.5, name=f"{name}_dropout{index}")(x)
    return x
