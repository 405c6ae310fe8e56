"""What `--model` opens: a run folder, a .keras file or an exported file, each as a predictor."""

import argparse
import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np

import seg_keras
from deploy.runtimes import load_runtime
from deploy.runtimes.separate import SeparateRuntime
from seg_keras.data.labels import LabelSpace
from seg_keras.inference import MODES, Predictor, margin_of


@dataclasses.dataclass(frozen=True)
class OpenModel:
    """A model that is ready to predict.

    Args:
        predict: From an image uint8 (H, W, 3) of any size to class ids uint8 (H, W).
        num_classes: How many different ids come out; 2 for a sigmoid.
        input_size: Height and width in pixels that the model takes.
        mode: How an image of another size meets the model, one of `MODES`.
        label_space: Names and colors of the classes; None if the file does not tell them.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    num_classes: int
    input_size: tuple[int, int]
    mode: str
    label_space: LabelSpace | None


def add_arguments(parser: argparse.ArgumentParser, default: Path | None = None) -> None:
    """Adds the flags that decide how a model predicts.

    Args:
        parser: Of a command that predicts.
        default: The model where `--model` is not given; None if it has to be.
    """
    parser.add_argument(
        "--model",
        type=Path,
        default=default,
        required=default is None,
        help="run folder, .keras file or exported file"
        + (" (the shipped road model)" if default else ""),
    )
    parser.add_argument(
        "--mode",
        choices=MODES,
        help="how an image of another size meets the model: scaled, padded, in overlapping windows "
        "whose scores are averaged or whose classes vote, or in tiles (default: resize, which is "
        "all that an exported file does, or tile for a model with smaller logits)",
    )
    parser.add_argument(
        "--input-size",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        help="build a Keras model for images of this size",
    )
    parser.add_argument("--threads", type=int, help="CPU threads of an exported file (all cores)")


def read_run_config(model: Path) -> dict:
    """The `config.json` of the run folder that a model is or lies in; empty if there is none."""
    _require(model)
    file = (model if model.is_dir() else model.parent) / "config.json"
    if not file.is_file():
        return {}
    try:
        return json.loads(file.read_text())
    except ValueError as error:
        raise ValueError(f"{file}: is no JSON ({error}). Restore it from the run.") from None


@contextlib.contextmanager
def open_model(
    args: argparse.Namespace,
    default_size: tuple[int, int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[OpenModel]:
    """Opens the model of the flags of `add_arguments`, and closes it in the end.

    Args:
        args: The parsed flags.
        default_size: Height and width of the images, for `load_for_images` where `--input-size`
            is not given; None for the size that the model was saved with.
        progress: Called with (windows done, all windows) of an image that is seen in windows.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If it is no model, or an exported file is asked for another mode or size.
    """
    _require(args.model)
    if args.model.is_dir() or args.model.suffix == ".keras":
        yield _open_keras(args, default_size, progress)
        return
    # TensorRT must not meet TensorFlow, which this process holds.
    load = SeparateRuntime if args.model.suffix == ".engine" else load_runtime
    with contextlib.closing(load(args.model, args.threads)) as runtime:
        if args.mode not in (None, "resize") or args.input_size:
            raise ValueError(
                f"{args.model}: an exported file scales images to its {runtime.input_size[0]}x"
                f"{runtime.input_size[1]} pixels. For --mode {args.mode} or --input-size give the "
                f"run folder or the .keras file."
            )
        yield _describe(runtime, runtime.input_size, "resize", runtime.description, "palette")


def load_for_images(path: Path, image_size: tuple[int, int] | None) -> keras.Model:
    """Loads a run folder or .keras file at the size at which it sees images of one size best.

    That is the images' own size, where nothing is scaled. A run that was trained for one
    `input_size` keeps that, and a model that sees any image in tiles the size of its tiles.

    Args:
        path: A run folder or a .keras file.
        image_size: Height and width of the images; None for the size that it was saved with.
    """
    model = seg_keras.load_model(path)
    keeps_size = read_run_config(path).get("input_size") or any(margin_of(model))
    if keeps_size or image_size is None:
        return model
    return seg_keras.load_model(path, (*image_size, model.input_shape[-1]))


def _require(model: Path) -> None:
    if not model.exists():
        raise FileNotFoundError(
            f"{model}: no such model. Give a run folder, a .keras file or an exported file."
        )


def _open_keras(
    args: argparse.Namespace, default_size: tuple[int, int] | None, progress: Callable | None
) -> OpenModel:
    model = load_for_images(args.model, None if args.input_size else default_size)
    if args.input_size:
        model = seg_keras.load_model(args.model, (*args.input_size, model.input_shape[-1]))
    predict = Predictor(model, args.mode, progress=progress)
    num_classes = max(2, model.output["logits"].shape[-1])  # one logit decides between two classes
    config = read_run_config(args.model)
    if "classes" not in config:
        return OpenModel(predict, num_classes, predict.input_size, predict.mode, None)
    if len(config["classes"]) != num_classes:
        raise ValueError(
            f"{args.model}: the model predicts {num_classes} classes, but its config.json names "
            f"{len(config['classes'])}. Put files of the same run together."
        )
    return _describe(predict, predict.input_size, predict.mode, config, "colors")


def _describe(
    predict: Callable, input_size: tuple, mode: str, description: dict, colors: str
) -> OpenModel:
    label_space = LabelSpace(
        tuple(description["classes"]), tuple(tuple(color) for color in description[colors])
    )
    return OpenModel(predict, label_space.num_classes, tuple(input_size), mode, label_space)


def numbered_classes(num_classes: int) -> LabelSpace:
    """Names and colors for a model that tells none: numbers, and the palette of Pascal VOC."""
    ids = np.arange(num_classes)
    colors = np.zeros((num_classes, 3), int)
    for bit in range(8):  # three bits of the id give the next lower bit of red, green and blue
        for channel in range(3):
            colors[:, channel] |= (ids >> (3 * bit + channel) & 1) << (7 - bit)
    names = tuple(f"class {index}" for index in ids)
    return LabelSpace(names, tuple(tuple(color) for color in colors.tolist()))
