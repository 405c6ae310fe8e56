"""The functional model that remembers how it was built, so that it can be built at another size."""

import keras


@keras.saving.register_keras_serializable("seg_keras")
class SegmentationModel(keras.Model):
    """A functional `keras.Model` with a note of the builder's call that made it.

    Args:
        inputs: As in `keras.Model`.
        outputs: As in `keras.Model`: a dict of logits, `"logits"` first.
        name: As in `keras.Model`.
        builder: `{"name", "num_classes", "input_shape", "options"}` of `build_model`.
    """

    # `builder` is keyword-only: Keras writes the graph itself into a saved file only for classes
    # with the positional arguments of its own functional model.
    def __init__(self, inputs, outputs, name=None, *, builder: dict | None = None, **kwargs):
        super().__init__(inputs, outputs, name=name, **kwargs)
        self._builder = builder

    @property
    def builder(self) -> dict | None:
        """The call of `build_model` that made this model."""
        return self._builder

    def get_config(self):
        return {**super().get_config(), "builder": self._builder}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        builder = config.pop("builder")
        model = super().from_config(config, custom_objects=custom_objects)
        model._builder = builder
        return model


def deployable(model: keras.Model) -> keras.Model:
    """The same weights with `"logits"` as the only output: what is counted and served."""
    return SegmentationModel(
        model.input,
        {"logits": model.output["logits"]},
        name=model.name,
        builder=getattr(model, "builder", None),
    )


def transfer_weights(source: keras.Model, target: keras.Model) -> list[str]:
    """Copies the weights of every layer that both models have, by name.

    Args:
        source: A trained model.
        target: Gets its weights; may have another size, another class count or further outputs.

    Returns:
        The names of the target's layers that keep their own weights, because the source has no
        such layer or one of other shapes (a classifier of other classes, for one).

    Raises:
        ValueError: If not a single layer fits.
    """
    kept, copied = [], 0
    known = {layer.name: layer for layer in source.layers if layer.weights}
    for layer in target.layers:
        if not layer.weights:
            continue
        weights = known[layer.name].get_weights() if layer.name in known else []
        if [w.shape for w in weights] == [tuple(w.shape) for w in layer.weights]:
            layer.set_weights(weights)
            copied += 1
        else:
            kept.append(layer.name)
    if not copied:
        raise ValueError(
            f"No layer of {source.name} fits {target.name}. Start from the weights of the same "
            f"architecture, or from none."
        )
    return kept
