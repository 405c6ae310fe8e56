"""The pipeline works while the step does."""

import dataclasses
import time

from seg_keras.data.augment import Augmentation
from seg_keras.data.datasets import build_dataset
from seg_keras.data.pipeline import TrainSamples, train_batches
from seg_keras.training.setup import make_deterministic


def test_batches_are_loaded_ahead_also_where_results_must_repeat(camvid_folder):
    loaded = []
    dataset = build_dataset("camvid", camvid_folder)

    def read(pair):
        loaded.append(pair)
        return dataset.read(pair)

    recorded = dataclasses.replace(dataset, read=read)
    samples = TrainSamples(recorded, dataset.list_pairs("train"), (8, 8), Augmentation(), 0)
    make_deterministic(0, True)
    batches = iter(train_batches(samples, 2))
    next(batches)
    deadline = time.monotonic() + 20
    while len(loaded) < 7 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(loaded) >= 7  # the first one, the next two, and one for the shape
