"""Builds a TensorRT engine from an .onnx artifact, on the machine that is going to run it.

    python tools/build_engine.py --onnx road_int8.onnx --reference road_float32.onnx \
        --images val --output road.engine

The engine is compared with the proved float32 .onnx file, which ONNX Runtime runs. If it decides
otherwise, no file is left and the exit code is 3. TensorFlow is neither needed nor loaded.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from deploy.export.parity import Sample, gate
from deploy.export.tensorrt import BuildOptions, build_engine
from deploy.runtimes.onnx import ONNXRuntime
from deploy.video.sources import open_source
from tools.cli import DONE, REFUSED, command, print_table, write_json


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Builds beside the final name, and renames what passed the gate."""
    arguments = parse(argv)
    output = arguments.output or arguments.onnx.with_suffix(".engine")
    if output.suffix != ".engine":
        raise ValueError(f"{output}: the name must end in .engine, its format.")
    if output.exists() and not arguments.force:
        raise FileExistsError(f"{output} exists. Give another --output, or --force to replace it.")
    options = BuildOptions(
        arguments.workspace_mb,
        arguments.max_batch,
        arguments.dla_core,
        arguments.version_compatible,
        arguments.timing_cache,
    )
    partial = output.with_name(f"{output.stem}.partial.engine")
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            tasks = {}

            def show(phase: str, step: int, steps: int) -> None:
                if phase not in tasks:
                    tasks[phase] = progress.add_task(phase, total=steps)
                progress.update(tasks[phase], completed=step)

            build_engine(arguments.onnx, partial, options, show)
        reference = ONNXRuntime(arguments.reference, providers=["CPUExecutionProvider"])
        with contextlib.closing(reference):
            verdict = gate(partial, reference, read_frames(arguments.images))
        if verdict["passed"]:
            partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    figures = [[k, v] for k, v in verdict.items() if k != "summary" and v is not None]
    print_table(f"{output.name}: {verdict['summary']}", ("parity", "value"), figures)
    artifact = str(output) if verdict["passed"] else None
    write_json(arguments.json, {"artifact": artifact, "parity": verdict})
    return DONE if verdict["passed"] else REFUSED


def read_frames(folder: Path) -> Iterator[Sample]:
    """Yields the images of a folder, without labels."""
    with contextlib.closing(open_source(str(folder))) as source:
        while (frame := source.read()) is not None:
            yield f"image {frame.index}", frame.image, None


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--onnx", type=Path, required=True, help="what to build; int8 with --target tensorrt")
    add("--reference", type=Path, required=True, help="the float32 .onnx file of the same model")
    add("--images", type=Path, required=True, metavar="FOLDER", help="images to check on")
    add("--output", type=Path, metavar="FILE", help="default: the name of --onnx, as .engine")
    add("--workspace-mb", type=int, default=1024, help="memory that a layer may use")
    add("--max-batch", type=int, default=1, help="images at once, of a dynamic batch")
    add("--dla-core", type=int, help="accelerator of a Jetson to run on")
    add("--version-compatible", action="store_true", help="for later versions of TensorRT too")
    add("--timing-cache", type=Path, metavar="FILE", help="makes the next build faster")
    add("--force", action="store_true", help="replace the output if it is there")
    add("--json", type=Path, help="write the printed numbers here too")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
