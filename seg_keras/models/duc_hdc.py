"""DUC-HDC: dilation rates that leave no holes, and a head that predicts every pixel.

Reference: Wang et al., "Understanding Convolution for Semantic Segmentation", WACV 2018,
https://arxiv.org/abs/1702.08502
"""

import math

import keras
from keras import layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import BilinearResize, DenseUpsampling, summed_atrous_classifiers

STRIDE = 8  # of the backbone, whose pixels DUC lays out

# name -> groups of rates in stage 4, the last repeated until its units are full, and in stage 5
DILATION_PATTERNS = {
    "none": (((1,),), (1, 1, 1)),
    "rf": (((1, 2, 3),), (3, 4, 5)),
    "bigger": (((1, 2, 5, 9),), (5, 9, 17)),
    "released": (((2, 2, 5, 9), (1, 2, 5, 9)), (5, 9, 17)),
}
STAGE4_UNITS = {"resnet50": 6, "resnet101": 23, "resnet152": 36}


def duc_hdc(
    num_classes: int,
    input_shape: tuple[int, int, int] = (800, 800, 3),
    backbone: str = "resnet101",
    backbone_options: dict | None = None,
    cell: int = 2,
    dilation_pattern: str | tuple[tuple[int, ...], tuple[int, ...]] = "bigger",
    head_rates: tuple[int, ...] = (6, 12, 18, 24),
) -> keras.Model:
    """Builds a ResNet with hybrid dilated convolution and a dense upsampling head.

    Choose it where small things count and memory allows it: the classifier itself is trained to
    draw the details that interpolation would guess. The paper's backbone has
    `{"stem": "3x3", "stride_placement": "reduce"}`.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: `"resnet50"`, `"resnet101"` or `"resnet152"`.
        backbone_options: What that backbone takes besides the size, such as `{"stem": "3x3"}`.
        cell: 1 predicts every pixel, 2 every second one, which is interpolated then.
        dilation_pattern: A key of `DILATION_PATTERNS`, or the rates of a group of units in stage
            4, repeated, and those of stage 5's units: `((1, 2, 5, 9), (5, 9, 17))`.
        head_rates: Dilation rates of the head's convolutions, which are summed.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).

    Raises:
        ValueError: If the rates leave pixels that no output sees (gridding).
    """
    if backbone not in STAGE4_UNITS:
        raise ValueError(
            f"duc_hdc gives rates to the units of a ResNet, got the backbone {backbone!r}. "
            f"Choose one of: {', '.join(STAGE4_UNITS)}."
        )
    if cell not in (1, 2):
        raise ValueError(f"duc_hdc has cells of 1 and 2 pixels, got {cell}.")
    options = dict(backbone_options or {})
    num_units = options["num_units"][2] if "num_units" in options else STAGE4_UNITS[backbone]
    options["dilation_rates"] = hybrid_rates(dilation_pattern, num_units)
    encoder = build_backbone(backbone, input_shape, STRIDE, options)

    height, width = input_shape[:2]
    scale = STRIDE // cell
    x = summed_atrous_classifiers(
        encoder.output["c5"], num_classes * scale**2, head_rates, name="classifier"
    )
    x = DenseUpsampling(scale, dtype="float32", name="upsampling")(x)
    if cell > 1:
        size = [extent * cell for extent in x.shape[1:3]]
        x = BilinearResize(size, dtype="float32", name="enlarge")(x)
    # Maps are rounded up at every stride; what lies beyond the image is cut off.
    beyond = ((0, x.shape[1] - height), (0, x.shape[2] - width))
    x = layers.Cropping2D(beyond, dtype="float32", name="logits")(x)
    return keras.Model(encoder.input, {"logits": x}, name="duc_hdc")


def hybrid_rates(
    pattern: str | tuple[tuple[int, ...], tuple[int, ...]], num_units: int
) -> dict[str, tuple[int, ...]]:
    """Rates of stage 4's `num_units` units and of stage 5, if they leave no holes."""
    if isinstance(pattern, str):
        if pattern not in DILATION_PATTERNS:
            raise ValueError(
                f"Unknown dilation_pattern {pattern!r}. Choose one of: "
                f"{', '.join(DILATION_PATTERNS)}; or give the rates of both stages."
            )
        groups, stage5 = DILATION_PATTERNS[pattern]
    else:
        groups, stage5 = (tuple(pattern[0]),), tuple(pattern[1])
    stage4, parts = (), []
    while len(stage4) < num_units:
        group = groups[min(len(parts), len(groups) - 1)][: num_units - len(stage4)]
        parts.append(group)
        stage4 += group
    # A group that the stage cut short goes on in the next stage.
    for group in (*parts[:-1], (*parts[-1], *stage5)):
        check_hdc(group)
    return {"c4": stage4, "c5": stage5}


def check_hdc(rates: tuple[int, ...], kernel_size: int = 3) -> None:
    """Section 3.2 of the paper: a group of rates must reach every pixel of its field of view."""
    remedy = "Use rates such as 1, 2, 5, 9: see DILATION_PATTERNS."
    if math.gcd(*rates) > 1:
        raise ValueError(
            f"The dilation rates {rates} have the common factor {math.gcd(*rates)}: every output "
            f"sees a grid of pixels and none of those between (gridding). {remedy}"
        )
    gap = rates[-1]  # the largest distance between two pixels that are seen
    for rate in rates[-2:0:-1]:
        gap = max(gap - 2 * rate, 2 * rate - gap, rate)
    if gap > kernel_size:
        raise ValueError(
            f"The dilation rates {rates} leave holes: pixels up to {gap} apart are all that the "
            f"second layer sees, and its {kernel_size}x{kernel_size} kernel joins no more than "
            f"{kernel_size} (gridding). {remedy}"
        )
