"""The gate: an artifact is good when it decides as its reference does, on real frames.

Two figures count. Agreement is the share of pixels, at the artifact's input size, where both
decide the same class; it needs no labels. Where labels are at hand, both class maps go back to
the size of the frame and are scored against them: the difference in mean IoU is what the
disagreement costs. The other figures help to find out what is wrong.

The reference of a .tflite or .onnx file is its Keras model; that of a TensorRT engine is the
float32 .onnx file, itself proved, because TensorRT and TensorFlow must not share a process.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import numpy as np

from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import write_description
from deploy.runtimes.base import Runtime, fit_classes, fit_frame, to_classes

MIN_AGREEMENT = {"float32": 0.999, "float16": 0.995, "dynamic": 0.97, "int8": 0.97, "int16": 0.99}
MAX_LOST_POINTS = 1.0  # of mean IoU in percent

# A name, the frame uint8 RGB (H, W, 3) of any size, and its labels (H, W) or None.
Sample = tuple[str, np.ndarray, np.ndarray | None]
Score = Callable[[np.ndarray, np.ndarray], float]


class Reference(Protocol):
    """What decides rightly: a Keras model, or another artifact.

    Attributes:
        input_size: The (height, width) in pixels that it takes.
    """

    input_size: tuple[int, int]

    def run(self, image: np.ndarray) -> np.ndarray:
        """Maps a uint8 image (1, h, w, 3) to class ids (1, h, w) or float32 logits (1, h, w, C)."""


def gate(
    path: Path,
    reference: Reference,
    samples: Iterable[Sample],
    boundary_score: Score | None = None,
) -> dict:
    """Checks an artifact, writes the verdict into its description, and returns the verdict.

    Args:
        path: The artifact.
        reference: What it was made from, of the same input size.
        samples: As `check_parity` takes them.
        boundary_score: As `check_parity` takes it.

    Raises:
        ValueError: If there are no samples, or the reference is of another input size.
    """
    runtime = load_runtime(path)
    try:
        verdict = check_parity(runtime, reference, samples, boundary_score)
    finally:
        runtime.close()
    write_description(path, {**runtime.description, "parity": verdict})
    return verdict


def check_parity(
    runtime: Runtime,
    reference: Reference,
    samples: Iterable[Sample],
    boundary_score: Score | None = None,
) -> dict:
    """Compares an artifact with what it was made from, or with another artifact.

    Args:
        runtime: The artifact, opened.
        reference: What decides rightly.
        samples: Frames with or without labels.
        boundary_score: From labels and class ids (H, W) of an image to how well the boundaries
            fit, in [0, 1] or NaN where there are none; None to leave it out.

    Returns:
        The verdict. `images`, `labelled_images`: how many; `agreement`, `min_agreement`: shares
        of pixels; `worst_image`, `worst_agreement`: of the image that agrees least;
        `mean_iou_with_reference`: the artifact's, with the classes of the reference as the truth;
        `reference_mean_iou`, `artifact_mean_iou`: over the labelled images; `lost_points`,
        `max_lost_points`: of mean IoU in percent; `lost_points_per_class`: of IoU, by class name;
        `lost_boundary_points`: of the boundary score in percent; `mean_logits_error`,
        `max_logits_error`: absolute, in units of the logits; `passed`; and `summary`, the same in
        words. What needs labels, logits or a score that there are not is None.

    Raises:
        ValueError: If there are no samples, or the reference is of another input size.
    """
    if tuple(reference.input_size) != tuple(runtime.input_size):
        raise ValueError(
            f"The artifact takes images of {tuple(runtime.input_size)} pixels, the reference of "
            f"{tuple(reference.input_size)}. Give the model that the artifact was made from."
        )
    precision = runtime.description["quantization"]["precision"]
    if precision not in MIN_AGREEMENT:
        raise ValueError(
            f"The artifact's precision is {precision!r}; the gate judges "
            f"{', '.join(MIN_AGREEMENT)}. Export the model again."
        )
    comparison = _Comparison(runtime.description["classes"], boundary_score)
    margin = runtime.description.get("margin", (0, 0))
    for name, frame, labels in samples:
        image = fit_frame(frame, runtime.input_size, margin)
        comparison.add(name, labels, reference.run(image), runtime.run(image))
    return _judge(comparison.figures(), precision)


class _Comparison:
    """Counts, image by image, how two sets of decisions differ."""

    def __init__(self, classes: list[str], boundary_score: Score | None):
        self._classes = classes
        self._boundary_score = boundary_score
        self._agreements = []  # (share, name) of each image
        self._labelled_images = 0
        self._with_reference = _no_confusion(len(classes))
        self._of_reference = _no_confusion(len(classes))
        self._of_artifact = _no_confusion(len(classes))
        self._lost_boundaries = []
        self._logits_errors = []  # (mean, largest) of an image

    def add(
        self, name: str, labels: np.ndarray | None, expected: np.ndarray, given: np.ndarray
    ) -> None:
        """Adds one image: what the reference and the artifact give, ids or logits."""
        if expected.ndim == given.ndim == 4:
            error = np.abs(expected - given)
            self._logits_errors.append((float(error.mean()), float(error.max())))
        expected, given = to_classes(expected), to_classes(given)
        self._agreements.append((float(np.mean(expected == given)), name))
        self._with_reference += _confusion(expected, given, len(self._classes))
        if labels is None:
            return
        self._labelled_images += 1
        expected, given = (fit_classes(ids, labels.shape) for ids in (expected, given))
        self._of_reference += _confusion(labels, expected, len(self._classes))
        self._of_artifact += _confusion(labels, given, len(self._classes))
        if self._boundary_score:
            lost = self._boundary_score(labels, expected) - self._boundary_score(labels, given)
            self._lost_boundaries.append(lost)

    def figures(self) -> dict:
        """What `check_parity` gives, but for the judgement."""
        if not self._agreements:
            raise ValueError("There are no images to check the artifact on. Give at least one.")
        worst_agreement, worst_image = min(self._agreements)
        figures = {
            "images": len(self._agreements),
            "labelled_images": self._labelled_images,
            "agreement": float(self._with_reference.trace() / self._with_reference.sum()),
            "worst_image": worst_image,
            "worst_agreement": worst_agreement,
            "mean_iou_with_reference": _mean_iou(self._with_reference),
        }
        names = ("reference_mean_iou", "artifact_mean_iou", "lost_points", "lost_points_per_class")
        figures |= dict.fromkeys(names)
        if self._labelled_images:
            reference, artifact = _ious(self._of_reference), _ious(self._of_artifact)
            figures["reference_mean_iou"] = float(np.nanmean(reference))
            figures["artifact_mean_iou"] = float(np.nanmean(artifact))
            lost = 100 * (reference - artifact)
            figures["lost_points"] = float(np.nanmean(lost))
            figures["lost_points_per_class"] = {
                name: float(points)
                for name, points in zip(self._classes, lost, strict=True)
                if not np.isnan(points)
            }
        boundaries = np.array(self._lost_boundaries)
        boundaries = boundaries[~np.isnan(boundaries)]
        errors = np.array(self._logits_errors)
        return figures | {
            "lost_boundary_points": float(100 * boundaries.mean()) if boundaries.size else None,
            "mean_logits_error": float(errors[:, 0].mean()) if errors.size else None,
            "max_logits_error": float(errors[:, 1].max()) if errors.size else None,
        }


def _no_confusion(num_classes: int) -> np.ndarray:
    return np.zeros((num_classes, num_classes + 1), "int64")


def _confusion(labels: np.ndarray, classes: np.ndarray, num_classes: int) -> np.ndarray:
    """Counts pixels (label, class); the last column takes classes that there are not."""
    counted = labels < num_classes  # the ignored label is above
    pairs = labels[counted].astype("int64") * (num_classes + 1)
    pairs += np.minimum(classes[counted], num_classes)
    count = np.bincount(pairs, minlength=num_classes * (num_classes + 1))
    return count.reshape(num_classes, num_classes + 1)


def _ious(confusion: np.ndarray) -> np.ndarray:
    """IoU of each class; NaN of those that no label has.

    Were a class that is only decided counted too, a single pixel of it could cost an artifact
    the IoU of a whole class that its model was not asked for.
    """
    hits, pixels = confusion.diagonal(), confusion.sum(axis=1)
    union = pixels + confusion[:, :-1].sum(axis=0) - hits
    return np.where(pixels > 0, hits / np.maximum(union, 1), np.nan)


def _mean_iou(confusion: np.ndarray) -> float:
    return float(np.nanmean(_ious(confusion)))


def _judge(figures: dict, precision: str) -> dict:
    """Completes the figures to a verdict."""
    agreement, limit = figures["agreement"], MIN_AGREEMENT[precision]
    lost_points = figures["lost_points"]
    passed = agreement >= limit
    summary = (
        f"{agreement:.3%} of the pixels agree with the reference on {figures['images']} images "
        f"(at least {limit:.1%})"
    )
    if lost_points is None:
        summary += ", points of mean IoU are not judged without labels"
    else:
        passed = passed and lost_points <= MAX_LOST_POINTS
        summary += f", {lost_points:.2f} points of mean IoU are lost (at most {MAX_LOST_POINTS})"
    return {
        **figures,
        "min_agreement": limit,
        "max_lost_points": None if lost_points is None else MAX_LOST_POINTS,
        "passed": bool(passed),
        "summary": f"{'passed' if passed else 'refused'}: {summary}",
    }
