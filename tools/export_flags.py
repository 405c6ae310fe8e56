"""The flags of `tools/export.py`, and which of them go together."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from deploy.export.formats import CALIBRATED, EXPORTERS, PRECISIONS
from deploy.export.onnx import TARGETS
from deploy.runtimes.artifact import OUTPUTS

# Flags that only one format has.
OWN_FLAGS = {"target": "onnx", "dynamic_batch": "onnx", "float_operators": "tflite"}


def parse(argv: Sequence[str] | None, description: str) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, help="a run folder, or the .keras file in one")
    add("--format", choices=[*EXPORTERS, "tensorrt"], default="tflite")
    precisions = list(dict.fromkeys(p for known in PRECISIONS.values() for p in known))
    add("--precision", choices=precisions, default="float32")
    add(
        "--output-kind",
        choices=OUTPUTS,
        default="argmax",
        help="class ids, or logits, or both class ids and the probability of each",
    )
    add("--target", choices=TARGETS, help="what runs an int8 .onnx (default: onnxruntime)")
    add("--dynamic-batch", action="store_true", help="an .onnx that takes any number of images")
    add(
        "--float-operators",
        type=int,
        metavar="N",
        help="of an int8 .tflite: leave the N operators in float that int8 costs most",
    )
    add("--input-size", type=int, nargs=2, metavar=("H", "W"), help="default: as it was trained")
    add("--data-dir", type=Path, help="the data set of the run (default: where the run had it)")
    add("--calibration", type=Path, metavar="FOLDER", help="calibrating images, not that set's")
    add("--parity", type=Path, metavar="FOLDER", help="images to check on instead of that set's")
    add(
        "--audit",
        action="store_true",
        help="export nothing: say what of a model would leave an engine, or what an exported file "
        "holds; with --precision int8, what each operator of a trained model loses by it",
    )
    add("--output", type=Path, metavar="FILE", help="default: model_PRECISION.FORMAT in the run")
    add("--force", action="store_true", help="replace the output if it is there")
    add("--json", type=Path, help="write the printed numbers here too")
    return parser.parse_args(argv)


def format_options(arguments: argparse.Namespace) -> dict:
    """The options that only one format has; raises a ValueError where another got one."""
    precisions = PRECISIONS[arguments.format]
    if arguments.precision not in precisions:
        raise ValueError(
            f"No precision {arguments.precision} in {arguments.format}. Choose one of: "
            f"{', '.join(precisions)}."
        )
    calibrated = CALIBRATED[arguments.format]
    if arguments.calibration and arguments.precision not in calibrated:
        raise ValueError(
            f"--calibration is for --precision {' or '.join(calibrated)}, not "
            f"{arguments.precision}."
        )
    options = {name: getattr(arguments, name) for name in OWN_FLAGS if getattr(arguments, name)}
    foreign = [name for name in options if OWN_FLAGS[name] != arguments.format]
    if foreign:
        flag = f"--{foreign[0].replace('_', '-')}"
        raise ValueError(
            f"{flag} is for --format {OWN_FLAGS[foreign[0]]}, not {arguments.format}. Leave it out."
        )
    return options
