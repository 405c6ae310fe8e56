"""Turning settings into the parts of a run: split, loss, optimizer, compiled model."""

import contextlib
import fnmatch

import keras
import numpy as np

from seg_keras.data.datasets import Dataset, Pair
from seg_keras.data.statistics import ClassCounts
from seg_keras.losses import (
    BalancedEdgeCrossEntropy,
    DiceLoss,
    LossSum,
    PixelCrossEntropy,
    enet_weights,
    median_frequency_weights,
)
from seg_keras.training.config import TrainConfig
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


@contextlib.contextmanager
def in_precision(policy: str):
    """Lets the models built inside compute in `policy`, such as "mixed_bfloat16"."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def build_loss(config: TrainConfig, counts: ClassCounts) -> keras.losses.Loss:
    """The loss that the settings name; class weights belong to its cross entropy."""
    if config.loss == "cross_entropy":
        return PixelCrossEntropy(build_class_weights(config, counts))
    if config.loss == "cross_entropy+dice":
        return LossSum([PixelCrossEntropy(build_class_weights(config, counts)), DiceLoss()])
    raise ValueError(
        f"Unknown loss {config.loss!r}. Choose one of: cross_entropy, cross_entropy+dice."
    )


def build_class_weights(config: TrainConfig, counts: ClassCounts) -> np.ndarray | None:
    """One weight per class, as the settings ask, from the pixels of the training split."""
    kind, _, offset = config.class_weights.partition("_")
    if config.class_weights == "none":
        return None
    if config.class_weights == "median_frequency":
        return median_frequency_weights(counts.pixels, counts.pixels_of_images)
    if kind == "enet":
        return enet_weights(counts.pixels, float(offset or 1.02))
    raise ValueError(
        f"Unknown class_weights {config.class_weights!r}. Choose one of: none, "
        f"median_frequency, enet, or enet_1.1 for another offset than 1.02."
    )


def build_optimizer(config: TrainConfig, steps_per_epoch: int) -> keras.Optimizer:
    """The optimizer with its schedule, clipping, decay and weight average."""
    schedule = WarmupSchedule(
        config.learning_rate,
        config.schedule,
        config.epochs * steps_per_epoch,
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
    """Compiles a model whose every output is compared with the same labels, or their edges."""
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
        loss={
            name: BalancedEdgeCrossEntropy() if name == "boundary" else loss
            for name in model.output
        },
        loss_weights={name: config.output_weights.get(name, 1.0) for name in model.output},
        jit_compile=False if on_cpu else "auto",
    )
    # Built inside of the first step, its variables would have the step traced twice.
    optimizer.build(model.trainable_variables)
