"""Which operators of a .tflite file take the time, on this machine.

LiteRT's own profiler is a C++ program. Here every operator is cut out into a file of its own, with
its constants, and timed alone: what XNNPACK would do for it in the whole graph, it does here. The
sum is close to the time of the whole graph, which is given beside it; what an operator costs can
so be read where a phone or a board is reached by nothing but Python.
"""

import copy
import itertools
import statistics
import time
from collections.abc import Iterable
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from deploy.patches import patches
from deploy.runtimes.native_log import silenced
from deploy.runtimes.operators import operator_name

WARM_UP_RUNS = 3


def time_operators(path: Path, threads: int | None = None, runs: int = 20) -> tuple[list, float]:
    """Times every operator of a .tflite file alone, and the file as a whole.

    Args:
        path: Any .tflite file of one subgraph and of static sizes.
        threads: CPU threads; None lets LiteRT decide.
        runs: Timed runs of each, after `WARM_UP_RUNS`.

    Returns:
        For each operator, in the order of the graph, a dict: `kind`, such as CONV_2D, `size`, the
        shape of its first output without the batch, and `median_ms`. And the median of the whole
        graph in milliseconds.

    Raises:
        ValueError: If the file is no .tflite file.
    """
    content = Path(path).read_bytes()
    try:
        graph = schema.ModelT.InitFromPackedBuf(content)
        names = [operator_name(code) for code in graph.operatorCodes]
        (subgraph,) = graph.subgraphs
    except Exception as error:  # the reader follows offsets out of the buffer, each in its own way
        raise ValueError(f"{path}: this is no .tflite file, or cut off ({error}).") from None
    rows = []
    for operator in subgraph.operators:
        output = subgraph.tensors[operator.outputs[0]]
        alone = time_file(cut_out(graph, operator), threads, runs)
        size = tuple(int(side) for side in output.shape[1:])
        rows.append({"kind": names[operator.opcodeIndex], "size": size, "median_ms": alone})
    return rows, time_file(content, threads, runs)


def heaviest(rows: Iterable[dict]) -> list[dict]:
    """Adds up operators of one kind that work at one height and width, the longest first.

    Args:
        rows: As `time_operators` gives them.

    Returns:
        Dicts of `kind`, `size` (height, width; shorter for what is no map), `count` and `sum_ms`.
    """

    def group(row: dict) -> tuple:
        return row["kind"], row["size"][:2]

    grouped = [
        (key, [row["median_ms"] for row in members])
        for key, members in itertools.groupby(sorted(rows, key=group), group)
    ]
    sums = [
        {"kind": kind, "size": size, "count": len(times), "sum_ms": sum(times)}
        for (kind, size), times in grouped
    ]
    return sorted(sums, key=lambda entry: -entry["sum_ms"])


def cut_out(graph: schema.ModelT, operator: schema.OperatorT) -> bytes:
    """Makes a .tflite file of one operator of a graph.

    What other operators compute for it becomes an input.
    """
    (subgraph,) = graph.subgraphs
    used = list(dict.fromkeys(i for i in (*operator.inputs, *operator.outputs) if i >= 0))
    places = {index: place for place, index in enumerate(used)} | {-1: -1}
    tensors, buffers, inputs = [], [schema.BufferT()], []
    for index in used:
        tensor = copy.copy(subgraph.tensors[index])
        constant = graph.buffers[tensor.buffer]
        tensor.buffer = 0
        if constant.data is not None and len(constant.data):
            tensor.buffer = len(buffers)
            buffers.append(constant)
        elif index in operator.inputs:
            inputs.append(places[index])
        tensors.append(tensor)
    alone = copy.copy(operator)
    alone.inputs = [places[index] for index in operator.inputs]
    alone.outputs = [places[index] for index in operator.outputs]
    alone.opcodeIndex = 0
    part = schema.SubGraphT()
    part.tensors, part.operators = tensors, [alone]
    part.inputs, part.outputs = inputs, alone.outputs
    model = schema.ModelT()
    model.version, model.buffers, model.subgraphs = graph.version, buffers, [part]
    model.operatorCodes = [graph.operatorCodes[operator.opcodeIndex]]
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def time_file(content: bytes, threads: int | None, runs: int) -> float:
    """The median time in milliseconds of a run of a .tflite file on `patches`."""
    with silenced():
        interpreter = Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    for details in interpreter.get_input_details():
        kind, values = np.dtype(details["dtype"]), patches(tuple(details["shape"]))
        # Integers of more than 8 bits are places: 0 is always one.
        span = 1 if kind.kind == "f" or kind.itemsize > 1 else 128
        interpreter.set_tensor(details["index"], (span * values).astype(kind))
    times_ms = []
    for _ in range(WARM_UP_RUNS + runs):
        begun = time.perf_counter()
        interpreter.invoke()
        times_ms.append(1e3 * (time.perf_counter() - begun))
    return statistics.median(times_ms[WARM_UP_RUNS:])
