"""Quality against speed of trained models on a device: a table, and the picture of it.

    python tools/export.py --model runs/lraspp --precision float32
    python tools/export.py --model runs/lraspp --precision int8
    python benchmarks/quality_speed.py --run runs/lraspp runs/icnet --picture quality_speed.png

Each run folder holds both exported files. Their mean IoU is what the parity gate measured and wrote
into them, on labelled images; their speeds are measured here, all files taking turns.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from results import print_markdown

import seg_keras
from deploy.benchmark import benchmark
from deploy.runtimes.artifact import read_description
from seg_keras.data.whole_file import whole_file
from seg_keras.models.counting import count_macs, count_weights
from tools.cli import command, write_json

PRECISIONS = ("float32", "int8")
COLUMNS = (
    "", "weights", "multiply-adds", "mean IoU float32", "int8", "frames a second float32", "int8",
    "int8 file",
)  # fmt: skip


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Measures, prints a table and draws."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, nargs="+", required=True, help="run folders")
    parser.add_argument("--threads", type=int, help="CPU threads (default: as many as cores)")
    parser.add_argument("--runs", type=int, default=50, help="timed runs of each file")
    parser.add_argument("--picture", type=Path, help="draw a PNG")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(argv)
    models = [describe(run) for run in arguments.run]
    files = [model[precision]["file"] for model in models for precision in PRECISIONS]
    speeds = iter(benchmark(files, arguments.threads, arguments.runs))
    for model in models:
        for precision in PRECISIONS:
            model[precision]["frames_per_second"] = next(speeds)["frames_per_second"]
    print_markdown(COLUMNS, [row(model) for model in models])
    write_json(arguments.json, {"models": models})
    if arguments.picture:
        draw(arguments.picture, models)


def describe(run: Path) -> dict:
    """What a run folder's model costs and its files are worth, all but their speed.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file was checked without labels.
    """
    model = seg_keras.deployable(seg_keras.load_model(run))
    config = json.loads((run / "config.json").read_text())
    name = f"{config['model']} {config['backbone']}".strip()
    height, width = model.input_shape[1:3]
    report = {"name": name, "input_size": f"{height}x{width}"}
    report |= {"weights": count_weights(model), "macs": count_macs(model)}
    for precision in PRECISIONS:
        file = run / f"model_{precision}.tflite"
        mean_iou = read_description(file)["parity"].get("artifact_mean_iou")
        if mean_iou is None:
            raise ValueError(f"{file} was checked without labels. Export it with --data-dir.")
        report[precision] = {"file": str(file), "mean_iou": mean_iou}
    return report


def row(model: dict) -> tuple[str, ...]:
    """A model in the table."""
    exported = [model[precision] for precision in PRECISIONS]
    return (
        f"{model['name']}, {model['input_size']}",
        f"{model['weights'] / 1e6:.2f} M",
        f"{model['macs'] / 1e9:.2f} G",
        *(f"{100 * file['mean_iou']:.1f} %" for file in exported),
        *(f"{file['frames_per_second']:.0f}" for file in exported),
        f"{Path(model['int8']['file']).stat().st_size / 1e6:.1f} MB",
    )


def draw(path: Path, models: list[dict]) -> None:
    """Draws each model as a line from its float32 to its int8 file."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for index, model in enumerate(models):
        points = [model[precision] for precision in PRECISIONS]
        speed, quality = zip(
            *((point["frames_per_second"], 100 * point["mean_iou"]) for point in points),
            strict=True,
        )
        color = f"C{index}"
        axes.plot(speed, quality, color=color, lw=1, zorder=1)
        fills = ("white", color)
        axes.scatter(speed, quality, s=60, facecolor=fills, edgecolor=color, lw=1.5, zorder=2)
        axes.annotate(
            f"{model['name']}\n"
            f"{model['weights'] / 1e6:.2g} M weights, {model['macs'] / 1e9:.2g} G MACs",
            (speed[-1], quality[-1]),
            (8, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    for precision, fill in zip(PRECISIONS, ("white", "gray"), strict=True):
        axes.scatter([], [], s=60, facecolor=fill, edgecolor="gray", label=precision)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.margins(x=0.3, y=0.15)
    axes.set_xlabel("frames a second")
    axes.set_ylabel("mean IoU, %")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left")
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=120)


if __name__ == "__main__":
    sys.exit(main())
