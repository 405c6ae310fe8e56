"""Counts of a model under the short names that the tests of counts use."""

from collections.abc import Callable

import keras

from seg_keras.models.counting import count_macs as macs
from seg_keras.models.counting import count_weights as trainable
from seg_keras.models.counting import shape_only

__all__ = ["count_of", "macs", "shape_only", "trainable"]


def count_of(build: Callable[[], keras.Model]) -> int:
    """Trainable weights of what `build` gives, whose variables get no memory."""
    return trainable(shape_only(build))
