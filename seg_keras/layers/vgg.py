"""The stages of VGG16, and its wide layers as convolutions.

Reference: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition", ICLR 2015, https://arxiv.org/abs/1409.1556
"""

from keras import KerasTensor, layers

from seg_keras.layers.blocks import batch_norm as normalize
from seg_keras.layers.pooling import check_seen_whole

VGG_FILTERS = (64, 128, 256, 512, 512)
VGG_CONVS = (2, 2, 3, 3, 3)


def vgg_stage(
    x: KerasTensor,
    stage: int,
    *,
    width: float = 1.0,
    dilation_rate: int = 1,
    padding: str = "same",
    batch_norm: bool = False,
) -> KerasTensor:
    """Convolutions of stage 1 to 5, without its pooling; layers are named as Keras names them.

    (B, H, W, C) to (B, H, W, filters), or less by 2 x dilation rate for each with `"valid"`. With
    batch norm, convolutions keep their bias, as in the published SegNet and DeconvNet.
    """
    for index in range(1, VGG_CONVS[stage - 1] + 1):
        x = layers.Conv2D(
            round(VGG_FILTERS[stage - 1] * width),
            3,
            padding=padding,
            dilation_rate=dilation_rate,
            activation=None if batch_norm else "relu",
            kernel_initializer="he_normal",
            name=f"block{stage}_conv{index}",
        )(x)
        if batch_norm:
            x = normalize(x, name=f"block{stage}_bn{index}")
            x = layers.ReLU(name=f"block{stage}_relu{index}")(x)
    return x


def fully_connected_as_convs(
    x: KerasTensor,
    filters: int,
    kernel_size: int,
    dilation_rate: int = 1,
    *,
    padding: str = "same",
    name: str,
) -> KerasTensor:
    """The two wide layers as convolutions with dropout: (B, h, w, C) to (B, h, w, filters)."""
    if padding == "valid":
        check_seen_whole(x, (kernel_size - 1) * dilation_rate + 1)
    for index, size, rate in ((6, kernel_size, dilation_rate), (7, 1, 1)):
        x = layers.Conv2D(
            filters,
            size,
            padding=padding,
            dilation_rate=rate,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"{name}_fc{index}",
        )(x)
        x = layers.Dropout(0.5, name=f"{name}_dropout{index}")(x)
    return x
