"""DeepLab v1: VGG16 that keeps its resolution by holes in its kernels, with a large field of view.

Reference: Chen et al., "Semantic Image Segmentation with Deep Convolutional Nets and Fully
Connected CRFs", ICLR 2015, https://arxiv.org/abs/1412.7062
"""

import keras

from seg_keras.layers import (
    dilated_vgg,
    fully_connected_as_convs,
    normalize_image,
    segmentation_head,
)

# Table 1 of the paper: kernel size and dilation rate of the first wide layer, channels of both.
FIELDS_OF_VIEW = {
    "large": (3, 12, 1024),
    "7x7": (7, 4, 4096),
    "4x4": (4, 4, 4096),
    "4x4_large": (4, 8, 4096),
}


def deeplab_v1(
    num_classes: int,
    input_shape: tuple[int, int, int] = (321, 321, 3),
    field_of_view: str = "large",
    width: float = 1.0,
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
    inputs = keras.Input(input_shape, name="image")
    x = dilated_vgg(normalize_image(inputs), width)  # (B, H/8, W/8, 512)
    x = fully_connected_as_convs(
        x, round(filters * width), kernel_size, dilation_rate, name="large_fov"
    )
    logits = segmentation_head(x, num_classes, input_shape[:2], align_corners=True, name="logits")
    return keras.Model(inputs, {"logits": logits}, name="deeplab_v1")
