"""Trains a model and leaves a run folder with the best weights, curves and sample pictures.

    python tools/train.py                                    # drawn road scenes, a few minutes
    python tools/train.py --config configs/deeplab_v3_plus_camvid.py --data-dir CamVid
    python tools/train.py --resume runs/deeplab_v3_plus_camvid

Ctrl-C stops after the current step; --resume goes on as if nothing had happened.
"""

import argparse
import dataclasses
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from seg_keras import build_model, list_datasets, list_models
from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.roads import roads
from seg_keras.inference import Predictor
from seg_keras.training import RunFolder, TrainConfig, override, train
from tools.cli import command, print_table, write_json

SMOKE = {"dataset": "roads", "data_dir": None, "hold_out": "", "batch_size": 2, "epochs": 1}
SMOKE |= {"crop_size": (48, 64), "validate_every": 1}


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Trains, and prints the score of the best epoch."""
    arguments = parse(argv)
    if arguments.resume:
        refuse_other_flags(arguments)
        folder = RunFolder(arguments.resume)
        config = folder.read_config()
    else:
        config = read_config(arguments)
        folder = RunFolder(arguments.output or f"runs/{config.model}_{config.dataset}")
        folder.require_new()
    if arguments.smoke:
        dataset = roads(folder.path / "scenes", {"train": 4, "val": 2}, (96, 128))
    else:
        dataset = build_dataset(config.dataset, config.data_dir)

    def build(input_shape):
        chosen = {"backbone": config.backbone, "backbone_options": config.backbone_options}
        options = {name: value for name, value in chosen.items() if value} | config.model_options
        return build_model(config.model, dataset.label_space.num_classes, input_shape, **options)

    state = train(config, build, dataset, Predictor, folder)
    best = max(state.history, key=lambda row: row.get("mean_iou", -1.0), default={})
    columns = ("run", "best epoch", "mean IoU", "pixel accuracy", "minutes")
    row = [folder.path, best.get("epoch", "-")]
    row += [f"{best[key]:.4f}" if key in best else "-" for key in ("mean_iou", "pixel_accuracy")]
    print_table("Training", columns, [[*row, f"{state.seconds / 60:.1f}"]])
    report = {"run": str(folder.path), "steps": state.step, "seconds": state.seconds, **best}
    write_json(folder.path / "report.json", report)
    write_json(arguments.json, report)
    return 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, help="a recipe, such as configs/NAME.py")
    parser.add_argument("--model", help=f"one of: {', '.join(list_models())}")
    parser.add_argument("--backbone", help="a backbone of that model")
    parser.add_argument("--dataset", help=f"one of: {', '.join(list_datasets())}")
    parser.add_argument("--data-dir", help="the folder that holds the data set")
    parser.add_argument("--crop-size", type=int, nargs=2, metavar=("H", "W"), help="in pixels")
    parser.add_argument("--batch-size", type=int, help="images per step")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--learning-rate", type=float, help="the highest one of the schedule")
    parser.add_argument("--seed", type=int, help="decides weights, order and augmentation")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="any other setting of TrainConfig; may be repeated")  # fmt: skip
    parser.add_argument("--output", type=Path, help="the run folder (default: runs/MODEL_DATASET)")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with this run folder")
    parser.add_argument("--smoke", action="store_true", help="a run of seconds on drawn scenes")
    parser.add_argument("--json", type=Path, help="write the printed numbers here too")
    return parser.parse_args(argv)


def read_config(arguments: argparse.Namespace) -> TrainConfig:
    """The recipe, then the flags, then --set, then --smoke."""
    config = TrainConfig()
    if arguments.config:
        if not arguments.config.is_file():
            raise FileNotFoundError(f"{arguments.config}: no such recipe. See the folder configs.")
        config = runpy.run_path(str(arguments.config))["config"]
    flags = ("model", "backbone", "dataset", "data_dir", "batch_size", "epochs", "learning_rate")
    flags += ("seed", "crop_size")
    given = {name: getattr(arguments, name) for name in flags}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.crop_size:
        given["crop_size"] = tuple(arguments.crop_size)
    config = override(dataclasses.replace(config, **given), arguments.set)
    if arguments.smoke:
        config = dataclasses.replace(config, **SMOKE)
    return config


def refuse_other_flags(arguments: argparse.Namespace) -> None:
    """Raises ValueError if --resume comes with flags that it would ignore."""
    given = [name for name, value in vars(arguments).items() if value not in (None, [], False)]
    others = [f"--{name.replace('_', '-')}" for name in given if name not in ("resume", "json")]
    if others:
        raise ValueError(
            f"--resume goes on with the settings of the run; got {', '.join(others)} too. Leave "
            f"them out, or start a new run."
        )


if __name__ == "__main__":
    sys.exit(main())
