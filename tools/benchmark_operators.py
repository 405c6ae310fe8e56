"""On what a .tflite file spends its time: `tools/benchmark.py --operators`."""

from pathlib import Path

from deploy.operator_times import heaviest, time_operators
from tools.cli import print_table

SHOWN = 12


def list_operators(path: Path, threads: int | None, runs: int) -> list[dict]:
    """Times the operators of a file and prints those that take longest.

    Returns:
        What `deploy.operator_times.heaviest` gives.

    Raises:
        ValueError: If it is no .tflite file.
    """
    if path.suffix != ".tflite":
        raise ValueError(f"{path}: operators are timed in .tflite files. Leave out --operators.")
    times, whole_ms = time_operators(path, threads, runs)
    groups = heaviest(times)
    sum_ms = sum(group["sum_ms"] for group in groups)
    rows = [
        (
            group["kind"],
            "x".join(map(str, group["size"])),
            group["count"],
            f"{group['sum_ms']:.2f}",
            f"{group['sum_ms'] / sum_ms:.0%}",
        )
        for group in groups[:SHOWN]
    ]
    print_table(f"{path.name}, its operators", ("operator", "output", "count", "ms", "share"), rows)
    print(f"All operators, each alone: {sum_ms:.1f} ms. The graph as a whole: {whole_ms:.1f} ms.")
    return groups
