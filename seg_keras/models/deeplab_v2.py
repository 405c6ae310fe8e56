"""DeepLab v2: atrous spatial pyramid pooling, the opinions of several rates summed.

Reference: Chen et al., "DeepLab: Semantic Image Segmentation with Deep Convolutional Nets, Atrous
Convolution, and Fully Connected CRFs", PAMI 2017, https://arxiv.org/abs/1606.00915
"""

import keras
from keras import KerasTensor, layers

from seg_keras.backbones import build_backbone
from seg_keras.backbones.vgg16_weights import load_keras_weights
from seg_keras.layers import (
    BilinearResize,
    fully_connected_as_convs,
    pixel_classifier,
    summed_atrous_classifiers,
)

PYRAMIDS = {"large": (6, 12, 18, 24), "small": (2, 4, 8, 12), "single": (12,)}


def deeplab_v2(
    num_classes: int,
    input_shape: tuple[int, int, int] = (321, 321, 3),
    backbone: str = "resnet101",
    backbone_options: dict | None = None,
    pyramid: str = "large",
    scales: tuple[float, ...] = (1.0,),
) -> keras.Model:
    """Builds DeepLab v2 at stride 8.

    Choose it to follow the history; `deeplab_v3` does more with the same backbone. The paper's
    ResNet has `{"stride_placement": "reduce"}`.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: A name in `seg_keras.backbones.BACKBONES`; `"vgg16"` takes the form of DeepLab v1
            and has two wide layers at each rate.
        backbone_options: What that backbone takes besides the size, such as `{"width": 0.5}`.
        pyramid: `"large"` (ASPP-L), `"small"` (ASPP-S) or `"single"` (one rate of 12, LargeFOV).
        scales: Sizes against the image at which the same network looks at it; of their logits the
            largest counts. The paper's are (1.0, 0.75, 0.5).

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to a dict of float32 logits
        (B, H, W, num_classes): `"logits"`, and with several scales one more for each, such as
        `"scale75"`, only to train with.
    """
    if pyramid not in PYRAMIDS:
        raise ValueError(
            f"deeplab_v2 has no pyramid {pyramid!r}. Choose one of: {', '.join(PYRAMIDS)}."
        )
    if not scales or max(scales) > 1 or min(scales) <= 0:
        raise ValueError(f"deeplab_v2 takes scales above 0 up to 1, got {scales}.")
    size = input_shape[:2]
    # One scale is built at the image's size; several share a network that takes every size.
    network_shape = input_shape if len(scales) == 1 else (None, None, input_shape[2])
    options = backbone_options or {}
    if backbone == "vgg16":
        network = vgg_network(num_classes, network_shape, PYRAMIDS[pyramid], options)
    else:
        encoder = build_backbone(backbone, network_shape, 8, options)
        x = summed_atrous_classifiers(
            encoder.output["c5"], num_classes, PYRAMIDS[pyramid], name="aspp"
        )
        network = keras.Model(encoder.input, x, name="network")

    if len(scales) == 1:
        x = BilinearResize(size, align_corners=True, dtype="float32", name="logits")(network.output)
        return keras.Model(network.input, {"logits": x}, name="deeplab_v2")
    return look_at_scales(network, input_shape, scales)


def vgg_network(
    num_classes: int,
    input_shape: tuple[int | None, int | None, int],
    dilation_rates: tuple[int, ...],
    options: dict,
) -> keras.Model:
    """VGG16 with two wide layers at each rate: to logits (B, H/8, W/8, num_classes)."""
    options = {"pooling": "3x3", **options}
    weights = options.pop("weights", None)
    encoder = build_backbone("vgg16", input_shape, 8, options)
    x = encoder.output["c5"]
    filters = round(1024 * options.get("width", 1.0))
    branches = []
    for rate in dilation_rates:
        y = fully_connected_as_convs(x, filters, 3, rate, name=f"aspp_rate{rate}")
        branches.append(pixel_classifier(y, num_classes, name=f"aspp_rate{rate}_classifier"))
    if len(branches) > 1:
        branches = [layers.Add(dtype="float32", name="aspp")(branches)]
    network = keras.Model(encoder.input, branches[0], name="network")
    load_keras_weights(network, weights)
    return network


def look_at_scales(
    network: keras.Model, input_shape: tuple[int, int, int], scales: tuple[float, ...]
) -> keras.Model:
    """Section 4.1.2: the network at every scale, joined by the largest logit."""
    image = keras.Input(input_shape, name="image")
    size = input_shape[:2]

    def enlarge(x: KerasTensor, name: str) -> KerasTensor:
        return BilinearResize(size, align_corners=True, dtype="float32", name=name)(x)

    maps = {}
    for scale in scales:
        name = f"scale{round(100 * scale)}"
        smaller = [round(extent * scale) for extent in size]
        x = BilinearResize(smaller, align_corners=True, name=f"{name}_image")(image)
        maps[name] = network(x)
    largest = maps[f"scale{round(100 * max(scales))}"].shape[1:3]
    aligned = [
        BilinearResize(largest, align_corners=True, dtype="float32", name=f"{name}_align")(x)
        for name, x in maps.items()
    ]
    joined = layers.Maximum(dtype="float32", name="largest")(aligned)
    outputs = {"logits": enlarge(joined, "logits")}
    outputs |= {name: enlarge(x, name) for name, x in maps.items()}
    return keras.Model(image, outputs, name="deeplab_v2")
