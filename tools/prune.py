"""Makes a trained ICNet narrower in steps, with training after each, as its paper does.

    python tools/prune.py --model runs/icnet --ratio 0.5 --steps 2 --epochs 30

The full network (26.7 million weights on ResNet-50) becomes the released one (6.7 million) so.
Every step leaves a run folder of an ordinary ICNet, which all other commands take.
"""

import argparse
import dataclasses
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path

from seg_keras import build_model, load_model
from seg_keras.data.datasets import build_dataset
from seg_keras.inference import Predictor
from seg_keras.models import MODELS
from seg_keras.training import RunFolder, override, prune_channels, train
from seg_keras.training.setup import split_pairs
from seg_keras.training.validation import validate
from tools.cli import command, print_table, write_json
from tools.predictors import load_for_images


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Prunes and trains, and prints what each step cost in mean IoU."""
    arguments = parse(argv)
    config = RunFolder(arguments.model).read_config()
    widths = plan(config, arguments.ratio, arguments.steps)
    dataset = build_dataset(config.dataset, arguments.data_dir or config.data_dir)
    given = {"epochs": arguments.epochs, "initial_weights": None}
    config = override(dataclasses.replace(config, **given), arguments.set)

    pairs = split_pairs(config, dataset)[1]
    source = load_for_images(arguments.model, dataset.load(pairs[0])[0].shape[:2])
    first = validate(Predictor(source), dataset, pairs)["mean_iou"]
    rows = [{"run": str(arguments.model), "weights": source.count_params(), "mean_iou": first}]
    run = arguments.model
    for width in widths:
        previous = load_model(run)
        options = {**config.model_options, "width": width}

        def build(input_shape, previous=previous, options=options):
            builder = previous.builder
            known = {**builder["options"], **options}
            model = build_model(builder["name"], builder["num_classes"], input_shape, **known)
            prune_channels(previous, model)
            return model

        run = arguments.output / f"width_{width:g}"
        folder = RunFolder(run)
        folder.require_new()
        step = dataclasses.replace(config, model_options=options)
        score = train(step, build, dataset, Predictor, folder).best_mean_iou
        weights = load_model(run).count_params()
        rows.append({"run": str(run), "weights": weights, "mean_iou": score, "width": width})

    for row in rows:
        row["loss_of_mean_iou"] = first - row["mean_iou"]
    columns = ("run", "weights", "mean_iou", "loss_of_mean_iou")
    cells = [
        [row[name] if name in columns[:2] else f"{row[name]:.4f}" for name in columns]
        for row in rows
    ]
    print_table("Pruning", ("run", "weights", "mean IoU", "loss of mean IoU"), cells)
    write_json(arguments.json, {"steps": rows})
    return 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="RUN", help="run folder of a trained ICNet")
    add("--ratio", type=float, default=0.5, help="share of every layer's filters to remove")
    add("--steps", type=int, default=2, help="in how many steps, equal shares of the first width")
    add("--epochs", type=int, default=30, help="of training after each step")
    add("--data-dir", help="the folder that holds the data set (default: that of the run)")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="setting of TrainConfig")
    add("--output", type=Path, default=Path("runs/pruned"), help="where the steps' runs go")
    add("--json", type=Path, help="write the printed numbers here too")
    return parser.parse_args(argv)


def plan(config, ratio: float, steps: int) -> list[float]:
    """The width after each step; ValueError if the run or a number does not allow any."""
    if not 0 < ratio <= 0.9:
        nearest = min(max(ratio, 0.1), 0.9)
        raise ValueError(f"--ratio is {ratio}. Give 0 to 0.9, such as {nearest}.")
    if steps < 1:
        raise ValueError(f"--steps is {steps}. Give 1 or more.")
    parameters = inspect.signature(MODELS[config.model]).parameters
    if "width" not in parameters or config.model != "icnet":
        raise ValueError(f"{config.model} cannot be pruned. Give the run of an icnet.")
    width = config.model_options.get("width", parameters["width"].default)
    widths = [width * (1 - ratio * step / steps) for step in range(1, steps + 1)]
    for wanted in widths:
        if wanted * 8 % 1:
            nearest = min(max(1, round(wanted * 8)) / 8, width - 1 / 8)
            raise ValueError(
                f"--ratio {ratio} in {steps} steps asks for width {wanted:g} of an icnet, which "
                f"has widths in steps of 1/8. Nearest: {nearest:g}, a ratio of "
                f"{1 - nearest / width:g} in one step."
            )
    return widths


if __name__ == "__main__":
    sys.exit(main())
