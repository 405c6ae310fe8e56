"""A Keras model becomes one .tflite file of built-in operators: uint8 frame in, class ids out.

What makes the file good was seen by running it (TensorFlow 2.21, Keras 3.15, LiteRT 2.3), see
`deploy.export.tflite_converter`. ARG_MAX runs on int8 in an int8 file.
"""

from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np

from deploy.export.audit import audit_tflite
from deploy.export.float_layers import float_layers
from deploy.export.graph import (
    calibration_inputs,
    check_choice,
    check_images,
    check_model,
    describe,
)
from deploy.export.selective import CalibratedGraph, quantization_report
from deploy.export.tflite_converter import convert
from deploy.runtimes.artifact import OUTPUTS, write_description

PRECISIONS = ("float32", "float16", "dynamic", "int8", "int16")
CALIBRATED = ("int8", "int16")
REPORT_IMAGES = 8
LIBRARIES = ("tensorflow", "keras", "ai-edge-litert", "numpy")


def export_tflite(
    model: keras.Model,
    path: Path,
    description: dict,
    precision: str = "float32",
    calibration_images: Iterable[np.ndarray] | None = None,
    output_kind: str = "argmax",
    float_operators: int = 0,
) -> None:
    """Writes a model as a .tflite artifact that describes itself.

    Args:
        model: Float RGB images (B, H, W, 3) in [0, 255] of a fixed size to a dict of logits
            (B, H, W, C), of which only "logits" is exported.
        path: The file to write; its folder exists.
        description: What only the caller knows: `model`, `classes`, `palette`,
            `source_model_sha256`, and where images calibrate `calibration`: how they were chosen.
        precision: "float32"; "float16" (of the weights); "dynamic" (weights of 8 bits, activations
            of 8 bits while an operator runs); "int8" (of weights and activations, those of
            `float_layers` excepted); "int16" (of activations, weights of 8 bits: slower than float
            on most CPUs, for DSPs).
        calibration_images: For int8 and int16 only: real images, uint8 RGB (H, W, 3) of any size,
            not augmented; they are read once. A black and a white one are added, so that the
            range of the input is the true one.
        output_kind: "argmax" for class ids, "logits", or "argmax+confidence" for class ids and
            the probability of each.
        float_operators: For int8 only: how many operators stay in float, those whose
            quantisation changes the most pixels of the calibrating images.

    Raises:
        ValueError: If an argument is wrong, or the model's size is not fixed.
        RuntimeError: If TensorFlow Lite has no built-in operator for a part of the model.
    """
    check_choice("precision", precision, PRECISIONS)
    check_choice("output_kind", output_kind, OUTPUTS)
    check_model(model, description["classes"])
    check_images(precision, CALIBRATED, calibration_images)
    if float_operators and precision != "int8":
        raise ValueError(f"Only int8 keeps operators in float, not precision {precision!r}.")
    quantization = {"precision": precision}
    kept, layers = [], float_layers(model) if precision == "int8" else []
    if float_operators:
        calibration_images = list(calibration_images)
        kept = [row["name"] for row in costliest(model, calibration_images, float_operators)]
        quantization["float_operators"] = kept
    if layers:
        quantization["float_layers"] = layers
    if kept or layers:
        content = CalibratedGraph(model, calibration_images, output_kind).quantize(kept)
    else:
        inputs = None
        if precision in CALIBRATED:
            inputs = calibration_inputs(model, calibration_images)
        content = convert(model, precision, output_kind, inputs)
    errors = audit_tflite(content).errors
    if errors:
        raise RuntimeError(f"The converted model cannot be used. {' '.join(errors)}")
    Path(path).write_bytes(content)
    write_description(path, describe(description, model, output_kind, quantization, LIBRARIES))


def costliest(model: keras.Model, images: list[np.ndarray], count: int) -> list[dict]:
    """The operators whose quantisation changes the most pixels; see `quantization_report`."""
    graph = CalibratedGraph(model, images, "argmax")
    return quantization_report(graph, model, images[:REPORT_IMAGES])[:count]
