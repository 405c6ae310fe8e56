"""What `tools/video.py` opens: the model, the source, the files it writes, the progress bar."""

import argparse
import contextlib
import math
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.runtimes import Runtime, load_runtime
from deploy.runtimes.native_log import silenced
from deploy.video.frame import Frame
from deploy.video.loop import LiveLoop
from deploy.video.recorder import Recorder
from deploy.video.sheet import ContactSheet
from deploy.video.sink import Records
from deploy.video.source import Images, Source, open_source

ROAD_MODEL = Path(__file__).parents[1] / "zoo" / "deeplab_v3_plus_camvid" / "model_int8.tflite"
ROADS = {"seed": 0, "size": (480, 640), "fps": 25.0}


def open_model(path: Path, threads: int | None) -> Runtime:
    """Opens an exported model; says how to get one where the shipped one is missing."""
    if path == ROAD_MODEL and not path.is_file():
        raise ValueError(
            f"The shipped road model {path} is missing. Restore the folder zoo/ of the "
            f"repository, or export a model of your own with tools/export.py and give --model."
        )
    return load_runtime(path, threads)


def open_frames(source: str, output: Path | None) -> Source:
    """Opens what `--source` names; the drawn road never ends."""
    if source == "roads":
        # Only here, so that a device needs neither seg_keras nor what it imports, talkatively.
        with silenced():
            from seg_keras.data.roads import drive

        return Images((image for image, _ in drive(**ROADS)), "drawn roads", ROADS["fps"])
    if output and Path(source).resolve() == output.resolve():
        raise ValueError(f"--output {output} is the source itself. Give another name.")
    return open_source(source)


def add_outputs(
    loop: LiveLoop,
    args: argparse.Namespace,
    class_names: Sequence[str],
    fps: float | None,
    opened: contextlib.ExitStack,
) -> Recorder | None:
    """Adds the files that were asked for; they are closed with `opened`.

    Args:
        loop: Gets the sinks and observers.
        args: `output`, `sheet` and `records`, each a path or None.
        class_names: One per class id.
        fps: Pace of the recording, or None to measure it.
        opened: Closes what is opened here.

    Returns:
        The recorder, if there is one: it knows afterwards what was recorded.
    """
    recorder = None
    if args.output:
        recorder = opened.enter_context(contextlib.closing(Recorder(args.output, fps)))
        loop.sinks.append(recorder)
    if args.sheet:
        loop.sinks.append(opened.enter_context(contextlib.closing(ContactSheet(args.sheet))))
    if args.records:
        records = Records(args.records, class_names)
        loop.observers.append(opened.enter_context(contextlib.closing(records)))
    return recorder


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
