"""The two blocks of every U-Net: two convolutions in a row, and upsampling beside finer maps.

Reference: Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation",
MICCAI 2015, https://arxiv.org/abs/1505.04597
"""

from keras import KerasTensor, layers

from seg_keras.layers.blocks import batch_norm as normalize
from seg_keras.layers.factorized import crop_to
from seg_keras.layers.subpixel import SubpixelConv2DTranspose


def double_conv(
    x: KerasTensor,
    filters: int,
    *,
    padding: str = "same",
    batch_norm: bool = False,
    dropout_rate: float = 0.0,
    name: str,
) -> KerasTensor:
    """Two 3x3 convolutions with ReLU: (B, H, W, C) to (B, H, W, filters), or to H-4 with "valid".

    Dropout, where there is any, follows each of them.
    """
    for index in (1, 2):
        x = layers.Conv2D(
            filters,
            3,
            padding=padding,
            use_bias=not batch_norm,
            kernel_initializer="he_normal",
            name=f"{name}_conv{index}",
        )(x)
        if batch_norm:
            x = normalize(x, name=f"{name}_bn{index}")
        x = layers.ReLU(name=f"{name}_relu{index}")(x)
        if dropout_rate:
            x = layers.Dropout(dropout_rate, name=f"{name}_dropout{index}")(x)
    return x


def upsample_beside(
    x: KerasTensor, skips: list[KerasTensor], filters: int, *, name: str
) -> KerasTensor:
    """Doubles (B, h, w, C) by a transposed convolution and appends it to finer maps.

    Gives (B, H, W, channels of `skips` + filters). Finer maps that are larger, since nothing was
    padded, are cut to their middle; one that was odd is a pixel smaller, and the doubled map is cut
    at its end.
    """
    x = SubpixelConv2DTranspose(filters, 2, kernel_initializer="he_normal", name=f"{name}_deconv")(
        x
    )
    size = tuple(min(pair) for pair in zip(x.shape[1:3], skips[0].shape[1:3], strict=True))
    x = crop_to(x, size, name=f"{name}_crop")
    skips = [
        crop_to_middle(skip, size, name=f"{name}_skip{index}") for index, skip in enumerate(skips)
    ]
    return layers.Concatenate(name=f"{name}_concat")([*skips, x])


def crop_to_middle(x: KerasTensor, size: tuple[int, int], name: str) -> KerasTensor:
    """Cuts (B, H, W, C) to the `size` in its middle."""
    surplus = [have - want for have, want in zip(x.shape[1:3], size, strict=True)]
    margins = tuple((pixels // 2, pixels - pixels // 2) for pixels in surplus)
    return layers.Cropping2D(margins, name=name)(x) if any(surplus) else x
