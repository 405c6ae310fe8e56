"""An .onnx artifact becomes a TensorRT engine, on the machine that is going to run it.

The network is strongly typed: every tensor has the type that the .onnx file gives it, so one path
serves TensorRT 10 and 11, and nothing can fall back to float32 unseen. That it did not is read from
the finished engine all the same.
"""

import contextlib
import dataclasses
import fcntl
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from deploy.runtimes import engine_header
from deploy.runtimes.artifact import read_description, replace
from deploy.runtimes.cuda import Cuda
from deploy.runtimes.engine_identity import file_hash
from deploy.runtimes.tensorrt import INPUT, import_tensorrt, make_logger

# How the inspector names the types of a layer's tensors.
TYPE_WORDS = {"float32": ("FP32", "Float"), "float16": ("FP16", "Half"), "int8": ("INT8", "Int8")}


@dataclasses.dataclass(frozen=True)
class BuildOptions:
    """How an engine is built.

    Args:
        workspace_mb: Memory that a layer may use while it runs, in megabytes.
        max_batch: Images at once that an .onnx file with an open batch is built for.
        dla_core: The deep-learning accelerator of a Jetson to run on; None for the GPU. What it
            cannot do falls back to the GPU.
        version_compatible: Whether later versions of TensorRT may run the engine. Such an engine
            holds code that is run, so only take one that you built.
        timing_cache: A file of measured kernels that makes the next build faster; shared by
            processes.
    """

    workspace_mb: int = 1024
    max_batch: int = 1
    dla_core: int | None = None
    version_compatible: bool = False
    timing_cache: Path | None = None


def build_engine(
    onnx_path: Path,
    path: Path,
    options: BuildOptions,
    progress: Callable[[str, int, int], None] = lambda phase, step, steps: None,
) -> None:
    """Builds an engine and writes it as an artifact. Ctrl-C ends the build at its next step.

    Args:
        onnx_path: An .onnx artifact; int8 made for the target "tensorrt".
        path: The .engine file to write.
        options: How to build it.
        progress: Called with the name of a phase, its step and how many it has.

    Raises:
        ValueError: If the .onnx file is none of ours, or not for TensorRT.
        RuntimeError: If TensorRT is not installed, cannot take the graph, or made a float32
            engine of a float16 or int8 file.
    """
    description = read_description(onnx_path)
    quantization = description["quantization"]
    if quantization["precision"] == "int8" and quantization.get("target") != "tensorrt":
        raise ValueError(
            f"{onnx_path}: its int8 is made for {quantization.get('target')}, but TensorRT takes "
            f"signed and symmetric values only. Export it with --target tensorrt."
        )
    trt = import_tensorrt()
    logger = make_logger(trt)
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(onnx_path.read_bytes()):
        raise RuntimeError(f"{onnx_path}: TensorRT cannot take it. {_parser_errors(parser)}")
    config = _configure(trt, builder, network, options)
    with _timing_cache(config, options.timing_cache):
        plan = _build(trt, builder, network, config, progress)
    if plan is None:
        raise RuntimeError(f"{onnx_path}: TensorRT built no engine. {' '.join(logger.errors)}")
    layers = _layer_precisions(trt, logger, plan, options)
    _check_precision(onnx_path, quantization["precision"], layers)
    cuda = Cuda()
    try:
        identity = cuda.identity()
    finally:
        cuda.close()
    description["engine"] = {
        "tensorrt": trt.__version__,
        **identity,
        "onnx_sha256": file_hash(onnx_path),
        "layer_precisions": layers,
        "max_batch": options.max_batch,
        "dla_core": options.dla_core,
        "version_compatible": options.version_compatible,
    }
    description.pop("parity", None)  # that of the .onnx file
    replace(path, engine_header.join(bytes(plan), json.dumps(description)))


def _parser_errors(parser) -> str:
    errors = (parser.get_error(index) for index in range(parser.num_errors))
    return " ".join(f"{e.node_name()} ({e.node_operator()}): {e.desc()}" for e in errors)


def _configure(trt: ModuleType, builder, network, options: BuildOptions):
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, options.workspace_mb << 20)
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED  # for the inspector
    if options.version_compatible:
        config.set_flag(trt.BuilderFlag.VERSION_COMPATIBLE)
    if options.dla_core is not None:
        config.default_device_type = trt.DeviceType.DLA
        config.DLA_core = options.dla_core
        config.set_flag(trt.BuilderFlag.GPU_FALLBACK)
    batch, *size = network.get_input(0).shape
    if batch == -1:
        profile = builder.create_optimization_profile()
        profile.set_shape(INPUT, (1, *size), (1, *size), (options.max_batch, *size))
        config.add_optimization_profile(profile)
    return config


def _build(trt: ModuleType, builder, network, config, progress: Callable):
    """Builds in a thread, so that this one goes on hearing Ctrl-C; gives the plan or None."""
    cancelled, plans = threading.Event(), []

    class Monitor(trt.IProgressMonitor):
        def __init__(self):
            trt.IProgressMonitor.__init__(self)
            self.steps = {}

        def phase_start(self, phase_name, parent_phase, num_steps):
            self.steps[phase_name] = num_steps

        def step_complete(self, phase_name, step):
            progress(phase_name, step + 1, self.steps[phase_name])
            return not cancelled.is_set()

        def phase_finish(self, phase_name):
            progress(phase_name, self.steps[phase_name], self.steps[phase_name])

    monitor = Monitor()
    config.progress_monitor = monitor
    thread = threading.Thread(
        target=lambda: plans.append(builder.build_serialized_network(network, config))
    )
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.1)
    except KeyboardInterrupt:
        cancelled.set()
        thread.join()
        raise
    return plans[0] if plans else None


@contextlib.contextmanager
def _timing_cache(config, path: Path | None) -> Iterator[None]:
    """Gives a configuration the cache of a file, and adds to the file what the build measured."""
    if path is None:
        yield
        return
    with _locked(path):
        known = path.read_bytes() if path.exists() else b""
    # A cache of another version or GPU is passed over.
    config.set_timing_cache(config.create_timing_cache(known), ignore_mismatch=False)
    yield
    measured = config.get_timing_cache()
    with _locked(path):
        if path.exists():  # another process may have written since
            measured.combine(config.create_timing_cache(path.read_bytes()), ignore_mismatch=False)
        replace(path, bytes(measured.serialize()))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _layer_precisions(trt: ModuleType, logger, plan, options: BuildOptions) -> dict[str, int]:
    """Counts the engine's layers by the type that they give."""
    runtime = trt.Runtime(logger)
    runtime.engine_host_code_allowed = options.version_compatible
    engine = runtime.deserialize_cuda_engine(plan)
    if engine is None:
        raise RuntimeError(f"TensorRT does not load its own engine. {' '.join(logger.errors)}")
    inspector = engine.create_engine_inspector()
    report = json.loads(inspector.get_engine_information(trt.LayerInformationFormat.JSON))
    counts = dict.fromkeys(TYPE_WORDS, 0)
    for layer in report["Layers"]:
        outputs = json.dumps(layer.get("Outputs", [])) if isinstance(layer, dict) else ""
        for precision, words in TYPE_WORDS.items():
            counts[precision] += any(word in outputs for word in words)
    return counts


def _check_precision(onnx_path: Path, precision: str, layers: dict[str, int]) -> None:
    if precision != "float32" and not layers.get(precision):
        raise RuntimeError(
            f"{onnx_path}: asks for {precision}, but no layer of the engine computes in it "
            f"({layers}). The engine is not written: it would be float32 under another name."
        )
