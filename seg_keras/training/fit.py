"""Training as one straight function: from settings, a builder and a data set to a run folder."""

import dataclasses
import logging
import math
import time
from collections.abc import Callable

import keras
import numpy as np

from seg_keras.data.datasets import Dataset, Pair
from seg_keras.data.pipeline import TrainSamples, train_batches
from seg_keras.data.statistics import ClassCounts, count_classes
from seg_keras.data.weight_maps import BorderWeights
from seg_keras.training.config import TrainConfig
from seg_keras.training.edge_labels import edges_of
from seg_keras.training.losses import (
    build_class_weights,
    build_loss,
    targets_of,
    with_teacher,
)
from seg_keras.training.phases import Phase, plan_phases
from seg_keras.training.pictures import draw_curves, draw_samples
from seg_keras.training.progress import EventWriter, StepBar, stop_on_signal, track
from seg_keras.training.quantization import with_fake_quantization
from seg_keras.training.run_folder import RunFolder, RunState
from seg_keras.training.setup import (
    build_augmentation,
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
    build_teacher: Callable[[tuple[int, int, int]], keras.Model] | None = None,
) -> RunState:
    """Trains a model, or goes on with a run that stopped, until its last epoch.

    The folder holds the best model by validation mean IoU (averaged weights, at `input_size` or
    else the size of the first validation image) and the exact state after every epoch. Ctrl-C
    stops after the current step and saves the state too.

    Args:
        config: The settings.
        build: Gives a new model for an input shape (height, width, channels).
        dataset: Where the images and labels are.
        make_predict: Turns a model into a function from an image of any size to class ids.
        folder: Where the run is kept; its state decides where training starts.
        build_teacher: Gives a trained model for an input shape, whose logits are learned beside
            the labels; its loss weight is `output_weights["distillation"]`.

    Returns:
        The state at the end; its `step` is short of the last one after Ctrl-C.

    Raises:
        RuntimeError: If the loss is no longer a number.
        ValueError: If there is an `input_size` for a model that sees any image in tiles.
    """
    make_deterministic(config.seed, config.deterministic)
    train_pairs, val_pairs = split_pairs(config, dataset)
    with track("Checking labels", len(train_pairs)) as tracked:
        counts = count_classes(dataset, train_pairs, tracked)
    phases = plan_phases(config, len(train_pairs))
    image_shape = dataset.load(val_pairs[0])[0].shape
    scored = edges_of(dataset) if config.loss == "edges" else dataset
    steps = phases[-1].last_step
    state = folder.read_state()
    for phase in phases:
        if state.step >= phase.last_step:
            continue
        model, teacher = build_trained(
            config, (*phase.crop_size, image_shape[-1]), build, build_teacher
        )
        samples = build_samples(config, phase, dataset, train_pairs, model, counts)
        averaged = build(kept_shape(config, samples, image_shape))
        optimizer = build_optimizer(config, phases[0].steps_per_epoch, steps)
        compile_model(model, optimizer, build_loss(config, counts), config)
        folder.write_config(config, scored.label_space)  # not before everything fits together
        state = folder.load_state(model)
        log.info(
            "%d images of %dx%d pixels, steps %d to %d of %s",
            len(train_pairs), *phase.crop_size, state.step, phase.last_step, folder.path,
        )  # fmt: skip
        predict = make_predict(averaged)
        epoch_end = EpochEnd(config, model, averaged, predict, scored, val_pairs, folder)
        run_steps(model, samples, state, phase, epoch_end, teacher)
        if state.step < phase.last_step:
            folder.save_state(model, state)
            log.warning(
                "Stopped after step %d of %d; its state is saved. Go on with: "
                "python tools/train.py --resume %s",
                state.step,
                steps,
                folder.path,
            )
            break
    return state


def build_trained(
    config: TrainConfig, input_shape: tuple[int, int, int], build, build_teacher
) -> tuple[keras.Model, keras.Model | None]:
    """The model to train, in its precision, and its teacher if there is one."""
    with in_precision(config.mixed_precision):
        model = build(input_shape)
    teacher = build_teacher(input_shape) if build_teacher else None
    if teacher:
        model = with_teacher(model, teacher)
    if config.quantization_aware:
        model = with_fake_quantization(model)
    return model, teacher


def build_samples(
    config: TrainConfig,
    phase: Phase,
    dataset: Dataset,
    pairs: list[Pair],
    model: keras.Model,
    counts: ClassCounts,
) -> TrainSamples:
    """The samples of a phase, labelled at the size of the model's logits."""
    weigh = None
    if config.border_weight:
        weigh = BorderWeights(build_class_weights(config, counts), config.border_weight)
    return TrainSamples(
        dataset,
        pairs,
        phase.crop_size,
        build_augmentation(config),
        config.seed,
        model.output["logits"].shape[1:3],
        weigh,
    )


def kept_shape(
    config: TrainConfig, samples: TrainSamples, image_shape: tuple[int, int, int]
) -> tuple[int, int, int]:
    """The input shape of the model that is validated and kept."""
    channels = image_shape[-1]
    if samples.label_size == samples.crop_size:
        return (*(config.input_size or image_shape[:2]), channels)
    if config.input_size:
        raise ValueError(
            f"input_size is {config.input_size}, but {config.model} has logits smaller than its "
            "image and sees whole images in tiles of crop_size. Leave input_size out, or train a "
            "model that pads."
        )
    return (*samples.crop_size, channels)


def run_steps(
    model: keras.Model,
    samples: TrainSamples,
    state: RunState,
    phase: Phase,
    epoch_end: Callable[[RunState, int], None],
    teacher: keras.Model | None,
) -> None:
    """Trains from the state's step to the last one of a phase, or until a signal asks to stop."""
    batches = iter(train_batches(samples, phase.batch_size, phase.sample(state.step)))
    with (
        StepBar(phase.last_step, state.step, phase.batch_size) as bar,
        stop_on_signal() as stopped,
    ):
        while state.step < phase.last_step and not stopped:
            started = time.perf_counter()
            images, labels, *weights = next(batches)
            targets = targets_of(model, images, labels, teacher)
            loss = train_step(model, images, targets, *weights)
            if not math.isfinite(loss):
                raise RuntimeError(describe_nan(loss, state.step, model, samples, phase))
            state.losses.append(loss)
            state.step += 1
            state.seconds += time.perf_counter() - started
            epochs = phase.epochs(state.step)
            bar.advance(math.ceil(epochs), loss)
            if epochs == int(epochs):
                epoch_end(state, int(epochs))


def train_step(model: keras.Model, images, targets: dict, weights=None) -> float:
    """One step on one batch, each output compared with its target. Gives the loss.

    Args:
        model: Compiled.
        images: (B, H, W, C).
        targets: What each output is compared with.
        weights: Of each pixel in the loss of every output (B, H, W); None for all the same.
    """
    model.reset_metrics()  # Keras would go on with the mean over the steps before
    weights = None if weights is None else dict.fromkeys(targets, weights)
    done = model.train_on_batch(images, targets, sample_weight=weights, return_dict=True)
    return float(done["loss"])


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


def describe_nan(loss: float, step: int, model, samples: TrainSamples, phase: Phase) -> str:
    """Says where the loss was lost: step, learning rate, and the files of the batch."""
    first = phase.sample(step)
    files = ", ".join(str(samples.pair(first + i)[0]) for i in range(phase.batch_size))
    return (
        f"The loss is {loss} at step {step + 1} with learning rate "
        f"{float(model.optimizer.learning_rate):.3g}. Lower --learning-rate or clip_norm, or look "
        f"at the batch's files: {files}."
    )
