"""Looks after a data set: what is wrong with it, how frequent its classes are, what it looks like.

    python tools/dataset.py doctor --dataset folder --data-dir mine --fix mine_repaired
    python tools/dataset.py stats --dataset camvid --data-dir CamVid --chart classes.png
    python tools/dataset.py show --dataset camvid --data-dir CamVid --output page.jpg
    python tools/dataset.py shard --dataset camvid --data-dir CamVid --output shards

The doctor reads every pair, and ends with exit code 2 where a training would be wrong.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from seg_keras import list_datasets
from seg_keras.data.charts import label_page
from seg_keras.data.datasets import build_dataset
from seg_keras.data.doctor import examine
from seg_keras.data.pictures import write_jpeg, write_png
from seg_keras.data.repair import check_target, repair
from tools.cli import DONE, USAGE, command, print_table, write_json
from tools.dataset_report import print_findings, print_repair, report_of
from tools.dataset_shard import add_shard_command
from tools.dataset_stats import add_stats_command


@command
def main(argv: Sequence[str] | None = None) -> int | None:
    arguments = parse(argv)
    return arguments.run(arguments)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    doctor = commands.add_parser("doctor", help="find what would spoil a training")
    doctor.add_argument("--fix", type=Path, metavar="FOLDER", help="write a repaired copy here")
    doctor.set_defaults(run=run_doctor)
    add_stats_command(commands)
    show = commands.add_parser("show", help="make a page of images with their labels")
    show.add_argument("--split", default="train", help="which split (default: train)")
    show.add_argument("--count", type=int, default=8, help="how many images, evenly spread")
    show.add_argument("--output", type=Path, required=True, help="the JPEG or PNG to write")
    show.set_defaults(run=run_show)
    for each in (doctor, show):
        each.add_argument("--dataset", required=True, help=f"one of: {', '.join(list_datasets())}")
        each.add_argument("--data-dir", type=Path, help="the folder that holds it")
        each.add_argument("--json", type=Path, help="write the report to this file too")
    add_shard_command(commands)
    return parser.parse_args(argv)


def run_doctor(arguments: argparse.Namespace) -> int:
    """Prints what is wrong, and writes a repaired copy if asked to."""
    dataset = build_dataset(arguments.dataset, arguments.data_dir)
    if arguments.fix:
        check_target(dataset, arguments.data_dir, arguments.fix)
    diagnosis = examine(dataset, tracker("Reading"))
    print_findings(dataset.name, diagnosis)
    report = report_of(diagnosis)
    if arguments.fix:
        target = arguments.fix
        written = repair(dataset, diagnosis, arguments.data_dir, target, tracker("Writing"))
        report["repair"] = print_repair(target, written)
    write_json(arguments.json, report)
    return USAGE if diagnosis.spoils_training else DONE


def run_show(arguments: argparse.Namespace) -> None:
    """Writes the page and prints which images it shows."""
    if arguments.count < 1:
        raise ValueError(f"--count is {arguments.count}. Give 1 or more.")
    dataset = build_dataset(arguments.dataset, arguments.data_dir)
    pairs = dataset.list_pairs(arguments.split)
    count = min(arguments.count, len(pairs))
    chosen = np.linspace(0, len(pairs) - 1, count).round().astype(int)
    page = label_page([dataset.load(pairs[index]) for index in chosen], dataset.label_space)
    write = write_png if arguments.output.suffix.lower() == ".png" else write_jpeg
    write(arguments.output, page)
    names = [str(pairs[index][0]) for index in chosen]
    print_table(f"Shown in {arguments.output}", ("image",), [(name,) for name in names])
    write_json(arguments.json, {"images": names})


def tracker(title: str):
    """Wraps an iterable of so many items with a progress bar."""
    return lambda items, total: track(items, title, total, console=Console(stderr=True))


if __name__ == "__main__":
    sys.exit(main())
