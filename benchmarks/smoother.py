"""What a smoother is worth and what it costs: flicker, time, and mean IoU on labelled drives.

    python benchmarks/smoother.py --video highway_960x540.mp4

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
from results import print_markdown

from deploy.runtimes import Runtime, load_runtime
from deploy.video.frame import Frame
from deploy.video.refinement import SMOOTHERS, open_refinement
from deploy.video.sources import open_source
from seg_keras.data.roads import drive
from seg_keras.metrics import ConfusionMatrix
from tools.cli import command, write_json
from tools.video_io import ROAD_MODEL

KINDS = [kind for kind in SMOOTHERS if kind != "none"]


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=ROAD_MODEL)
    parser.add_argument("--video", required=True, help="some hundred frames")
    parser.add_argument("--drive-model", type=Path, help="one that knows drawn roads (the same)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1000, 1001], help="of drives")
    parser.add_argument("--frames", type=int, default=221, help="at most, of the video and a drive")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(argv)
    cv2.setNumThreads(1)
    runtime = load_runtime(arguments.model, 1)
    flicker, times_ms = measure_video(runtime, arguments.video, arguments.frames)
    if arguments.drive_model:
        runtime = load_runtime(arguments.drive_model, 1)
    mean_iou = measure_drives(runtime, arguments.seeds, arguments.frames)
    print_markdown(
        ("", "flicker, % of still pixels", "ms", "of the engine's time", "mean IoU, drawn drives"),
        [row(kind, flicker, times_ms, mean_iou) for kind in SMOOTHERS],
    )
    report = {"flicker": flicker, "median_ms": times_ms, "mean_iou": mean_iou}
    write_json(arguments.json, report)


def row(kind: str, flicker: dict, times_ms: dict, mean_iou: dict) -> tuple[str, ...]:
    """What the table says of a smoother; its bounds are those of the live loop."""
    flickers = f"{100 * flicker[kind]:.2f}"
    if kind == "none":
        return kind, flickers, "", "", f"{mean_iou[kind]:.2f} %"
    ratio, cost = flicker[kind] / flicker["none"], times_ms[kind] / times_ms["engine"]
    loss = mean_iou["none"] - mean_iou[kind]
    return (
        kind,
        f"{flickers}, {ratio:.2f} of that without ({told(ratio <= 0.5)})",
        f"{times_ms[kind]:.1f} of {times_ms['engine']:.1f}",
        f"{cost:.1%} ({told(cost < 0.2)})",
        f"{mean_iou[kind]:.2f} % ({told(loss <= 0.5)})",
    )


def told(kept: bool) -> str:
    """Whether a bound was kept, as a word."""
    return "kept" if kept else "MISSED"


def measure_video(
    runtime: Runtime, path: str, count: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Runs engine and smoothers over a video.

    Returns:
        Per smoother, the part of the still pixels that flickers; milliseconds of the engine and
        of each smoother, medians over the frames.
    """
    meters = {kind: open_refinement(kind, True, runtime.input_size) for kind in SMOOTHERS}
    smoothers = {kind: open_refinement(kind, False, runtime.input_size) for kind in KINDS}
    times_ms = {name: [] for name in ("engine", *KINDS)}
    for frame in itertools.islice(read_frames(path), count):
        with stopwatch(times_ms["engine"]):
            frame.classes = runtime(frame.image)
        for kind, smoother in smoothers.items():
            with stopwatch(times_ms[kind]):
                smoother(frame)
        for meter in meters.values():
            meter(frame)
    flicker = {kind: meter.report()["shown"] for kind, meter in meters.items()}
    return flicker, {name: statistics.median(values) for name, values in times_ms.items()}


def measure_drives(runtime: Runtime, seeds: Sequence[int], count: int) -> dict[str, float]:
    """Mean IoU in percent of each smoother's classes over all drives; `none` is the engine's."""
    num_classes = len(runtime.description["classes"])
    matrices = {kind: ConfusionMatrix(num_classes) for kind in SMOOTHERS}
    for seed in seeds:
        smoothers = {kind: open_refinement(kind, False, runtime.input_size) for kind in KINDS}
        pictures = itertools.islice(drive(seed, runtime.input_size), count)
        for index, (image, labels) in enumerate(pictures):
            frame = Frame(index, image, index / 25, index / 25, classes=runtime(image))
            matrices["none"].update(labels, frame.classes)
            for kind, smoother in smoothers.items():
                matrices[kind].update(labels, smoother(frame))
    return {kind: 100 * matrix.result()["mean_iou"] for kind, matrix in matrices.items()}


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
