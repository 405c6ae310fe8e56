"""What decides a training from the command line: a recipe, flags that overrule it, a smoke test."""

import argparse
import dataclasses
import runpy
from pathlib import Path

import keras

from seg_keras import build_model, list_datasets, list_models
from seg_keras.training import TrainConfig, override

DRAWN_ROADS = Path(__file__).parents[1] / "configs" / "deeplab_v3_plus_roads.py"

SMOKE = {"dataset": "roads", "data_dir": None, "hold_out": "", "batch_size": 2, "epochs": 1}
SMOKE |= {"crop_size": (48, 64), "input_size": (), "size_schedule": "none", "validate_every": 1}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that settings are made of."""
    add = parser.add_argument
    add("--config", type=Path, help="a recipe, such as configs/NAME.py")
    add("--model", help=f"one of: {', '.join(list_models())}")
    add("--backbone", help="a backbone of that model")
    add("--dataset", help=f"one of: {', '.join(list_datasets())}")
    add("--data-dir", help="the folder that holds the data set")
    add("--crop-size", type=int, nargs=2, metavar=("H", "W"), help="in pixels")
    add("--batch-size", type=int, help="images per step")
    add("--epochs", type=int, help="how often every image is seen")
    add("--learning-rate", type=float, help="the highest one of the schedule")
    add("--seed", type=int, help="decides weights, order and augmentation")
    add(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any other setting of TrainConfig; may be repeated",
    )
    add("--smoke", action="store_true", help="a run of seconds on a few drawn scenes")


def read_config(arguments: argparse.Namespace) -> TrainConfig:
    """The recipe, then the flags, then --set, then --smoke.

    Without a recipe, a model or a data set it is the recipe for drawn road scenes.
    """
    recipe = arguments.config
    if recipe is None and arguments.model is None and arguments.dataset is None:
        recipe = DRAWN_ROADS
    if recipe and not recipe.is_file():
        raise FileNotFoundError(f"{recipe}: no such recipe. See the folder configs.")
    config = runpy.run_path(str(recipe))["config"] if recipe else TrainConfig()
    names = [field.name for field in dataclasses.fields(config)]
    given = {name: value for name, value in vars(arguments).items() if name in names}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.crop_size:
        given["crop_size"] = tuple(arguments.crop_size)
    config = override(dataclasses.replace(config, **given), arguments.set)
    return dataclasses.replace(config, **SMOKE) if arguments.smoke else config


def build_untrained(
    config: TrainConfig, num_classes: int, input_shape: tuple[int, int, int]
) -> keras.Model:
    """The model that a recipe describes, of random weights."""
    if config.loss == "edges":  # one is there or not, whatever the classes are that meet at it
        num_classes = 1
    chosen = {"backbone": config.backbone, "backbone_options": config.backbone_options}
    options = {name: value for name, value in chosen.items() if value} | config.model_options
    return build_model(config.model, num_classes, input_shape, **options)
