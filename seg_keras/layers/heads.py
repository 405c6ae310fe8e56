"""The last layers of a model: from features to one logit per class and pixel."""

from keras import KerasTensor, initializers, layers

from seg_keras.layers.blocks import conv_bn_relu
from seg_keras.layers.resize import BilinearResize


def pixel_classifier(
    x: KerasTensor, num_classes: int, name: str, *, kernel_initializer: str = "small"
) -> KerasTensor:
    """Maps features (B, h, w, C) to float32 logits (B, h, w, num_classes), each pixel by itself.

    Kernels start small and random, or as Keras's initializer of that name says.
    """
    if kernel_initializer == "small":
        kernel_initializer = initializers.TruncatedNormal(stddev=0.01)
    # float32 also under mixed precision: the loss must not see rounded logits.
    return layers.Conv2D(
        num_classes,
        1,
        kernel_initializer=kernel_initializer,
        dtype="float32",
        name=name,
    )(x)


def segmentation_head(
    x: KerasTensor,
    num_classes: int,
    size: tuple[int, int],
    *,
    align_corners: bool = False,
    name: str,
) -> KerasTensor:
    """Maps features (B, h, w, C) to float32 logits (B, *size, num_classes)."""
    x = pixel_classifier(x, num_classes, name=f"{name}_classifier")
    return BilinearResize(size, align_corners, dtype="float32", name=name)(x)


def enlarge_logits(x: KerasTensor, size: tuple[int, int], name: str) -> KerasTensor:
    """Resizes float32 logits (B, h, w, num_classes) to (B, *size, num_classes) if they differ."""
    if x.shape[1:3] == tuple(size):
        return x
    return BilinearResize(size, dtype="float32", name=name)(x)


def image_pooling(x: KerasTensor, filters: int, name: str) -> KerasTensor:
    """Summarises (B, h, w, C) in one vector that stands at every pixel: (B, h, w, filters)."""
    y = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_average")(x)
    y = conv_bn_relu(y, filters, 1, name=name)
    return BilinearResize(x.shape[1:3], name=f"{name}_resize")(y)
