"""Runs a model live on a video file, a camera, a folder of images, or a drawn road.

    python tools/video.py --source dashcam.mp4 --headless --output overlay.mp4
    python tools/video.py --source 0
    python tools/video.py --source roads --max-frames 250 --sheet sheet.png

In the window: q or Escape ends, space holds the picture, o shows the plain image, m the class
colors alone. Ctrl-C ends as cleanly as q: what was recorded plays.
"""

import argparse
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

from deploy.runtimes import Runtime
from deploy.video.loop import MODES, LiveLoop, stopped_by_signals
from deploy.video.overlay import Overlay
from deploy.video.sink import Window, window_problem
from deploy.video.source import FALLBACK_FPS
from tools.cli import command, print_table, write_json
from tools.video_io import ROAD_MODEL, add_outputs, open_frames, open_model, show_progress

log = logging.getLogger(__name__)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--model", type=Path, default=ROAD_MODEL, help="an exported file (default: road scenes)")
    add("--source", default="0", help="camera number, video, folder of images, or 'roads' (0)")
    add("--output", type=Path, help="record what is shown as this MP4")
    add("--records", type=Path, help="write one JSON line per frame to this file")
    add("--sheet", type=Path, help="save evenly spaced pictures as one PNG")
    add("--mode", choices=MODES, default="auto", help="every frame, or only the freshest")
    add("--headless", action="store_true", help="show no window")
    add("--max-frames", type=int, help="end after so many frames")
    add("--threads", type=int, help="CPU threads of the engine (default: all)")
    add("--opacity", type=float, default=0.5, help="of the class colors, 0 to 1 (0.5)")
    add("--json", type=Path, help="write the final numbers to this file too")
    return parser.parse_args(argv)


@command
def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv)
    with contextlib.ExitStack() as opened:
        runtime = opened.enter_context(contextlib.closing(open_model(args.model, args.threads)))
        source = opened.enter_context(contextlib.closing(open_frames(args.source, args.output)))
        shown = not args.headless and can_show()
        overlay = draw_overlay(runtime, args.opacity)
        loop = LiveLoop(source, runtime, overlay, args.mode, shown, args.max_frames)
        opened.enter_context(stopped_by_signals(loop))
        measured = source.live or loop.drops_frames
        fps = None if measured else source.fps or FALLBACK_FPS
        recorder = add_outputs(loop, args, runtime.description["classes"], fps, opened)
        if shown:
            keys = {"q": loop.stop, "o": overlay.toggle_tint, "m": overlay.toggle_image}
            window = Window(f"{source.name} - {args.model.name}", keys, loop.is_running)
            loop.sinks.append(opened.enter_context(contextlib.closing(window)))
        else:
            show_progress(loop, args.max_frames, source.frame_count, opened)
        numbers = loop.run()
    recording = recorder.summary() if recorder else None
    report = {"model": str(args.model), "source": source.name, **numbers, "recording": recording}
    print_report(report)
    write_json(args.json, report)


def can_show() -> bool:
    """Whether a window can be opened; if not, the log says why and the loop runs without."""
    problem = window_problem()
    if problem:
        log.warning("No window, because %s. Going on without one.", problem)
    return problem is None


def draw_overlay(runtime: Runtime, opacity: float) -> Overlay:
    """An overlay with the names and colors that the model's own file holds."""
    described = runtime.description
    precision = (described.get("quantization") or {}).get("precision", "")
    title = f"{described.get('model', '')} {precision}".strip()
    return Overlay(described["classes"], described["palette"], opacity, title)


def print_report(report: dict) -> None:
    """Prints the final table."""
    drops = ", ".join(f"{count} {cause}" for cause, count in report["drops"].items())
    title = (
        f"{report['frames']} frames in {report['seconds']:.1f} s, "
        f"{report['frames_per_second']:.1f} per second ({report['mode']}); dropped: {drops}; "
        f"engine errors: {report['engine_errors']}"
    )
    times = {**report["stages"], "capture to shown": report["latency"]}
    keys = ("mean_ms", "p50_ms", "p95_ms", "p99_ms")
    rows = [(name, *(f"{row[key]:.1f}" for key in keys)) for name, row in times.items()]
    print_table(title, ("stage", "mean ms", "p50 ms", "p95 ms", "p99 ms"), rows)


if __name__ == "__main__":
    raise SystemExit(main())
