"""Whether shards are read faster than loose files: samples a second, in random order.

    python benchmarks/shards.py --dataset camvid --data-dir CamVid

Both are read by as many threads as there are cores, one after the other, several times; the medians
are compared. In a cold round the system has dropped the files from its cache first.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from seg_keras.data.datasets import Dataset, Pair, build_dataset
from seg_keras.data.shards import write_shards
from tools.cli import command, print_table, write_json


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Packs a split, measures and prints one table."""
    arguments = parse(argv)
    loose = build_dataset(arguments.dataset, arguments.data_dir)
    with tempfile.TemporaryDirectory(dir=arguments.work_dir) as folder:
        write_shards(loose, arguments.split, Path(folder))
        sources = {"loose files": loose, "shards": build_dataset("shards", folder)}
        pairs = {name: source.list_pairs(arguments.split) for name, source in sources.items()}
        rates = {(name, state): [] for name in sources for state in ("cold", "warm")}
        for seed in range(arguments.rounds):
            for name, source in sources.items():
                chosen = np.random.default_rng(seed).permutation(len(pairs[name]))
                chosen = [pairs[name][index] for index in chosen[: arguments.limit]]
                drop_from_cache(chosen)
                for state in ("cold", "warm"):
                    rates[name, state].append(read_all(source, chosen))
    medians = {key: statistics.median(values) for key, values in rates.items()}
    rows = [
        (name, *(f"{medians[name, state]:.1f}" for state in ("cold", "warm"))) for name in sources
    ]
    print_table(f"Samples a second, {arguments.dataset}", ("", "cold", "warm"), rows)
    report = {f"{name}, {state}": value for (name, state), value in medians.items()}
    write_json(arguments.json, {"samples_per_second": report})


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--split", default="train")
    parser.add_argument("--work-dir", type=Path, help="for the shards (default: the temporary one)")
    parser.add_argument("--limit", type=int, default=200, help="samples per round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(argv)


def read_all(dataset: Dataset, pairs: Sequence[Pair]) -> float:
    """Loads pairs in parallel; gives how many a second."""
    started = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(dataset.load, pairs):
            pass
    return len(pairs) / (time.perf_counter() - started)


def drop_from_cache(pairs: Iterable[Pair]) -> None:
    """Asks the system to forget the files of the pairs, where it can be asked (Linux)."""
    if not hasattr(os, "posix_fadvise"):
        return
    files = {
        next(place for place in (path, *path.parents) if place.exists())
        for pair in pairs
        for path in pair
    }
    for file in files:
        with file.open("rb") as opened:
            os.fsync(opened.fileno())  # what is not yet written stays in the cache
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    sys.exit(main())
