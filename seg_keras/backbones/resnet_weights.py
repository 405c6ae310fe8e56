"""Weights that Keras publishes for its own ResNets, brought into ours by layer name."""

import keras
import numpy as np

from seg_keras.backbones.keras_weights import copy_weights, for_normalized_rgb

BUILDERS = {
    (3, 4, 6, 3): keras.applications.ResNet50,
    (3, 4, 23, 3): keras.applications.ResNet101,
    (3, 8, 36, 3): keras.applications.ResNet152,
}

# These see the 128 channels of the three-convolution stem, where Keras has 64.
AFTER_STEM = ("stage2_unit1_reduce", "stage2_unit1_shortcut")


def load_keras_weights(backbone: keras.Model, num_units: tuple[int, ...], weights: str) -> None:
    """Copies what Keras's ResNet has; layers that it lacks keep their own and are logged.

    Keras puts the stride into the first 1x1 of a stage (`stride_placement="reduce"`); the weights
    fit the other placements too, which then need some training.

    Args:
        backbone: One of our ResNets.
        num_units: Residual units in its stages.
        weights: `"imagenet"` or a file, as in `keras.applications`.

    Raises:
        ValueError: If Keras has no such depth, or a layer of both has another shape there.
    """
    num_units = tuple(num_units)
    if num_units not in BUILDERS:
        raise ValueError(
            f"There are no published weights for num_units={num_units}. Leave `weights` out, or "
            f"choose one of: {', '.join(map(str, BUILDERS))}."
        )
    source = BUILDERS[num_units](input_shape=(224, 224, 3), include_top=False, weights=weights)
    known = {layer.name: layer for layer in source.layers}
    wide_stem = "stem3_conv" in {layer.name for layer in backbone.layers}

    def published(layer: keras.Layer) -> list[np.ndarray] | None:
        name = keras_name(layer.name)
        if name not in known or (wide_stem and layer.name.startswith(AFTER_STEM)):
            return None
        return converted(known, name)

    copy_weights(backbone, published)


def keras_name(name: str) -> str:
    """Our layer name to that of Keras: "stage2_unit1_filter_bn" to "conv2_block1_2_bn"."""
    if name in ("stem_conv", "stem_bn"):
        return name.replace("stem", "conv1")
    parts = {"shortcut": 0, "reduce": 1, "filter": 2, "expand": 3}
    stage, *middle, kind = name.split("_")
    if len(middle) != 2 or middle[1] not in parts:
        return ""
    block = middle[0].removeprefix("unit")
    return f"conv{stage.removeprefix('stage')}_block{block}_{parts[middle[1]]}_{kind}"


def converted(known: dict[str, keras.Layer], name: str) -> list[np.ndarray]:
    """The weights of one of Keras's layers in the form that our layer takes."""
    weights = known[name].get_weights()
    if name.endswith("_bn"):
        # Ours have no bias in front of a batch norm: what it adds is taken off the mean instead.
        gamma, beta, mean, variance = weights
        bias = known[f"{name.removesuffix('bn')}conv"].get_weights()[1]
        return [gamma, beta, mean - bias, variance]
    return [for_normalized_rgb(weights[0]) if name == "conv1_conv" else weights[0]]
