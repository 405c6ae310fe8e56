"""The flags of `tools/video.py`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from deploy.video.loop import MODES
from deploy.video.refinement import SMOOTHERS

ROAD_MODEL = Path(__file__).parents[1] / "zoo" / "deeplab_v3_plus_camvid" / "model_int8.tflite"
# Of an unknown dashcam: metres above the road, angle of view, horizon as a part of the height.
CAMERA_PARTS, CAMERA = ("HEIGHT_M", "DEGREES", "HORIZON"), (1.4, 60.0, 0.5)


def parse(argv: Sequence[str] | None, description: str) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument_group("what runs").add_argument
    add("--model", type=Path, default=ROAD_MODEL, help="an exported file (default: road scenes)")
    add("--source", default="0", help="camera number, video, folder of images, URL, or 'roads' (0)")
    add("--mode", choices=MODES, default="auto", help="every frame, or only the freshest")
    add("--fps", type=float, help="pace of a folder of images (10)")
    add("--max-frames", type=int, help="end after so many frames")
    add("--threads", type=int, help="CPU threads of each engine (default: all, shared out)")
    add("--engines", type=int, default=1, help="how many frames are in the engine at once (1)")
    add("--smooth", choices=SMOOTHERS, default="none", help="steady the classes over time (none)")
    add("--flicker", action="store_true", help="measure how much they flicker, without labels")
    add = parser.add_argument_group("what is shown").add_argument
    add("--headless", action="store_true", help="show no window")
    add("--web", type=int, metavar="PORT", help="show it in browsers, too")
    add("--web-host", default="127.0.0.1", help="address to serve at (only this machine)")
    add("--free-space", action="store_true", help="outline the free road, with distances if flat")
    add("--camera", type=float, nargs=3, metavar=CAMERA_PARTS, default=CAMERA, help="for that")
    add("--opacity", type=float, default=0.5, help="of the class colors, 0 to 1 (0.5)")
    add("--snapshots", type=Path, default=Path(), help="where the key s saves pictures")
    add = parser.add_argument_group("what is kept").add_argument
    add("--output", type=Path, help="record what is shown as this .mp4 or .mjpeg")
    add("--records", type=Path, help="write one JSON line per frame to this file")
    add("--masks", type=Path, help="save the classes of each frame in this folder, as PNGs")
    add("--sheet", type=Path, help="save evenly spaced pictures as one PNG")
    add("--chart", type=Path, help="draw the class shares over time as this PNG")
    add("--json", type=Path, help="write the final numbers to this file too")
    return parser.parse_args(argv)
