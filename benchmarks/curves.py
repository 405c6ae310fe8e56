"""The curves of several training runs in one picture.

    python benchmarks/curves.py --run runs/unet runs/segnet_basic --picture curves.png

Losses are drawn as shares of that of the first epoch, because runs add up different ones.
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from seg_keras.data.whole_file import whole_file
from tools.cli import command


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Draws loss and validation mean IoU over the epochs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, nargs="+", required=True, help="run folders")
    parser.add_argument("--picture", type=Path, required=True, help="the PNG to draw")
    args = parser.parse_args(argv)
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    loss_axes, score_axes = figure.subplots(1, 2)
    for run in args.run:
        name, rows = read_curve(run)
        loss_axes.plot(*points(rows, "loss"), label=name)
        epochs, scores = points(rows, "mean_iou")
        score_axes.plot(epochs, [100 * score for score in scores], marker="o", label=name)
    loss_axes.set_ylabel("training loss over the first epoch's")
    score_axes.set_ylabel("validation mean IoU, %")
    for axes in (loss_axes, score_axes):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    score_axes.legend(frameon=False, loc="lower right")
    with whole_file(args.picture) as partial:
        figure.savefig(partial, format="png", dpi=120)


def read_curve(run: Path) -> tuple[str, list[dict]]:
    """The name of a run's model, and its epochs, their losses as shares of the first.

    Raises:
        FileNotFoundError: If the run has no metrics yet.
    """
    config = json.loads((run / "config.json").read_text())
    with (run / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    first = float(rows[0]["loss"])
    for row in rows:
        row["loss"] = float(row["loss"]) / first
    return f"{config['model']} {config['backbone']}".strip(), rows


def points(rows: list[dict], column: str) -> tuple[list[int], list[float]]:
    """Epochs and values, where a column has any."""
    told = [(int(row["epoch"]), float(row[column])) for row in rows if row[column] != ""]
    epochs, values = zip(*told, strict=True)
    return list(epochs), list(values)


if __name__ == "__main__":
    sys.exit(main())
