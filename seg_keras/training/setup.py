"""Turning settings into the parts of a run: split, optimizer, compiled model."""

import contextlib
import dataclasses
import fnmatch

import keras

from seg_keras.data.augment import Augmentation
from seg_keras.data.datasets import Dataset, Pair
from seg_keras.training.config import TrainConfig
from seg_keras.training.losses import losses_of_outputs
from seg_keras.training.schedules import WarmupSchedule


def make_deterministic(seed: int, deterministic: bool) -> None:
    """Seeds Keras, NumPy and Python, and asks the backend for repeatable sums."""
    keras.utils.set_random_seed(seed)
    if deterministic and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def split_pairs(config: TrainConfig, dataset: Dataset) -> tuple[list[Pair], list[Pair]]:
    """The pairs to train on and to validate on.

    With `hold_out`, training images of that name pattern are validated on instead of the
    validation split, so that a recipe can be judged on a place that it has not seen.
    """
    pairs = dataset.list_pairs(config.train_split)
    if not config.hold_out:
        return pairs, dataset.list_pairs(config.val_split)
    held_out = [pair for pair in pairs if fnmatch.fnmatch(pair[0].name, config.hold_out)]
    if not held_out or len(held_out) == len(pairs):
        raise ValueError(
            f"hold_out={config.hold_out!r} matches {len(held_out)} of {len(pairs)} images of the "
            f"split {config.train_split!r}. Give a pattern that matches some, such as '0001TP_*'."
        )
    return [pair for pair in pairs if pair not in held_out], held_out


def build_augmentation(config: TrainConfig) -> Augmentation:
    """The augmentation that the settings describe."""
    options = {
        name: getattr(config, name) for name in ("scale_range", "flip", "jitter", "blur")
    } | config.augmentation
    known = [field.name for field in dataclasses.fields(Augmentation)]
    unknown = [name for name in options if name not in known]
    if unknown:
        raise ValueError(
            f"augmentation has no option {', '.join(unknown)}. Choose from: {', '.join(known)}."
        )
    return Augmentation(**options)


@contextlib.contextmanager
def in_precision(policy: str):
    """Lets the models built inside compute in `policy`, such as "mixed_bfloat16"."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def build_optimizer(
    config: TrainConfig, steps_per_epoch: int, steps: int | None = None
) -> keras.Optimizer:
    """The optimizer with its schedule, clipping, decay and weight average.

    Args:
        config: The settings.
        steps_per_epoch: While the learning rate rises.
        steps: Length of the run; None where every epoch has as many steps.
    """
    schedule = WarmupSchedule(
        config.learning_rate,
        config.schedule,
        steps or config.epochs * steps_per_epoch,
        round(config.warmup_epochs * steps_per_epoch),
    )
    options = {
        "global_clipnorm": config.clip_norm or None,
        "use_ema": config.ema_momentum > 0,
        "ema_momentum": config.ema_momentum,
        "weight_decay": config.weight_decay or None,
    }
    if config.optimizer == "adamw":
        options["weight_decay"] = config.weight_decay
        optimizer = keras.optimizers.AdamW(schedule, **options)
    elif config.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(schedule, momentum=0.9, **options)
    else:
        raise ValueError(f"Unknown optimizer {config.optimizer!r}. Choose one of: adamw, sgd.")
    if config.weight_decay:  # shrinking a batch norm or a bias regularises nothing
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def compile_model(
    model: keras.Model,
    optimizer: keras.Optimizer,
    loss: keras.losses.Loss,
    config: TrainConfig,
) -> None:
    """Compiles a model whose every output gets the loss of its kind and its weight."""
    unknown = [name for name in config.output_weights if name not in model.output]
    if unknown:
        raise ValueError(
            f"output_weights names {', '.join(unknown)}, but {model.name} gives "
            f"{', '.join(model.output)}."
        )
    # XLA is several times slower than plain TensorFlow on a CPU; elsewhere Keras chooses.
    on_cpu = keras.backend.backend() == "tensorflow" and not keras.distribution.list_devices("gpu")
    model.compile(
        optimizer,
        loss=losses_of_outputs(model, loss),
        loss_weights={name: config.output_weights.get(name, 1.0) for name in model.output},
        jit_compile=False if on_cpu else "auto",
    )
    # Built inside of the first step, its variables would have the step traced twice.
    optimizer.build(model.trainable_variables)
