"""Operators of a .tflite file, cut out and timed alone."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from deploy import operator_times
from deploy.export.audit import audit_file
from deploy.operator_times import cut_out, heaviest, time_operators


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_every_operator_is_timed_alone(artifacts, precision):
    rows, whole_ms = time_operators(artifacts[precision], threads=1, runs=3)
    kinds = [row["kind"] for row in rows]
    assert {kind: kinds.count(kind) for kind in kinds} == audit_file(artifacts[precision]).operators
    assert all(row["median_ms"] > 0 for row in rows)
    assert whole_ms > 0


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_cut_out_operators_in_a_row_compute_what_the_graph_does(artifacts, precision):
    content = artifacts[precision].read_bytes()
    graph = schema.ModelT.InitFromPackedBuf(content)
    (subgraph,) = graph.subgraphs
    whole = Interpreter(model_content=content)
    whole.allocate_tensors()
    (image,) = whole.get_input_details()
    pixels = np.random.default_rng(0).integers(0, 256, image["shape"]).astype(image["dtype"])
    whole.set_tensor(image["index"], pixels)
    whole.invoke()
    values = {image["index"]: pixels}
    for operator in subgraph.operators:
        alone = Interpreter(model_content=cut_out(graph, operator))
        alone.allocate_tensors()
        inputs = dict.fromkeys(index for index in operator.inputs if index in values)
        for details, index in zip(alone.get_input_details(), inputs, strict=True):
            alone.set_tensor(details["index"], values[index])
        alone.invoke()
        for details, index in zip(alone.get_output_details(), operator.outputs, strict=True):
            values[index] = alone.get_tensor(details["index"])
    (expected,) = whole.get_output_details()
    np.testing.assert_array_equal(values[expected["index"]], whole.get_tensor(expected["index"]))


def test_operators_of_one_kind_and_size_are_added_up():
    def row(kind, size, ms):
        return {"kind": kind, "size": size, "median_ms": ms}

    rows = [
        row("CONV_2D", (4, 6, 8), 1.0),
        row("ARG_MAX", (8, 12), 1.5),
        row("CONV_2D", (4, 6, 16), 2.0),
        row("CONV_2D", (2, 3, 8), 0.5),
    ]
    assert heaviest(rows) == [
        {"kind": "CONV_2D", "size": (4, 6), "count": 2, "sum_ms": 3.0},
        {"kind": "ARG_MAX", "size": (8, 12), "count": 1, "sum_ms": 1.5},
        {"kind": "CONV_2D", "size": (2, 3), "count": 1, "sum_ms": 0.5},
    ]


def test_the_median_leaves_out_the_warm_up(artifacts, monkeypatch):
    durations = iter([9.0] * operator_times.WARM_UP_RUNS + [0.001, 0.002, 0.004])
    now = [0.0]

    class Clock:
        @staticmethod
        def perf_counter():
            return now[0]

    def invoke(self):
        now[0] += next(durations)

    monkeypatch.setattr(operator_times, "time", Clock)
    monkeypatch.setattr(Interpreter, "invoke", invoke)
    content = artifacts["int8"].read_bytes()
    assert operator_times.time_file(content, 1, 3) == pytest.approx(2.0)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"m\.tflite: this is no \.tflite file"):
        time_operators(path)
