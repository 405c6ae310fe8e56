"""Measures how fast artifacts run on this machine, stage by stage, their load time and memory.

    python tools/benchmark.py --model road_int8.tflite road_float16.tflite --threads 2
    python tools/benchmark.py --model road_int8.tflite --operators
    python tools/benchmark.py --model road_int8.tflite --against road_float32.onnx
    python tools/benchmark.py --macs --time 3

Several artifacts take turns, and each is compared with the first. Close other programs first.
With --operators, it is told on what a .tflite file spends its time.
With --against, the classes of each are compared with those of another artifact too: by the gate
of the export, with its exit code 3, on drawn road scenes or the images of a folder. With --macs,
every model that can be built is listed with its costs and what its paper reports.
"""

import argparse
import contextlib
import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.benchmark import FRAME_SIZE, benchmark
from deploy.export.parity import Sample, check_parity
from deploy.runtimes import load_runtime
from deploy.video.sources import open_source
from tools.benchmark_chart import draw
from tools.benchmark_table import print_speed
from tools.cli import DONE, REFUSED, command, write_json

SCENES = 20


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints one table."""
    arguments = parse(argv)
    if arguments.macs:
        return list_costs(tuple(arguments.input_size), arguments.time, arguments.json)
    size = tuple(arguments.frame_size)
    reports = benchmark(arguments.model, arguments.threads, arguments.runs, size)
    print_speed(arguments.model, reports)
    report = {"runs": arguments.runs, "models": reports}
    if arguments.chart:
        draw(arguments.chart, reports)
    if arguments.operators:
        from tools.benchmark_operators import list_operators  # needs LiteRT

        for path, own in zip(arguments.model, reports, strict=True):
            own["operators"] = list_operators(path, arguments.threads, arguments.runs)
    if arguments.against:
        report["against"] = str(arguments.against)
        for path, own in zip(arguments.model, reports, strict=True):
            own["parity"] = compare(path, arguments.against, arguments.images)
            print(f"{path.name} {own['parity']['summary']}")
    write_json(arguments.json, report)
    passed = all(own.get("parity", {"passed": True})["passed"] for own in reports)
    return DONE if passed else REFUSED


def list_costs(input_size: tuple[int, int], runs: int | None, path: Path | None) -> int:
    """Prints what every registered model costs."""
    from tools import benchmark_models  # only here, so that a device needs no seg_keras

    models = benchmark_models.measure_models(input_size, runs)
    benchmark_models.print_costs(input_size, models)
    write_json(path, {"input_size": input_size, "runs": runs, "models": models})
    return DONE


def compare(path: Path, against: Path, folder: Path | None) -> dict:
    """The verdict of the gate on an artifact, with another one as the reference."""
    with (
        contextlib.closing(load_runtime(path)) as runtime,
        contextlib.closing(load_runtime(against)) as reference,
    ):
        return check_parity(runtime, reference, read_frames(folder))


def read_frames(folder: Path | None) -> Iterator[Sample]:
    """Yields the images of a folder, or drawn road scenes, without labels."""
    if folder is None:
        # Only here, so that a device needs no seg_keras.
        from seg_keras.data.roads import drive

        scenes = itertools.islice(drive(seed=0, size=tuple(FRAME_SIZE), fps=1.0), SCENES)
        yield from ((f"scene {index}", image, None) for index, (image, _) in enumerate(scenes))
        return
    with contextlib.closing(open_source(str(folder))) as source:
        while (frame := source.read()) is not None:
            yield f"image {frame.index}", frame.image, None


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", type=Path, nargs="+", metavar="FILE", help="artifacts")
    what.add_argument("--macs", action="store_true", help="costs of every registered model")
    add("--input-size", type=int, nargs=2, metavar=("H", "W"), default=(512, 1024))
    add("--time", type=int, metavar="RUNS", help="with --macs: milliseconds too, their median")
    add("--operators", action="store_true", help="time each operator of .tflite files alone")
    add("--against", type=Path, metavar="FILE", help="compare decisions with this artifact's")
    add("--images", type=Path, metavar="FOLDER", help="images to compare on (default: drawn)")
    add("--threads", type=int, help="CPU threads (default: as many as there are cores)")
    add("--runs", type=int, default=50, help="timed runs of each, after the warm-up")
    add("--frame-size", type=int, nargs=2, metavar=("H", "W"), default=FRAME_SIZE)
    add("--chart", type=Path, metavar="PNG", help="draw the stages here")
    add("--json", type=Path, help="write the printed numbers here too")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
