"""The subcommand `shard` of tools/dataset.py: a data set packed into a few large files."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import track

from seg_keras import list_datasets
from seg_keras.data.datasets import build_dataset
from seg_keras.data.shards import write_shards
from tools.cli import print_table, write_json


def add_shard_command(subparsers: argparse._SubParsersAction) -> None:
    """Adds `shard`; the parsed arguments have its function as `run`."""
    parser = subparsers.add_parser(
        "shard",
        help="pack a data set into TFRecord shards",
        description="Packs splits of a data set into TFRecord shards. Train on them with "
        "--dataset shards --data-dir FOLDER.",
    )
    parser.add_argument("--dataset", required=True, help=f"one of: {', '.join(list_datasets())}")
    parser.add_argument("--data-dir", type=Path, help="the folder that holds it")
    parser.add_argument("--split", action="append", help="may be repeated (default: train, val)")
    parser.add_argument("--output", type=Path, required=True, help="the folder of the shards")
    parser.add_argument("--shard-mb", type=float, default=256, help="size of a shard in megabytes")
    parser.add_argument("--json", type=Path, help="write the printed numbers here too")
    parser.set_defaults(run=run_shard)


def run_shard(arguments: argparse.Namespace) -> None:
    """Writes the shards and prints one row per split."""
    if arguments.shard_mb <= 0:
        raise ValueError(f"--shard-mb is {arguments.shard_mb}. Give a positive number.")
    dataset = build_dataset(arguments.dataset, arguments.data_dir)
    splits = arguments.split or [split for split in ("train", "val") if split in dataset.splits]
    for split in splits:
        dataset.list_pairs(split)  # tells a wrong one before the first is packed
    report = {}
    for split in splits:

        def progress(samples, count, split=split):
            return track(samples, f"Packing {split}", count, console=Console(stderr=True))

        report[split] = write_shards(dataset, split, arguments.output, arguments.shard_mb, progress)
    rows = [
        (split, row["samples"], row["shards"], f"{row['megabytes']:.1f}")
        for split, row in report.items()
    ]
    title = f"{arguments.dataset} in {arguments.output}"
    print_table(title, ("split", "samples", "shards", "megabytes"), rows)
    write_json(arguments.json, report)
