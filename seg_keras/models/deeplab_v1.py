"""DeepLab v1: VGG16 that keeps its resolution by holes in its kernels, with a large field of view.

Reference: Chen et al., "Semantic Image Segmentation with Deep Convolutional Nets and Fully
Connected CRFs", ICLR 2015, https://arxiv.org/abs/1412.7062
"""

import keras
from keras import KerasTensor, layers

from seg_keras.backbones import build_backbone
from seg_keras.backbones.vgg16_weights import load_keras_weights
from seg_keras.layers import fully_connected_as_convs, segmentation_head

# Table 1 of the paper: kernel size and dilation rate of the first wide layer, channels of both.
FIELDS_OF_VIEW = {
    "large": (3, 12, 1024),
    "7x7": (7, 4, 4096),
    "4x4": (4, 4, 4096),
    "4x4_large": (4, 8, 4096),
}
FINER_STRIDES = (8, 4, 2, 1, 1)  # from the image and the poolings 1 to 4 to stride 8


def deeplab_v1(
    num_classes: int,
    input_shape: tuple[int, int, int] = (321, 321, 3),
    field_of_view: str = "large",
    width: float = 1.0,
    backbone_options: dict | None = None,
    multi_scale: bool = False,
) -> keras.Model:
    """Builds DeepLab v1, whose answer the paper refines with a fully-connected CRF.

    Choose it to follow the history, or with `seg_keras.inference.DenseCRF` where objects are
    large and their borders follow colours. Published sizes are 8k + 1.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        field_of_view: `"large"` (3x3 at rate 12, the paper's choice), `"7x7"` (at rate 4),
            `"4x4"` (at rate 4) or `"4x4_large"` (at rate 8).
        width: Channels of every layer against the paper's.
        backbone_options: What `vgg16` takes besides, such as `{"weights": "imagenet"}`, which the
            wide layers share: smaller ones take a part of the published kernels, as in the paper.
        multi_scale: Whether the image and the first four poolings are classified too, for sharper
            borders (section 4.2 of the paper, "MSc"), which trains these layers last and alone.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    if field_of_view not in FIELDS_OF_VIEW:
        raise ValueError(
            f"deeplab_v1 has no field_of_view {field_of_view!r}. Choose one of: "
            f"{', '.join(FIELDS_OF_VIEW)}."
        )
    kernel_size, dilation_rate, filters = FIELDS_OF_VIEW[field_of_view]
    options = {"pooling": "3x3", "width": width, **(backbone_options or {})}
    weights = options.pop("weights", None)
    encoder = build_backbone("vgg16", input_shape, 8, options)
    x = fully_connected_as_convs(
        encoder.output["c5"],  # (B, H/8, W/8, 512)
        round(filters * width),
        kernel_size,
        dilation_rate,
        name="large_fov",
    )
    if multi_scale:
        finer = [encoder.get_layer("normalize").output]
        finer += [encoder.output[f"c{stage}"] for stage in range(1, 5)]
        x = append_finer_maps(x, finer, round(128 * width), name="msc")
    logits = segmentation_head(x, num_classes, input_shape[:2], align_corners=True, name="logits")
    model = keras.Model(encoder.input, {"logits": logits}, name="deeplab_v1")
    load_keras_weights(model, weights)
    return model


def append_finer_maps(
    x: KerasTensor, finer: list[KerasTensor], filters: int, name: str
) -> KerasTensor:
    """Joins (B, h, w, C) with two layers' view of each finer map: (B, h, w, C + n * filters)."""
    branches = [x]
    for index, (y, strides) in enumerate(zip(finer, FINER_STRIDES, strict=True)):
        for layer, kernel_size in enumerate((3, 1), start=1):
            y = layers.Conv2D(
                filters,
                kernel_size,
                strides=strides if layer == 1 else 1,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                name=f"{name}{index}_conv{layer}",
            )(y)
            y = layers.Dropout(0.5, name=f"{name}{index}_dropout{layer}")(y)
        branches.append(y)
    return layers.Concatenate(name=f"{name}_concat")(branches)
