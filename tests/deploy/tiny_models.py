"""A tiny model with every kind of layer that has gone wrong in an export, and scenes for it."""

import keras
import numpy as np
from keras import layers

SIZE = (32, 48)
CLASSES = ("road", "sky", "car", "tree")
PALETTE = ((90, 60, 90), (70, 130, 180), (0, 0, 140), (0, 90, 30))


def describe(num_classes=4):
    """What a caller tells an exporter."""
    return {
        "model": "tiny",
        "classes": list(CLASSES[:num_classes]),
        "palette": [list(color) for color in PALETTE[:num_classes]],
        "source_model_sha256": "0" * 64,
    }


def build_tiny_model(size=SIZE):
    """Normalisation, strides, batch norm, dilated and depthwise convolutions, a resize, and aux."""
    images = keras.Input((*size, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU(max_value=6.0)(layers.BatchNormalization(momentum=0.9)(x))
    aux = layers.UpSampling2D(2, interpolation="bilinear")(layers.Conv2D(4, 1)(x))
    x = layers.DepthwiseConv2D(3, padding="same", dilation_rate=2, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Conv2D(16, 3, padding="same", dilation_rate=3, activation="relu")(x)
    x = layers.Conv2D(4, 1)(x)
    logits = layers.UpSampling2D(2, interpolation="bilinear")(x)
    return keras.Model(images, {"logits": logits, "aux": aux})


def draw_scenes(count, seed, num_classes=4):
    """Coloured squares under noise, uint8 (count, 32, 48, 3), and their classes (count, 32, 48)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, num_classes, (count, SIZE[0] // 8, SIZE[1] // 8))
    labels = coarse.repeat(8, axis=1).repeat(8, axis=2).astype("uint8")
    images = np.array(PALETTE)[labels] + rng.normal(40, 15, (*labels.shape, 3))
    return images.clip(0, 255).astype("uint8"), labels
