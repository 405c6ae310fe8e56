"""What `tools/video.py` opens: the model, the source, and where the pictures go."""

import argparse
import contextlib
import logging
import os
from pathlib import Path

from deploy.runtimes import Runtime, load_runtime
from deploy.runtimes.native_log import silenced
from deploy.video import mjpeg
from deploy.video.address import is_address
from deploy.video.folder import ImageFolder
from deploy.video.free_space import FreeSpace, RoadCamera
from deploy.video.loop import LiveLoop
from deploy.video.masks import Masks
from deploy.video.mjpeg import JpegRecorder
from deploy.video.overlay import Overlay
from deploy.video.recorder import Recorder
from deploy.video.records import Records
from deploy.video.shares import ShareChart
from deploy.video.sheet import ContactSheet
from deploy.video.snapshot import Snapshots
from deploy.video.source import FALLBACK_FPS, Images, Source
from deploy.video.sources import open_source
from deploy.video.view import View
from deploy.video.window import Window, window_problem
from tools.video_flags import ROAD_MODEL

ENGINE_NAMES = {".tflite": "LiteRT", ".onnx": "ONNX Runtime", ".engine": "TensorRT"}
ROADS = {"seed": 0, "size": (480, 640), "fps": 25.0}

log = logging.getLogger(__name__)


def open_engines(
    path: Path, count: int, threads: int | None, opened: contextlib.ExitStack
) -> list[Runtime]:
    """Opens an exported model `count` times; says how to get one where the shipped is missing."""
    if path == ROAD_MODEL and not path.is_file():
        raise ValueError(
            f"The shipped road model {path} is missing. Restore the folder zoo/ of the "
            f"repository, or export a model of your own with tools/export.py and give --model."
        )
    if count < 1:
        raise ValueError(f"The number of engines has to be at least 1, got {count}.")
    if threads is None and count > 1:
        threads = max(1, (os.cpu_count() or 1) // count)
    return [
        opened.enter_context(contextlib.closing(load_runtime(path, threads))) for _ in range(count)
    ]


def open_frames(source: str, output: Path | None, fps: float | None) -> Source:
    """Opens what `--source` names; the drawn road never ends."""
    if fps is not None:
        if not Path(source).is_dir():
            raise ValueError(f"--fps is the pace of a folder of images; {source} has its own.")
        return ImageFolder(source, fps)
    if source == "roads":
        # Only here, so that a device needs neither seg_keras nor what it imports, talkatively.
        with silenced():
            from seg_keras.data.roads import drive

        return Images((image for image, _ in drive(**ROADS)), "drawn roads", ROADS["fps"])
    if output and Path(source).resolve() == output.resolve():
        raise ValueError(f"--output {output} is the source itself. Give another name.")
    return open_source(source)


def make_overlay(runtime: Runtime, args: argparse.Namespace) -> Overlay:
    """An overlay with the names and colors that the model's own file holds."""
    described = runtime.description
    precision = (described.get("quantization") or {}).get("precision", "")
    engine = ENGINE_NAMES.get(args.model.suffix, "")
    title = " ".join(filter(None, (described.get("model"), precision, engine)))
    overlay = Overlay(described["classes"], described["palette"], View(args.opacity), title)
    if args.free_space:
        overlay.layers.append(FreeSpace(described["classes"], RoadCamera(*args.camera)))
    return overlay


def add_displays(
    loop: LiveLoop,
    args: argparse.Namespace,
    overlay: Overlay,
    runtime: Runtime,
    source: Source,
    opened: contextlib.ExitStack,
) -> None:
    """Adds what people look at, where it is wanted and possible; closed with `opened`."""
    # Who watches from elsewhere need not know the folders of this machine.
    name = source.name if is_address(source.name) else Path(source.name).resolve().name
    title, view = f"{name} - {args.model.name}", overlay.view
    if not args.headless:
        problem = window_problem()
        if problem:
            log.warning("No window, because %s. Going on without one.", problem)
        else:
            window = Window(title, view.press, loop.stop)
            loop.displays.append(opened.enter_context(contextlib.closing(window)))
    if args.web is not None:
        # Only here, so that nobody else needs the packages of requirements-web.txt.
        from deploy.video.web import WebView

        names, palette = runtime.description["classes"], runtime.description["palette"]
        web = WebView(args.web, args.web_host, view, names, palette, title)
        loop.displays.append(opened.enter_context(contextlib.closing(web)))
    if loop.displays:
        loop.displays.append(Snapshots(args.snapshots, view))


def add_files(
    loop: LiveLoop,
    args: argparse.Namespace,
    runtime: Runtime,
    source: Source,
    opened: contextlib.ExitStack,
) -> Recorder | JpegRecorder | None:
    """Adds the files that were asked for; they are closed with `opened`.

    Returns:
        The recorder, if there is one: it knows afterwards what was recorded.
    """
    classes, palette = runtime.description["classes"], runtime.description["palette"]
    recorder = None
    if args.output:
        if args.output.suffix.lower() in mjpeg.SUFFIXES:
            recorder = JpegRecorder(args.output)
        else:
            is_measured = source.live or loop.drops_frames
            fps = None if is_measured else source.fps or FALLBACK_FPS
            recorder = Recorder(args.output, fps)
        loop.sinks.append(opened.enter_context(contextlib.closing(recorder)))
    if args.masks:
        loop.sinks.append(Masks(args.masks, palette))
    if args.sheet:
        loop.sinks.append(opened.enter_context(contextlib.closing(ContactSheet(args.sheet))))
    if args.chart:
        chart = ShareChart(args.chart, classes, palette)
        loop.sinks.append(opened.enter_context(contextlib.closing(chart)))
    if args.records:
        records = Records(args.records, classes)
        loop.sinks.append(opened.enter_context(contextlib.closing(records)))
    return recorder
