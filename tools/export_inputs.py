"""What `tools/export.py` works on: a trained run, and real images to calibrate and check with."""

import functools
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np

from seg_keras.data.datasets import build_dataset
from seg_keras.data.files import is_image, read_image
from tools.predictors import read_run_config

CALIBRATION_IMAGES, CALIBRATION_SEED = 100, 0

# An image's name, and how to read the image (H, W, 3) with its labels (H, W), None if unlabelled.
Source = tuple[str, Callable[[], tuple[np.ndarray, np.ndarray | None]]]


def read_run(path: Path) -> tuple[Path, dict]:
    """Finds the Keras file of a run, and its settings with class names and colors.

    Args:
        path: A run folder, or a .keras file in one.

    Raises:
        FileNotFoundError: If there is no model.
        ValueError: If no `config.json` beside it names the classes.
    """
    file = path / "model.keras" if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such file. Give a run folder that train.py wrote.")
    config = read_run_config(file)
    missing = [key for key in ("model", "classes", "colors") if key not in config]
    if missing:
        raise ValueError(
            f"{file}: no config.json beside it tells the {', '.join(missing)}. Give the run folder "
            f"that train.py wrote."
        )
    return file, config


def check_output(output: Path, suffix: str, force: bool) -> None:
    """Raises an error where an exported file must not go.

    Raises:
        ValueError: If the name does not tell the format.
        FileExistsError: If there is such a file and `force` does not allow to replace it.
    """
    if output.suffix != suffix:
        raise ValueError(f"{output}: the name must end in {suffix}, its format.")
    if output.is_dir() or (output.exists() and not force):
        raise FileExistsError(f"{output} exists. Give another --output, or --force to replace it.")


def find_images(
    folder: Path | None, config: dict, data_dir: Path | None, split: str
) -> list[Source]:
    """Lists the images of a folder, or the labelled ones of the data set that a run trained on.

    Args:
        folder: Holds images; None for those of the data set.
        config: The settings of the run.
        data_dir: Holds the data set; None for where it was when the run was trained.
        split: "train" or "val", of the data set.

    Raises:
        ValueError: If there are no images, or the data set has other classes than the run.
    """
    if folder is not None:
        files = sorted(path for path in folder.glob("*") if is_image(path))
        if not files:
            raise ValueError(f"{folder}: no images in this folder. Put PNG or JPEG files there.")
        return [(path.name, functools.partial(_read_unlabelled, path)) for path in files]
    try:
        dataset = build_dataset(config.get("dataset"), data_dir or config.get("data_dir"))
        pairs = dataset.list_pairs(config.get(f"{split}_split", split))
    except (ValueError, OSError) as error:
        raise ValueError(
            f"The {split} images of the run's data set are not at hand. {error} Or give folders "
            f"of images with --calibration and --parity."
        ) from None
    if list(dataset.label_space.names) != config["classes"]:
        raise ValueError(
            f"The data set {dataset.name} has the classes {', '.join(dataset.label_space.names)}; "
            f"the run has {', '.join(config['classes'])}. Give the data set that the run was "
            f"trained on, or folders of images with --calibration and --parity."
        )
    return [(Path(pair[0]).name, functools.partial(dataset.load, pair)) for pair in pairs]


def choose_calibration(images: list[Source]) -> tuple[list[Source], dict]:
    """Draws the images that calibrate int8, and notes them for the artifact's description."""
    count = min(CALIBRATION_IMAGES, len(images))
    chosen = random.Random(CALIBRATION_SEED).sample(images, count)
    files = [name for name, _ in chosen]
    return chosen, {"images": count, "seed": CALIBRATION_SEED, "files": files}


def _read_unlabelled(path: Path) -> tuple[np.ndarray, None]:
    return read_image(path), None
