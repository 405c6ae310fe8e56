"""What `tools/video.py` says: how far it is, and the numbers at the end."""

import contextlib
import math

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.video.frame import Frame
from deploy.video.loop import LiveLoop
from tools.cli import print_table


def show_progress(
    loop: LiveLoop, wanted: int | None, announced: int | None, opened: contextlib.ExitStack
) -> None:
    """Shows on standard error how far it is, how fast, and how long it will take."""
    total = min(wanted or math.inf, announced or math.inf)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[fps]:.1f} fps"))
    bar = opened.enter_context(
        Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
    )
    task = bar.add_task("", total=None if math.isinf(total) else total, fps=0.0)

    def advance(frame: Frame) -> None:
        # Towards the end of a file, dropped frames count too.
        done = loop.statistics.frames if wanted else frame.index + 1
        bar.update(task, completed=done, fps=loop.statistics.recent_fps())

    loop.observers.append(advance)


def print_report(report: dict) -> None:
    """Prints the final table."""
    drops = ", ".join(f"{count} {cause}" for cause, count in report["drops"].items())
    title = (
        f"{report['frames']} frames in {report['seconds']:.1f} s, "
        f"{report['frames_per_second']:.1f} per second ({report['mode']}); dropped: {drops}; "
        f"engine errors: {report['engine_errors']}; reconnects: {report['reconnects']}"
    )
    if "flicker" in report:
        title += (
            f"; flicker: {report['flicker']['engine']:.2%} of still pixels as the engine says it, "
            f"{report['flicker']['shown']:.2%} as shown"
        )
    times = {**report["stages"], "capture to shown": report["latency"]}
    keys = ("mean_ms", "p50_ms", "p95_ms", "p99_ms")
    rows = [(name, *(f"{row[key]:.1f}" for key in keys)) for name, row in times.items()]
    print_table(title, ("stage", "mean ms", "p50 ms", "p95 ms", "p99 ms"), rows)
