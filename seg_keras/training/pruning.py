"""Channel pruning: a narrow network starts with the strongest filters of a wide one.

Reference: Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017, section 3,
https://arxiv.org/abs/1608.08710; ICNet compresses itself so (Zhao et al., ECCV 2018, section 4.4,
https://arxiv.org/abs/1704.08545), in steps with training after each.
"""

import collections

import keras
import numpy as np
from keras import layers


def prune_channels(source: keras.Model, target: keras.Model) -> None:
    """Copies into a narrower model the filters whose weights have the largest L1 norm.

    Maps that are added must lose the same channels: their convolutions are judged together, by
    the sum of their norms.

    Args:
        source: A trained functional model.
        target: The same layers, some with fewer channels. Layers that only it has (the heads of
            its further outputs, if the source is without) keep their weights.

    Raises:
        ValueError: If the target is wider somewhere, or a layer joins maps in a way that does not
            tell which channels belong together.
    """
    groups = channel_groups(source)
    kept = strongest_channels(source, target, groups)
    for layer in source.layers:
        if not layer.weights:
            continue
        group_in, group_out = groups[layer.name]
        weights = layer.get_weights()
        if isinstance(layer, layers.Conv2D):
            weights[0] = weights[0][:, :, kept.get(group_in, slice(None))]
        if isinstance(layer, layers.DepthwiseConv2D):
            weights[0] = weights[0][:, :, kept[group_out]]
            weights[1:] = [w[kept[group_out]] for w in weights[1:]]
        else:  # the channels that a layer gives are the last axis of all its weights
            weights = [w[..., kept[group_out]] for w in weights]
        target.get_layer(layer.name).set_weights(weights)


def channel_groups(model: keras.Model) -> dict[str, tuple[int, int]]:
    """Numbers for each layer the channels that it is given and those that it gives.

    Two layers with the same number share their channels, by an addition or one after the other.
    """
    parents: list[int] = []

    def root(group):
        while parents[group] != group:
            group = parents[group]
        return group

    of_tensor, ends = {}, {}
    for layer in model.layers:
        inputs = [of_tensor[id(x)] for x in keras.tree.flatten(layer.input) if id(x) in of_tensor]
        if isinstance(layer, layers.Conv2D | layers.InputLayer):
            given = len(parents)
            parents.append(given)
        elif len(inputs) == 1 or isinstance(layer, layers.Add | layers.Multiply):
            given = root(inputs[0])
            for group in inputs[1:]:
                parents[root(group)] = given
        else:
            raise ValueError(
                f"{layer.name} is a {type(layer).__name__}, which channel pruning cannot follow. "
                f"Prune a model that joins its maps by additions, such as icnet."
            )
        of_tensor[id(layer.output)] = given
        ends[layer.name] = (inputs[0] if inputs else given, given)
    return {name: (root(first), root(last)) for name, (first, last) in ends.items()}


def strongest_channels(
    source: keras.Model, target: keras.Model, groups: dict[str, tuple[int, int]]
) -> dict[int, np.ndarray]:
    """For each group that a convolution makes, the indices of the channels to keep, ascending."""
    norms, counts = collections.defaultdict(float), {}
    for layer in source.layers:
        if isinstance(layer, layers.Conv2D):
            group = groups[layer.name][1]
            norms[group] = norms[group] + np.abs(layer.get_weights()[0]).sum(axis=(0, 1, 2))
            counts[group] = target.get_layer(layer.name).filters
            if counts[group] > layer.filters:
                raise ValueError(
                    f"{layer.name} has {layer.filters} filters, but {counts[group]} in the model "
                    f"to prune to. Give a narrower model."
                )
    # Stable, so that equal filters stay in their order on every machine.
    ranked = {group: np.argsort(-norm, kind="stable") for group, norm in norms.items()}
    return {group: np.sort(order[: counts[group]]) for group, order in ranked.items()}
