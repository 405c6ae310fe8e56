"""Squeeze and excite: every channel is weighed by what the whole map shows.

Reference: Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018,
https://arxiv.org/abs/1709.01507
"""

from keras import KerasTensor, layers

from seg_keras.layers.activations import HardSigmoid


def squeeze_excite(x: KerasTensor, filters: int, name: str) -> KerasTensor:
    """Multiplies the channels of (B, H, W, C) by gates in [0, 1] made of their averages.

    The gate is a hard sigmoid, as in MobileNetV3: its range is exact in int8.
    """
    y = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_average")(x)
    y = layers.Conv2D(filters, 1, activation="relu", name=f"{name}_squeeze_conv")(y)
    y = layers.Conv2D(x.shape[-1], 1, name=f"{name}_excite_conv")(y)
    y = HardSigmoid(name=f"{name}_gate")(y)
    return layers.Multiply(name=f"{name}_multiply")([x, y])
