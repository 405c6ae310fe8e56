"""What TensorRT needs of CUDA: pinned and device memory, a stream, a graph, and who we are.

Through NVIDIA's own `cuda.bindings.runtime`, whose calls all give (error, results...).
"""

import ctypes
import platform

import numpy as np


class Cuda:
    """A stream of the current device, and the memory that is used with it.

    Raises:
        RuntimeError: If NVIDIA's Python bindings are not installed, or a call fails.
    """

    def __init__(self):
        try:
            from cuda.bindings import runtime, utils
        except ImportError:
            raise RuntimeError(
                "TensorRT needs CUDA's Python bindings, of the same CUDA version. Install them: "
                "pip install cuda-bindings"
            ) from None
        self._runtime = runtime
        self._host, self._device, self._graph = [], [], None
        self._stream = self.call("cudaStreamCreate")
        self.stream_handle = utils.get_cuda_native_handle(self._stream)

    def call(self, name: str, *arguments):
        """Calls a function of the CUDA runtime; gives its result, None if it has none.

        Raises:
            RuntimeError: If it gives an error.
        """
        error, *results = getattr(self._runtime, name)(*arguments)
        if error != self._runtime.cudaError_t.cudaSuccess:
            raise RuntimeError(
                f"CUDA's {name} failed: {error}. Is the GPU in use or out of memory?"
            )
        return results[0] if results else None

    def pinned(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """Gives an array in page-locked memory, from which copies run beside other work."""
        count = int(np.prod(shape)) * np.dtype(dtype).itemsize
        address = self.call("cudaMallocHost", count)
        self._host.append(address)
        buffer = (ctypes.c_uint8 * count).from_address(address)
        return np.frombuffer(buffer, dtype).reshape(shape)

    def allocate(self, count: int) -> int:
        """Gives the address of `count` bytes on the device."""
        address = self.call("cudaMalloc", count)
        self._device.append(address)
        return address

    def copy_in(self, address: int, array: np.ndarray) -> None:
        """Copies a pinned array to the device, when the stream comes to it."""
        self._copy(address, array.ctypes.data, array.nbytes, "cudaMemcpyHostToDevice")

    def copy_out(self, array: np.ndarray, address: int) -> None:
        """Copies from the device into a pinned array, when the stream comes to it."""
        self._copy(array.ctypes.data, address, array.nbytes, "cudaMemcpyDeviceToHost")

    def _copy(self, target: int, source: int, count: int, kind: str) -> None:
        kind = getattr(self._runtime.cudaMemcpyKind, kind)
        self.call("cudaMemcpyAsync", target, source, count, kind, self._stream)

    def synchronize(self) -> None:
        """Waits until the stream has done everything."""
        self.call("cudaStreamSynchronize", self._stream)

    def record(self, work) -> None:
        """Records what `work()` puts on the stream as a graph, for `launch`."""
        mode = self._runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self.call("cudaStreamBeginCapture", self._stream, mode)
        work()
        graph = self.call("cudaStreamEndCapture", self._stream)
        self._graph = self.call("cudaGraphInstantiate", graph, 0)
        self.call("cudaGraphDestroy", graph)

    def launch(self) -> None:
        """Puts the recorded graph on the stream: one call instead of one for each kernel."""
        self.call("cudaGraphLaunch", self._graph, self._stream)

    def identity(self) -> dict:
        """What a plan is bound to, TensorRT itself aside."""
        properties = self.call("cudaGetDeviceProperties", self.call("cudaGetDevice"))
        return {
            "cuda": self.call("cudaRuntimeGetVersion"),
            "driver": self.call("cudaDriverGetVersion"),
            "gpu": properties.name.decode().rstrip("\0"),
            "compute_capability": f"{properties.major}.{properties.minor}",
            "os": f"{platform.system()} {platform.machine()}",
        }

    def close(self) -> None:
        """Frees all memory and the stream."""
        if self._graph is not None:
            self.call("cudaGraphExecDestroy", self._graph)
        for address in self._host:
            self.call("cudaFreeHost", address)
        for address in self._device:
            self.call("cudaFree", address)
        self.call("cudaStreamDestroy", self._stream)
        self._host, self._device, self._graph = [], [], None
