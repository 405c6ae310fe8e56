"""Turns a trained model into one file for a device, and proves it on real images.

    python tools/export.py --model runs/road --precision int8 --output road.tflite
    python tools/export.py --model runs/road --format onnx --precision float16
    python tools/export.py --model runs/road --audit

The file says itself what it takes and gives, and how well it agrees with the Keras model. If that
is too little, the verdict is printed, no file is left, and the exit code is 3. The images come
from the data set of the run (training images calibrate, validation images check), or from
folders; only a data set has labels, and only with labels is the loss of mean IoU judged.
"""

import argparse
import functools
import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

import seg_keras
from deploy.export.audit import Audit, audit_file
from deploy.export.formats import CALIBRATED, EXPORTERS
from deploy.export.keras_reference import KerasReference
from deploy.export.parity import gate
from seg_keras.metrics import mean_boundary_f1
from tools.cli import DONE, REFUSED, command
from tools.export_costs import report_costs
from tools.export_engine import export_engine
from tools.export_flags import format_options, parse
from tools.export_inputs import check_output, choose_calibration, find_images, read_run
from tools.export_report import report_audit, report_verdict


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Does what the flags ask for."""
    arguments = parse(argv, __doc__)
    if arguments.audit and arguments.precision == "int8":
        report_costs(arguments)
        return DONE
    if arguments.audit:
        report_audit(arguments.model, arguments.input_size, arguments.json)
        return DONE
    if arguments.format == "tensorrt":
        return export_engine(arguments, export_file)
    return export_file(arguments)


def export_file(arguments: argparse.Namespace) -> int:
    """Exports beside the final name, and renames what passed the gate; gives the exit code."""
    options = format_options(arguments)
    file, config = read_run(arguments.model)
    suffix = f".{arguments.format}"
    output = arguments.output or file.with_name(f"model_{arguments.precision}{suffix}")
    check_output(output, suffix, arguments.force)
    size = arguments.input_size
    model = seg_keras.deployable(seg_keras.load_model(file, size and (*size, 3)))
    description = {
        "model": config["model"],
        "classes": config["classes"],
        "palette": config["colors"],
        "source_model_sha256": sha256(file.read_bytes()).hexdigest(),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f"{output.stem}.partial{output.suffix}")
    try:
        verdict, audit = export(model, partial, description, arguments, config, options)
        if verdict["passed"]:
            partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    report_verdict(output, verdict, audit, arguments.json)
    return DONE if verdict["passed"] else REFUSED


def export(
    model: seg_keras.SegmentationModel,
    path: Path,
    description: dict,
    arguments: argparse.Namespace,
    config: dict,
    options: dict,
) -> tuple[dict, Audit]:
    """Writes the artifact and checks it; gives the verdict and what the file holds."""
    checks = find_images(arguments.parity, config, arguments.data_dir, "val")
    calibration = None
    if arguments.precision in CALIBRATED[arguments.format]:
        images = find_images(arguments.calibration, config, arguments.data_dir, "train")
        calibration, description["calibration"] = choose_calibration(images)
    exporter = EXPORTERS[arguments.format]
    # Exporters silence descriptor 2 while they run; a copy of it goes on showing the progress.
    with (
        os.fdopen(os.dup(2), "w") as terminal,
        Progress(console=Console(file=terminal), transient=True) as progress,
    ):
        if calibration:
            calibration = progress.track(calibration, description="Calibrating")
            calibration = (load()[0] for _, load in calibration)
        kind = arguments.output_kind
        exporter(model, path, description, arguments.precision, calibration, kind, **options)
        checks = progress.track(checks, description="Checking")
        samples = ((name, *load()) for name, load in checks)
        boundary_score = functools.partial(
            mean_boundary_f1, num_classes=len(description["classes"])
        )
        verdict = gate(path, KerasReference(model), samples, boundary_score)
    return verdict, audit_file(path)


if __name__ == "__main__":
    sys.exit(main())
