"""What every format is made of: a graph from one uint8 frame to classes, and a description.

`tf.argmax` converts, `keras.ops.argmax` does not; logits are resized before the decision, as the
model does it: no other tail of the graph is faster.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version

import keras
import numpy as np
import tensorflow as tf

from deploy.export.float32 import to_float32
from deploy.runtimes.artifact import FRAME_CONTRACT
from deploy.runtimes.base import fit_frame


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Raises a ValueError that lists the choices unless the value is one."""
    if value not in choices:
        raise ValueError(f"Unknown {name} {value!r}. Choose one of: {', '.join(choices)}.")


def check_model(model: keras.Model, classes: list[str]) -> None:
    """Refuses a model whose size is open, that takes no RGB, or that has other classes.

    Raises:
        ValueError: With what the model has, what is expected and what to do.
    """
    height, width, channels = model.input_shape[1:]
    if None in (height, width):
        raise ValueError(
            f"The model takes images of any size ({height}x{width}), an artifact only of one. "
            f"Build it at a fixed size: load_model(path, input_shape=(height, width, 3))."
        )
    if channels != 3:
        raise ValueError(f"An artifact takes RGB frames, but the model takes {channels} channels.")
    num_classes = model.output["logits"].shape[-1]
    expected = max(num_classes, 2)  # one logit tells class 1 from class 0
    if len(classes) != expected:
        raise ValueError(
            f"A model with {num_classes} logits a pixel has {expected} classes, but "
            f"{len(classes)} names are given ({', '.join(classes)}). Take the names of the run "
            f"that trained it."
        )


def check_images(precision: str, calibrated: tuple[str, ...], images: Iterable | None) -> None:
    """Raises a ValueError unless there are images exactly where a precision is calibrated."""
    if (precision in calibrated) != (images is not None):
        raise ValueError(
            f"Precision {' and '.join(calibrated)} need calibration images, the others take none; "
            f"got precision {precision!r} {'without' if images is None else 'with'} images."
        )


def margin_of(model: keras.Model) -> tuple[int, int]:
    """The (height, width) in pixels that the logits are smaller by on each side."""
    sizes = zip(model.input_shape[1:3], model.output["logits"].shape[1:3], strict=True)
    return tuple((outer - inner) // 2 for outer, inner in sizes)


def describe(
    given: dict,
    model: keras.Model,
    output_kind: str,
    quantization: dict,
    libraries: tuple[str, ...],
) -> dict:
    """Adds to what the caller told what the exporter knows; see `deploy.runtimes.artifact`.

    The caller's `calibration` tells how the images were chosen, and goes into `quantization`.
    """
    given = dict(given)
    calibration = given.pop("calibration", None)
    if calibration is not None:
        quantization |= {"calibration": {**calibration, "added": ["black", "white"]}}
    return {
        **FRAME_CONTRACT,
        **given,
        "input_size": list(model.input_shape[1:3]),
        "margin": list(margin_of(model)),
        "output_kind": output_kind,
        "quantization": quantization,
        "libraries": {name: version(name) for name in libraries},
    }


def serving_function(model: keras.Model, output_kind: str) -> Callable[[tf.Tensor], dict]:
    """Gives a function from an image (B, H, W, 3) of any type to the outputs of a kind, by name."""
    model = to_float32(model)

    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        logits = model(tf.cast(image, tf.float32), training=False)["logits"]
        if output_kind == "logits":
            return {"logits": logits}
        if logits.shape[-1] == 1:
            # A zero before the logit: ARG_MAX decides class 1 above it. An int8 GREATER takes an
            # exact 0 for more than 0 where the step of the logits is above 1.
            logits = tf.pad(logits, [[0, 0], [0, 0], [0, 0], [1, 0]])
        classes = tf.argmax(logits, axis=-1, output_type=tf.int32)
        outputs = {"classes": tf.cast(classes, tf.uint8)}
        if output_kind == "argmax+confidence":
            # The softmax of (0, logit) is the sigmoid, so one logit needs no case of its own.
            outputs["confidence"] = tf.reduce_max(tf.nn.softmax(logits), axis=-1)
        return outputs

    return serve


def calibration_inputs(model: keras.Model, images: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yields what the graph takes, uint8 (1, H, W, 3), for each image, for black and for white.

    The last two make the range of the input the true one, whatever the images show.
    """
    size = model.input_shape[1:3]
    for image in images:
        yield fit_frame(image, size, margin_of(model))
    for value in (0, 255):
        yield np.full((1, *size, 3), value, "uint8")
