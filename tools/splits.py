"""What `--dataset`, `--data-dir`, `--split` and `--limit` choose: labelled images."""

import argparse
from pathlib import Path

from seg_keras.data.datasets import Dataset, Pair, build_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that choose labelled images."""
    parser.add_argument("--dataset", help="name of the data set (default: that of the run)")
    parser.add_argument("--data-dir", type=Path, help="its folder (default: that of the run)")
    parser.add_argument("--split", default="val", help="which of its splits (default: val)")
    parser.add_argument("--limit", type=int, help="only so many images, the first ones")


def open_split(args: argparse.Namespace, run_config: dict) -> tuple[Dataset, list[Pair]]:
    """Opens the data set of the flags, or else the one of a run, and lists its pairs.

    Args:
        args: The parsed flags.
        run_config: What the run's `config.json` holds; may be empty.

    Raises:
        OSError, ValueError: If there is no such data set or split, or no image in it.
    """
    name = args.dataset or run_config.get("dataset")
    if name is None:
        raise ValueError("The model does not tell its data set. Give --dataset and --data-dir.")
    # Another data set than the run's does not lie in the run's folder.
    own_folder = run_config.get("data_dir") if name == run_config.get("dataset") else None
    dataset = build_dataset(name, args.data_dir or own_folder)
    if args.split not in dataset.splits:
        raise ValueError(
            f"{name} has no split {args.split!r}. Choose one of: {', '.join(dataset.splits)}."
        )
    if args.limit is not None and args.limit < 1:
        raise ValueError(f"--limit is {args.limit}. Give 1 or more.")
    pairs = list(dataset.list_pairs(args.split))[: args.limit]
    if not pairs:
        raise ValueError(f"The split {args.split!r} of {name} is empty. Give another --split.")
    return dataset, pairs
