"""The table of `tools/benchmark.py`: one row for each artifact."""

from collections.abc import Sequence
from pathlib import Path

from deploy.benchmark import STAGES
from tools.cli import print_table


def print_speed(paths: Sequence[Path], reports: list[dict]) -> None:
    """Prints what was measured."""
    percentiles = ("median", "p95", "p99")
    columns = ["model", *(f"{name} ms" for name in percentiles), "frames/s", "time/first"]
    columns += [f"{stage} ms" for stage in STAGES if stage != "infer"] + ["load ms", "memory MB"]
    rows = []
    for path, report in zip(paths, reports, strict=True):
        stages, memory = report["stages_ms"], report["memory_mb"]
        rows.append(
            [
                path.name,
                *(f"{report[f'{name}_ms']:.1f}" for name in percentiles),
                f"{report['frames_per_second']:.1f}",
                f"{report['ratio']:.2f}",
                *(f"{stages[stage]:.1f}" for stage in STAGES if stage != "infer"),
                f"{report['load_ms']:.0f}",
                "?" if memory is None else f"{memory:.0f}",
            ]
        )
    first = reports[0]
    title = f"Benchmark, {first['runs']} runs each after {first['warm_up_runs']} to warm up"
    print_table(title, columns, rows)
