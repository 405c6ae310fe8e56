"""U-Net: a contracting path for what there is, and an expanding one for where it is.

Reference: Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation",
MICCAI 2015, https://arxiv.org/abs/1505.04597
"""

import keras
from keras import KerasTensor, layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import (
    double_conv,
    enlarge_logits,
    maps_before_pooling,
    normalize_image,
    pixel_classifier,
    upsample_beside,
)

PADDINGS = ("same", "valid")
NUM_POOLINGS = 4
LEAST_VALID_SIZE = 188  # pixels; every 16 more is valid too
DROPOUT_RATE = 0.5  # at the end of the contracting path


def unet(
    num_classes: int,
    input_shape: tuple[int, int, int] = (572, 572, 3),
    padding: str = "same",
    filters: int = 64,
    batch_norm: bool = False,
    backbone: str | None = None,
    backbone_options: dict | None = None,
) -> keras.Model:
    """Builds U-Net.

    Choose it for few images and fine structures, such as cells. With `padding="valid"` every
    logit comes from pixels that were there: logits are 92 pixels smaller at each side, and
    `seg_keras.inference` fits tiles of any image together without a seam.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, bands) in pixels; with "valid", 188 or 16k more.
        padding: `"same"`, or `"valid"` as published.
        filters: Channels of the finest level; each coarser one has twice as many.
        batch_norm: Whether each convolution is followed by a batch norm, which the paper lacks and
            which training from random weights on few epochs wants.
        backbone: A name in `seg_keras.backbones.BACKBONES` for the contracting path, None for the
            paper's own. One that gives no map of the image's size has its logits enlarged.
        backbone_options: What that backbone takes besides the size, such as `{"weights": ...}`.

    Returns:
        A model from images (B, H, W, C) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes), or (B, H - 184, W - 184, num_classes) with "valid".

    Raises:
        ValueError: If the padding is unknown, or does not suit the size or the backbone.
    """
    check_padding(padding, input_shape, backbone)
    if backbone:
        encoder = build_backbone(backbone, input_shape, options=backbone_options)
        inputs, maps = encoder.input, maps_before_pooling(encoder.output)
    else:
        inputs = keras.Input(input_shape, name="image")
        maps = contracting_path(normalize_image(inputs), filters, padding, batch_norm)

    *skips, x = maps
    for level, skip in reversed(list(enumerate(skips))):
        width, name = filters * 2**level, f"up{level + 1}"
        x = upsample_beside(x, [skip], width, name=name)  # (B, H/2^level, W/2^level, ...)
        x = double_conv(x, width, padding=padding, batch_norm=batch_norm, name=name)
    x = pixel_classifier(x, num_classes, name="classifier")
    if padding == "same":
        x = enlarge_logits(x, input_shape[:2], name="logits")
    return keras.Model(inputs, {"logits": x}, name="unet")


def contracting_path(
    x: KerasTensor, filters: int, padding: str, batch_norm: bool
) -> list[KerasTensor]:
    """The last map of each of the five levels, from the finest to the coarsest."""
    maps = []
    for level in range(NUM_POOLINGS + 1):
        name = f"down{level + 1}"
        if level:
            x = layers.MaxPooling2D(2, padding="same", name=f"{name}_pool")(x)
        x = double_conv(
            x, filters * 2**level, padding=padding, batch_norm=batch_norm, name=name
        )  # (B, H/2^level, W/2^level, ...)
        if level >= NUM_POOLINGS - 1:
            x = layers.Dropout(DROPOUT_RATE, name=f"{name}_dropout")(x)
        maps.append(x)
    return maps


def check_padding(padding: str, input_shape: tuple[int, int, int], backbone: str | None) -> None:
    """Raises ValueError unless the size and the encoder can do with the padding."""
    if padding not in PADDINGS:
        raise ValueError(f"unet has no padding {padding!r}. Choose one of: {', '.join(PADDINGS)}.")
    if padding == "same":
        return
    if backbone:
        raise ValueError(
            f"The backbone {backbone} pads its maps, so padding='valid' is for the paper's own "
            f"encoder only. Leave one of the two out."
        )
    size = tuple(input_shape[:2])
    fits = tuple(next_valid_size(extent) for extent in size)
    if size != fits:
        raise ValueError(
            f"unet with padding='valid' takes heights and widths of {LEAST_VALID_SIZE} + 16k "
            f"pixels, so that every pooling finds an even size; got {size}. The next valid size "
            f"is {fits}."
        )


def next_valid_size(extent: int) -> int:
    """The least height or width of at least `extent` pixels that needs no padding."""
    step = 2**NUM_POOLINGS
    return max(LEAST_VALID_SIZE, extent + (LEAST_VALID_SIZE - extent) % step)
