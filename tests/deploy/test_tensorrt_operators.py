"""The .onnx files for TensorRT hold nothing but what NVIDIA lists; each limit is caught."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tensorrt_operators import violations
from tiny_models import describe

from deploy.export.onnx import export_onnx


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_exported_file_holds_listed_operators_and_types_only(onnx_artifacts, precision):
    assert violations(onnx.load(onnx_artifacts[precision])) == []


def test_int8_for_tensorrt_holds_listed_operators_and_types_only(
    trained_model, calibration, tmp_path
):
    path = tmp_path / "m.onnx"
    export_onnx(trained_model, path, describe(), "int8", calibration, target="tensorrt")
    assert violations(onnx.load(path)) == []


def test_int8_for_onnx_runtime_is_not_for_tensorrt(onnx_artifacts):
    assert any("has a zero point" in s for s in violations(onnx.load(onnx_artifacts["int8"])))


def graph(operator, kind=TensorProto.FLOAT, outputs=("y",), constants=None, **attributes):
    """A graph of one node that takes "x" (1, 4, 6, 6), and the constants by name."""
    constants = constants or {}
    inputs = [helper.make_tensor_value_info("x", kind, (1, 4, 6, 6))]
    node = helper.make_node(operator, ["x", *constants], outputs, name="node", **attributes)
    ends = [onnx.ValueInfoProto(name=name) for name in outputs]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph([node], "graph", inputs, ends, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def resize(mode, **attributes):
    sizes = {"": np.zeros(0, "float32"), "scales": np.array([1, 1, 2, 2], "float32")}
    return graph("Resize", constants=sizes, mode=mode, **attributes)


def quantize(zero):
    constants = {"scale": np.float32(0.1), "zero": np.int8(zero)}
    return graph("QuantizeLinear", constants=constants)


POOL = {"kernel_shape": [2, 2]}
REFUSED = {
    "operator": (graph("Hardmax"), "is not listed"),
    "type": (graph("Softmax", TensorProto.DOUBLE), "takes FP64"),
    "uint8 inside": (graph("Transpose", TensorProto.UINT8), "UINT8 is for the ends"),
    "dilated pooling": (graph("MaxPool", dilations=[2, 2], **POOL), "is dilated"),
    "indices": (graph("MaxPool", outputs=("y", "i"), **POOL), "gives indices"),
    "resize mode": (resize("cubic"), "mode is cubic"),
    "antialiasing": (resize("linear", antialias=1), "antialias is 1"),
    "zero point": (quantize(3), "has a zero point"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_listed_is_found(case):
    proto, message = REFUSED[case]
    assert any(message in sentence for sentence in violations(proto))


@pytest.mark.parametrize(
    "proto", [graph("MaxPool", **POOL), resize("linear"), quantize(0)], ids=["pool", "resize", "q"]
)
def test_what_is_listed_is_not_found(proto):
    assert violations(proto) == []
