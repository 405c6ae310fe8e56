"""A runtime in a process of its own, for a program that holds what its engine must not meet.

TensorRT and TensorFlow must not share a process, and scoring an engine takes both. Frames and
classes go through a pipe as .npy files.
"""

import io
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

import numpy as np

from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import read_description

ERRORS = {"FileNotFoundError": FileNotFoundError, "ValueError": ValueError}


class SeparateRuntime:
    """Runs any artifact on frames, like a `Runtime`, in a process of its own.

    Args:
        path: As `load_runtime` takes it.
        threads: Likewise.

    Attributes:
        description: What the artifact says of itself, see `deploy.runtimes.artifact`.
        input_size: The (height, width) in pixels that the graph takes.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no artifact of ours, or its engine does not take it.
        RuntimeError: If the engine is not installed.
    """

    def __init__(self, path: Path, threads: int | None = None):
        self.description = read_description(path)
        self.input_size = tuple(self.description["input_size"])
        self._pipe, end = Pipe()
        command = [sys.executable, "-m", __name__, str(end.fileno()), str(path)]
        command += [] if threads is None else [str(threads)]
        self._process = subprocess.Popen(command, pass_fds=[end.fileno()])
        end.close()
        try:
            self._check()
        except Exception:
            self.close()
            raise

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Maps a frame, uint8 RGB (H, W, 3), to its class ids, uint8 (H, W)."""
        try:
            self._pipe.send_bytes(pack(frame))
        except BrokenPipeError:
            raise RuntimeError("The engine's process has ended.") from None
        self._check()
        return unpack(self._pipe.recv_bytes())

    def _check(self) -> None:
        """Reads whether the last step went well; raises what went wrong."""
        try:
            kind, _, message = self._pipe.recv_bytes().decode().partition(" ")
        except (EOFError, ConnectionResetError):
            raise RuntimeError("The engine's process has ended.") from None
        if kind != "ok":
            raise ERRORS.get(kind, RuntimeError)(message)

    def close(self) -> None:
        """Ends the process, which frees the engine."""
        self._pipe.close()
        self._process.wait()


def serve(pipe: Connection, path: Path, threads: int | None) -> None:
    """Answers frames with classes until the other end is closed."""

    def attempt(work: Callable, *arguments):
        """Tells the other process whether the work went well; gives what it gave, or None."""
        try:
            result = work(*arguments)
        except Exception as error:  # whatever it is, the other process raises it
            pipe.send_bytes(f"{type(error).__name__} {error}".encode())
            return None
        pipe.send_bytes(b"ok")
        return result

    runtime = attempt(load_runtime, path, threads)
    while runtime:
        try:
            frame = unpack(pipe.recv_bytes())
        except EOFError:
            runtime.close()
            return
        classes = attempt(runtime, frame)
        if classes is not None:
            pipe.send_bytes(pack(classes))


def pack(array: np.ndarray) -> bytes:
    """The content of an .npy file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def unpack(content: bytes) -> np.ndarray:
    """The array of an .npy file's content; nothing in it is run."""
    return np.load(io.BytesIO(content), allow_pickle=False)


def main(handle: str, path: str, threads: str | None = None) -> None:
    """Serves on an inherited pipe."""
    with Connection(int(handle)) as pipe:
        serve(pipe, Path(path), None if threads is None else int(threads))


if __name__ == "__main__":
    main(*sys.argv[1:])
