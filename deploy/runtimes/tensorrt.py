"""Runs an .engine artifact with TensorRT, version 10 or 11, in a process without TensorFlow.

TensorFlow 2.21 brings the libraries of CUDA 12 and TensorRT 11 those of CUDA 13: in one process
the first of them to be loaded serves both, and the other fails in ways that are hard to read.
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

from deploy.runtimes import engine_header
from deploy.runtimes.artifact import OUTPUTS, read_description
from deploy.runtimes.base import check_graph, segment
from deploy.runtimes.cuda import Cuda
from deploy.runtimes.engine_identity import check_identity

INPUT = "image"
TYPES = {"UINT8": "uint8", "FLOAT": "float32"}


def import_tensorrt() -> ModuleType:
    """Imports TensorRT's Python bindings.

    Raises:
        RuntimeError: If they are not installed, or TensorFlow is loaded already.
    """
    if "tensorflow" in sys.modules:
        raise RuntimeError(
            "TensorRT and TensorFlow bring different versions of CUDA and must not share a "
            "process. Run the engine in a process of its own."
        )
    try:
        return importlib.import_module("tensorrt")
    except ImportError:
        raise RuntimeError(
            "TensorRT is not installed, see requirements-tensorrt.txt. On a Jetson it comes with "
            "JetPack."
        ) from None


def make_logger(trt: ModuleType):
    """A logger of TensorRT that keeps its errors in `errors`, for messages of our own."""

    class Logger(trt.ILogger):
        def __init__(self):
            trt.ILogger.__init__(self)
            self.errors = []

        def log(self, severity, message):
            if severity in (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR):
                self.errors.append(message)

    return Logger()


class TensorRTRuntime:
    """A `Runtime` for .engine files. One thread may call it at a time.

    Args:
        path: An .engine file that `tools/build_engine.py` wrote, on a machine like this one.
        threads: Not used, the GPU does the work.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no description or one of another graph, comes from another
            machine, or TensorRT does not take it.
        RuntimeError: If TensorRT is not installed, or the GPU fails.
    """

    def __init__(self, path: Path, threads: int | None = None):
        path = Path(path)
        self.description = read_description(path)
        self.input_size = tuple(self.description["input_size"])
        built = self.description.get("engine", {})
        trt = import_tensorrt()
        self._cuda = Cuda()
        try:
            here = {"tensorrt": trt.__version__, **self._cuda.identity()}
            check_identity(path, built, here)
            logger = make_logger(trt)
            runtime = trt.Runtime(logger)
            # A version-compatible plan brings code of its own; its header said that it is one.
            runtime.engine_host_code_allowed = bool(built.get("version_compatible"))
            plan = engine_header.split(path.read_bytes())
            self._engine = runtime.deserialize_cuda_engine(plan)
            if self._engine is None:
                raise ValueError(
                    f"{path}: TensorRT does not take this file ({' '.join(logger.errors)}). "
                    f"Build it again from its .onnx file."
                )
            self._check_graph(trt, path)
            self._context = self._engine.create_execution_context()
            self._prepare()
        except Exception:
            self._cuda.close()
            raise

    def _check_graph(self, trt: ModuleType, path: Path) -> None:
        signatures, ends = {}, {}
        for index in range(self._engine.num_io_tensors):
            name = self._engine.get_tensor_name(index)
            shape = tuple(s if s >= 0 else None for s in self._engine.get_tensor_shape(name))
            kind = self._engine.get_tensor_dtype(name).name
            signatures[name] = TYPES.get(kind, kind), *shape
            ends[name] = self._engine.get_tensor_mode(name)
        (image,) = (name for name in ends if ends[name] == trt.TensorIOMode.INPUT)
        outputs = {name: signature for name, signature in signatures.items() if name != image}
        check_graph(path, self.description, signatures[image], outputs)
        self._outputs = {
            name: (signatures[name][0], (1, *signatures[name][2:]))
            for name in OUTPUTS[self.description["output_kind"]]
        }

    def _prepare(self) -> None:
        """Allocates memory for every tensor, and records what one frame does."""
        shape = (1, *self.input_size, 3)
        self._context.set_input_shape(INPUT, shape)  # of an engine that takes several images
        self._image = self._cuda.pinned(shape, "uint8")
        self._arrays = {
            name: self._cuda.pinned(shape, kind) for name, (kind, shape) in self._outputs.items()
        }
        self._addresses = {
            name: self._cuda.allocate(array.nbytes)
            for name, array in {INPUT: self._image, **self._arrays}.items()
        }
        for name, address in self._addresses.items():
            self._context.set_tensor_address(name, address)
        self._enqueue()  # TensorRT allocates at the first run, which a graph cannot record
        self._cuda.synchronize()
        self._cuda.record(self._enqueue)

    def _enqueue(self) -> None:
        self._cuda.copy_in(self._addresses[INPUT], self._image)
        if not self._context.execute_async_v3(self._cuda.stream_handle):
            raise RuntimeError("TensorRT did not run the engine. Build it again on this machine.")
        for name, array in self._arrays.items():
            self._cuda.copy_out(array, self._addresses[name])

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Maps a frame, uint8 RGB (H, W, 3), to its class ids, uint8 (H, W)."""
        return segment(self, frame)

    def run(self, image: np.ndarray) -> np.ndarray:
        """Runs the graph alone on one uint8 image (1, h, w, 3) of `input_size`; see `Runtime`."""
        return next(iter(self.run_all(image).values()))

    def run_all(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the graph alone and gives every output by name; see `Runtime`."""
        np.copyto(self._image, image)
        self._cuda.launch()
        self._cuda.synchronize()
        return {name: array.copy() for name, array in self._arrays.items()}

    def close(self) -> None:
        """Frees the engine and its memory, on the GPU too."""
        self._arrays = self._image = self._context = self._engine = None
        self._cuda.close()
