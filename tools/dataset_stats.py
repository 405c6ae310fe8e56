"""The subcommand `stats` of tools/dataset.py: how frequent the classes of a split are."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import track

from seg_keras import list_datasets
from seg_keras.data.charts import draw_class_shares
from seg_keras.data.datasets import build_dataset
from seg_keras.data.statistics import ClassCounts, count_classes
from seg_keras.losses import enet_weights, median_frequency_weights
from tools.cli import print_table, write_json

COLUMNS = {  # key in the report: title and form in the table
    "pixels": ("pixels", "{}"),
    "pixel_share": ("of the pixels", "{:.3%}"),
    "image_share": ("in images", "{:.1%}"),
    "median_frequency": ("median frequency", "{:.4f}"),
    "enet": ("ENet weight", "{:.4f}"),
}


def add_stats_command(subparsers: argparse._SubParsersAction) -> None:
    """Adds `stats`; the parsed arguments have its function as `run`."""
    parser = subparsers.add_parser(
        "stats",
        help="count the pixels of each class",
        description="Counts the pixels of each class of a split, and gives the class weights of "
        "median frequency balancing and of ENet.",
    )
    parser.add_argument("--dataset", required=True, help=f"one of: {', '.join(list_datasets())}")
    parser.add_argument("--data-dir", type=Path, help="the folder that holds it")
    parser.add_argument("--split", default="train", help="which split (default: train)")
    parser.add_argument("--chart", type=Path, help="draw the shares of the classes to this PNG")
    parser.add_argument("--json", type=Path, help="write the printed numbers here too")
    parser.set_defaults(run=run_stats)


def run_stats(arguments: argparse.Namespace) -> None:
    """Counts, prints one row per class, and draws the chart."""
    dataset = build_dataset(arguments.dataset, arguments.data_dir)
    pairs, space = dataset.list_pairs(arguments.split), dataset.label_space

    def progress(items):
        return track(items, "Reading", len(pairs), console=Console(stderr=True))

    counts = count_classes(dataset, pairs, progress)
    rows = class_rows(counts, space.names, len(pairs))
    cells = [
        (row["name"], *(form.format(row[key]) for key, (_, form) in COLUMNS.items()))
        for row in rows
    ]
    title = f"{len(pairs)} images of {dataset.name} {arguments.split}"
    print_table(title, ("class", *(title for title, _ in COLUMNS.values())), cells)
    if arguments.chart:
        draw_class_shares(arguments.chart, counts, space, len(pairs))
    write_json(arguments.json, {"images": len(pairs), "per_class": rows})


def class_rows(counts: ClassCounts, names: tuple[str, ...], images: int) -> list[dict]:
    """One row of numbers per class."""
    columns = {
        "pixels": counts.pixels,
        "pixel_share": counts.pixels / max(1, counts.pixels.sum()),
        "image_share": counts.images / images,
        "median_frequency": median_frequency_weights(counts.pixels, counts.pixels_of_images),
        "enet": enet_weights(counts.pixels),
    }
    return [
        {"name": name} | {key: values[index].item() for key, values in columns.items()}
        for index, name in enumerate(names)
    ]
