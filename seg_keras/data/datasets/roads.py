"""Drawn road scenes as a data set: made on first use, so that it needs no download.

The files are laid out as CamVid's: train/, trainannot/, val/, valannot/, with the same names of an
image and its label.
"""

import os
from pathlib import Path

import cv2
import joblib
import numpy as np
from rich.console import Console
from rich.progress import track

from seg_keras.data.datasets.dataset import Dataset, Pair
from seg_keras.data.labels import CAMVID_CLASSES
from seg_keras.data.roads import draw_scene

VERSION = 1  # raise it when the same seed draws another scene, so that old files are left aside
SIZE = (360, 480)
COUNTS = {"train": 300, "val": 50}
FIRST_SEEDS = {"train": 0, "val": 1_000_000}
SCENES_OF_A_PROCESS = 20  # fewer are drawn before a further process has started


def roads(
    data_dir: Path | None = None,
    counts: dict[str, int] = COUNTS,
    size: tuple[int, int] = SIZE,
) -> Dataset:
    """300 drawn scenes to train on and 50 others to validate on, 360x480 pixels each.

    Args:
        data_dir: Where the scenes are kept; they are drawn there when a split is listed for the
            first time. None is a folder in the user's cache.
        counts: How many scenes each split has.
        size: (height, width) in pixels; scenes of another size need another `data_dir`.
    """
    folder = (Path(data_dir) if data_dir else _cache_folder()) / f"version_{VERSION}"

    def list_pairs(split: str) -> list[Pair]:
        if split not in counts:
            raise ValueError(
                f"The drawn roads have no split {split!r}. Choose one of: {', '.join(counts)}."
            )
        return write_scenes(folder, split, counts[split], size)

    return Dataset("roads", CAMVID_CLASSES, tuple(counts), list_pairs)


def write_scenes(folder: Path, split: str, count: int, size: tuple[int, int] = SIZE) -> list[Pair]:
    """Draws the scenes of a split that are not there yet.

    A scene counts as drawn once its label is there, which is written after its image, each under
    another name first: what was interrupted goes on where it stopped.

    Args:
        folder: Gets the folders `<split>` (RGB PNG) and `<split>annot` (PNG of class ids).
        split: "train" or "val", whose scenes have nothing in common.
        count: How many scenes.
        size: (height, width) in pixels.

    Returns:
        The sorted pairs of image and label file.
    """
    images, labels = Path(folder) / split, Path(folder) / f"{split}annot"
    names = [f"{split}_{index:05d}.png" for index in range(count)]
    pairs = [(images / name, labels / name) for name in names]
    missing = [index for index, (_, label) in enumerate(pairs) if not label.exists()]
    for directory in (images, labels):
        directory.mkdir(parents=True, exist_ok=True)
    processes = max(1, min(joblib.cpu_count(), len(missing) // SCENES_OF_A_PROCESS))
    jobs = (
        joblib.delayed(_draw)(pairs[index], FIRST_SEEDS[split] + index, size) for index in missing
    )
    drawn = joblib.Parallel(processes, return_as="generator_unordered")(jobs)
    title = f"Drawing {split} scenes to {folder}"
    console = Console(stderr=True)
    for _ in track(drawn, title, len(missing), console=console, disable=not missing):
        pass
    return pairs


def _draw(pair: Pair, seed: int, size: tuple[int, int]) -> None:
    image, label = draw_scene(seed, size)
    _write_png(pair[0], cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    _write_png(pair[1], label)


def _cache_folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "seg_keras" / "roads"


def _write_png(path: Path, pixels: np.ndarray) -> None:
    """Writes a file beside its place and moves it there, so that no half of it is ever seen."""
    _, data = cv2.imencode(".png", pixels)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data.tobytes())
    partial.replace(path)
