"""Runs an .onnx artifact with ONNX Runtime: on CPU cores, or on a GPU where its wheel has one."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deploy.runtimes.artifact import OUTPUTS, read_description
from deploy.runtimes.base import check_graph, segment
from deploy.runtimes.native_log import silenced

# The wheel `onnxruntime-gpu` has CUDA, `onnxruntime` has the CPU only. TensorRT builds an engine
# for minutes at the first frame: only who asks for that provider waits for it.
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
TYPES = {"tensor(uint8)": "uint8", "tensor(float)": "float32"}


class ONNXRuntime:
    """A `Runtime` for .onnx files. Several threads may call it.

    Args:
        path: An .onnx file that `tools/export.py` wrote.
        threads: CPU threads to run on; None takes as many as there are cores.
        providers: What executes the graph, the preferred one first, such as
            ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"); those
            that the installed ONNX Runtime lacks are passed over.

    Attributes:
        providers: What does execute it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no description or one of another graph, or ONNX Runtime
            does not take it.
        RuntimeError: If ONNX Runtime is not installed.
    """

    def __init__(
        self, path: Path, threads: int | None = None, providers: Sequence[str] = PROVIDERS
    ):
        try:
            # Imported here, so that a device with another engine needs no ONNX Runtime.
            import onnxruntime
        except ImportError:
            raise RuntimeError(
                f"{path}: only ONNX Runtime runs an .onnx file. Install it: pip install "
                f"onnxruntime (or onnxruntime-gpu)"
            ) from None

        self.description = read_description(path)
        self.input_size = tuple(self.description["input_size"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = os.cpu_count() if threads is None else threads
        options.log_severity_level = 3  # errors
        available = onnxruntime.get_available_providers()
        try:
            with silenced():
                self._session = onnxruntime.InferenceSession(
                    str(path), options, providers=[p for p in providers if p in available]
                )
        except Exception as error:  # ONNX Runtime's own classes have no public base
            raise ValueError(
                f"{path}: ONNX Runtime does not run this file ({str(error)[:300]}). Copy it "
                f"again or export the model again."
            ) from error
        self.providers = tuple(self._session.get_providers())
        (image,) = self._session.get_inputs()
        outputs = {output.name: _signature(output) for output in self._session.get_outputs()}
        check_graph(path, self.description, _signature(image), outputs)
        self._input = image.name
        self._outputs = OUTPUTS[self.description["output_kind"]]

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Maps a frame, uint8 RGB (H, W, 3), to its class ids, uint8 (H, W)."""
        return segment(self, frame)

    def run(self, image: np.ndarray) -> np.ndarray:
        """Runs the graph alone on one uint8 image (1, h, w, 3) of `input_size`; see `Runtime`."""
        return self._session.run(self._outputs[:1], {self._input: image})[0]

    def run_all(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the graph alone and gives every output by name; see `Runtime`."""
        outputs = self._session.run(self._outputs, {self._input: image})
        return dict(zip(self._outputs, outputs, strict=True))

    def close(self) -> None:
        """Frees the session and its tensors."""
        self._session = None


def _signature(argument) -> tuple:
    # An open size is a name in ONNX.
    shape = [size if isinstance(size, int) else None for size in argument.shape]
    return TYPES.get(argument.type, argument.type), *shape
