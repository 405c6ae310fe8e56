"""Refines a model's predictions with a fully-connected CRF, and tells what that changes.

    python tools/refine.py --model runs/road --split val
    python tools/refine.py --model runs/road --search 10 --set bilateral_xy=40 --picture refined.png

A CRF moves outlines to edges of the image. It helps most where logits are coarse, and costs about
a second an image, so it is for annotation and for offline work rather than for the live loop.
"""

import argparse
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from seg_keras.data.datasets import Dataset, Pair
from seg_keras.inference import DenseCRF, Predictor, RefinedPredictor, search_crf
from seg_keras.inference.refined import classes_of, probabilities_of
from seg_keras.metrics import BoundaryF1, ConfusionMatrix
from seg_keras.training.config import override
from seg_keras.training.pictures import draw_samples
from tools import splits
from tools.cli import command, print_table, write_json
from tools.predictors import load_for_images, read_run_config


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="run folder or .keras file")
    splits.add_arguments(parser)
    names = ", ".join(field.name for field in dataclasses.fields(DenseCRF))
    set_help = f"a parameter of the CRF: {names}"
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=set_help)
    search_help = "choose weight and widths on N images of the split, which are then not scored"
    parser.add_argument("--search", type=int, default=0, metavar="N", help=search_help)
    parser.add_argument("--picture", type=Path, help="draw four images before and after to a PNG")
    parser.add_argument("--json", type=Path, help="write the printed numbers here too")
    return parser.parse_args(argv)


@command
def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv)
    crf = override(DenseCRF(), args.set)
    dataset, pairs = splits.open_split(args, read_run_config(args.model))
    if not 0 <= args.search < len(pairs):
        raise ValueError(f"--search is {args.search} of {len(pairs)} images. Leave some to score.")
    predictor = Predictor(load_for_images(args.model, dataset.load(pairs[0])[0].shape[:2]))
    if args.search:
        chosen = np.linspace(0, len(pairs) - 1, args.search).round().astype(int)
        crf = search(crf, predictor, dataset, [pairs[index] for index in chosen])
        pairs = [pair for index, pair in enumerate(pairs) if index not in chosen]

    refined = RefinedPredictor(predictor, crf)
    before = score("Before", predictor, dataset, pairs)
    after = score("After", refined, dataset, pairs)
    print_table(
        f"{args.model} on {dataset.name} {args.split}, {len(pairs)} images",
        ("", "mean IoU", "boundary F1", "s / image"),
        [
            (name, f"{100 * x['mean_iou']:.2f} %", f"{100 * x['boundary_f1']:.2f} %", x["seconds"])
            for name, x in (("before", before), ("after", after))
        ],
    )
    print(f"{crf}")
    write_json(args.json, {"before": before, "after": after, "crf": dataclasses.asdict(crf)})
    if args.picture:
        shown = [pairs[i] for i in np.unique(np.linspace(0, len(pairs) - 1, 4).round().astype(int))]
        rows = [(*pair, predictor(pair[0]), refined(pair[0])) for pair in map(dataset.load, shown)]
        draw_samples(args.picture, rows, dataset.label_space, ("Image", "Truth", "Model", "CRF"))


def search(crf: DenseCRF, predictor: Predictor, dataset: Dataset, pairs: list[Pair]) -> DenseCRF:
    """The parameters whose refined classes of these images have the highest mean IoU."""
    loaded = [dataset.load(pair) for pair in pairs]
    seen = [(image, label, probabilities_of(predictor.logits(image))) for image, label in loaded]
    console = Console(stderr=True)

    def mean_iou(candidate: DenseCRF) -> float:
        matrix = ConfusionMatrix(dataset.label_space.num_classes)
        for image, label, probabilities in seen:
            matrix.update(label, classes_of(candidate(image, probabilities)))
        found = matrix.result()["mean_iou"]
        console.print(f"{100 * found:.2f} % with {candidate}", highlight=False)
        return found

    return search_crf(mean_iou, crf)


def score(title: str, predict, dataset: Dataset, pairs: list[Pair]) -> dict:
    """Mean IoU, mean boundary F1 and the seconds an image takes."""
    num_classes = dataset.label_space.num_classes
    matrix, boundaries, seconds = ConfusionMatrix(num_classes), BoundaryF1(num_classes), []
    for pair in track(pairs, title, console=Console(stderr=True)):
        image, label = dataset.load(pair)
        started = time.perf_counter()
        classes = predict(image)
        seconds.append(time.perf_counter() - started)
        matrix.update(label, classes)
        boundaries.update(label, classes)
    return {
        "mean_iou": matrix.result()["mean_iou"],
        "boundary_f1": boundaries.result()["mean_boundary_f1"],
        "seconds": round(float(np.median(seconds)), 3),
    }


if __name__ == "__main__":
    raise SystemExit(main())
