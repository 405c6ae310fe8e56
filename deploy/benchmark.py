"""How fast and how large artifacts are, measured so that the figures can be compared.

Several artifacts take turns, run by run, so that a machine that slows down meanwhile slows all of
them; their ratio is the median of the ratios within a turn. Loading and memory are measured in a
new process for each, which holds nothing else.
"""

import concurrent.futures
import multiprocessing
import re
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deploy.runtimes import load_runtime

WARM_UP_RUNS = 5


def benchmark(paths: Sequence[Path], threads: int | None = None, runs: int = 50) -> list[dict]:
    """Measures artifacts on one image of their input size, the resizing of frames not counted.

    Args:
        paths: Artifacts of any known format.
        threads: CPU threads of each; None for as many as there are cores.
        runs: Timed runs of each, 2 or more, after a few that warm up.

    Returns:
        For each path a dict: `model` the path, `median_ms`, `p95_ms`, `frames_per_second` (of the
        median), `ratio` (time relative to the first path), `load_ms` until the artifact is ready,
        and `memory_mb` that loading and running it add at the peak (None where the system does
        not tell).

    Raises:
        FileNotFoundError: If an artifact is missing.
        ValueError: If a file is no artifact, or `runs` is below 2.
    """
    if runs < 2:
        raise ValueError(f"Got {runs} timed runs, need 2 or more for a median and a percentile.")
    loads = [_in_new_process(_measure_load, path, threads) for path in paths]
    times = _measure_turns(paths, threads, runs)
    reports = []
    for path, (load_ms, memory_mb), own in zip(paths, loads, times, strict=True):
        median_ms = statistics.median(own)
        reports.append(
            {
                "model": str(path),
                "median_ms": median_ms,
                "p95_ms": float(np.percentile(own, 95)),
                "frames_per_second": 1000 / median_ms,
                "ratio": statistics.median(a / b for a, b in zip(own, times[0], strict=True)),
                "load_ms": load_ms,
                "memory_mb": memory_mb,
            }
        )
    return reports


def _measure_turns(paths: Sequence[Path], threads: int | None, runs: int) -> list[list[float]]:
    """Times every artifact in turn; gives a list of milliseconds for each."""
    runtimes = [load_runtime(path, threads) for path in paths]
    images = [_image(runtime.input_size) for runtime in runtimes]
    times = [[] for _ in runtimes]
    for turn in range(-WARM_UP_RUNS, runs):
        for runtime, image, own in zip(runtimes, images, times, strict=True):
            start = time.perf_counter()
            runtime.run(image)
            if turn >= 0:
                own.append(1000 * (time.perf_counter() - start))
    for runtime in runtimes:
        runtime.close()
    return times


def _image(size: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1, *size, 3), dtype=np.uint8)


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
