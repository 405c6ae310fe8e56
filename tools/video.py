"""Runs a model live on a video file, a camera, a stream, a folder of images, or a drawn road.

    python tools/video.py --source dashcam.mp4 --headless --output overlay.mp4
    python tools/video.py --source 0
    python tools/video.py --source rtsp://user:password@camera/1 --headless --records seen.jsonl
    python tools/video.py --source roads --max-frames 250 --sheet sheet.png

In the window: q or Escape ends, space holds the picture, s saves it, o changes the opacity, m
shows the image or the colors alone, l hides the legend. Ctrl-C and SIGTERM end as cleanly as q:
what was recorded plays.
"""

import contextlib
from collections.abc import Sequence

from deploy.video.loop import LiveLoop
from deploy.video.refinement import open_refinement
from deploy.video.signals import stopped_by_signals
from tools.cli import command, write_json
from tools.video_flags import parse
from tools.video_io import add_displays, add_files, make_overlay, open_engines, open_frames
from tools.video_report import print_report, show_progress


@command
def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv, __doc__)
    numbers, recorder = None, None
    try:
        with contextlib.ExitStack() as opened:
            engines = open_engines(args.model, args.engines, args.threads, opened)
            overlay = make_overlay(engines[0], args)
            source = open_frames(args.source, args.output, args.fps)
            opened.enter_context(contextlib.closing(source))
            refine = open_refinement(args.smooth, args.flicker, engines[0].input_size)
            loop = LiveLoop(source, engines, overlay, args.mode, args.max_frames, refine)
            opened.enter_context(stopped_by_signals(loop.stop))
            recorder = add_files(loop, args, engines[0], source, opened)
            add_displays(loop, args, overlay, engines[0], source, opened)
            if not loop.displays:
                show_progress(loop, args.max_frames, source.frame_count, opened)
            try:
                loop.run()
            finally:
                numbers = loop.report()
    finally:  # also for a run that failed: what it did until then
        if numbers and numbers["frames"]:
            recording = recorder.summary() if recorder else None
            report = {"model": str(args.model), "source": source.name, **numbers}
            report |= {"recording": recording}
            report |= {"flicker": refine.report()} if args.flicker else {}
            print_report(report)
            write_json(args.json, report)
    if numbers["failed_outputs"]:
        raise RuntimeError(f"Not everything was kept. {numbers['failed_outputs'][0]}")


if __name__ == "__main__":
    raise SystemExit(main())
