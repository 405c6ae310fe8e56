"""How well a trained `hed` finds the borders of classes, beside a Sobel filter.

    python benchmarks/edges.py --model runs/hed --picture edges.png

Both are scored at the threshold that suits them best, over the whole split at its own resolution.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from results import print_markdown
from rich.progress import track

from seg_keras.data.whole_file import whole_file
from seg_keras.metrics import best_edge_f1
from seg_keras.training.edge_labels import edges_of
from tools import splits
from tools.cli import command, write_json
from tools.predictors import load_for_images, read_run_config

DRAWN = 3


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Scores both, prints a table and draws some images."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="run folder of a hed")
    splits.add_arguments(parser)
    parser.add_argument("--tolerance", type=float, default=4.0, help="pixels (default: 4)")
    parser.add_argument("--picture", type=Path, help="draw some images and their edges to a PNG")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)
    dataset, pairs = splits.open_split(args, read_run_config(args.model))
    dataset = edges_of(dataset)
    model = load_for_images(args.model, dataset.load(pairs[0])[0].shape[:2])
    images, labels, found = [], [], {"hed": [], "Sobel": []}
    for pair in track(pairs, "Finding edges"):
        image, label = dataset.load(pair)
        images.append(image)
        labels.append(label)
        logits = model.predict_on_batch(image[None].astype("float32"))["logits"]
        found["hed"].append(1 / (1 + np.exp(-logits[0, ..., 0])))
        found["Sobel"].append(sobel(image))
    scores = {name: best_edge_f1(maps, labels, args.tolerance) for name, maps in found.items()}
    rows = [
        (name, *(f"{100 * score[key]:.1f} %" for key in ("f1", "precision", "recall")))
        for name, score in scores.items()
    ]
    print_markdown(("", f"F1 at {args.tolerance:g} px", "precision", "recall"), rows)
    write_json(args.json, {"tolerance": args.tolerance, "images": len(images), **scores})
    if args.picture:
        draw(args.picture, images, labels, found)


def sobel(image: np.ndarray) -> np.ndarray:
    """The steepness of the brightness of an image (H, W, 3), in [0, 1]."""
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype("float32")
    steepness = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    return steepness / steepness.max()


def draw(path: Path, images: list, labels: list, found: dict[str, list]) -> None:
    """Draws evenly chosen images, the true edges and what each detector finds."""
    chosen = np.linspace(0, len(images) - 1, min(DRAWN, len(images))).round().astype(int)
    columns = {"image": images, "label": [label == 1 for label in labels], **found}
    figure = Figure(figsize=(12, 2.4 * len(chosen)), layout="constrained")
    axes = figure.subplots(len(chosen), len(columns), squeeze=False)
    for row, index in zip(axes, chosen, strict=True):
        for axis, (name, maps) in zip(row, columns.items(), strict=True):
            axis.imshow(maps[index], cmap="gray_r")
            axis.set_title(name, fontsize=10)
            axis.set_axis_off()
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=100)


if __name__ == "__main__":
    sys.exit(main())
