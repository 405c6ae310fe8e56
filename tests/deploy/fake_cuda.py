"""A fake of `cuda.bindings.runtime`: a device that is a dict of arrays, and a stream."""

import ctypes
import types

import numpy as np

GPU = {"name": b"Fake GPU\0\0", "major": 8, "minor": 9}


class FakeCuda:
    """A CUDA runtime whose stream does nothing until it is waited for."""

    def __init__(self, state):
        state.cuda, self._state, self._queue = self, state, []
        self._recording, self.freed, self._memory = None, 0, {}
        self.cudaError_t = types.SimpleNamespace(cudaSuccess=0)
        self.cudaMemcpyKind = types.SimpleNamespace(
            cudaMemcpyHostToDevice="in", cudaMemcpyDeviceToHost="out"
        )
        self.cudaStreamCaptureMode = types.SimpleNamespace(cudaStreamCaptureModeThreadLocal=0)

    def put(self, work):
        (self._queue if self._recording is None else self._recording).append(work)

    def cudaStreamCreate(self):  # noqa: N802
        return 0, "stream"

    def cudaMallocHost(self, count):  # noqa: N802
        buffer = ctypes.create_string_buffer(count)
        self._memory[ctypes.addressof(buffer)] = buffer
        return 0, ctypes.addressof(buffer)

    def cudaMalloc(self, count):  # noqa: N802
        address = 1000 + len(self._state.device)
        self._state.device[address] = np.zeros(count, "uint8")
        return 0, address

    def cudaMemcpyAsync(self, target, source, count, kind, stream):  # noqa: N802
        def work():
            if kind == "in":
                self._state.device[target][:] = np.frombuffer(ctypes.string_at(source, count), "u1")
            else:
                ctypes.memmove(target, self._state.device[source].tobytes(), count)

        self.put(work)
        return (0,)

    def cudaStreamSynchronize(self, stream):  # noqa: N802
        while self._queue:
            self._queue.pop(0)()
        return (0,)

    def cudaStreamBeginCapture(self, stream, mode):  # noqa: N802
        self._recording = []
        return (0,)

    def cudaStreamEndCapture(self, stream):  # noqa: N802
        graph, self._recording = self._recording, None
        return 0, graph

    def cudaGraphInstantiate(self, graph, flags):  # noqa: N802
        return 0, graph

    def cudaGraphLaunch(self, graph, stream):  # noqa: N802
        self._queue += graph
        return (0,)

    def cudaGetDevice(self):  # noqa: N802
        return 0, 0

    def cudaGetDeviceProperties(self, device):  # noqa: N802
        return 0, types.SimpleNamespace(**GPU)

    def cudaRuntimeGetVersion(self):  # noqa: N802
        return 0, 13000

    def cudaDriverGetVersion(self):  # noqa: N802
        return 0, 13010

    def cudaGraphDestroy(self, graph):  # noqa: N802
        return (0,)

    def _free(self, *handles):
        self.freed += 1
        return (0,)

    cudaFree = cudaFreeHost = cudaStreamDestroy = cudaGraphExecDestroy = _free  # noqa: N815
