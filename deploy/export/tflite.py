"""A Keras model becomes one .tflite file of built-in operators: uint8 frame in, class ids out.

What makes the file good, each seen by running it (TensorFlow 2.21, Keras 3.15, LiteRT 2.3):
batch 1 and a static size keep a dilated convolution one CONV_2D with batch norm folded in;
`ExportArchive` and `from_saved_model` freeze the weights, which `from_concrete_functions` does not;
`tf.argmax` converts, `keras.ops.argmax` does not; logits are resized before ARG_MAX, which in an
int8 file runs on int8: no other tail of the graph is faster.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError

from deploy.export.audit import audit_tflite
from deploy.export.float32 import to_float32
from deploy.runtimes.artifact import FRAME_CONTRACT, write_description
from deploy.runtimes.base import fit_frame
from deploy.runtimes.native_log import silenced

PRECISIONS = ("float32", "float16", "int8")
OUTPUT_KINDS = ("argmax", "logits")
LIBRARIES = ("tensorflow", "keras", "ai-edge-litert", "numpy")


def export_tflite(
    model: keras.Model,
    path: Path,
    description: dict,
    precision: str = "float32",
    calibration_images: Iterable[np.ndarray] | None = None,
    output_kind: str = "argmax",
) -> None:
    """Writes a model as a .tflite artifact that describes itself.

    Args:
        model: Float RGB images (B, H, W, 3) in [0, 255] of a fixed size to a dict of logits
            (B, H, W, C), of which only "logits" is exported.
        path: The file to write; its folder exists.
        description: What only the caller knows: `model`, `classes`, `palette`,
            `source_model_sha256`, and for int8 `calibration`: how the images were chosen.
        precision: "float32", "float16" (of the weights) or "int8" (of weights and activations).
        calibration_images: For int8 only: real images, uint8 RGB (H, W, 3) of any size, not
            augmented; they are read once. A black and a white one are added, so that the range
            of the input is the true one.
        output_kind: "argmax" for class ids, or "logits".

    Raises:
        ValueError: If an argument is wrong, or the model's size is not fixed.
        RuntimeError: If TensorFlow Lite has no built-in operator for a part of the model.
    """
    _check_choice("precision", precision, PRECISIONS)
    _check_choice("output_kind", output_kind, OUTPUT_KINDS)
    _check_model(model, description["classes"])
    if (precision == "int8") != (calibration_images is not None):
        raise ValueError(
            f"Precision int8 needs calibration images, the others take none; got precision "
            f"{precision!r} {'without' if calibration_images is None else 'with'} images."
        )
    content = _convert(model, precision, calibration_images, output_kind)
    errors = audit_tflite(content).errors
    if errors:
        raise RuntimeError(f"The converted model cannot be used. {' '.join(errors)}")
    Path(path).write_bytes(content)
    write_description(path, _complete(description, model, precision, output_kind))


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"Unknown {name} {value!r}. Choose one of: {', '.join(choices)}.")


def _check_model(model: keras.Model, classes: list[str]) -> None:
    """Refuses a model whose size is open, that takes no RGB, or that has other classes."""
    height, width, channels = model.input_shape[1:]
    if None in (height, width):
        raise ValueError(
            f"The model takes images of any size ({height}x{width}), a .tflite file only of one. "
            f"Build it at a fixed size: load_model(path, input_shape=(height, width, 3))."
        )
    if channels != 3:
        raise ValueError(f"An artifact takes RGB frames, but the model takes {channels} channels.")
    num_classes = model.output["logits"].shape[-1]
    expected = max(num_classes, 2)  # one logit tells class 1 from class 0
    if len(classes) != expected:
        raise ValueError(
            f"A model with {num_classes} logits a pixel has {expected} classes, but "
            f"{len(classes)} names are given ({', '.join(classes)}). Take the names of the run "
            f"that trained it."
        )


def _complete(description: dict, model: keras.Model, precision: str, output_kind: str) -> dict:
    """Adds what the exporter knows to what the caller told."""
    given = dict(description)
    quantization = {"precision": precision}
    if precision == "int8":
        quantization["calibration"] = {**given.pop("calibration", {}), "added": ["black", "white"]}
    return {
        **FRAME_CONTRACT,
        **given,
        "input_size": list(model.input_shape[1:3]),
        "output_kind": output_kind,
        "quantization": quantization,
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _convert(
    model: keras.Model,
    precision: str,
    calibration_images: Iterable[np.ndarray] | None,
    output_kind: str,
) -> bytes:
    """Converts to a flatbuffer, with weights frozen and nothing but built-in operators."""
    size = model.input_shape[1:3]
    with tempfile.TemporaryDirectory() as folder, silenced():
        _save(model, precision, output_kind, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if precision == "int8":
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = tf.uint8
            converter.representative_dataset = lambda: _inputs(calibration_images, size)
        else:
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        try:
            return converter.convert()
        except ConverterError as error:
            missing = re.search(r"TF Select ops: (.*)", str(error))
            reason = f"no built-in operator for {missing[1]}" if missing else str(error)[:300]
            raise RuntimeError(
                f"TensorFlow Lite cannot take this model: {reason}. Replace that part with "
                f"layers that have a built-in form."
            ) from error


def _save(model: keras.Model, precision: str, output_kind: str, folder: str) -> None:
    """Saves a graph from one image to classes or logits, batch 1, as a SavedModel."""
    model = to_float32(model)
    # A cast inside an int8 graph would cost a float hop: there the converter makes it uint8.
    dtype = tf.float32 if precision == "int8" else tf.uint8

    def serve(image):
        logits = model(tf.cast(image, tf.float32), training=False)["logits"]
        if output_kind == "logits":
            return {"logits": logits}
        if logits.shape[-1] == 1:
            # A zero before the logit: ARG_MAX decides class 1 above it. An int8 GREATER takes an
            # exact 0 for more than 0 where the step of the logits is above 1.
            logits = tf.pad(logits, [[0, 0], [0, 0], [0, 0], [1, 0]])
        classes = tf.argmax(logits, axis=-1, output_type=tf.int32)
        return {"classes": tf.cast(classes, tf.uint8)}

    archive = keras.export.ExportArchive()
    archive.track(model)
    signature = [tf.TensorSpec((1, *model.input_shape[1:]), dtype, name="image")]
    archive.add_endpoint("serve", serve, input_signature=signature)
    archive.write_out(folder, verbose=False)


def _inputs(images: Iterable[np.ndarray], size: tuple[int, int]) -> Iterator[list[np.ndarray]]:
    """Yields what the float graph takes, [float32 (1, *size, 3)], for each calibration image."""
    for image in images:
        yield [fit_frame(image, size).astype("float32")]
    for value in (0, 255):
        yield [np.full((1, *size, 3), value, "float32")]
