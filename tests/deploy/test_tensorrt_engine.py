"""Running a TensorRT engine on a fake: its header is checked before TensorRT sees a byte."""

import shlex
import sys
import types

import pytest

from deploy.export.tensorrt import BuildOptions
from deploy.runtimes import engine_header, load_runtime
from deploy.runtimes.artifact import read_description, write_description
from deploy.runtimes.tensorrt import import_tensorrt
from tools import build_engine as build_engine_tool


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("tensorrt", "10.3.0", r"TensorRT 10\.3\.0, here 11\."),
        ("compute_capability", "7.2", r"compute capability 7\.2, here 8\.9"),
        ("os", "Windows AMD64", "operating system Windows AMD64, here"),
    ],
)
def test_engine_of_another_machine_never_reaches_tensorrt(engine, key, value, message):
    trt, path = engine()
    description = read_description(path)
    description["engine"][key] = value
    write_description(path, description)
    trt.state.plan = b"another plan"  # the fake refuses any other one
    with pytest.raises(ValueError, match=f"{message}.*Build it again: python tools/build_engine"):
        load_runtime(path)
    path.with_suffix(".onnx").write_bytes(b"of another model")
    with pytest.raises(ValueError, match=r"Build it here from its \.onnx file"):
        load_runtime(path)


def test_the_command_that_builds_again_is_complete_and_quoted(engine, tmp_path):
    folder = tmp_path / "an engine"
    folder.mkdir()
    _, path = engine(options=BuildOptions(max_batch=4, version_compatible=True))
    onnx = path.with_suffix(".onnx").rename(folder / "road.onnx")
    path = path.rename(folder / "road.engine")
    description = read_description(path)
    description["engine"] |= {"os": "Windows AMD64", "dla_core": "1; rm -rf /"}
    write_description(path, description)

    def command():
        with pytest.raises(ValueError, match="Build it again: ") as caught:
            load_runtime(path)
        return shlex.split(str(caught.value).partition("Build it again: ")[2])

    given = ["--onnx", str(onnx), "--reference", str(onnx)]
    rest = ["--output", str(path), "--max-batch", "4", "--version-compatible", "--force"]
    start = ["python", "tools/build_engine.py", *given]
    assert command() == [*start, "--images", "FOLDER_OF_IMAGES", *rest]
    (folder / "road_images").mkdir()
    assert command() == [*start, "--images", str(folder / "road_images"), *rest]
    parsed = build_engine_tool.parse(command()[2:])
    assert (parsed.onnx, parsed.output, parsed.max_batch) == (onnx, path, 4)


def test_version_compatible_engine_runs_on_another_version(engine):
    _, path = engine(options=BuildOptions(version_compatible=True))
    description = read_description(path)
    description["engine"]["tensorrt"] = "11.0.0"
    write_description(path, description)
    load_runtime(path)


def test_damaged_engine_is_told(engine):
    trt, path = engine()
    trt.state.deserializes = False
    with pytest.raises(ValueError, match="does not take this file .*magic tag does not match"):
        load_runtime(path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError, match="holds no description"):
        load_runtime(path)
    path.write_bytes(b"PLAN")
    with pytest.raises(ValueError, match="holds no description"):
        load_runtime(path)


def test_header_of_any_size_is_not_read():
    content = engine_header.MAGIC + engine_header.LENGTH.pack(2**31) + b"{}"
    with pytest.raises(ValueError, match="2147483648 bytes"):
        engine_header.read(content, 100)


def test_graph_of_another_description_is_told(engine):
    trt, path = engine()
    trt.state.outputs = {"logits": ("FLOAT", (1, 32, 48, 4))}
    with pytest.raises(ValueError, match="does not fit its graph"):
        load_runtime(path)


def test_missing_tensorrt_is_told(monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(RuntimeError, match=r"not installed, see requirements-tensorrt\.txt"):
        import_tensorrt()


def test_tensorflow_in_the_process_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", types.ModuleType("tensorflow"))
    with pytest.raises(RuntimeError, match="must not share a process"):
        import_tensorrt()
