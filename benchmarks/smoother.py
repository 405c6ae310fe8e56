"""What a smoother is worth and what it costs: flicker, time, and mean IoU on a labelled drive.

    python benchmarks/smoother.py --video highway.mp4
    python benchmarks/smoother.py --model road.tflite --seeds 0 3 --frames 100

Flicker and time come from the video, which needs no labels: per frame the engine, then each
smoother on what the engine said, one thread each, in time of the processor, so that the ratio
holds on a busy machine. The drawn roads move the camera and carry labels, so that they tell what
lagging behind costs.
"""

import argparse
import contextlib
import itertools
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2

from deploy.runtimes import Runtime, load_runtime
from deploy.video.frame import Frame
from deploy.video.refinement import SMOOTHERS, open_refinement
from deploy.video.sources import open_source
from seg_keras.data.roads import drive
from seg_keras.metrics import ConfusionMatrix
from tools.cli import command, print_table, write_json
from tools.video_io import ROAD_MODEL

KINDS = [kind for kind in SMOOTHERS if kind != "none"]


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints one table per part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=ROAD_MODEL)
    parser.add_argument("--video", help="measures flicker and time on it")
    parser.add_argument("--seeds", type=int, nargs="*", default=[], help="of drawn drives")
    parser.add_argument("--frames", type=int, default=200, help="at most, of the video and a drive")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(argv)
    cv2.setNumThreads(1)
    runtime = load_runtime(arguments.model, 1)
    report = {}
    if arguments.video:
        report["video"] = measure_video(runtime, arguments.video, arguments.frames)
        rows = [(kind, *numbers.values()) for kind, numbers in report["video"].items()]
        print_table(
            "On the video, in % where not in ms", ("smoother", *report["video"][KINDS[0]]), rows
        )
    if arguments.seeds:
        report["drives"] = measure_drives(runtime, arguments.seeds, arguments.frames)
        print_table("Mean IoU on drawn drives", ("classes", "percent"), report["drives"].items())
    write_json(arguments.json, report)


def measure_video(runtime: Runtime, path: str, count: int) -> dict[str, dict[str, float]]:
    """Per smoother: flicker in percent of the still pixels before and after, and milliseconds."""
    meters = {kind: open_refinement(kind, flicker=True) for kind in KINDS}
    smoothers = {kind: open_refinement(kind, flicker=False) for kind in KINDS}
    times = {name: [] for name in ("engine", *KINDS)}
    for frame in itertools.islice(read_frames(path), count):
        with stopwatch(times["engine"]):
            frame.classes = runtime(frame.image)
        for kind in KINDS:
            with stopwatch(times[kind]):
                smoothers[kind](frame)
            meters[kind](frame)
    engine_ms = statistics.median(times["engine"])
    return {kind: row(meters[kind].report(), times[kind], engine_ms) for kind in KINDS}


def row(flicker: dict[str, float], times_ms: list[float], engine_ms: float) -> dict[str, float]:
    """The figures of one smoother."""
    smoother_ms = statistics.median(times_ms)
    return {
        "still": round(100 * flicker["still"], 1),
        "flicker": round(100 * flicker["engine"], 3),
        "smoothed": round(100 * flicker["shown"], 3),
        "ratio": round(flicker["shown"] / flicker["engine"], 3),
        "engine ms": round(engine_ms, 2),
        "ms": round(smoother_ms, 2),
        "of engine": round(100 * smoother_ms / engine_ms, 1),
    }


def measure_drives(runtime: Runtime, seeds: Sequence[int], count: int) -> dict[str, float]:
    """Mean IoU in percent of the engine's classes and of each smoother's, over all drives."""
    num_classes = len(runtime.description["classes"])
    matrices = {name: ConfusionMatrix(num_classes) for name in ("engine", *KINDS)}
    for seed in seeds:
        smoothers = {kind: open_refinement(kind, flicker=False) for kind in KINDS}
        pictures = itertools.islice(drive(seed, runtime.input_size), count)
        for index, (image, labels) in enumerate(pictures):
            frame = Frame(index, image, index / 25, index / 25, classes=runtime(image))
            matrices["engine"].update(labels, frame.classes)
            for kind in KINDS:
                matrices[kind].update(labels, smoothers[kind](frame))
    return {name: round(100 * matrix.result()["mean_iou"], 2) for name, matrix in matrices.items()}


def read_frames(path: str) -> Iterator[Frame]:
    """The frames of a video file."""
    source = open_source(path)
    while (frame := source.read()) is not None:
        yield frame
    source.close()


@contextlib.contextmanager
def stopwatch(times_ms: list[float]) -> Iterator[None]:
    """Appends the milliseconds of the processor that its block took in this thread."""
    begun = time.thread_time()
    yield
    times_ms.append((time.thread_time() - begun) * 1e3)


if __name__ == "__main__":
    sys.exit(main())
