"""A layer that says that int8 is not for it stays in float, in files of every format."""

import keras
import numpy as np
import onnx
import pytest
from tiny_models import SIZE, describe

from deploy.export.audit import audit_tflite
from deploy.export.float_layers import is_part_of
from deploy.export.formats import EXPORTERS
from deploy.export.keras_reference import KerasReference
from deploy.export.parity import gate
from deploy.runtimes.artifact import read_description


@keras.saving.register_keras_serializable("tests")
class Square(keras.layers.Layer):
    """A difference of two squares, which is smaller than a step of theirs in int8."""

    needs_float = True

    def call(self, inputs):
        other = inputs - 0.002
        return inputs * inputs - other * other


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(0, 256, (4, *SIZE, 3), dtype=np.uint8)


def build_model():
    images = keras.Input((*SIZE, 3))
    x = keras.layers.Conv2D(3, 1, name="copy")(keras.layers.Rescaling(1 / 255)(images))
    model = keras.Model(images, {"logits": Square(name="logits")(x)})
    model.get_layer("copy").set_weights([np.eye(3).reshape(1, 1, 3, 3), np.zeros(3)])
    return model


@pytest.mark.parametrize("format", ["tflite", "onnx"])
def test_it_stays_in_float_and_the_rest_does_not(tmp_path, frames, monkeypatch, format):
    model, path = build_model(), tmp_path / f"m.{format}"
    samples = [("", frame, None) for frame in frames]
    EXPORTERS[format](model, path, describe(3), "int8", frames)
    verdict = gate(path, KerasReference(model), samples)
    assert verdict["passed"], verdict["summary"]
    assert read_description(path)["quantization"]["float_layers"] == ["logits"]
    if format == "tflite":
        (told,) = [w for w in audit_tflite(path.read_bytes()).warnings if "in float32" in w]
        assert "CONV_2D" not in told
    else:
        kinds = [node.op_type for node in onnx.load(path).graph.node]
        assert kinds.count("QuantizeLinear") >= 2  # around the convolution

    monkeypatch.setattr(Square, "needs_float", False)
    EXPORTERS[format](model, path, describe(3), "int8", frames)
    assert not gate(path, KerasReference(model), samples)["passed"]
    assert "float_layers" not in read_description(path)["quantization"]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("model_1/logits_1/Square", True),
        ("model/logits", True),
        ("model_1/logits_resize_1/Resize", False),
        ("model_1/other/mul;model_1/logits_1/add", True),
        ("logits_1/mul", False),
    ],
)
def test_operators_are_known_by_the_name_of_their_layer(operator, expected):
    assert is_part_of(operator, ["logits"]) is expected
    assert not is_part_of(operator, [])
