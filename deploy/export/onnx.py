"""A Keras model becomes one .onnx file: uint8 frame in, class ids out.

The precision lies in the file, so every engine that runs it computes alike: float16 is a graph of
half-precision tensors, int8 has QuantizeLinear and DequantizeLinear around its operators. TensorRT
from version 11 on takes no other kind.

`tf2onnx.convert.from_function` with an explicit signature keeps the names `image` and `classes`;
from Keras's own export they are `keras_tensor` and `Identity:0`.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from onnx import numpy_helper
from onnxruntime import InferenceSession, SessionOptions
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quant_pre_process,
    quantize_static,
)
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from deploy.export.float_layers import float_layers, is_part_of
from deploy.export.graph import (
    calibration_inputs,
    check_choice,
    check_images,
    check_model,
    describe,
    serving_function,
)
from deploy.export.onnx_resize import HANDLERS
from deploy.runtimes.artifact import OUTPUTS, write_description
from deploy.runtimes.native_log import silenced

PRECISIONS = ("float32", "float16", "int8")
CALIBRATED = ("float16", "int8")
TARGETS = ("onnxruntime", "tensorrt")
LIBRARIES = ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "numpy")
OPSET = 18
INPUT = "image"
# Half of the largest float16: the images that are served may reach further than the calibrating.
FLOAT16_LIMIT = 65504 / 2
# Each sums over a whole map, and the sum in float16 overflows long before the mean does.
SUMS = {"GlobalAveragePool", "ReduceMean", "ReduceSum", "ReduceL2"}


def export_onnx(
    model: keras.Model,
    path: Path,
    description: dict,
    precision: str = "float32",
    calibration_images: Iterable[np.ndarray] | None = None,
    output_kind: str = "argmax",
    target: str = "onnxruntime",
    dynamic_batch: bool = False,
) -> None:
    """Writes a model as an .onnx artifact that describes itself.

    Args:
        model: Float RGB images (B, H, W, 3) in [0, 255] of a fixed size to a dict of logits
            (B, H, W, C), of which only "logits" is exported.
        path: The file to write; its folder exists.
        description: What only the caller knows: `model`, `classes`, `palette`,
            `source_model_sha256`, and where images calibrate `calibration`: how they were chosen.
        precision: "float32"; "float16", but float32 where the images come near its limit; or
            "int8" (of weights, per channel, and activations).
        calibration_images: For float16 and int8 only: real images, uint8 RGB (H, W, 3) of any
            size, not augmented; they are read once. A black and a white one are added.
        output_kind: "argmax" for class ids, "logits", or "argmax+confidence" for class ids and
            the probability of each.
        target: What int8 is made for. "onnxruntime" has unsigned activations, which run twice as
            fast on a CPU; "tensorrt" takes signed and symmetric ones only, and float biases.
        dynamic_batch: Whether the graph takes any number of images at once; a `Runtime` gives it
            one.

    Raises:
        ValueError: If an argument is wrong, or the model's size is not fixed.
        RuntimeError: If ONNX has no operator for a part of the model.
    """
    check_choice("precision", precision, PRECISIONS)
    check_choice("output_kind", output_kind, OUTPUTS)
    check_choice("target", target, TARGETS)
    check_model(model, description["classes"])
    check_images(precision, CALIBRATED, calibration_images)
    quantization = {"precision": precision}
    with silenced():
        proto = _convert(model, output_kind, dynamic_batch)
        if precision == "float16":
            inputs = calibration_inputs(model, calibration_images)
            proto, quantization["float32_operators"] = to_float16(proto, inputs)
        if precision == "int8":
            kept = float_layers(model)
            inputs = calibration_inputs(model, calibration_images)
            proto = to_int8(proto, inputs, target, kept)
            quantization |= {"target": target, **({"float_layers": kept} if kept else {})}
        onnx.checker.check_model(proto, full_check=True)
    Path(path).write_bytes(proto.SerializeToString())
    write_description(path, describe(description, model, output_kind, quantization, LIBRARIES))


def _convert(model: keras.Model, output_kind: str, dynamic_batch: bool) -> onnx.ModelProto:
    """Converts to a float32 graph, and names what is open in its shapes."""
    batch = None if dynamic_batch else 1
    signature = [tf.TensorSpec((batch, *model.input_shape[1:]), tf.uint8, name=INPUT)]
    serve = tf.function(serving_function(model, output_kind))
    level = logging.getLogger("tf2onnx").level
    try:
        logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # what it says comes in the error
        proto, _ = tf2onnx.convert.from_function(
            serve, signature, opset=OPSET, custom_op_handlers=dict(HANDLERS)
        )
        _inline_captured(proto, serve.get_concrete_function(*signature))
        onnx.checker.check_model(proto)  # an operator of TensorFlow is left as it is
    except (ValueError, RuntimeError, onnx.checker.ValidationError) as error:
        raise RuntimeError(
            f"ONNX cannot take this model: {str(error)[:300]}. Replace that part with layers "
            f"that have an ONNX operator."
        ) from error
    finally:
        logging.getLogger("tf2onnx").setLevel(level)
    if dynamic_batch:
        for argument in [*proto.graph.input, *proto.graph.output]:
            argument.type.tensor_type.shape.dim[0].dim_param = "batch"
        del proto.graph.value_info[:]  # the checker infers them anew, with that name
    return proto


def _inline_captured(proto: onnx.ModelProto, function) -> None:
    """Makes constants of the tensors that layers hold, such as the mean of a `Normalization`.

    tf2onnx takes them for further inputs of the concrete function that it was given.
    """
    captured = function.captured_inputs
    names = [tensor.name for tensor in function.inputs[len(function.inputs) - len(captured) :]]
    values = dict(zip(names, captured, strict=True))
    for argument in [argument for argument in proto.graph.input if argument.name != INPUT]:
        constant = numpy_helper.from_array(values[argument.name].numpy(), argument.name)
        proto.graph.initializer.append(constant)
        proto.graph.input.remove(argument)


def to_float16(
    proto: onnx.ModelProto, inputs: Iterable[np.ndarray]
) -> tuple[onnx.ModelProto, list[str]]:
    """Converts a float32 graph to float16, float32 kept where it would overflow.

    Args:
        proto: The graph.
        inputs: Images as it takes them; a handful shows what the sizes of its tensors are.

    Returns:
        The graph, and the names of the operators that stayed in float32.
    """
    too_large = {
        initializer.name
        for initializer in proto.graph.initializer
        if initializer.data_type == onnx.TensorProto.FLOAT
        and np.abs(numpy_helper.to_array(initializer)).max(initial=0) > FLOAT16_LIMIT
    }
    too_large |= {name for name, value in _largest(proto, inputs).items() if value > FLOAT16_LIMIT}
    kept = [
        node.name
        for node in proto.graph.node
        if node.op_type in SUMS or too_large & {*node.input, *node.output}
    ]
    half = OnnxModel(convert_float_to_float16(proto, keep_io_types=True, node_block_list=kept))
    _join_kept(half, set(kept))
    half.topological_sort()  # the casts around what is kept were appended
    return half.model, kept


def _join_kept(half: OnnxModel, kept: set[str]) -> None:
    """Takes away the casts to float16 and back between two operators that stay in float32."""
    producers = half.output_name_to_node()
    for back in half.get_nodes_by_op_type("Cast"):
        there = producers.get(back.input[0])
        source = there and there.op_type == "Cast" and producers.get(there.input[0])
        if source and source.name in kept:
            half.replace_input_of_all_nodes(back.output[0], there.input[0])
    half.prune_graph()


def _largest(proto: onnx.ModelProto, inputs: Iterable[np.ndarray]) -> dict[str, float]:
    """Runs images and gives the largest magnitude in each float tensor."""
    inferred = onnx.shape_inference.infer_shapes(proto)
    floats = [
        info
        for info in inferred.graph.value_info
        if info.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    ]
    known = {output.name for output in inferred.graph.output}
    inferred.graph.output.extend(info for info in floats if info.name not in known)
    options = SessionOptions()
    options.log_severity_level = 3
    session = InferenceSession(
        inferred.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [info.name for info in floats]
    largest = dict.fromkeys(names, 0.0)
    for image in inputs:
        for name, value in zip(names, session.run(names, {INPUT: image}), strict=True):
            largest[name] = max(largest[name], float(np.abs(value).max(initial=0)))
    return largest


def to_int8(
    proto: onnx.ModelProto,
    inputs: Iterable[np.ndarray],
    target: str,
    layers_in_float: Sequence[str] = (),
) -> onnx.ModelProto:
    """Quantises a float32 graph to int8, per channel, in Q/DQ form.

    Args:
        proto: The graph.
        inputs: Images as it takes them; their ranges become the scales.
        target: One of `TARGETS`.
        layers_in_float: Names of Keras layers whose operators stay as they are.
    """
    signed = target == "tensorrt"
    with tempfile.TemporaryDirectory() as folder:
        plain, prepared, done = (Path(folder) / f"{n}.onnx" for n in ("plain", "prepared", "done"))
        plain.write_bytes(proto.SerializeToString())
        # Symbolic shape inference needs SymPy, and every shape is known without it.
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        nodes = onnx.load(prepared).graph.node if layers_in_float else ()
        quantize_static(
            prepared,
            done,
            _Images(inputs),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8 if signed else QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[n.name for n in nodes if is_part_of(n.name, layers_in_float)],
            extra_options={"ActivationSymmetric": signed, "QuantizeBias": not signed},
        )
        return onnx.load(done)


class _Images(CalibrationDataReader):
    def __init__(self, inputs: Iterable[np.ndarray]):
        self._inputs: Iterator[np.ndarray] = iter(inputs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        image = next(self._inputs, None)
        return None if image is None else {INPUT: image}
