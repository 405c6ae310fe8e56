"""What an exported file really holds, read from the file itself, without TensorFlow.

That a converter raised nothing proves little: weights may be left as variables, operators may
need TensorFlow at run time, and an int8 file may compute in float here and there.
"""

import collections
import dataclasses
import itertools
from pathlib import Path

import onnx
from ai_edge_litert import schema_py_generated as schema
from google.protobuf.message import DecodeError

from deploy.runtimes.operators import OPERATORS, operator_name

# What XNNPACK documents, of LiteRT 2.3; the rest runs on LiteRT's reference kernels.
XNNPACK_NAMES = """
    ABS ADD AVERAGE_POOL_2D BATCH_MATMUL CEIL CONCATENATION CONV_2D DEPTHWISE_CONV_2D
    DEPTH_TO_SPACE DEQUANTIZE DIV ELU EXP EXPAND_DIMS FLOOR FULLY_CONNECTED GELU HARD_SWISH
    LEAKY_RELU LOG LOGISTIC MAXIMUM MAX_POOL_2D MEAN MINIMUM MUL NEG PAD PRELU QUANTIZE RELU RELU6
    RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR ROUND RSQRT SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SQRT SQUARE
    SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM TANH TRANSPOSE TRANSPOSE_CONV
"""
XNNPACK = set(XNNPACK_NAMES.split())
# In int8 these run on reference kernels, ten times slower than in float32 and more: see
# benchmarks/int8_operators.py.
ALONE = "put it right behind a convolution or an addition that nothing else reads"
SLOW_IN_INT8 = {
    "ABS": "write it as x + relu(x * -2)",
    "BATCH_MATMUL": "take convolutions",
    "DIV": "multiply by the inverse of what is constant",
    "EQUAL": "enlarge maps by resizing instead of unpooling",
    "HARD_SWISH": "write it as relu6(x + 3) * x / 6",
    "PRELU": "write it as x + (1 - alpha) * relu(x * -1)",
    "RELU": f"{ALONE}, or write it as relu(x * 2) / 2",
    "RELU6": ALONE,
    "RSQRT": "compute it in float",
    "SQUARED_DIFFERENCE": "multiply the difference by itself",
}
# LiteRT's int8 kernels of these stop the process where a step of their input is 1 or more.
COMPARISONS = {"EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL"}
# The converter gives the inputs of these the range of their result.
BOUNDS = {"MAXIMUM", "MINIMUM"}
ONNX_DOMAINS = {"", "ai.onnx"}
# Operators of ONNX that an int8 engine is asked to run in int8.
HEAVY = {"Conv", "ConvTranspose", "Gemm", "MatMul"}


@dataclasses.dataclass(frozen=True)
class Audit:
    """The findings about one file.

    Args:
        operators: How often each operator occurs, the most frequent first.
        errors: What makes the file useless, with the remedy; a sentence each.
        warnings: What makes it slow or less exact, with the remedy; a sentence each.
        xnnpack_partitions: Of a .tflite file: runs of operators that XNNPACK takes in one piece;
            every further one hands the tensors over and back.
        outside_xnnpack: Of a .tflite file: the operators between them.
    """

    operators: dict[str, int]
    errors: list[str]
    warnings: list[str]
    xnnpack_partitions: int | None = None
    outside_xnnpack: tuple[str, ...] = ()


def audit_file(path: Path) -> Audit:
    """Audits a .tflite or .onnx file, an artifact or any other.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is of another kind, or damaged.
    """
    path = Path(path)
    audits = {".tflite": audit_tflite, ".onnx": audit_onnx}
    if path.suffix not in audits:
        raise ValueError(f"{path}: cannot be audited. Give one of: *{', *'.join(sorted(audits))}.")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. Make it with tools/export.py.")
    return audits[path.suffix](path.read_bytes())


def audit_tflite(content: bytes) -> Audit:
    """Audits the content of a .tflite file, with or without a description after it.

    Raises:
        ValueError: If it is no such file, or cut off.
    """
    try:
        model = schema.ModelT.InitFromPackedBuf(content)
        names = [operator_name(code) for code in model.operatorCodes]
    except Exception as error:  # the reader follows offsets out of the buffer, each in its own way
        raise ValueError(f"This is no .tflite file, or cut off ({error}). Copy it again.") from None
    operators = [(graph, op) for graph in model.subgraphs for op in graph.operators]
    order = [names[op.opcodeIndex] for _, op in operators]
    counts = collections.Counter(order)

    coarse = {
        names[op.opcodeIndex]
        for graph, op in operators
        if names[op.opcodeIndex] in COMPARISONS and _largest_step(graph, op) >= 1
    }
    clipping = {
        names[op.opcodeIndex]
        for graph, op in operators
        if names[op.opcodeIndex] in BOUNDS and _shares_int8_input(graph, op)
    }
    made = {schema.TensorType.INT8: set(), schema.TensorType.FLOAT32: set()}
    for graph, op in operators:
        for index in op.outputs:
            made.setdefault(graph.tensors[index].type, set()).add(names[op.opcodeIndex])
    # A file that computes in int8 may still give its logits in float, by one DEQUANTIZE.
    computes_int8 = made[schema.TensorType.INT8] - {"QUANTIZE"}
    float_operators = made[schema.TensorType.FLOAT32] - {"DEQUANTIZE"} if computes_int8 else set()
    on_int8 = {
        names[op.opcodeIndex]
        for graph, op in operators
        if any(graph.tensors[i].type == schema.TensorType.INT8 for i in op.inputs if i >= 0)
    }
    slow = on_int8 & SLOW_IN_INT8.keys()
    fast = XNNPACK - slow
    return Audit(
        dict(counts.most_common()),
        _errors(counts, coarse),
        _warnings(counts, float_operators, slow, clipping, model.subgraphs),
        sum(inside for inside, _ in itertools.groupby(order, fast.__contains__)),
        tuple(sorted(counts.keys() - fast)),
    )


def _largest_step(graph: schema.SubGraphT, operator: schema.OperatorT) -> float:
    """The largest scale of the int8 inputs of an operator; 0 where there is none."""
    tensors = [graph.tensors[index] for index in operator.inputs]
    steps = [t.quantization.scale[0] for t in tensors if t.type == schema.TensorType.INT8]
    return max(steps, default=0.0)


def _shares_int8_input(graph: schema.SubGraphT, operator: schema.OperatorT) -> bool:
    """Whether another operator reads an int8 input of an operator, too."""
    read = collections.Counter(index for op in graph.operators for index in op.inputs)
    return any(
        read[index] > 1 and graph.tensors[index].type == schema.TensorType.INT8
        for index in operator.inputs
    )


def _errors(counts: collections.Counter, coarse: set[str]) -> list[str]:
    errors = []
    if counts["VAR_HANDLE"]:
        errors.append(
            f"{counts['VAR_HANDLE']} weights are variables (VAR_HANDLE) and not constants: "
            f"convert a SavedModel that keras.export.ExportArchive wrote."
        )
    custom = [name for name in counts if name not in OPERATORS.values()]
    if custom:
        errors.append(
            f"LiteRT has no kernel for {', '.join(custom)}: replace those layers with ones that "
            f"convert to built-in operators."
        )
    if coarse:
        errors.append(
            f"{', '.join(sorted(coarse))} would compare int8 maps with steps of 1 or more, where "
            f"LiteRT stops the process: put a batch norm in front of them, so that their range is "
            f"below 255."
        )
    return errors


def _warnings(
    counts: collections.Counter,
    float_operators: set[str],
    slow: set[str],
    clipping: set[str],
    graphs: list[schema.SubGraphT],
) -> list[str]:
    warnings = []
    if counts["SPACE_TO_BATCH_ND"]:
        warnings.append(
            f"{counts['SPACE_TO_BATCH_ND']} dilated convolutions are split by SPACE_TO_BATCH_ND, "
            f"which is slow and which no GPU delegate takes: convert with batch 1 and a fixed size."
        )
    if float_operators:
        warnings.append(
            f"In this int8 file {', '.join(sorted(float_operators))} compute in float32: replace "
            f"them, or expect them to be slow and to fail on int8-only hardware."
        )
    for name in sorted(slow):
        warnings.append(
            f"{name} ({counts[name]} in this file) has no fast int8 kernel: {SLOW_IN_INT8[name]}."
        )
    for name in sorted(clipping):
        warnings.append(
            f"{name} squeezes its int8 inputs into the range of its result, and what else reads "
            f"them loses the rest: write it with a ReLU, min(x, 0) as -relu(x * -1)."
        )
    inputs = [graph.tensors[index] for graph in graphs for index in graph.inputs]
    signatures = [t.shapeSignature for t in inputs if t.shapeSignature is not None]
    if any(-1 in list(signature)[1:] for signature in signatures):
        warnings.append(
            "The input has an open size, so sizes are computed at run time and delegates stay "
            "out: convert with batch 1 and a fixed size."
        )
    return warnings


def audit_onnx(content: bytes) -> Audit:
    """Audits the content of an .onnx file.

    Raises:
        ValueError: If it is no such file, or cut off.
    """
    try:
        proto = onnx.load_from_string(content)
        onnx.checker.check_model(proto)
    except (DecodeError, onnx.checker.ValidationError) as error:
        raise ValueError(f"This is no .onnx file, or cut off ({error}). Copy it again.") from None
    nodes = proto.graph.node
    counts = collections.Counter(node.op_type for node in nodes)
    errors, warnings = [], []
    foreign = sorted({f"{n.domain}.{n.op_type}" for n in nodes if n.domain not in ONNX_DOMAINS})
    if foreign:
        errors.append(
            f"{', '.join(foreign)} are no operators of ONNX, so other engines have no kernel: "
            f"replace those layers."
        )
    producers = {name: node.op_type for node in nodes for name in node.output}
    islands = [
        node.name
        for node in nodes
        if counts["DequantizeLinear"]
        and node.op_type in HEAVY
        and producers.get(node.input[0]) != "DequantizeLinear"
    ]
    if islands:
        warnings.append(
            f"In this int8 file {', '.join(islands)} compute in float32: replace what is before "
            f"them, or expect them to be slow."
        )
    sizes = [d for i in proto.graph.input for d in i.type.tensor_type.shape.dim[1:]]
    if any(not size.HasField("dim_value") for size in sizes):
        warnings.append(
            "The input has an open size, for which TensorRT needs a range: build the model at a "
            "fixed size."
        )
    return Audit(dict(counts.most_common()), errors, warnings)
