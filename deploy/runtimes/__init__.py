"""Running an artifact on frames: `load_runtime(path)` picks the engine by the file's suffix."""

from pathlib import Path

from deploy.runtimes.base import Runtime
from deploy.runtimes.onnx import ONNXRuntime
from deploy.runtimes.tensorrt import TensorRTRuntime
from deploy.runtimes.tflite import TFLiteRuntime

RUNTIMES = {
    ".engine": TensorRTRuntime,
    ".onnx": ONNXRuntime,
    ".tflite": TFLiteRuntime,
}


def load_runtime(path: Path, threads: int | None = None) -> Runtime:
    """Opens an artifact of any known format.

    Args:
        path: A file that `tools/export.py` wrote; its suffix tells the format.
        threads: CPU threads to run on; None takes as many as there are cores.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If no runtime takes the suffix, or the file is no artifact of ours,
            or `threads` is below 1.
    """
    path = Path(path)
    if path.suffix not in RUNTIMES:
        raise ValueError(
            f"{path}: no runtime for a {path.suffix or 'suffixless'} file. "
            f"Known: {', '.join(sorted(RUNTIMES))}."
        )
    if threads is not None and threads < 1:
        raise ValueError(f"Got {threads} threads. Give 1 or more, or none for all cores.")
    return RUNTIMES[path.suffix](path, threads)
