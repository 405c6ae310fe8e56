"""One trained tiny model and its artifacts, made once for all tests of the export."""

import keras
import numpy as np
import pytest
from tiny_models import build_tiny_model, describe, draw_scenes

from deploy.export import onnx, tflite


@pytest.fixture(scope="session")
def trained_model():
    """Sure of its classes: with random weights int8 would agree by chance only."""
    keras.utils.set_random_seed(0)
    model = build_tiny_model()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), {"logits": loss, "aux": loss}, jit_compile=False)
    images, labels = draw_scenes(32, seed=1)
    targets = {"logits": labels[..., np.newaxis], "aux": labels[..., np.newaxis]}
    model.fit(images.astype("float32"), targets, batch_size=8, epochs=15, verbose=0)
    return model


@pytest.fixture(scope="session")
def scenes():
    """Images that the model was not trained on, and their labels."""
    return draw_scenes(8, seed=2)


@pytest.fixture(scope="session")
def calibration():
    return draw_scenes(16, seed=4)[0]


@pytest.fixture(scope="session")
def artifacts(trained_model, calibration, tmp_path_factory):
    """The trained model as .tflite in every precision: a dict of paths."""
    return export_all(tflite, tflite.export_tflite, trained_model, calibration, tmp_path_factory)


@pytest.fixture(scope="session")
def onnx_artifacts(trained_model, calibration, tmp_path_factory):
    """The trained model as .onnx in every precision: a dict of paths."""
    return export_all(onnx, onnx.export_onnx, trained_model, calibration, tmp_path_factory)


def export_all(format, export, model, calibration, tmp_path_factory):
    folder, suffix = tmp_path_factory.mktemp("artifacts"), format.__name__.rpartition(".")[2]
    paths = {precision: folder / f"{precision}.{suffix}" for precision in format.PRECISIONS}
    for precision, path in paths.items():
        calibrates = precision in format.CALIBRATED
        given = describe() | ({"calibration": {"seed": 7}} if calibrates else {})
        export(model, path, given, precision, iter(calibration) if calibrates else None)
    return paths
