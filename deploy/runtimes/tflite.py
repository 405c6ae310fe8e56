"""Runs a .tflite artifact with LiteRT, on CPU cores through XNNPACK."""

import os
from pathlib import Path

import numpy as np

from deploy.runtimes.artifact import OUTPUTS, read_description
from deploy.runtimes.base import check_graph, segment
from deploy.runtimes.native_log import silenced


class TFLiteRuntime:
    """A `Runtime` for .tflite files. One thread may call it at a time.

    Args:
        path: A .tflite file that `tools/export.py` wrote.
        threads: CPU threads to run on; None takes as many as there are cores.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no description or one of another graph, or LiteRT does not
            take it.
        RuntimeError: If LiteRT is not installed.
    """

    def __init__(self, path: Path, threads: int | None = None):
        try:
            # Imported here, so that a device with another engine needs no LiteRT.
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            raise RuntimeError(
                f"{path}: only LiteRT runs a .tflite file. Install it: pip install ai-edge-litert"
            ) from None

        self.description = read_description(path)
        self.input_size = tuple(self.description["input_size"])
        try:
            with silenced():
                self._interpreter = Interpreter(
                    model_path=str(path),
                    num_threads=os.cpu_count() if threads is None else threads,
                )
                self._interpreter.allocate_tensors()
                outputs = self._interpreter.get_signature_runner().get_output_details()
        except (ValueError, RuntimeError) as error:
            raise ValueError(
                f"{path}: LiteRT does not run this file ({error}). Export the model again, with "
                f"built-in operators only."
            ) from error
        (image,) = self._interpreter.get_input_details()
        signatures = {name: _signature(details) for name, details in outputs.items()}
        check_graph(path, self.description, _signature(image), signatures)
        self._input = image["index"]
        names = OUTPUTS[self.description["output_kind"]]
        self._outputs = {name: outputs[name]["index"] for name in names}
        self._output = self._outputs[names[0]]

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Maps a frame, uint8 RGB (H, W, 3), to its class ids, uint8 (H, W)."""
        return segment(self, frame)

    def run(self, image: np.ndarray) -> np.ndarray:
        """Runs the graph alone on one uint8 image (1, h, w, 3) of `input_size`; see `Runtime`."""
        self._invoke(image)
        return self._interpreter.get_tensor(self._output)

    def run_all(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the graph alone and gives every output by name; see `Runtime`."""
        self._invoke(image)
        return {name: self._interpreter.get_tensor(i) for name, i in self._outputs.items()}

    def _invoke(self, image: np.ndarray) -> None:
        self._interpreter.set_tensor(self._input, image)
        self._interpreter.invoke()

    def close(self) -> None:
        """Frees the interpreter and its tensors."""
        self._interpreter = None


def _signature(details: dict) -> tuple:
    return details["dtype"].__name__, *(int(size) for size in details["shape"])
