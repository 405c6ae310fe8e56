"""What scoring costs: adding 1024x2048 pixels to the confusion matrix, and their boundary F1.

    python benchmarks/metrics.py

The matrix is compared with `numpy.bincount` over as many ready-made indices. Both alternate within
one run, so that the ratio holds on a busy machine too; times are those of the processor.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from seg_keras.metrics import ConfusionMatrix, boundary_f1
from tools.cli import command, print_table, write_json

NUM_CLASSES, SIZE, CELL = 19, (1024, 2048), 32


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(argv)
    times = medians(matrix_work() | boundary_work(), arguments.rounds)
    ratio = times["confusion matrix"] / times["numpy.bincount"]
    rows = [
        ("numpy.bincount", "", f"{times['numpy.bincount']:.1f} ms"),
        ("adding to the confusion matrix", "", f"{times['confusion matrix']:.1f} ms"),
        ("the second / the first", "<= 2", f"{ratio:.2f}"),
        ("boundary F1", "< 1500 ms", f"{times['boundary F1']:.0f} ms"),
    ]
    print_table("1024x2048 pixels, 19 classes, one core", ("", "bound", "median"), rows)
    write_json(arguments.json, {"median_ms": times, "ratio": ratio})


def medians(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median processor time of each kind of work, in ms."""
    cv2.setNumThreads(1)
    times = {name: [] for name in work}
    for _ in range(rounds):
        for name, task in work.items():
            started = time.process_time()
            task()
            times[name].append(1000 * (time.process_time() - started))
    return {name: statistics.median(values) for name, values in times.items()}


def matrix_work() -> dict[str, Callable[[], object]]:
    """Counting pairs, and what NumPy needs for as many indices that are there already."""
    labels, classes = make_maps()
    indices = labels.astype("int64") * NUM_CLASSES + classes
    ready = np.resize(indices[labels < NUM_CLASSES], labels.size)
    matrix = ConfusionMatrix(NUM_CLASSES)
    return {
        "numpy.bincount": lambda: np.bincount(ready, minlength=NUM_CLASSES**2),
        "confusion matrix": lambda: matrix.update(labels, classes),
    }


def boundary_work() -> dict[str, Callable[[], object]]:
    """The boundary F1 of one image."""
    labels, classes = make_maps()
    return {"boundary F1": lambda: boundary_f1(labels, classes, NUM_CLASSES)}


def make_maps() -> tuple[np.ndarray, np.ndarray]:
    """Labels in squares with a void strip, and predictions that are off by some pixels."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, NUM_CLASSES, (SIZE[0] // CELL, SIZE[1] // CELL), "uint8")
    labels = np.kron(cells, np.ones((CELL, CELL), "uint8"))
    classes = np.roll(labels, (3, 5), (0, 1))
    labels[:50] = 255
    return labels, classes


if __name__ == "__main__":
    sys.exit(main())
