"""Layers that say of themselves that int8 is not for them, and their operators in a graph."""

import re
from collections.abc import Iterable

import keras


def float_layers(model: keras.Model) -> list[str]:
    """Names of the layers with an attribute `needs_float` that is true: they stay in float32."""
    return [layer.name for layer in model.layers if getattr(layer, "needs_float", False)]


def is_part_of(operator: str, layers: Iterable[str]) -> bool:
    """Whether an operator, MODEL/LAYER/... by name, is part of one of these layers.

    Keras numbers the names of a model that is called again, as exporters do: LAYER_1.
    """
    return any(re.search(rf"/{re.escape(name)}(_\d+)?(/|$)", operator) for name in layers)
