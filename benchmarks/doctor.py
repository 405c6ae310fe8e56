"""How long the doctor takes for 10,000 images, from what it takes for those that are there.

    python benchmarks/doctor.py --dataset camvid --data-dir CamVid

The first round also brings the files into the system's cache; the fastest round counts. The time of
the processor tells on a busy machine what two free cores would need.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from seg_keras.data.datasets import Dataset, build_dataset
from seg_keras.data.doctor import examine
from tools.cli import command, print_table, write_json

IMAGES = 10_000


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Examines the data set several times and prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(argv)
    dataset = build_dataset(arguments.dataset, arguments.data_dir)
    rounds = [measure(dataset) for _ in range(arguments.rounds)]
    images = rounds[0][0]
    _, seconds, cpu_seconds = (min(column) for column in zip(*rounds, strict=True))
    scale = IMAGES / images
    rows = [
        (f"{images} images", f"{seconds:.1f}", f"{cpu_seconds:.1f}"),
        (f"{IMAGES} images", f"{scale * seconds:.0f}", f"{scale * cpu_seconds:.0f}"),
    ]
    print_table(f"The doctor over {dataset.name}", ("", "seconds", "of the processor"), rows)
    write_json(arguments.json, {"images": images, "seconds": seconds, "cpu_seconds": cpu_seconds})


def measure(dataset: Dataset) -> tuple[int, float, float]:
    """Examines once: how many pairs, how many seconds, how many of the processor."""
    started, cpu_started = time.perf_counter(), time.process_time()
    diagnosis = examine(dataset)
    times = time.perf_counter() - started, time.process_time() - cpu_started
    return sum(map(len, diagnosis.facts.values())), *times


if __name__ == "__main__":
    sys.exit(main())
