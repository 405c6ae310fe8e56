"""The decoder of DeepLab v3+: coarse features meet fine ones at a quarter of the image's size.

Reference: Chen et al., "Encoder-Decoder with Atrous Separable Convolution for Semantic Image
Segmentation", ECCV 2018, https://arxiv.org/abs/1802.02611
"""

from keras import KerasTensor, layers

from seg_keras.layers.blocks import conv_bn_relu, separable_conv_bn_relu
from seg_keras.layers.resize import BilinearResize


def refine_with_details(
    x: KerasTensor, details: KerasTensor, filters: int, *, separable: bool, name: str
) -> KerasTensor:
    """Brings (B, h, w, C) to the size of the details, (B, H/4, W/4, filters), and refines it."""
    # Table 1 of the paper: 48 channels, few beside the encoder's, so that they only add detail.
    details = conv_bn_relu(details, 48, 1, name=f"{name}_details")
    x = BilinearResize(details.shape[1:3], name=f"{name}_resize")(x)
    x = layers.Concatenate(name=f"{name}_concat")([x, details])
    conv = separable_conv_bn_relu if separable else conv_bn_relu
    x = conv(x, filters, name=f"{name}_refine1")
    return conv(x, filters, name=f"{name}_refine2")
