"""What of an .onnx file TensorRT does not take, by a dated copy of NVIDIA's published list.

`tensorrt_operators.json` is that copy, and names its source.
"""

import json
from pathlib import Path

import onnx
from onnx import TensorProto, numpy_helper

LISTED = json.loads(Path(__file__).with_suffix(".json").read_text())["operators"]
TYPES = {
    TensorProto.FLOAT: "FP32",
    TensorProto.FLOAT16: "FP16",
    TensorProto.DOUBLE: "FP64",
    TensorProto.INT8: "INT8",
    TensorProto.UINT8: "UINT8",
    TensorProto.INT32: "INT32",
    TensorProto.INT64: "INT64",
    TensorProto.BOOL: "BOOL",
}
POOLINGS = {"AveragePool", "MaxPool"}
RESIZES = {
    "mode": {"nearest", "linear"},
    "coordinate_transformation_mode": {
        "half_pixel",
        "pytorch_half_pixel",
        "tf_half_pixel_for_nn",
        "asymmetric",
        "align_corners",
    },
    "nearest_mode": {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"},
    "antialias": {0},
}


def violations(proto: onnx.ModelProto) -> list[str]:
    """A sentence for each node whose operator, type or attribute is not listed."""
    graph = onnx.shape_inference.infer_shapes(proto, strict_mode=True).graph
    infos = [*graph.input, *graph.value_info, *graph.output]
    types = {info.name: info.type.tensor_type.elem_type for info in infos}
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    types |= {tensor.name: tensor.data_type for tensor in graph.initializer}
    found = []
    for node in graph.node:
        reasons = [*_wrong_types(node, types), *_wrong_attributes(node, constants)]
        found += [f"{node.op_type} {node.name}: {reason}" for reason in reasons]
    return found


def _wrong_types(node, types):
    if node.op_type not in LISTED:
        yield "is not listed"
        return
    # The listed types are those of the data: what Where chooses from, of others the first input.
    data = node.input[1 if node.op_type == "Where" else 0] if node.input else node.output[0]
    given = TYPES[types[data]]
    if given not in LISTED[node.op_type].split():
        yield f"takes {given}, not one of {LISTED[node.op_type]}"
    tensors = {*node.input, *node.output} - {""}
    if node.op_type != "Cast" and TensorProto.UINT8 in {types[name] for name in tensors}:
        yield "UINT8 is for the ends of the network only"


def _wrong_attributes(node, constants):
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type in POOLINGS:
        if set(attributes.get("dilations", [1])) != {1}:
            yield "is dilated"
        if len(node.output) > 1:
            yield "gives indices"
    if node.op_type == "Resize":
        for name, allowed in RESIZES.items():
            value = attributes.get(name, next(iter(allowed)))
            value = value.decode() if isinstance(value, bytes) else value
            if value not in allowed:
                yield f"{name} is {value}"
    if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
        zeros = constants.get(node.input[2]) if len(node.input) > 2 else 0
        if zeros is None or abs(zeros).max() > 0:
            yield "has a zero point"
    if node.op_type.startswith("Reduce") and len(node.input) > 1 and node.input[1] not in constants:
        yield "finds its axes at run time"
