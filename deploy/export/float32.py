"""A model that was trained in mixed precision has float32 weights: it is deployed in float32.

Its layers would convert to half-precision operators, for which TensorFlow Lite has no kernels;
float16 and int8 are made of the float32 graph, by the exporters.
"""

import keras


def to_float32(model: keras.Model) -> keras.Model:
    """Gives the model with every layer computing in float32, itself if it does already."""
    if all(layer.compute_dtype == "float32" for layer in model.layers):
        return model
    copy = keras.models.clone_model(model, clone_function=_clone, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def _clone(operation: keras.Operation) -> keras.Operation:
    config = operation.get_config()
    if isinstance(operation, keras.Layer):  # others, such as an indexing, follow their inputs
        config["dtype"] = "float32"
    return type(operation).from_config(config)
