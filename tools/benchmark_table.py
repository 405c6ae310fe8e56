"""The table of `tools/benchmark.py`: a column for each artifact."""

from collections.abc import Sequence
from pathlib import Path

from deploy.benchmark import STAGES
from tools.cli import print_table

PERCENTILES = ("median", "p95", "p99")


def print_speed(paths: Sequence[Path], reports: list[dict]) -> None:
    """Prints what was measured, a column for each artifact."""
    rows = [(f"{name} ms", *(f"{r[f'{name}_ms']:.1f}" for r in reports)) for name in PERCENTILES]
    rows.append(("frames a second", *(f"{r['frames_per_second']:.1f}" for r in reports)))
    rows.append(("time / first", *(f"{r['ratio']:.2f}" for r in reports)))
    for stage in STAGES:
        if stage != "infer":
            rows.append((f"{stage} ms", *(f"{r['stages_ms'][stage]:.1f}" for r in reports)))
    rows.append(("load ms", *(f"{r['load_ms']:.0f}" for r in reports)))
    memory = ["?" if r["memory_mb"] is None else f"{r['memory_mb']:.0f}" for r in reports]
    rows.append(("memory MB", *memory))
    first = reports[0]
    title = f"{first['runs']} runs after {first['warm_up_runs']} to warm up"
    names = [path.name for path in paths]
    if len(set(names)) < len(names):  # files of several runs
        names = [f"{path.parent.name}/{path.name}" for path in paths]
    print_table(title, ("", *names), rows)
