"""How fast and how large artifacts are, measured so that the figures can be compared.

Several artifacts take turns, run by run, so that a machine that slows down meanwhile slows all of
them; their ratio is the median of the ratios within a turn. A run counts until its output is in
the memory of the program (`Runtime.run` waits for it), not until it is asked for. Loading and
memory are measured in a new process for each, which holds nothing else.
"""

import concurrent.futures
import itertools
import multiprocessing
import re
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deploy.patches import patches
from deploy.runtimes import Runtime, load_runtime
from deploy.runtimes.base import fit_classes, fit_frame, to_classes
from deploy.video.overlay import blend, color_table

WARM_UP_RUNS = 5
FRAME_SIZE = (720, 1280)
STAGES = ("resize", "infer", "color")


def benchmark(
    paths: Sequence[Path],
    threads: int | None = None,
    runs: int = 50,
    frame_size: tuple[int, int] = FRAME_SIZE,
) -> list[dict]:
    """Measures artifacts on a frame, stage by stage.

    Args:
        paths: Artifacts of any known format.
        threads: CPU threads of each; None for as many as there are cores.
        runs: Timed runs of each, 2 or more, after `WARM_UP_RUNS` that are not counted.
        frame_size: (height, width) in pixels of the frame.

    Returns:
        For each path a dict: `model` the path; `median_ms`, `p95_ms`, `p99_ms` of the graph alone
        on an image of its input size, `frames_per_second` of that median, `ratio` to the time of
        the first path; `stages_ms`: medians of `resize` (the frame to the input size), `infer`
        (the graph) and `color` (the classes to the size of the frame, and the overlay);
        `load_ms` until the artifact is ready; `memory_mb` that loading and running it add at the
        peak (None where the system does not tell); `warm_up_runs` and `runs`.

    Raises:
        FileNotFoundError: If an artifact is missing.
        ValueError: If a file is no artifact, or `runs` is below 2.
    """
    if runs < 2:
        raise ValueError(f"Got {runs} timed runs, need 2 or more for a median and a percentile.")
    loads = [_in_new_process(_measure_load, path, threads) for path in paths]
    times = _measure_turns(paths, threads, runs, frame_size)
    reports = []
    for path, (load_ms, memory_mb), own in zip(paths, loads, times, strict=True):
        median_ms = statistics.median(own["infer"])
        turns = zip(own["infer"], times[0]["infer"], strict=True)
        reports.append(
            {
                "model": str(path),
                "median_ms": median_ms,
                "p95_ms": float(np.percentile(own["infer"], 95)),
                "p99_ms": float(np.percentile(own["infer"], 99)),
                "frames_per_second": 1000 / median_ms,
                "ratio": statistics.median(a / b for a, b in turns),
                "stages_ms": {stage: statistics.median(own[stage]) for stage in STAGES},
                "load_ms": load_ms,
                "memory_mb": memory_mb,
                "warm_up_runs": WARM_UP_RUNS,
                "runs": runs,
            }
        )
    return reports


def _measure_turns(
    paths: Sequence[Path], threads: int | None, runs: int, frame_size: tuple[int, int]
) -> list[dict[str, list[float]]]:
    """Times every artifact in turn; gives the milliseconds of each stage for each."""
    runtimes = [load_runtime(path, threads) for path in paths]
    frame = _image(frame_size)[0]
    times = [{stage: [] for stage in STAGES} for _ in runtimes]
    for turn in range(-WARM_UP_RUNS, runs):
        for runtime, own in zip(runtimes, times, strict=True):
            stages = _time_stages(runtime, frame)
            if turn >= 0:
                for stage, milliseconds in zip(STAGES, stages, strict=True):
                    own[stage].append(milliseconds)
    for runtime in runtimes:
        runtime.close()
    return times


def _time_stages(runtime: Runtime, frame: np.ndarray) -> list[float]:
    """Runs one frame; gives the milliseconds of each of `STAGES`."""
    table = color_table(runtime.description["palette"])
    canvas = np.empty_like(frame)
    clock = [time.perf_counter()]
    image = fit_frame(frame, runtime.input_size, runtime.description.get("margin", (0, 0)))
    clock.append(time.perf_counter())
    output = runtime.run(image)
    clock.append(time.perf_counter())
    blend(frame, fit_classes(to_classes(output), frame.shape[:2]), table, 0.5, canvas)
    clock.append(time.perf_counter())
    return [1000 * (end - start) for start, end in itertools.pairwise(clock)]


def _image(size: tuple[int, int]) -> np.ndarray:
    return (256 * patches((1, *size, 3))).astype(np.uint8)


def _in_new_process(function, *arguments):
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as executor:
        return executor.submit(function, *arguments).result()


def _measure_load(path: Path, threads: int | None) -> tuple[float, float | None]:
    """Loads and runs an artifact: milliseconds to load it, and megabytes that it took."""
    before = _memory_mb("VmRSS")
    start = time.perf_counter()
    runtime = load_runtime(path, threads)
    load_ms = 1000 * (time.perf_counter() - start)
    for _ in range(2):
        runtime.run(_image(runtime.input_size))
    peak = _memory_mb("VmHWM")
    return load_ms, None if peak is None else peak - before


def _memory_mb(field: str) -> float | None:
    """Reads this process's memory from Linux; `ru_maxrss` would include the parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    return int(re.search(rf"{field}:\s+(\d+)", status.read_text())[1]) / 1024
