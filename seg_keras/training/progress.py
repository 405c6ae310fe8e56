"""What a person sees of a run: a live line on standard error, event files, a clean Ctrl-C."""

import contextlib
import signal
import threading
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

CONSOLE = Console(stderr=True)


class StepBar:
    """A bar over all steps with epoch, loss and time left; for `with`."""

    def __init__(self, steps: int, done: int, batch_size: int):
        self.batch_size = batch_size
        self.progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} steps, loss {task.fields[loss]}"),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=CONSOLE,
            transient=True,
        )
        self.task = self.progress.add_task(
            "", total=steps, completed=done, epoch=0, loss="", speed=""
        )

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *_):
        self.progress.stop()

    def advance(self, epoch: int, loss: float) -> None:
        """Counts one step."""
        steps_per_second = self.progress.tasks[0].speed
        speed = f"{steps_per_second * self.batch_size:.1f} images/s" if steps_per_second else ""
        self.progress.update(self.task, advance=1, epoch=epoch, loss=f"{loss:.4f}", speed=speed)


@contextlib.contextmanager
def track(title: str, total: int):
    """Gives a function that wraps an iterable of `total` items with a progress bar."""
    columns = (TextColumn(title), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, console=CONSOLE, transient=True) as progress:
        yield lambda items: progress.track(items, total=total)


class EventWriter:
    """Writes scalars for TensorBoard."""

    def __init__(self, folder: Path):
        import tensorflow as tf  # only here: event files are TensorFlow's

        self.summary = tf.summary
        self.writer = tf.summary.create_file_writer(str(folder))

    def write(self, epoch: int, row: dict) -> None:
        """Adds the numbers of one epoch."""
        with self.writer.as_default():
            for name, value in row.items():
                self.summary.scalar(name, value, step=epoch)
        self.writer.flush()


@contextlib.contextmanager
def stop_on_signal():
    """Gives a list that fills when Ctrl-C or SIGTERM asks to stop; a second one stops at once."""
    asked = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = {kind: signal.getsignal(kind) for kind in kinds}

    def ask(number, _):
        asked.append(number)
        for kind in kinds:
            signal.signal(kind, before[kind])

    for kind in kinds:
        signal.signal(kind, ask)
    try:
        yield asked
    finally:
        for kind in kinds:
            signal.signal(kind, before[kind])
