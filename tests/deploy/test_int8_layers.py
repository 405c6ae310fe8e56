"""Layers of `seg_keras` whose int8 form a converter can spoil compute what the float one does."""

import keras
import numpy as np
import pytest
from tiny_models import SIZE, describe

from deploy.export.audit import audit_tflite
from deploy.export.tflite import export_tflite
from deploy.runtimes import load_runtime
from seg_keras.layers import HardSwish, MaxPoolingWithIndices2D, MaxUnpooling2D, PReLU
from seg_keras.layers.blocks import conv_bn_relu


def test_unpooling_by_indices_computes_in_int8(calibration, tmp_path):
    images = keras.Input((*SIZE, 3))
    x = conv_bn_relu(keras.layers.Rescaling(1 / 255)(images), 8, name="before")
    pooled, indices = MaxPoolingWithIndices2D()(x)
    x = MaxUnpooling2D(SIZE)([conv_bn_relu(pooled, 8, name="pooled"), indices])
    model = keras.Model(images, {"logits": keras.layers.Conv2D(4, 3, padding="same")(x)})
    export_tflite(model, tmp_path / "m.tflite", describe(), "int8", calibration)
    audit = audit_tflite((tmp_path / "m.tflite").read_bytes())
    assert audit.operators["EQUAL"] == 7
    assert not [text for text in audit.warnings if "compute in float32" in text]


ACTIVATIONS = {
    "hard swish": HardSwish(),
    "PReLU": PReLU(keras.initializers.Constant(0.25), shared_axes=(1, 2)),
}


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_activation_keeps_both_sides_of_zero_in_int8(activation, calibration, tmp_path):
    images = keras.Input((*SIZE, 3))
    x = conv_bn_relu(keras.layers.Rescaling(1 / 64, -2)(images), 8, name="before")
    x = activation(keras.layers.Conv2D(8, 3, padding="same")(x))
    model = keras.Model(images, {"logits": keras.layers.Conv2D(4, 3, padding="same")(x)})
    export_tflite(model, tmp_path / "m.tflite", describe(), "int8", calibration, "logits")
    image = next(iter(calibration))[np.newaxis]
    expected = np.asarray(model(image.astype("float32"))["logits"])
    error = np.abs(load_runtime(tmp_path / "m.tflite").run(image) - expected)
    assert error.mean() < 0.05 * np.abs(expected).mean()
