"""The gate: an artifact is good when it decides as its Keras model does, on real frames.

Two figures count. Agreement is the share of pixels, at the artifact's input size, where both
decide the same class; it needs no labels. Where labels are at hand, both class maps go back to
the size of the frame and are scored against them: the difference in mean IoU is what the
disagreement costs.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from deploy.export.float32 import to_float32
from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import write_description
from deploy.runtimes.base import Runtime, fit_classes, fit_frame, to_classes

MIN_AGREEMENT = {"float32": 0.999, "float16": 0.995, "int8": 0.97}
MAX_LOST_POINTS = 1.0  # of mean IoU in percent

Sample = tuple[np.ndarray, np.ndarray | None]


def gate(path: Path, model: keras.Model, samples: Iterable[Sample]) -> dict:
    """Checks an artifact, writes the verdict into its description, and returns the verdict.

    Args:
        path: The artifact.
        model: The Keras model that it was made from, of the same input size.
        samples: As `check_parity` takes them.

    Raises:
        ValueError: If there are no samples, or the model is of another input size.
    """
    runtime = load_runtime(path)
    try:
        verdict = check_parity(runtime, model, samples)
    finally:
        runtime.close()
    write_description(path, {**runtime.description, "parity": verdict})
    return verdict


def check_parity(runtime: Runtime, model: keras.Model, samples: Iterable[Sample]) -> dict:
    """Compares an artifact with the Keras model that it was made from.

    Args:
        runtime: The artifact, opened.
        model: The Keras model, of the same input size, with the output "logits"; it is run in
            float32, however it was trained.
        samples: Frames, uint8 RGB (H, W, 3) of any size, each with its labels (H, W) or None.

    Returns:
        The verdict. `images`, `labelled_images`: how many; `agreement`, `min_agreement`: shares
        of pixels; `mean_iou_with_keras`: the artifact's, with the Keras classes as the truth;
        `keras_mean_iou`, `artifact_mean_iou`: over the labelled images; `lost_points`,
        `max_lost_points`: of mean IoU in percent; `passed`; and `summary`, the same in words.
        Without labels no points are judged, and those four figures are None.

    Raises:
        ValueError: If there are no samples, or the model is of another input size.
    """
    num_classes = len(runtime.description["classes"])
    with_keras = np.zeros((num_classes, num_classes + 1), "int64")
    of_keras, of_artifact = with_keras.copy(), with_keras.copy()
    images = labelled_images = 0
    for labels, expected, classes in _decide(runtime, model, samples):
        images += 1
        with_keras += _confusion(expected, classes, num_classes)
        if labels is not None:
            labelled_images += 1
            of_keras += _confusion(labels, fit_classes(expected, labels.shape), num_classes)
            of_artifact += _confusion(labels, fit_classes(classes, labels.shape), num_classes)
    if images == 0:
        raise ValueError("There are no images to check the artifact on. Give at least one.")
    return _judge(
        {
            "images": images,
            "labelled_images": labelled_images,
            "agreement": float(with_keras.trace() / with_keras.sum()),
            "min_agreement": MIN_AGREEMENT[runtime.description["quantization"]["precision"]],
            "mean_iou_with_keras": _mean_iou(with_keras),
            "keras_mean_iou": _mean_iou(of_keras) if labelled_images else None,
            "artifact_mean_iou": _mean_iou(of_artifact) if labelled_images else None,
        }
    )


def _decide(
    runtime: Runtime, model: keras.Model, samples: Iterable[Sample]
) -> Iterator[tuple[np.ndarray | None, np.ndarray, np.ndarray]]:
    """Yields (labels, Keras's classes, the artifact's classes) of each sample."""
    if tuple(model.input_shape[1:3]) != tuple(runtime.input_size):
        raise ValueError(
            f"The artifact takes images of {tuple(runtime.input_size)} pixels, the model of "
            f"{tuple(model.input_shape[1:3])}. Give the model that the artifact was made from."
        )
    model = to_float32(model)
    # A concrete function: a second check in one process is no retracing to be warned of.
    to_logits = tf.function(
        lambda image: model(image, training=False)["logits"]
    ).get_concrete_function(tf.TensorSpec((1, *model.input_shape[1:])))
    for frame, labels in samples:
        image = fit_frame(frame, runtime.input_size)
        logits = to_logits(tf.constant(image, tf.float32)).numpy()
        yield labels, to_classes(logits), to_classes(runtime.run(image))


def _confusion(labels: np.ndarray, classes: np.ndarray, num_classes: int) -> np.ndarray:
    """Counts pixels (label, class); the last column takes classes that there are not."""
    counted = labels < num_classes  # the ignored label is above
    pairs = labels[counted].astype("int64") * (num_classes + 1)
    pairs += np.minimum(classes[counted], num_classes)
    count = np.bincount(pairs, minlength=num_classes * (num_classes + 1))
    return count.reshape(num_classes, num_classes + 1)


def _mean_iou(confusion: np.ndarray) -> float:
    """Mean IoU over the classes that occur in the labels.

    Were a class that is only decided counted too, a single pixel of it could cost an artifact
    the IoU of a whole class that its model was not asked for.
    """
    hits, pixels = confusion.diagonal(), confusion.sum(axis=1)
    union = pixels + confusion[:, :-1].sum(axis=0) - hits
    return float(np.mean(hits[pixels > 0] / union[pixels > 0]))


def _judge(figures: dict) -> dict:
    """Completes the figures to a verdict."""
    agreement, limit = figures["agreement"], figures["min_agreement"]
    passed = agreement >= limit
    summary = (
        f"{agreement:.3%} of the pixels agree with Keras on {figures['images']} images "
        f"(at least {limit:.1%})"
    )
    lost_points = None
    if figures["labelled_images"]:
        lost_points = 100 * (figures["keras_mean_iou"] - figures["artifact_mean_iou"])
        passed = passed and lost_points <= MAX_LOST_POINTS
        summary += f", {lost_points:.2f} points of mean IoU are lost (at most {MAX_LOST_POINTS})"
    else:
        summary += ", points of mean IoU are not judged without labels"
    return {
        **figures,
        "lost_points": lost_points,
        "max_lost_points": None if lost_points is None else MAX_LOST_POINTS,
        "passed": bool(passed),
        "summary": f"{'passed' if passed else 'refused'}: {summary}",
    }
