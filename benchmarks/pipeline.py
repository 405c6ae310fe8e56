"""Whether data keeps up with training: images a second of the pipeline and of the training step.

    python benchmarks/pipeline.py
    python benchmarks/pipeline.py --config configs/deeplab_v3_plus_camvid.py --data-dir CamVid

Both run by themselves, one after the other, several times; the medians are compared. The pipeline
reads files, so the first round also fills the system's file cache.
"""

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from seg_keras.data.datasets import build_dataset
from seg_keras.data.pipeline import TrainSamples, train_batches
from seg_keras.data.statistics import count_classes
from seg_keras.training.fit import train_step
from seg_keras.training.losses import build_loss, targets_of
from seg_keras.training.setup import (
    build_augmentation,
    build_optimizer,
    compile_model,
    in_precision,
)
from tools.cli import command, print_table, write_json
from tools.recipes import add_arguments, build_untrained, read_config

STEPS_PER_ROUND = {"pipeline": 20, "training step": 3}


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args(argv)
    config = read_config(arguments)
    dataset = build_dataset(config.dataset, config.data_dir)
    pairs = dataset.list_pairs(config.train_split)
    augmentation = build_augmentation(config)
    samples = TrainSamples(dataset, pairs, config.crop_size, augmentation, config.seed)
    batches = iter(train_batches(samples, config.batch_size))
    images, labels = next(batches)

    with in_precision(config.mixed_precision):
        model = build_untrained(config, dataset.label_space.num_classes, (*config.crop_size, 3))
    loss = build_loss(config, count_classes(dataset, pairs))
    compile_model(model, build_optimizer(config, 100), loss, config)
    batch = images, targets_of(model, images, labels, None)
    train_step(model, *batch)  # traces the graph

    work = {"pipeline": lambda: next(batches), "training step": lambda: train_step(model, *batch)}
    rates = {name: [] for name in work}
    for _, name in itertools.product(range(arguments.rounds), work):
        started = time.perf_counter()
        for _ in range(STEPS_PER_ROUND[name]):
            work[name]()
        images = STEPS_PER_ROUND[name] * config.batch_size
        rates[name].append(images / (time.perf_counter() - started))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    ratio = medians["pipeline"] / medians["training step"]
    rows = [(name, f"{value:.1f}") for name, value in medians.items()]
    print_table("Images a second", ("", "median"), [*rows, ("ratio", f"{ratio:.1f}")])
    write_json(arguments.json, {"images_per_second": medians, "ratio": ratio})


if __name__ == "__main__":
    sys.exit(main())
