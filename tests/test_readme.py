"""The commands in README.md and docs/ run as they are written; trainings with --smoke."""

import functools
import re
import shlex
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import seg_keras
from seg_keras.data.datasets import DATASETS
from seg_keras.data.datasets.roads import roads
from tests.conftest import write_pairs

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(page):
    """The `python tools/...` lines of a page, in order, without their comments."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    lines = [line for language, block in blocks if not language for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("python tools/")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with what the pages talk of: CamVid, photos, a dashcam video."""
    monkeypatch.chdir(tmp_path)
    few = functools.partial(roads, tmp_path / "roads", {"train": 4, "val": 2}, (96, 128))
    monkeypatch.setitem(DATASETS, "roads", lambda _: few())
    for name in ("configs", "zoo"):
        (tmp_path / name).symlink_to(ROOT / name)
    for split, count in (("train", 4), ("val", 2)):
        write_pairs(tmp_path / "CamVid", split, count, (96, 128), seed=count)
    (tmp_path / "photos").mkdir()
    Image.fromarray(np.full((40, 60, 3), 90, "uint8")).save("photos/photo.jpg")
    video = cv2.VideoWriter("dashcam.mp4", cv2.VideoWriter.fourcc(*"mp4v"), 10, (128, 96))
    for value in range(4):
        video.write(np.full((96, 128, 3), 40 * value, "uint8"))
    video.release()
    return tmp_path


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ("models", seg_keras.list_models()),
        ("backbones", seg_keras.list_backbones()),
        ("data sets", seg_keras.list_datasets()),
    ],
)
def test_the_readme_lists_what_is_registered(row, names):
    (line,) = re.findall(rf"^\| {row} \|(.*?)\|", PAGES[0].read_text(), re.MULTILINE)
    assert re.findall("`(.+?)`", line) == names


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_run_as_written(page, folder, capsys):
    if not any(
        words[1] == "tools/train.py" for words in commands(page)
    ):  # a run is taken for granted
        run("tools/train.py", "--smoke", "--output", "runs/road")
    for _, tool, *arguments in commands(page):
        if tool == "tools/train.py" and "--resume" not in arguments:
            arguments += ["--smoke"]
        run(tool, *arguments)


def run(tool, *arguments):
    main = import_module(tool.removesuffix(".py").replace("/", ".")).main
    assert main(list(arguments)) == 0, f"{tool} {' '.join(arguments)}"
