"""Measures how fast artifacts run on this machine: median, 95th percentile, load time, memory.

    python tools/benchmark.py --model road_int8.tflite road_float16.tflite --threads 2

Several artifacts take turns, and each is compared with the first. Close other programs first.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.benchmark import benchmark
from tools.cli import DONE, command, print_table, write_json


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints one table."""
    arguments = parse(argv)
    reports = benchmark(arguments.model, arguments.threads, arguments.runs)
    columns = ("model", "median ms", "p95 ms", "frames/s", "time/first", "load ms", "memory MB")
    rows = []
    for path, report in zip(arguments.model, reports, strict=True):
        memory = report["memory_mb"]
        rows.append(
            [
                path.name,
                f"{report['median_ms']:.1f}",
                f"{report['p95_ms']:.1f}",
                f"{report['frames_per_second']:.1f}",
                f"{report['ratio']:.2f}",
                f"{report['load_ms']:.0f}",
                "?" if memory is None else f"{memory:.0f}",
            ]
        )
    print_table(f"Benchmark, {arguments.runs} runs each", columns, rows)
    write_json(arguments.json, {"runs": arguments.runs, "models": reports})
    return DONE


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--model", type=Path, nargs="+", required=True, metavar="FILE", help="artifacts")
    add("--threads", type=int, help="CPU threads (default: as many as there are cores)")
    add("--runs", type=int, default=50, help="timed runs of each, after the warm-up")
    add("--json", type=Path, help="write the printed numbers here too")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
