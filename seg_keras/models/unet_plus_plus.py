"""U-Net++: between encoder and decoder, nested U-Nets of every depth that can be cut off.

References: Zhou et al., "UNet++: A Nested U-Net Architecture for Medical Image Segmentation",
DLMIA 2018, https://arxiv.org/abs/1807.10165; "UNet++: Redesigning Skip Connections to Exploit
Multiscale Features in Image Segmentation", TMI 2020, https://arxiv.org/abs/1912.05074
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
from seg_keras.models.segmentation_model import SegmentationModel

MAX_DEPTH = 4
MODES = ("fast", "accurate")
DROPOUT_RATE = 0.5  # after each convolution, of the form without batch norm


def unet_plus_plus(
    num_classes: int,
    input_shape: tuple[int, int, int] = (96, 96, 3),
    depth: int = MAX_DEPTH,
    deep_supervision: bool = True,
    mode: str = "fast",
    filters: int = 32,
    batch_norm: bool = False,
    backbone: str | None = None,
    backbone_options: dict | None = None,
) -> keras.Model:
    """Builds U-Net++.

    Choose it over `unet` where one training shall serve devices of several speeds: trained with
    deep supervision, `prune` cuts it to any smaller depth. The paper's wide form has 35 filters.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, bands) in pixels.
        depth: How often the encoder halves the image, 1 to 4; below 4 it is a pruned form.
        deep_supervision: Whether the nested U-Nets of each depth have a head to train.
        mode: `"fast"`: the logits are those of the deepest head; `"accurate"`: the mean of all.
        filters: Channels of the finest level; each coarser one has twice as many.
        batch_norm: Whether batch norm follows each convolution in place of the paper's dropout.
        backbone: A name in `seg_keras.backbones.BACKBONES` for the encoder, None for the paper's
            own. One that gives no map of the image's size has its logits enlarged.
        backbone_options: What that backbone takes besides the size, such as `{"weights": ...}`.

    Returns:
        A model from images (B, H, W, C) in [0, 255] to a dict of float32 logits
        (B, H, W, num_classes): `"logits"` to predict with, and with deep supervision
        `"head1"` to `"head4"`, those of each depth, to train with equal weights. In the mode
        "fast" the deepest one is the logits themselves.

    Raises:
        ValueError: If the depth or the mode is none of these.
    """
    check(depth, mode, deep_supervision)
    if backbone:
        encoder = build_backbone(backbone, input_shape, options=backbone_options)
        inputs, column = encoder.input, maps_before_pooling(encoder.output)[: depth + 1]
    else:
        inputs = keras.Input(input_shape, name="image")
        column = encoder_column(normalize_image(inputs), depth, filters, batch_norm)

    heads = {}
    for index, x in enumerate(nested_decoders(column, filters, batch_norm), start=1):
        if deep_supervision or index == depth:
            y = pixel_classifier(x, num_classes, name=f"head{index}_classifier")
            heads[f"head{index}"] = enlarge_logits(y, input_shape[:2], name=f"head{index}")
    if mode == "accurate" and depth > 1:
        mean = layers.Average(dtype="float32", name="logits")(list(heads.values()))
        outputs = {"logits": mean, **heads}
    else:
        outputs = {"logits": heads.pop(f"head{depth}"), **heads}
    return keras.Model(inputs, outputs, name="unet_plus_plus")


def check(depth: int, mode: str, deep_supervision: bool) -> None:
    """Raises ValueError unless the options are known and fit together."""
    if not 1 <= depth <= MAX_DEPTH:
        raise ValueError(
            f"unet_plus_plus has depths 1 to {MAX_DEPTH}, got {depth}. The nearest is "
            f"{min(max(depth, 1), MAX_DEPTH)}."
        )
    if mode not in MODES:
        raise ValueError(f"unet_plus_plus has no mode {mode!r}. Choose one of: {', '.join(MODES)}.")
    if mode == "accurate" and not deep_supervision:
        raise ValueError("The mode 'accurate' is the mean of all heads: it needs deep_supervision.")


def encoder_column(x: KerasTensor, depth: int, filters: int, batch_norm: bool) -> list[KerasTensor]:
    """The nodes X(0,0) to X(depth,0): each (B, H/2^i, W/2^i, filters * 2^i), sizes rounded up."""
    column = []
    for level in range(depth + 1):
        if level:
            x = layers.MaxPooling2D(2, padding="same", name=f"node{level}_0_pool")(x)
        x = node(x, filters * 2**level, batch_norm, name=f"node{level}_0")
        column.append(x)
    return column


def nested_decoders(column: list[KerasTensor], filters: int, batch_norm: bool) -> list[KerasTensor]:
    """The nodes X(0,1) to X(0,depth) of the finest level, each the end of a U-Net of its depth."""
    rows = [[x] for x in column]  # rows[i][j] is the node X(i,j)
    for step in range(1, len(rows)):
        for level in range(len(rows) - step):
            width, name = filters * 2**level, f"node{level}_{step}"
            x = upsample_beside(rows[level + 1][step - 1], rows[level], width, name=name)
            rows[level].append(node(x, width, batch_norm, name=name))
    return rows[0][1:]


def node(x: KerasTensor, filters: int, batch_norm: bool, name: str) -> KerasTensor:
    """Two convolutions, each with dropout or batch norm: (B, h, w, filters)."""
    rate = 0.0 if batch_norm else DROPOUT_RATE
    return double_conv(x, filters, batch_norm=batch_norm, dropout_rate=rate, name=name)


def prune(model: SegmentationModel, depth: int) -> SegmentationModel:
    """The smaller U-Net++ inside of a trained one; the two share their weights.

    Args:
        model: Of `build_model("unet_plus_plus", ...)`, trained with deep supervision.
        depth: How often the smaller encoder halves the image, up to the depth of `model`.

    Returns:
        A model with `"logits"` alone, those of the head of that depth.

    Raises:
        ValueError: If the model is no U-Net++, is not as deep, or has no head of that depth.
    """
    builder = getattr(model, "builder", None)
    if not builder or builder["name"] != "unet_plus_plus":
        raise ValueError(f"{model.name} is no unet_plus_plus, which alone can be cut to a depth.")
    options = {"depth": MAX_DEPTH, "mode": MODES[0], **builder["options"]}
    if not 1 <= depth <= options["depth"]:
        raise ValueError(
            f"This unet_plus_plus can be cut to depths 1 to {options['depth']}, got {depth}. The "
            f"nearest is {min(max(depth, 1), options['depth'])}."
        )
    head = f"head{depth}"
    if depth == options["depth"] and options["mode"] == "fast":
        head = "logits"
    if head not in model.output:
        raise ValueError(
            f"This unet_plus_plus has no head for depth {depth}. Build it with "
            f"deep_supervision=True, and cut it before `deployable` drops its other heads."
        )
    options |= {"depth": depth, "mode": "fast", "deep_supervision": False}
    return SegmentationModel(
        model.input,
        {"logits": model.output[head]},
        name=model.name,
        builder={**builder, "options": options},
    )
