"""Made for the tests: a trained tiny model and its artifacts, a fake TensorRT, a web view."""

import sys
import threading
import time
import types

import keras
import numpy as np
import onnx
import pytest
from fake_cuda import FakeCuda
from fake_tensorrt import make_tensorrt
from tiny_models import build_tiny_model, describe, draw_scenes
from video_fakes import NAMES, PALETTE
from web_client import FRAME, PICTURE, STATUS

from deploy.export import onnx as onnx_format
from deploy.export import tflite
from deploy.export.tensorrt import BuildOptions, build_engine
from deploy.runtimes.artifact import write_description
from deploy.video.view import View
from deploy.video.web import WebView


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
    given = (trained_model, calibration, tmp_path_factory)
    return export_all(onnx_format, onnx_format.export_onnx, *given)


def export_all(format, export, model, calibration, tmp_path_factory):
    folder, suffix = tmp_path_factory.mktemp("artifacts"), format.__name__.rpartition(".")[2]
    paths = {precision: folder / f"{precision}.{suffix}" for precision in format.PRECISIONS}
    for precision, path in paths.items():
        calibrates = precision in format.CALIBRATED
        given = describe() | ({"calibration": {"seed": 7}} if calibrates else {})
        export(model, path, given, precision, iter(calibration) if calibrates else None)
    return paths


@pytest.fixture
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def view():
    return View()


@pytest.fixture
def web(view):
    web = WebView(0, "127.0.0.1", view, NAMES, PALETTE, "model int8")
    yield web
    web.close()


@pytest.fixture
def playing(web):
    """Shows pictures in a thread, as a loop would, until the test ends."""
    stop, slowest = threading.Event(), [0.0]

    def play():
        while not stop.wait(0.02):
            begun = time.perf_counter()
            web.show(PICTURE, FRAME, STATUS)
            slowest[0] = max(slowest[0], time.perf_counter() - begun)

    player = threading.Thread(target=play)
    player.start()
    yield slowest
    stop.set()
    player.join()


@pytest.fixture
def install(monkeypatch):
    """Installs a fake TensorRT and CUDA; gives the fake."""

    def install(version=11, **behaviour):
        trt = make_tensorrt(version, behaviour)
        bindings = types.ModuleType("cuda.bindings")
        bindings.runtime = FakeCuda(trt.state)
        bindings.utils = types.SimpleNamespace(get_cuda_native_handle=lambda stream: 7)
        monkeypatch.setitem(sys.modules, "tensorrt", trt)
        monkeypatch.setitem(sys.modules, "cuda.bindings", bindings)
        # These tests run in the process of the others, which have loaded it.
        monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
        return trt

    return install


@pytest.fixture
def onnx_path(tmp_path):
    """An .onnx file with a description; the fake parser does not look at the graph."""

    def write(**quantization):
        path = tmp_path / "model.onnx"
        path.write_bytes(onnx.ModelProto(ir_version=8).SerializeToString())
        given = {"format_version": 1, "input_size": [32, 48], "output_kind": "argmax"}
        quantization = {"precision": "float32"} | quantization
        write_description(path, describe() | given | {"quantization": quantization})
        return path

    return write


@pytest.fixture
def engine(install, onnx_path, tmp_path):
    """Builds an engine; gives the fake and the path."""

    def build(version=11, options=None, **behaviour):
        trt = install(version, **behaviour)
        build_engine(onnx_path(), tmp_path / "model.engine", options or BuildOptions())
        return trt, tmp_path / "model.engine"

    return build
