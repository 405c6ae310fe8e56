"""Training as one straight function: from settings, a builder and a data set to a run folder."""

import dataclasses
import logging
import math
import time
from collections.abc import Callable

import keras
import numpy as np

from seg_keras.data.augment import Augmentation
from seg_keras.data.datasets import Dataset, Pair
from seg_keras.data.pipeline import TrainSamples, train_batches
from seg_keras.data.statistics import count_classes
from seg_keras.training.config import TrainConfig
from seg_keras.training.pictures import draw_curves, draw_samples
from seg_keras.training.progress import EventWriter, StepBar, stop_on_signal, track
from seg_keras.training.run_folder import RunFolder, RunState
from seg_keras.training.setup import (
    build_loss,
    build_optimizer,
    compile_model,
    in_precision,
    make_deterministic,
    split_pairs,
)
from seg_keras.training.validation import Predict, copy_averaged_weights, validate

log = logging.getLogger(__name__)


def train(
    config: TrainConfig,
    build: Callable[[tuple[int, int, int]], keras.Model],
    dataset: Dataset,
    make_predict: Callable[[keras.Model], Predict],
    folder: RunFolder,
) -> RunState:
    """Trains a model, or goes on with a run that stopped, until its last epoch.

    The folder holds the best model by validation mean IoU (averaged weights, at the size of the
    first validation image) and the exact state after every epoch. Ctrl-C stops after the
    current step and saves the state too.

    Args:
        config: The settings.
        build: Gives a new model for an input shape (height, width, channels).
        dataset: Where the images and labels are.
        make_predict: Turns a model into a function from an image of any size to class ids.
        folder: Where the run is kept; its state decides where training starts.

    Returns:
        The state at the end; its `step` is short of the last one after Ctrl-C.

    Raises:
        RuntimeError: If the loss is no longer a number.
    """
    make_deterministic(config.seed, config.deterministic)
    train_pairs, val_pairs = split_pairs(config, dataset)
    with track("Checking labels", len(train_pairs)) as tracked:
        counts = count_classes(dataset, train_pairs, tracked)
    augmentation = Augmentation(config.scale_range, config.flip, config.jitter, config.blur)
    samples = TrainSamples(dataset, train_pairs, config.crop_size, augmentation, config.seed)
    steps_per_epoch = max(1, len(train_pairs) // config.batch_size)
    last_step = config.epochs * steps_per_epoch

    image_shape = dataset.load(val_pairs[0])[0].shape
    with in_precision(config.mixed_precision):
        model = build((*config.crop_size, image_shape[-1]))
    averaged = build(image_shape)
    compile_model(
        model, build_optimizer(config, steps_per_epoch), build_loss(config, counts), config
    )
    folder.write_config(config, dataset.label_space)  # not before everything fits together
    state = folder.load_state(model)
    log.info(
        "%d images, steps %d to %d of %s", len(train_pairs), state.step, last_step, folder.path
    )

    epoch_end = EpochEnd(
        config, model, averaged, make_predict(averaged), dataset, val_pairs, folder
    )
    run_steps(model, samples, state, config, steps_per_epoch, epoch_end)
    if state.step < last_step:
        folder.save_state(model, state)
        log.warning(
            "Stopped after step %d of %d; its state is saved. Go on with: "
            "python tools/train.py --resume %s",
            state.step,
            last_step,
            folder.path,
        )
    return state


def run_steps(
    model: keras.Model,
    samples: TrainSamples,
    state: RunState,
    config: TrainConfig,
    steps_per_epoch: int,
    epoch_end: Callable[[RunState, int], None],
) -> None:
    """Trains from the state's step to the last one, or until a signal asks to stop."""
    last_step = config.epochs * steps_per_epoch
    batches = iter(train_batches(samples, config.batch_size, state.step))
    with StepBar(last_step, state.step, config.batch_size) as bar, stop_on_signal() as stopped:
        while state.step < last_step and not stopped:
            started = time.perf_counter()
            images, labels = next(batches)
            loss = train_step(model, images, labels)
            if not math.isfinite(loss):
                raise RuntimeError(describe_nan(loss, state.step, model, samples, config))
            state.losses.append(loss)
            state.step += 1
            state.seconds += time.perf_counter() - started
            bar.advance(math.ceil(state.step / steps_per_epoch), loss)
            if state.step % steps_per_epoch == 0:
                epoch_end(state, state.step // steps_per_epoch)


def train_step(model: keras.Model, images, labels) -> float:
    """One step on one batch; every output is compared with the same labels. Gives the loss."""
    model.reset_metrics()  # Keras would go on with the mean over the steps before
    targets = dict.fromkeys(model.output, labels)
    return float(model.train_on_batch(images, targets, return_dict=True)["loss"])


@dataclasses.dataclass
class EpochEnd:
    """What happens when an epoch is done: validate, keep the best, draw, save the state."""

    config: TrainConfig
    model: keras.Model
    averaged: keras.Model
    predict: Predict
    dataset: Dataset
    val_pairs: list[Pair]
    folder: RunFolder

    def __post_init__(self):
        self.events = EventWriter(self.folder.path / "events")

    def __call__(self, state: RunState, epoch: int) -> None:
        row = {
            "epoch": epoch,
            "loss": float(np.mean(state.losses)),
            "learning_rate": float(self.model.optimizer.learning_rate),
        }
        if epoch % self.config.validate_every == 0 or epoch == self.config.epochs:
            row |= self.validate(state)
        state.history.append(row | {"seconds": round(state.seconds, 1)})
        state.losses = []
        draw_curves(self.folder.path / "curves.png", state.history)
        self.events.write(epoch, row)
        self.folder.save_state(self.model, state)
        log.info(" ".join(f"{name} {value:.4g}" for name, value in row.items()))

    def validate(self, state: RunState) -> dict:
        """Scores the averaged weights, keeps them if they are the best, and shows four images."""
        copy_averaged_weights(self.model, self.averaged)
        with track("Validating", len(self.val_pairs)) as tracked:
            report = validate(self.predict, self.dataset, tracked(self.val_pairs))
        if report["mean_iou"] > state.best_mean_iou:
            state.best_mean_iou = report["mean_iou"]
            self.folder.save_model(self.averaged)
        chosen = np.linspace(0, len(self.val_pairs) - 1, 4).round().astype(int)
        rows = [self.dataset.load(self.val_pairs[index]) for index in dict.fromkeys(chosen)]
        rows = [(image, label, self.predict(image)) for image, label in rows]
        draw_samples(self.folder.path / "samples.png", rows, self.dataset.label_space)
        return {name: report[name] for name in ("mean_iou", "pixel_accuracy")}


def describe_nan(loss: float, step: int, model, samples: TrainSamples, config: TrainConfig) -> str:
    """Says where the loss was lost: step, learning rate, and the files of the batch."""
    first = step * config.batch_size
    files = ", ".join(str(samples.pair(first + i)[0]) for i in range(config.batch_size))
    return (
        f"The loss is {loss} at step {step + 1} with learning rate "
        f"{float(model.optimizer.learning_rate):.3g}. Lower --learning-rate or clip_norm, or look "
        f"at the batch's files: {files}."
    )
