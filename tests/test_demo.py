"""`make demo`, whole: what it leaves, how good its model is, what it needs."""

import json
import re
import resource
import shlex
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).parents[1]


def demo_commands(folder):
    """The Makefile's commands of the demo, with this Python, in another folder."""
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    recipe = re.search(r"^demo:.*\n((?:\t.*\n)+)", text, re.MULTILINE).group(1)
    lines = [line.strip() for line in recipe.splitlines() if "tools/" in line]
    return [
        shlex.split(line.replace("$(BIN)/python", sys.executable).replace("runs/demo", folder))
        for line in lines
    ]


@pytest.mark.slow
def test_the_demo_learns_the_drawn_roads_within_its_time_and_memory(tmp_path):
    started = time.monotonic()
    for command in demo_commands(str(tmp_path / "demo")):
        subprocess.run(command, cwd=ROOT, check=True)
    minutes = (time.monotonic() - started) / 60
    folder = tmp_path / "demo"
    assert 0.60 <= json.loads((folder / "evaluation.json").read_text())["mean_iou"] <= 0.95
    for name in ("sheet.png", "curves.png", "samples.png"):
        assert cv2.imread(str(folder / name)) is not None
    video = cv2.VideoCapture(str(folder / "overlay.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 200
    assert minutes < 10
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 6 * 2**20  # KiB
