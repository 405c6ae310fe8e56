"""Turns a trained model into one file for a device, and proves it on real images.

    python tools/export.py --model runs/road --precision int8 --output road.tflite

The file says itself what it takes and gives, and how well it agrees with the Keras model. If that
is too little, the verdict is printed, no file is left, and the exit code is 3. The images come
from the data set of the run (training images calibrate int8, validation images check), or from
folders; only a data set has labels, and only with labels is the loss of mean IoU judged.
"""

import argparse
import dataclasses
import logging
import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

import seg_keras
from deploy.export import EXPORTERS
from deploy.export.audit import Audit, audit_tflite
from deploy.export.parity import gate
from deploy.export.tflite import OUTPUT_KINDS, PRECISIONS
from tools.cli import DONE, REFUSED, command, print_table, write_json
from tools.export_inputs import choose_calibration, find_images, read_run


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Exports beside the final name, and renames what passed the gate."""
    arguments = parse(argv)
    file, config = read_run(arguments.model)
    output = arguments.output or file.with_name(f"model_{arguments.precision}.{arguments.format}")
    if output.suffix != f".{arguments.format}":
        raise ValueError(f"{output}: the name must end in .{arguments.format}, its format.")
    if arguments.calibration and arguments.precision != "int8":
        raise ValueError(f"--calibration is for --precision int8, not {arguments.precision}.")
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
        verdict, audit = export(model, partial, description, arguments, config)
        if verdict["passed"]:
            partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)

    logging.info(verdict["summary"])
    figures = [(name, verdict[name]) for name in verdict if name not in ("passed", "summary")]
    rows = [[name, round(value, 4)] for name, value in figures if value is not None]
    title = f"{output.name}: {'passed' if verdict['passed'] else 'refused'}"
    print_table(title, ("parity", "value"), rows)
    if arguments.audit:
        print_table("Operators", ("operator", "count"), [*audit.operators.items()])
    for warning in audit.warnings:
        logging.warning(warning)
    artifact = {"artifact": str(output) if verdict["passed"] else None, "parity": verdict}
    write_json(arguments.json, {**artifact, **dataclasses.asdict(audit)})
    return DONE if verdict["passed"] else REFUSED


def export(
    model: seg_keras.SegmentationModel, path: Path, description: dict, arguments, config: dict
) -> tuple[dict, Audit]:
    """Writes the artifact and checks it; gives the verdict and what the file holds."""
    checks = find_images(arguments.parity, config, arguments.data_dir, "val")
    calibration = None
    if arguments.precision == "int8":
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
        exporter(model, path, description, arguments.precision, calibration, arguments.output_kind)
        checks = progress.track(checks, description="Checking")
        verdict = gate(path, model, (load() for _, load in checks))
    return verdict, audit_tflite(path.read_bytes())


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, help="a run folder, or the .keras file in one")
    add("--format", choices=sorted(EXPORTERS), default="tflite")
    add("--precision", choices=PRECISIONS, default="float32")
    add("--output-kind", choices=OUTPUT_KINDS, default="argmax", help="class ids, or logits")
    add("--input-size", type=int, nargs=2, metavar=("H", "W"), help="default: as it was trained")
    add("--data-dir", type=Path, help="the data set of the run (default: where the run had it)")
    add("--calibration", type=Path, metavar="FOLDER", help="images for int8 instead of that set's")
    add("--parity", type=Path, metavar="FOLDER", help="images to check on instead of that set's")
    add("--audit", action="store_true", help="list the operators of the file")
    add("--output", type=Path, metavar="FILE", help="default: model_PRECISION.FORMAT in the run")
    add("--json", type=Path, help="write the printed numbers here too")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
