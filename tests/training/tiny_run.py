"""A training of seconds that tests start, kill and resume in processes of their own.

python tiny_run.py RUN_FOLDER DATA_FOLDER [die_at_step]
"""

import os
import signal
import sys

import keras
from keras import layers

from seg_keras.data.datasets import build_dataset
from seg_keras.training import RunFolder, TrainConfig, fit, train

CONFIG = TrainConfig(
    dataset="camvid", crop_size=(32, 40), batch_size=2, epochs=3, learning_rate=1e-2,
    warmup_epochs=0.5, class_weights="median_frequency", seed=7,
)  # fmt: skip


def build(input_shape):
    """A model with everything that has state: batch norm, dropout, a second output."""
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="features")(x)
    x = layers.BatchNormalization(momentum=0.9, name="bn")(x)
    x = layers.Dropout(0.2, name="dropout")(layers.ReLU()(x))
    logits = layers.Conv2D(11, 1, name="classifier")(x)
    return keras.Model(inputs, {"logits": logits, "aux": layers.Conv2D(11, 1, name="aux")(x)})


def make_predict(model):
    return lambda image: model(image[None])["logits"][0].numpy().argmax(-1).astype("uint8")


def start(run, data, step_hook=None):
    """Trains in `run`; `step_hook(step)` is called before each step."""
    folder = RunFolder(run)
    dataset = build_dataset("camvid", data)
    if step_hook:
        plain, count = fit.train_step, iter(range(10**6))

        def hooked(*arguments):
            step_hook(next(count))
            return plain(*arguments)

        fit.train_step = hooked
    return train(CONFIG, build, dataset, make_predict, folder)


if __name__ == "__main__":
    die_at = int(sys.argv[3]) if len(sys.argv) > 3 else None
    kind = getattr(signal, sys.argv[4]) if len(sys.argv) > 4 else signal.SIGKILL
    start(
        sys.argv[1],
        sys.argv[2],
        lambda step: os.kill(os.getpid(), kind) if step == die_at else None,
    )
