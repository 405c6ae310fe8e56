"""Scores a model on a split of a data set, at the labels' own resolution.

python tools/evaluate.py --model RUN --split val
python tools/evaluate.py --model model_int8.tflite --dataset camvid --data-dir CamVid
python tools/evaluate.py --model runs/unet_isbi2012 --cells
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from seg_keras.data.datasets import Dataset, Pair
from seg_keras.data.read_ahead import read_ahead
from seg_keras.metrics import CONVENTIONS, BoundaryF1, ConfusionMatrix, RandError
from tools import predictors, splits
from tools.cli import command, write_json
from tools.evaluate_report import complete, show
from tools.predictors import OpenModel


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    predictors.add_arguments(parser)
    splits.add_arguments(parser)
    parser.add_argument(
        "--convention",
        choices=CONVENTIONS,
        default="cityscapes",
        help="how absent classes and predictions of no class count (default: cityscapes)",
    )
    parser.add_argument("--boundary", action="store_true", help="score the boundaries too (F1)")
    parser.add_argument(
        "--cells",
        action="store_true",
        help="score cells too, which class 0 lies between: pixel error and Rand error",
    )
    parser.add_argument("--json", type=Path, help="write the report to this file too")
    return parser.parse_args(argv)


@command
def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv)
    dataset, pairs = splits.open_split(args, predictors.read_run_config(args.model))
    # At the size of the data nothing is scaled, and the score is that of the model alone.
    data_size = dataset.load(pairs[0])[0].shape[:2]
    with predictors.open_model(args, data_size) as model:
        check_classes(args.model, model, dataset)
        report = score(model, dataset, pairs, args.convention, args.boundary, args.cells)
    height, width = model.input_size
    report["convention"]["resolution"] = (
        f"labels at their own size; the model saw {height}x{width} pixels, mode {model.mode}"
    )
    report |= {"model": str(args.model), "dataset": dataset.name, "split": args.split}
    show(report)
    write_json(args.json, report)


def check_classes(path: Path, model: OpenModel, dataset: Dataset) -> None:
    """Raises unless the model predicts the classes of the data set, in their order."""
    wanted = dataset.label_space.names
    names = model.label_space.names if model.label_space else None
    if model.num_classes != len(wanted) or names not in (None, wanted):
        raise ValueError(
            f"{path} predicts {model.num_classes} classes ({', '.join(names or ['unnamed'])}), but "
            f"{dataset.name} has {len(wanted)} ({', '.join(wanted)}). Give the data set that the "
            f"model was trained on."
        )


def score(
    model: OpenModel,
    dataset: Dataset,
    pairs: Sequence[Pair],
    convention: str = "cityscapes",
    boundary: bool = False,
    cells: bool = False,
) -> dict:
    """The report of all pairs, its classes with their names."""
    num_classes = dataset.label_space.num_classes
    matrix = ConfusionMatrix(num_classes, **CONVENTIONS[convention])
    boundaries = BoundaryF1(num_classes) if boundary else None
    rand = RandError() if cells else None
    start = time.perf_counter()
    loaded = zip(pairs, read_ahead(dataset.load, pairs), strict=True)
    for pair, (image, labels) in track(
        loaded, "Evaluating", len(pairs), console=Console(stderr=True)
    ):
        classes = model.predict(image)
        matrix.update(labels, classes)
        if boundaries:
            boundaries.update(labels, classes)
        if rand:
            read_instances = dataset.read_instances
            rand.update(labels, classes, read_instances(pair) if read_instances else None)
    report = matrix.result() | {"images": len(pairs), "seconds": time.perf_counter() - start}
    return complete(report, dataset.label_space.names, boundaries, rand)


if __name__ == "__main__":
    raise SystemExit(main())
