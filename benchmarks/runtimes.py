"""Two bounds of deployment: what int8 gains, and how little a runtime adds to its engine.

    python benchmarks/runtimes.py --model zoo/deeplab_v3_plus_camvid --json bounds.json

The model is exported at 352x480 in float32 and int8, calibrated on drawn road scenes: other images
would not change the speed. Close other programs first. Both files run in turn, on two cores.
"""

import argparse
import contextlib
import hashlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from deploy.benchmark import benchmark
from deploy.runtimes import load_runtime
from tools.cli import command, print_table, write_json

CORES = 2
INPUT_SIZE, FRAME_SIZE = (352, 480), (360, 480)
MIN_SPEED_UP, MAX_OWN_SHARE = 1.3, 0.1
PRECISIONS = ("float32", "int8")


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="a run folder")
    parser.add_argument("--runs", type=int, default=100, help="timed runs of each file")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        paths = [export(args.model, precision, Path(folder)) for precision in PRECISIONS]
        speeds = benchmark(paths, CORES, args.runs, FRAME_SIZE)
        shares = [statistics.median(own_shares(path, args.runs, FRAME_SIZE)) for path in paths]
    median_ms = {p: speed["median_ms"] for p, speed in zip(PRECISIONS, speeds, strict=True)}
    speed_up = 1 / speeds[1]["ratio"]
    rows = [
        (
            f"int8 against float32, {INPUT_SIZE[0]}x{INPUT_SIZE[1]}",
            f">= {MIN_SPEED_UP}",
            f"{speed_up:.2f} ({median_ms['float32']:.1f} and {median_ms['int8']:.1f} ms)",
            speed_up >= MIN_SPEED_UP,
        )
    ]
    rows += [
        (
            f"the runtime's own work, {precision}, frames of {FRAME_SIZE[0]}x{FRAME_SIZE[1]}",
            f"< {MAX_OWN_SHARE:.0%}",
            f"{share:.2%}",
            share < MAX_OWN_SHARE,
        )
        for precision, share in zip(PRECISIONS, shares, strict=True)
    ]
    print_table(f"{args.model.name} on {CORES} cores", ("what", "bound", "measured", "holds"), rows)
    write_json(args.json, {name: {"bound": b, "measured": m, "holds": h} for name, b, m, h in rows})


def export(run: Path, precision: str, folder: Path) -> Path:
    """Writes the model of a run as a .tflite file for images of `INPUT_SIZE`."""
    # Only here, so that a runtime can be measured where there is no TensorFlow.
    import seg_keras
    from deploy.export.tflite import CALIBRATED, export_tflite
    from seg_keras.data.roads import drive
    from tools.export_inputs import read_run

    file, config = read_run(run)
    model = seg_keras.deployable(seg_keras.load_model(file, (*INPUT_SIZE, 3)))
    scenes = itertools.islice(drive(seed=0, size=INPUT_SIZE, fps=1.0), 8)
    images = (image for image, _ in scenes) if precision in CALIBRATED else None
    description = {
        "model": config["model"],
        "classes": config["classes"],
        "palette": config["colors"],
        "source_model_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }
    path = folder / f"{precision}.tflite"
    export_tflite(model, path, description, precision, images)
    return path


def own_shares(path: Path, runs: int, frame_size: tuple[int, int]) -> list[float]:
    """The share of each frame's time in which the engine of a .tflite file was not at work.

    Args:
        path: A .tflite artifact.
        runs: How many frames, after five that are not counted.
        frame_size: Their (height, width) in pixels.
    """
    frame = np.random.default_rng(0).integers(0, 256, (*frame_size, 3), dtype=np.uint8)
    shares = []
    with contextlib.closing(load_runtime(path, CORES)) as runtime, timed_engine() as durations:
        for _ in range(5 + runs):
            begun = time.perf_counter()
            runtime(frame)
            whole = time.perf_counter() - begun
            shares.append(1 - durations[-1] / whole)
    return shares[5:]


@contextlib.contextmanager
def timed_engine() -> Iterator[list[float]]:
    """Notes how long, in seconds, each `invoke` of LiteRT takes."""
    durations, invoke = [], Interpreter.invoke

    def timed(self) -> None:
        begun = time.perf_counter()
        invoke(self)
        durations.append(time.perf_counter() - begun)

    Interpreter.invoke = timed
    try:
        yield durations
    finally:
        Interpreter.invoke = invoke


if __name__ == "__main__":
    raise SystemExit(main())
