"""The losses that settings name, and the targets they are compared with."""

import inspect

import keras
import numpy as np

from seg_keras.data.statistics import ClassCounts
from seg_keras.losses import (
    BalancedEdgeCrossEntropy,
    BceDiceLoss,
    BootstrappedCrossEntropy,
    DiceLoss,
    DistillationLoss,
    FocalLoss,
    GeneralizedDiceLoss,
    LossSum,
    LovaszHingeLoss,
    LovaszSoftmaxLoss,
    OhemCrossEntropy,
    PixelCrossEntropy,
    TverskyLoss,
    enet_weights,
    median_frequency_weights,
)
from seg_keras.training.config import TrainConfig

LOSSES = {
    "bce_dice": BceDiceLoss,
    "bootstrapped": BootstrappedCrossEntropy,
    "cross_entropy": PixelCrossEntropy,
    "dice": DiceLoss,
    "edges": BalancedEdgeCrossEntropy,
    "focal": FocalLoss,
    "generalized_dice": GeneralizedDiceLoss,
    "lovasz": LovaszSoftmaxLoss,
    "lovasz_hinge": LovaszHingeLoss,
    "ohem": OhemCrossEntropy,
    "tversky": TverskyLoss,
}
DISTILLATION = "distillation"  # the second name of a student's logits, compared with its teacher's


def build_loss(config: TrainConfig, counts: ClassCounts) -> keras.losses.Loss:
    """The loss that the settings name: one of `LOSSES`, or several joined by "+", added.

    Class weights go to each of them that takes any, `loss_options` to a loss that stands alone.
    """
    names = config.loss.split("+")
    unknown = [name for name in names if name not in LOSSES]
    if unknown:
        raise ValueError(
            f"Unknown loss {unknown[0]!r}. Choose one of: {', '.join(LOSSES)}; or several, added: "
            f"cross_entropy+dice."
        )
    if config.loss_options and len(names) > 1:
        raise ValueError(
            f"loss_options are of one loss, but {config.loss} is {len(names)}. Leave them out."
        )
    losses = [_build(name, config, counts) for name in names]
    return losses[0] if len(losses) == 1 else LossSum(losses)


def _build(name: str, config: TrainConfig, counts: ClassCounts) -> keras.losses.Loss:
    known = inspect.signature(LOSSES[name]).parameters
    unknown = [option for option in config.loss_options if option not in known]
    if unknown:
        raise ValueError(
            f"{name} has no option {', '.join(unknown)}. Its loss_options: {', '.join(known)}."
        )
    options = dict(config.loss_options)
    if "class_weights" in known and not config.border_weight:  # they are in the weights of pixels
        options["class_weights"] = build_class_weights(config, counts)
    return LOSSES[name](**options)


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


def losses_of_outputs(model: keras.Model, loss: keras.losses.Loss) -> dict:
    """For each output of a model what it is trained with: its own kind of loss, or `loss`."""
    special = {"boundary": BalancedEdgeCrossEntropy(), DISTILLATION: DistillationLoss()}
    return {name: special.get(name, loss) for name in model.output}


def with_teacher(model: keras.Model, teacher: keras.Model) -> keras.Model:
    """The same model with its logits under a second name, for a teacher's logits as their target.

    Raises:
        ValueError: If the teacher's logits have another shape.
    """
    theirs, ours = (network.output["logits"].shape[1:] for network in (teacher, model))
    if theirs != ours:
        raise ValueError(
            f"The teacher's logits are {theirs}, the model's {ours}. Give a teacher that was "
            f"trained on the same classes."
        )
    outputs = {**model.output, DISTILLATION: model.output["logits"]}
    return keras.Model(model.input, outputs, name=model.name)


def targets_of(model: keras.Model, images, labels, teacher: keras.Model | None) -> dict:
    """What each output is compared with: the labels, or the teacher's logits of the images."""
    targets = dict.fromkeys(model.output, labels)
    if teacher is not None:
        targets[DISTILLATION] = teacher.predict_on_batch(images)["logits"]
    return targets
