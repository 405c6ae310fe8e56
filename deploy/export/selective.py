"""Int8, operator by operator: what each one costs, and a file in which the costly ones stay float.

Calibration is the slow part and is done once; from the calibrated graph TensorFlow Lite makes a
file for any choice of operators in a moment.
"""

from collections.abc import Iterable, Sequence

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.python.convert import mlir_quantize

from deploy.export.float_layers import float_layers, is_part_of
from deploy.export.graph import calibration_inputs, margin_of
from deploy.export.keras_reference import KerasReference
from deploy.export.tflite_converter import convert
from deploy.runtimes.base import fit_frame, to_classes
from deploy.runtimes.native_log import silenced
from deploy.runtimes.operators import operator_name

# They move values and compute none: left in float they would only add conversions.
MOVING = {"RESHAPE", "TRANSPOSE", "CAST", "ARG_MAX", "CONCATENATION", "PAD", "SPLIT", "SLICE"}


class CalibratedGraph:
    """A model with the ranges of its tensors, ready to be quantised as a whole or in part.

    What belongs to its `float_layers` stays in float in every file.

    Args:
        model: As `export_tflite` takes it.
        images: Calibrating images, uint8 RGB (H, W, 3) of any size; they are read once.
        output_kind: As `export_tflite` takes it.

    Attributes:
        operators: The kind, such as CONV_2D, of each operator that can be quantised, by name.
    """

    def __init__(self, model: keras.Model, images: Iterable[np.ndarray], output_kind: str):
        inputs = calibration_inputs(model, images)
        self._content = convert(model, "int8", output_kind, inputs, calibrate_only=True)
        graph = schema.ModelT.InitFromPackedBuf(self._content)
        kinds = [operator_name(code) for code in graph.operatorCodes]
        (subgraph,) = graph.subgraphs
        operators = {
            subgraph.tensors[op.outputs[0]].name.decode(): kinds[op.opcodeIndex]
            for op in subgraph.operators
        }
        layers = float_layers(model)
        self._always_float = [name for name in operators if is_part_of(name, layers)]
        self.operators = {
            name: kind
            for name, kind in operators.items()
            if kind not in MOVING and name not in self._always_float
        }

    def quantize(self, float_operators: Sequence[str] = ()) -> bytes:
        """Gives a .tflite file, uint8 in, with these operators in float32 and the others in int8.

        Raises:
            ValueError: If an operator is unknown.
        """
        unknown = set(float_operators) - self.operators.keys()
        if unknown:
            raise ValueError(
                f"No operators {', '.join(sorted(unknown))}. Known: {', '.join(self.operators)}."
            )
        with silenced():
            return mlir_quantize(
                self._content,
                input_data_type=tf.uint8,
                denylisted_nodes=[*self._always_float, *float_operators],
            )


def quantization_report(
    graph: CalibratedGraph, model: keras.Model, images: Iterable[np.ndarray]
) -> list[dict]:
    """Tells what each operator costs when it alone is quantised.

    Args:
        graph: Of the model, with the output kind "argmax".
        model: What it was made from.
        images: Images to compare on, uint8 RGB (H, W, 3) of any size; a handful is enough.

    Returns:
        For each operator `name`, `kind` and `disagreement`: the share of pixels whose class it
        changes. The costliest comes first.
    """
    size = tuple(model.input_shape[1:3])
    inputs = [fit_frame(image, size, margin_of(model)) for image in images]
    reference = KerasReference(model)
    expected = [to_classes(reference.run(image)) for image in inputs]
    rows = []
    for name, kind in graph.operators.items():
        others = [other for other in graph.operators if other != name]
        given = _run(graph.quantize(others), inputs)
        rows.append({"name": name, "kind": kind, "disagreement": float(np.mean(given != expected))})
    return sorted(rows, key=lambda row: -row["disagreement"])


def _run(content: bytes, inputs: list[np.ndarray]) -> np.ndarray:
    """Gives the class ids (N, h, w) of a .tflite file."""
    with silenced():
        interpreter = Interpreter(model_content=content)
        interpreter.allocate_tensors()
    (image,), (classes,) = interpreter.get_input_details(), interpreter.get_output_details()
    outputs = []
    for pixels in inputs:
        interpreter.set_tensor(image["index"], pixels)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(classes["index"])[0])
    return np.array(outputs)
