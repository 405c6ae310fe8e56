"""DeepLab v3 whose backbone weighs its channels, and that may look at edges besides colours.

References: Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017,
https://arxiv.org/abs/1706.05587; Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018,
https://arxiv.org/abs/1709.01507. Gates and edge input are variations of ours after lecture slides.
"""

import keras
from keras import KerasTensor, layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import (
    BilinearResize,
    atrous_rates,
    atrous_spatial_pyramid_pooling,
    pixel_classifier,
    refine_with_details,
    segmentation_head,
)
from seg_keras.models.hed import hed


def deeplab_v3_se(
    num_classes: int,
    input_shape: tuple[int, int, int] = (512, 912, 3),
    backbone: str = "resnet50",
    backbone_options: dict | None = None,
    gate: str = "sigmoid",
    decoder: bool = True,
    edge_input: bool = False,
    filters: int = 256,
) -> keras.Model:
    """Builds DeepLab v3 at stride 16 with squeeze-and-excitation.

    Choose it to study what channel attention and edges contribute; on the road `deeplab_v3_plus`
    does better for the same cost. Train it at growing sizes (128x224, 256x448, 512x912) with Adam
    at 1e-5, each size starting from the weights of the one before.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, 3) in pixels.
        backbone: `"resnet50"`, `"resnet101"` or `"resnet152"`.
        backbone_options: What that backbone takes besides the size, such as `{"width": 0.5}`;
            `boost` is the further factor of the strongest channel of a softmax gate.
        gate: On the residuals of every undilated stage: `"sigmoid"`, `"softmax"`, or empty for
            none.
        decoder: Whether to refine at stride 4 as DeepLab v3+ does.
        edge_input: Whether a frozen `hed` looks at the image first: its edges are the backbone's
            fourth channel and, with the image, part of the features that are classified at full
            size. Give that part trained weights: `model.get_layer("hed").set_weights(...)`.
        filters: Channels of the pyramid and of the decoder.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    options = {**(backbone_options or {}), "gate": gate}
    if not edge_input:
        encoder = build_backbone(backbone, input_shape, 16, options)
        x = pyramid_and_decoder(encoder.output, filters, decoder)
        outputs = {"logits": segmentation_head(x, num_classes, input_shape[:2], name="logits")}
        return keras.Model(encoder.input, outputs, name="deeplab_v3_se")

    image = keras.Input(input_shape, name="image")
    image_and_edges = append_edges(image, input_shape)
    encoder = build_backbone(backbone, (*input_shape[:2], input_shape[2] + 1), 16, options)
    x = pyramid_and_decoder(encoder(image_and_edges), filters, decoder)
    x = BilinearResize(input_shape[:2], name="enlarge")(x)
    skip = layers.Rescaling(1 / 127.5, offset=-1.0, name="skip_normalize")(image_and_edges)
    x = layers.Concatenate(name="skip_concat")([x, skip])
    outputs = {"logits": pixel_classifier(x, num_classes, name="logits")}
    return keras.Model(image, outputs, name="deeplab_v3_se")


def append_edges(image: KerasTensor, input_shape: tuple[int, int, int]) -> KerasTensor:
    """Adds to images (B, H, W, 3) their edges as a channel that is in [0, 255] too."""
    detector = hed(1, input_shape)
    detector = keras.Model(detector.input, detector.output["logits"], name="hed")
    detector.trainable = False
    edges = layers.Activation("sigmoid", name="edges")(detector(image))
    edges = layers.Rescaling(255.0, name="edges_scale")(edges)
    return layers.Concatenate(name="image_and_edges")([image, edges])


def pyramid_and_decoder(
    features: dict[str, KerasTensor], filters: int, decoder: bool
) -> KerasTensor:
    """Features to classify: (B, h, w, filters) at stride 4 with the decoder, 16 without."""
    x = atrous_spatial_pyramid_pooling(
        features["c5"], filters, atrous_rates(16), separable=False, name="aspp"
    )
    if decoder:
        x = refine_with_details(x, features["c2"], filters, separable=False, name="decoder")
    return x
