"""A run becomes a TensorRT engine: by way of .onnx files, in a process without TensorFlow."""

import argparse
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2

from tools.cli import DONE
from tools.export_inputs import check_output, find_images, read_run

BUILD = Path(__file__).with_name("build_engine.py")


def export_engine(
    arguments: argparse.Namespace, export: Callable[[argparse.Namespace], int]
) -> int:
    """Exports the .onnx file and its float32 reference, both proved, and builds the engine.

    The files and the images that prove the engine stay beside it: another machine, or another
    TensorRT, builds from them.

    Args:
        arguments: Of `tools/export.py`.
        export: Exports one file as such arguments say; gives the exit code.

    Returns:
        The exit code of the first step that failed, or 0.

    Raises:
        ValueError: If TensorRT is not installed.
    """
    if importlib.util.find_spec("tensorrt") is None:
        raise ValueError(
            "TensorRT is not installed here, see requirements-tensorrt.txt. Or export with "
            "--format onnx --target tensorrt, and run tools/build_engine.py where it is."
        )
    file, config = read_run(arguments.model)
    engine = arguments.output or file.with_name(f"model_{arguments.precision}.engine")
    check_output(engine, ".engine", arguments.force)
    reference = engine.with_name(f"{engine.stem}_reference.onnx")
    steps = [
        (engine.with_suffix(".onnx"), arguments.precision, "tensorrt", arguments.calibration),
        (reference, "float32", None, None),
    ]
    for output, precision, target, calibration in steps:
        step = argparse.Namespace(**vars(arguments))
        step.format, step.output, step.precision, step.target = "onnx", output, precision, target
        step.calibration, step.json = calibration, None
        code = export(step)
        if code != DONE:
            return code
    # The engine is checked on the same images, which its process cannot read from a data set.
    folder = engine.with_name(f"{engine.stem}_images")
    folder.mkdir(parents=True, exist_ok=True)
    images = find_images(arguments.parity, config, arguments.data_dir, "val")
    for index, (_, load) in enumerate(images):
        # OpenCV would write, too, but keep silent on a full disk.
        _, content = cv2.imencode(".png", cv2.cvtColor(load()[0], cv2.COLOR_RGB2BGR))
        (folder / f"{index:05}.png").write_bytes(content.tobytes())
    program = [sys.executable, BUILD, "--onnx", engine.with_suffix(".onnx")]
    program += ["--reference", reference, "--images", folder, "--output", engine]
    program += ["--json", arguments.json] if arguments.json else []
    program += ["--force"] if arguments.force else []
    return subprocess.run([str(word) for word in program]).returncode
