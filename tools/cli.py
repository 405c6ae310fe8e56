"""What the commands share: exit codes, the log, tables and JSON reports."""

import errno
import functools
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 3
# What the system says when a disk, or a share of one, is full.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def command(main: Callable[[Sequence[str] | None], int | None]) -> Callable[..., int]:
    """Wraps a tool's `main(argv=None)` so that it keeps the exit codes of every tool.

    0 done; 1 the run failed (RuntimeError); 2 the input or the usage is wrong (ValueError,
    OSError), told in one line; 3 a parity gate refused an artifact, which `main` returns.
    With SEG_KERAS_TRACEBACK=1 in the environment, errors keep their traceback.
    """

    @functools.wraps(main)
    def run(argv: Sequence[str] | None = None) -> int:
        logging.basicConfig(
            level=logging.INFO,
            format="%(message)s",
            datefmt="%H:%M:%S",
            handlers=[RichHandler(console=Console(stderr=True), show_path=False)],
        )
        try:
            return main(argv) or DONE
        except (ValueError, OSError) as error:
            return _report(error, USAGE)
        except RuntimeError as error:
            return _report(error, FAILED)

    return run


def _report(error: Exception, code: int) -> int:
    if os.environ.get("SEG_KERAS_TRACEBACK"):
        raise error
    remedy = ""
    if getattr(error, "errno", None) in FULL:
        remedy = " Make room there, or write to another disk."
    print(f"error: {' '.join(str(error).split())}{remedy}", file=sys.stderr)
    return code


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints one table to standard output; numbers are right-aligned."""
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console().print(table)


def write_json(path: Path | None, report: dict) -> None:
    """Writes a report where `--json` asks for it; whole or not at all."""
    if path is None:
        return
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(json.dumps(report, indent=2) + "\n")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
