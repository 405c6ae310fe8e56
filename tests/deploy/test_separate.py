"""An artifact in a process of its own decides as in this one, and its errors come back."""

import os
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import read_description, write_description
from deploy.runtimes.separate import SeparateRuntime

# A module `tensorrt` that puts the fakes in the place of TensorRT and of CUDA's bindings.
FAKE = """
import sys, types
sys.path.insert(0, {folder!r})
from fake_cuda import FakeCuda
from fake_tensorrt import make_tensorrt
assert "tensorflow" not in sys.modules
trt = sys.modules["tensorrt"] = make_tensorrt(11)
bindings = sys.modules["cuda.bindings"] = types.ModuleType("cuda.bindings")
bindings.runtime = FakeCuda(trt.state)
bindings.utils = types.SimpleNamespace(get_cuda_native_handle=lambda stream: 7)
"""


def test_it_decides_as_in_this_process(artifacts, scenes):
    here = load_runtime(artifacts["int8"], 1)
    with closing(SeparateRuntime(artifacts["int8"], 1)) as runtime:
        assert (runtime.description, runtime.input_size) == (here.description, here.input_size)
        first, second = scenes[0][0], scenes[0][1].repeat(2, axis=0)
        np.testing.assert_array_equal(runtime(first), here(first))
        with pytest.raises(ValueError, match=r"A frame is RGB, uint8 .*; got uint8 \(32, 48\)"):
            runtime(first[..., 0])
        np.testing.assert_array_equal(runtime(second), here(second))


def test_an_engine_runs_without_tensorflow(engine, tmp_path, monkeypatch):
    _, path = engine()
    fakes = tmp_path / "fakes"
    fakes.mkdir()
    (fakes / "tensorrt.py").write_text(FAKE.format(folder=str(Path(__file__).parent)))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(fakes), *sys.path]))
    frame = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    with closing(SeparateRuntime(path)) as runtime:
        np.testing.assert_array_equal(runtime(frame), frame.argmax(-1))


def test_what_the_engine_says_of_the_file_comes_back(artifacts, tmp_path):
    path = tmp_path / "broken.tflite"
    path.write_bytes(b"no flatbuffer")
    write_description(path, read_description(artifacts["int8"]))
    with pytest.raises(ValueError, match=r"broken\.tflite: LiteRT does not run this file"):
        SeparateRuntime(path)


def test_a_process_that_ends_is_told(artifacts, scenes):
    with closing(SeparateRuntime(artifacts["int8"])) as runtime:
        runtime._process.kill()
        runtime._process.wait()
        with pytest.raises(RuntimeError, match="The engine's process has ended"):
            runtime(scenes[0][0])
