"""Building and running a TensorRT engine, on a fake that has only what TensorRT 10 and 11 have.

What this cannot tell is whether TensorRT itself does as its bindings promise: the tests marked
`gpu` do, on a machine that has one.
"""

import ast
import importlib
import inspect
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from fake_tensorrt import load_record, make_tensorrt

from deploy.export.tensorrt import BuildOptions, build_engine
from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import read_description

CODE = [
    Path(importlib.import_module(name).__file__)
    for name in ("deploy.export.tensorrt", "deploy.runtimes.tensorrt")
]


@pytest.mark.parametrize("version", [10, 11])
def test_every_name_of_tensorrt_in_the_code_is_recorded(version):
    record = load_record(version)
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Attribute):
                continue
            chain = ast.unparse(node).split(".")
            if chain[0] == "trt" and len(chain) > 1 and chain[1] != "__version__":
                assert chain[1] in record["classes"], f"{path.name}: {'.'.join(chain)}"
                if len(chain) > 2 and chain[2] != "__init__":
                    assert chain[2] in record["classes"][chain[1]], f"{path.name}: {chain}"


@pytest.mark.parametrize("version", [10, 11])
def test_every_call_that_the_fake_takes_is_one_that_is_recorded(version):
    """So the code under test, which calls the fake, fits the real signatures."""
    fakes = [c for c in vars(make_tensorrt(version)).values() if inspect.isclass(c)]
    checked = 0
    for cls in fakes:
        recorded = load_record(version)["classes"][cls.__name__]
        for name, method in vars(cls).items():
            if name.startswith("_") or not inspect.isfunction(method):
                continue
            ours = [*inspect.signature(method).parameters][1:]
            forms = [parameters(text) for text in recorded[name].splitlines()]
            # What is left out has to have a default.
            assert any(
                [p for p, _ in form[: len(ours)]] == ours and all(d for _, d in form[len(ours) :])
                for form in forms
            ), f"{cls.__name__}.{name} takes {ours}; recorded: {recorded[name]}"
            checked += 1
    assert checked >= 30


def parameters(signature):
    """The (name, has a default) of each parameter of a recorded signature, `self` aside."""
    inside = signature[signature.index("(") + 1 : signature.rindex(") ->")]
    parts = re.split(r", (?=\w+: )", inside)[1:]
    return [(part.partition(":")[0], " = " in part) for part in parts]


@pytest.mark.parametrize("version", [10, 11])
def test_engine_is_built_described_and_runs(engine, version):
    trt, path = engine(version)
    description = read_description(path)
    assert description["engine"] == {
        "tensorrt": trt.__version__,
        "cuda": 13000,
        "driver": 13010,
        "gpu": "Fake GPU",
        "compute_capability": "8.9",
        "os": description["engine"]["os"],
        "onnx_sha256": description["engine"]["onnx_sha256"],
        "layer_precisions": {"float32": 1, "float16": 0, "int8": 0},
        "max_batch": 1,
        "dla_core": None,
        "version_compatible": False,
    }
    trt.state.cuda.freed = 0
    runtime = load_runtime(path)
    frames = np.random.default_rng(0).integers(0, 256, (2, 32, 48, 3), dtype=np.uint8)
    first = runtime(frames[0])
    np.testing.assert_array_equal(runtime(frames[1]), frames[1].argmax(-1))
    np.testing.assert_array_equal(first, frames[0].argmax(-1))  # the second did not replace it
    runtime.close()
    assert trt.state.cuda.freed == 6  # image, classes: host and device; the graph and the stream


def test_options_reach_the_build(engine, tmp_path):
    options = BuildOptions(64, 4, dla_core=1, version_compatible=True)
    trt, path = engine(options=options, batch=-1, outputs={"classes": ("UINT8", (-1, 32, 48))})
    config = trt.state.config
    assert config._limits == {trt.MemoryPoolType.WORKSPACE: 64 << 20}
    assert config._flags == {trt.BuilderFlag.VERSION_COMPATIBLE, trt.BuilderFlag.GPU_FALLBACK}
    assert (config.default_device_type, config.DLA_core) == (trt.DeviceType.DLA, 1)
    assert config.profiling_verbosity == trt.ProfilingVerbosity.DETAILED
    one, four = (1, 32, 48, 3), (4, 32, 48, 3)
    assert trt.state.profile == ("image", one, one, four)
    load_runtime(path)(np.zeros((10, 10, 3), "uint8"))  # one frame of an engine for four


def test_timing_cache_grows_and_keeps_what_others_wrote(engine, tmp_path):
    cache = tmp_path / "cache"
    cache.write_bytes(b"old,")
    options = BuildOptions(timing_cache=cache)
    engine(options=options, on_step=lambda: cache.write_bytes(b"other,"))
    assert cache.read_bytes() == b"old,newother,"


def test_progress_is_told(install, onnx_path, tmp_path):
    install(steps=2)
    seen = []
    path = tmp_path / "m.engine"
    build_engine(onnx_path(), path, BuildOptions(), lambda *step: seen.append(step))
    assert seen == [("Building", 1, 2), ("Building", 2, 2), ("Building", 2, 2)]


def test_ctrl_c_ends_the_build_at_its_next_step(install, onnx_path, tmp_path, monkeypatch):
    interrupted, steps = threading.Event(), []

    def on_step():
        steps.append(1)
        interrupted.wait(5)

    join = threading.Thread.join

    def interrupt_once(thread, timeout=None):
        if timeout is not None:
            interrupted.set()
            raise KeyboardInterrupt
        join(thread)

    install(steps=10**6, on_step=on_step)
    monkeypatch.setattr(threading.Thread, "join", interrupt_once)
    with pytest.raises(KeyboardInterrupt):
        build_engine(onnx_path(), tmp_path / "m.engine", BuildOptions())
    assert len(steps) < 10**6
    assert not list(tmp_path.glob("*.engine*"))


FAILED_BUILDS = {
    "parser": (
        {"parser_errors": [("pool", "MaxUnpool", "no importer"), ("x", "Qr", "unknown")]},
        {},
        r"pool \(MaxUnpool\): no importer x \(Qr\): unknown",
    ),
    "builder": ({"plan": None}, {}, "built no engine. no kernel fits"),
    "silent float32": ({}, {"precision": "float16"}, "asks for float16, but no layer"),
    "own engine": ({"deserializes": False}, {}, "not load its own engine.*magic tag"),
}


@pytest.mark.parametrize("case", FAILED_BUILDS)
def test_failed_build_is_told_and_leaves_no_file(install, onnx_path, tmp_path, case):
    behaviour, quantization, message = FAILED_BUILDS[case]
    install(**behaviour)
    with pytest.raises(RuntimeError, match=message):
        build_engine(onnx_path(**quantization), tmp_path / "m.engine", BuildOptions())
    assert not list(tmp_path.glob("*.engine*"))


@pytest.mark.parametrize(
    ("precision", "datatype"), [("float16", "Channel major FP16"), ("int8", "Int8")]
)
def test_precision_is_read_from_the_engine(install, onnx_path, tmp_path, precision, datatype):
    install(datatype=datatype)
    path = tmp_path / "m.engine"
    build_engine(onnx_path(precision=precision, target="tensorrt"), path, BuildOptions())
    assert read_description(path)["engine"]["layer_precisions"][precision] == 1


def test_int8_for_another_engine_is_refused(install, onnx_path, tmp_path):
    install()
    path = onnx_path(precision="int8", target="onnxruntime")
    with pytest.raises(ValueError, match="Export it with --target tensorrt"):
        build_engine(path, tmp_path / "m.engine", BuildOptions())


def test_building_needs_no_tensorflow_and_tells_what_is_missing(onnx_path, tmp_path):
    program = (
        "import sys\n"
        "sys.modules['tensorrt'] = None\n"
        "from tools.build_engine import main\n"
        "code = main(sys.argv[1:])\n"
        "print(code, sorted({'tensorflow', 'keras', 'seg_keras'} & set(sys.modules)))\n"
    )
    flags = ["--onnx", onnx_path(), "--reference", "r.onnx", "--images", "i"]
    command = [sys.executable, "-c", program, *flags]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == "1 []\n"
    assert "TensorRT is not installed" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
