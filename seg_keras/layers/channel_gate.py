"""Squeeze-and-excitation with a true sigmoid, or with a softmax that lets channels compete.

References: Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018,
https://arxiv.org/abs/1709.01507; the softmax is a variation of ours after lecture slides.
"""

import keras
from keras import KerasTensor, layers, ops

GATES = ("sigmoid", "softmax")


def channel_gate(
    x: KerasTensor, gate: str, *, reduction: int = 16, boost: float = 2.0, name: str
) -> KerasTensor:
    """Multiplies the channels of (B, H, W, C) by gates made of all channels' averages.

    Args:
        x: Features.
        gate: `"sigmoid"` judges each channel by itself; with `"softmax"` the gates sum to 1.
        reduction: How many times fewer channels there are between the two layers of the gate.
        boost: For `"softmax"`: the strongest channel is multiplied by this too.
        name: Starts the name of every layer.
    """
    if gate not in GATES:
        raise ValueError(f"Unknown gate {gate!r}. Choose one of: {', '.join(GATES)}.")
    channels = x.shape[-1]
    y = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_average")(x)
    y = layers.Conv2D(max(1, channels // reduction), 1, activation="relu", name=f"{name}_squeeze")(
        y
    )
    y = layers.Conv2D(channels, 1, activation=gate, name=f"{name}_excite")(y)
    if gate == "softmax":
        y = StrongestChannelBoost(boost, name=f"{name}_boost")(y)
    return layers.Multiply(name=f"{name}_multiply")([x, y])


@keras.saving.register_keras_serializable("seg_keras")
class StrongestChannelBoost(layers.Layer):
    """Multiplies the largest of (B, H, W, C) along the channels by a constant.

    Args:
        boost: The constant.
    """

    def __init__(self, boost: float, **kwargs):
        super().__init__(**kwargs)
        self.boost = boost

    def call(self, inputs):
        strongest = ops.max(inputs, axis=-1, keepdims=True)
        return ops.where(ops.equal(inputs, strongest), self.boost * inputs, inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "boost": self.boost}
