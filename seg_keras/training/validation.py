"""Scoring a model while it trains: with averaged weights, on whole images."""

from collections.abc import Callable, Iterable

import keras
import numpy as np

from seg_keras.data.datasets import Dataset, Pair
from seg_keras.metrics import ConfusionMatrix

Predict = Callable[[np.ndarray], np.ndarray]  # image uint8 (H, W, C) to class ids (H, W)


def validate(predict: Predict, dataset: Dataset, pairs: Iterable[Pair]) -> dict:
    """Scores predictions at the resolution of the labels; see `ConfusionMatrix.result`."""
    matrix = ConfusionMatrix(dataset.label_space.num_classes)
    for pair in pairs:
        image, label = dataset.load(pair)
        matrix.update(label, predict(image))
    return matrix.result()


def copy_averaged_weights(model: keras.Model, averaged: keras.Model) -> None:
    """Gives a model of another size the trained weights, averaged over the steps if so asked.

    They are told by their paths: the graph that is trained may have further variables.

    Raises:
        ValueError: If the two do not name their layers equally.
    """
    targets = {variable.path: variable for variable in averaged.weights}
    unknown = [v.path for v in model.trainable_variables if v.path not in targets]
    if unknown:
        raise ValueError(
            f"The model for validation has no {', '.join(unknown[:3])}. Give every layer with "
            "weights a name, so that it is the same at each size."
        )
    for variable in model.weights:
        if variable.path in targets:
            targets[variable.path].assign(variable)
    if model.optimizer.use_ema:
        trained = [targets[variable.path] for variable in model.trainable_variables]
        model.optimizer.finalize_variable_values(trained)
