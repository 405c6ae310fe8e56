"""FasterSeg: two searched branches of zoomed convolutions, a fast student and its teacher.

Reference: Chen et al., "FasterSeg: Searching for Faster Real-time Semantic Segmentation", ICLR
2020, https://arxiv.org/abs/1912.10917
"""

import dataclasses

import keras
from keras import KerasTensor, layers

from seg_keras.layers import (
    BilinearResize,
    conv_bn,
    conv_bn_relu,
    halve,
    normalize_image,
    segmentation_head,
)


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What the search derived. A cell is (operator, filters, stride).

    Args:
        stem: Filters at strides 2, 4 and 8.
        shared: Cells of both branches, at stride 8.
        coarse: Cells of the branch that ends at stride 32.
        fine: Cells of the branch that ends at stride 16.
        head: Filters of the fusion at stride 8; twice as many at stride 16.
    """

    stem: tuple[int, int, int]
    shared: tuple
    coarse: tuple
    fine: tuple
    head: int


VARIANTS = {
    "student": Architecture(
        stem=(32, 64, 64),
        shared=(("conv2", 32, 1), ("conv2", 32, 1), ("zoom2", 32, 1)),
        coarse=(
            ("zoom", 128, 2),
            ("zoom2", 64, 1),
            ("zoom2", 64, 1),
            ("zoom2", 64, 1),
            ("zoom2", 128, 2),
            ("zoom2", 128, 1),
            ("zoom2", 256, 1),
        ),
        fine=(
            ("zoom2", 32, 1),
            ("conv2", 32, 1),
            ("conv2", 64, 2),
            ("zoom2", 64, 1),
            ("zoom2", 192, 1),
            ("zoom2", 128, 1),
        ),
        head=64,
    ),
    "teacher": Architecture(
        stem=(48, 96, 96),
        shared=(("zoom", 96, 1), *[("zoom2", 96, 1)] * 3),
        coarse=(
            ("zoom2", 96, 1),
            ("zoom2", 192, 2),
            ("zoom2", 192, 1),
            ("zoom", 192, 1),
            *[("zoom2", 192, 1)] * 5,
            ("zoom2", 384, 2),
            *[("conv2", 384, 1)] * 2,
        ),
        fine=(
            ("zoom2", 192, 2),
            ("conv2", 192, 1),
            ("zoom2", 192, 1),
            ("zoom", 192, 1),
            *[("zoom2", 192, 1)] * 8,
        ),
        head=96,
    ),
}


def fasterseg(
    num_classes: int,
    input_shape: tuple[int, int, int] = (1024, 2048, 3),
    variant: str = "student",
) -> keras.Model:
    """Builds a network that FasterSeg's search derived.

    Train the teacher first, then the student with the teacher's logits beside the labels. Its
    zoomed convolutions see far at a quarter of the work, which large images gain most from.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        variant: `"student"` to deploy, or `"teacher"`.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to a dict of float32 logits
        (B, H, W, num_classes): `"logits"`, and to train with `"aux16"` and `"aux32"` (weight 0.2
        each in the paper).
    """
    if variant not in VARIANTS:
        raise ValueError(
            f"fasterseg has no variant {variant!r}. Choose one of: {', '.join(VARIANTS)}."
        )
    architecture = VARIANTS[variant]
    size, head = input_shape[:2], architecture.head
    inputs = keras.Input(input_shape, name="image")
    x = stem(normalize_image(inputs), architecture.stem)  # (B, H/8, W/8, ...)
    x, _ = run_cells(x, architecture.shared, name="shared")
    coarse, skips = run_cells(x, architecture.coarse, name="coarse")
    fine, (fine_skip,) = run_cells(x, architecture.fine, name="fine")

    x = conv_bn_relu(coarse, 2 * head, 1, name="coarse_reduce16")
    joined = enlarge_and_join(x, skips[1], name="coarse_join16")
    x = conv_bn_relu(joined, 2 * head, name="coarse_refine16")
    x = conv_bn_relu(x, head, 1, name="coarse_reduce8")
    x = enlarge_and_join(x, skips[0], name="coarse_join8")
    x = conv_bn_relu(x, head, name="coarse_refine8")
    y = conv_bn_relu(fine, head, 1, name="fine_reduce8")
    y = enlarge_and_join(y, fine_skip, name="fine_join8")
    y = conv_bn_relu(y, head, name="fine_refine8")

    x = layers.Concatenate(name="fuse_concat")([x, y])
    x = conv_bn_relu(x, 2 * head, 1, name="fuse")
    x = conv_bn_relu(x, 2 * head, name="head")
    aux16 = conv_bn_relu(joined, joined.shape[-1], name="aux16_head")
    aux32 = conv_bn_relu(coarse, coarse.shape[-1], name="aux32_head")
    outputs = {
        "logits": segmentation_head(x, num_classes, size, name="logits"),
        "aux16": segmentation_head(aux16, num_classes, size, name="aux16"),
        "aux32": segmentation_head(aux32, num_classes, size, name="aux32"),
    }
    return keras.Model(inputs, outputs, name="fasterseg")


def stem(x: KerasTensor, filters: tuple[int, int, int]) -> KerasTensor:
    """(B, H, W, C) to (B, H/8, W/8, filters[-1])."""
    x = conv_bn_relu(x, filters[0], strides=2, name="stem2")
    for scale, count in zip((4, 8), filters[1:], strict=True):
        x = conv_bn_relu(x, count, strides=2, name=f"stem{scale}_conv1")
        x = conv_bn_relu(x, count, name=f"stem{scale}_conv2")
    return x


def run_cells(x: KerasTensor, cells: tuple, name: str) -> tuple[KerasTensor, list[KerasTensor]]:
    """Applies cells in turn; gives the last map, and what each cell with a stride was given."""
    skips = []
    for index, (operator, filters, strides) in enumerate(cells, start=1):
        if strides == 2:
            skips.append(x)
        apply = {"conv": convolutions, "zoom": zoomed_convolutions}[operator.removesuffix("2")]
        repeats = 2 if operator.endswith("2") else 1
        x = apply(x, filters, strides, repeats, name=f"{name}{index}")
    return x, skips


def convolutions(
    x: KerasTensor, filters: int, strides: int, repeats: int, name: str
) -> KerasTensor:
    """3x3 convolutions: (B, H, W, C) to (B, H/strides, W/strides, filters)."""
    for index in range(1, repeats + 1):
        x = conv_bn_relu(x, filters, strides=strides if index == 1 else 1, name=f"{name}_{index}")
    return x


def zoomed_convolutions(
    x: KerasTensor, filters: int, strides: int, repeats: int, name: str
) -> KerasTensor:
    """3x3 convolutions on the map at half its size, enlarged again unless the cell has a stride.

    (B, H, W, C) to (B, H/strides, W/strides, filters).
    """
    size = x.shape[1:3]
    x = halve(x, name=f"{name}_half")
    if repeats == 2:
        x = conv_bn_relu(x, filters, name=f"{name}_1")
    x = conv_bn(x, filters, name=f"{name}_last")
    if strides == 1:
        x = BilinearResize(size, name=f"{name}_resize")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def enlarge_and_join(x: KerasTensor, skip: KerasTensor, name: str) -> KerasTensor:
    """Brings `x` to the size of a finer map and puts both side by side."""
    x = BilinearResize(skip.shape[1:3], name=f"{name}_resize")(x)
    return layers.Concatenate(name=f"{name}_concat")([x, skip])
