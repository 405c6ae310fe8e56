"""Results as they stand in the docs: a Markdown table below the day and the machine."""

import datetime
import importlib.metadata
import os
import platform
from collections.abc import Sequence
from pathlib import Path

PACKAGES = {"LiteRT": "ai-edge-litert", "OpenCV": "opencv-python"}


def print_markdown(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints a table to be pasted into a page."""
    print(f"Measured {datetime.date.today()} on {machine()}:\n")
    for cells in (columns, ["---"] * len(columns), *rows):
        print(f"| {' | '.join(str(cell) for cell in cells)} |")
    print()


def machine() -> str:
    """The processor, its cores that this process may use, and the versions of what ran."""
    told = [f"{_cores()} cores of {_processor()}", f"Python {platform.python_version()}"]
    told += [f"{name} {_version(package)}" for name, package in PACKAGES.items()]
    return ", ".join(told)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"
