"""ONNX Runtime runs an artifact as LiteRT does, and a file that is not right is told."""

import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest

from deploy.runtimes import load_runtime, onnx_properties
from deploy.runtimes.artifact import MAX_BYTES, read_description, write_description
from deploy.runtimes.onnx import ONNXRuntime


@pytest.fixture
def copy(onnx_artifacts, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_artifacts["float32"].read_bytes())
    return path


def test_frame_of_odd_size_gets_classes_of_its_size(onnx_artifacts, artifacts, scenes):
    frame = scenes[0][0].repeat(2, axis=0).repeat(2, axis=1)[:61, :95]
    classes = load_runtime(onnx_artifacts["float32"], threads=1)(frame)
    assert (classes.shape, classes.dtype) == ((61, 95), np.uint8)
    expected = load_runtime(artifacts["float32"], threads=1)(frame)
    assert np.mean(classes == expected) > 0.999


def test_description_is_replaced_and_the_graph_stays(copy):
    graph = onnx.load(copy).graph
    description = read_description(copy) | {"parity": {"passed": True}}
    write_description(copy, description)
    once = copy.read_bytes()
    assert read_description(copy) == description
    proto = onnx.load(copy)
    assert proto.graph == graph
    assert [entry.key for entry in proto.metadata_props] == ["seg_keras.json"]
    write_description(copy, description)
    assert copy.read_bytes() == once


def test_entries_of_others_are_kept():
    proto = onnx.ModelProto(ir_version=8)
    proto.metadata_props.add(key="author", value="ä" * 200)
    content = onnx_properties.join(proto.SerializeToString(), "mine", "text")
    assert onnx_properties.read(content, "mine", 100) == b"text"
    assert onnx_properties.read(content, "author", 1000).decode() == "ä" * 200
    assert onnx_properties.read(content, "other", 100) is None
    assert len(onnx.load_from_string(content).metadata_props) == 2


@pytest.mark.parametrize("end", [10, 1000, -10])
def test_cut_off_copy_is_told(copy, end):
    copy.write_bytes(copy.read_bytes()[:end])
    with pytest.raises(ValueError, match=r"model\.onnx: holds no description"):
        load_runtime(copy)


def test_foreign_file_is_told(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(ValueError, match="holds no description"):
        load_runtime(path)


def test_description_of_any_size_is_not_read(copy):
    large = read_description(copy) | {"model": "x" * MAX_BYTES}
    write_description(copy, large)
    with pytest.raises(ValueError, match="is damaged .*bytes, more than"):
        load_runtime(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_size": [32, 64]}, "does not fit its graph.*32, 48.*32, 64"),
        ({"output_kind": "logits"}, "does not fit its graph.*'logits'"),
        ({"input_size": "32x48"}, "input_size is '32x48'"),
        ({"output_kind": ["argmax"]}, "output_kind is"),
        ({"classes": ["road"]}, "palette is not one"),
        ({"palette": [[0, 0, 256]] * 4}, "palette is not one"),
        ({"margin": [16, 0]}, "margin is"),
        ({"quantization": "int8"}, "quantization is 'int8' and names no precision"),
        ({"engine": 10}, "engine is 10"),
    ],
)
def test_description_of_another_graph_is_told(copy, change, message):
    write_description(copy, read_description(copy) | change)
    with pytest.raises(ValueError, match=message):
        load_runtime(copy)


def test_providers_that_are_not_there_are_passed_over(onnx_artifacts, scenes):
    wanted = ("TensorrtExecutionProvider", "CPUExecutionProvider")
    runtime = ONNXRuntime(onnx_artifacts["float32"], 1, [*wanted, "of nobody"])
    available = set(onnxruntime.get_available_providers())
    assert runtime.providers == tuple(name for name in wanted if name in available)
    assert runtime(scenes[0][0]).shape == (32, 48)


def test_missing_engine_is_told(onnx_artifacts, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(RuntimeError, match="pip install onnxruntime"):
        load_runtime(onnx_artifacts["float32"])


def test_device_needs_no_training_code_and_no_onnx(onnx_artifacts):
    program = (
        "import sys, numpy as np\n"
        "from deploy.runtimes import load_runtime\n"
        "load_runtime(sys.argv[1])(np.zeros((40, 50, 3), 'uint8'))\n"
        "print(sorted({'tensorflow', 'keras', 'seg_keras', 'onnx'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, onnx_artifacts["float32"]]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("[]\n", "")
