"""A converter of TensorFlow Lite, set up so that its file is good for every engine.

Batch 1 and a static size keep a dilated convolution one CONV_2D with batch norm folded in;
`ExportArchive` and `from_saved_model` freeze the weights, which `from_concrete_functions` does not.
"""

import re
import tempfile
from collections.abc import Iterable

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError

from deploy.export.graph import serving_function
from deploy.runtimes.native_log import silenced


def convert(
    model: keras.Model,
    precision: str,
    output_kind: str,
    inputs: Iterable[np.ndarray] | None,
    calibrate_only: bool = False,
) -> bytes:
    """Converts to a flatbuffer, with weights frozen and nothing but built-in operators.

    Args:
        model: As `deploy.export.tflite.export_tflite` takes it.
        precision: Likewise.
        output_kind: Likewise.
        inputs: What the graph takes, uint8 (1, H, W, 3), where a precision is calibrated.
        calibrate_only: Whether to stop before quantising, at a float graph that knows the ranges
            of its tensors.

    Raises:
        RuntimeError: If TensorFlow Lite has no built-in operator for a part of the model.
    """
    with tempfile.TemporaryDirectory() as folder, silenced():
        _save(model, precision, output_kind, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if inputs is not None:
            dtype = _input_type(precision).as_numpy_dtype
            converter.representative_dataset = lambda: ([image.astype(dtype)] for image in inputs)
        if precision == "int8":
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = tf.uint8
        if precision == "int16":
            # ARG_MAX and the first CAST have no int16 kernel: those two stay as they are.
            int16 = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            converter.target_spec.supported_ops = [int16, tf.lite.OpsSet.TFLITE_BUILTINS]
        if calibrate_only:
            # What tf.lite.experimental.QuantizationDebugger does too; there is no public way.
            converter._experimental_calibrate_only = True
        try:
            return converter.convert()
        except ConverterError as error:
            missing = re.search(r"TF Select ops: (.*)", str(error))
            reason = f"no built-in operator for {missing[1]}" if missing else str(error)[:300]
            raise RuntimeError(
                f"TensorFlow Lite cannot take this model: {reason}. Replace that part with "
                f"layers that have a built-in form."
            ) from error


def _input_type(precision: str) -> tf.DType:
    """What the graph takes before it is quantised.

    A cast inside an int8 graph would cost a float hop: there the converter makes the input uint8,
    so that its QUANTIZE carries the normalisation.
    """
    return tf.float32 if precision == "int8" else tf.uint8


def _save(model: keras.Model, precision: str, output_kind: str, folder: str) -> None:
    """Saves a graph from one image to its outputs, batch 1, as a SavedModel."""
    archive = keras.export.ExportArchive()
    archive.track(model)
    signature = [tf.TensorSpec((1, *model.input_shape[1:]), _input_type(precision), name="image")]
    serve = serving_function(model, output_kind)
    archive.add_endpoint("serve", serve, input_signature=signature)
    try:
        archive.write_out(folder, verbose=False)
    except tf.errors.OpError as error:  # TensorFlow's own kind, not an OSError, on a full disk
        raise OSError(
            f"{folder}: the graph cannot be written in passing ({error.message}). Make room there, "
            f"or name another folder for temporary files in the variable TMPDIR."
        ) from None
