"""The operator that int8 ruins is found, and left in float on request."""

import keras
import numpy as np
import pytest
from tiny_models import SIZE, describe

from deploy.export.audit import audit_tflite
from deploy.export.keras_reference import KerasReference
from deploy.export.parity import gate
from deploy.export.selective import CalibratedGraph, quantization_report
from deploy.export.tflite import export_tflite
from deploy.runtimes.artifact import read_description


def build_model_with_an_outlier():
    """One of its maps has a channel a thousand times as large as those that decide."""
    images = keras.Input((*SIZE, 3))
    copy = keras.layers.Conv2D(3, 1, use_bias=False, name="copy")
    spread = keras.layers.Conv2D(4, 1, use_bias=False, name="spread")
    score = keras.layers.Conv2D(3, 1, use_bias=False, name="score")
    model = keras.Model(images, {"logits": score(spread(copy(images)))})
    copy.set_weights([np.eye(3).reshape(1, 1, 3, 3)])
    kernel = np.zeros((1, 1, 3, 4))
    kernel[0, 0, :, :3] = np.eye(3)
    kernel[0, 0, 0, 3] = 1000
    spread.set_weights([kernel])
    score.set_weights([np.eye(4)[:, :3].reshape(1, 1, 4, 3)])
    return model


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(0, 256, (4, *SIZE, 3), dtype=np.uint8)


def test_costly_operator_is_found_and_kept_in_float(tmp_path, frames):
    model, path = build_model_with_an_outlier(), tmp_path / "m.tflite"
    samples = [("", frame, None) for frame in frames]
    export_tflite(model, path, describe(3), "int8", frames)
    assert not gate(path, KerasReference(model), samples)["passed"]

    # What gives the map and what takes it.
    export_tflite(model, path, describe(3), "int8", frames, float_operators=2)
    verdict = gate(path, KerasReference(model), samples)
    assert verdict["passed"], verdict["summary"]
    kept = read_description(path)["quantization"]["float_operators"]
    assert len(kept) == 2
    assert not any("copy" in name for name in kept)
    assert "CONV_2D compute in float32" in audit_tflite(path.read_bytes()).warnings[0]


def test_report_names_every_operator_and_its_cost(frames):
    model = build_model_with_an_outlier()
    graph = CalibratedGraph(model, frames, "argmax")
    report = quantization_report(graph, model, frames[:2])
    assert {row["name"] for row in report} == graph.operators.keys()
    assert {row["kind"] for row in report} == {"CONV_2D"}
    costs = [row["disagreement"] for row in report]
    assert costs == sorted(costs, reverse=True)
    assert costs[1] > 0.1 > costs[2]


def test_unknown_operator_is_told(frames):
    graph = CalibratedGraph(build_model_with_an_outlier(), frames, "argmax")
    with pytest.raises(ValueError, match="No operators pool. Known: .*spread"):
        graph.quantize(["pool"])


def test_float_operators_are_for_int8(tmp_path):
    model = build_model_with_an_outlier()
    with pytest.raises(ValueError, match="Only int8 keeps operators in float"):
        export_tflite(model, tmp_path / "m.tflite", describe(3), float_operators=2)
