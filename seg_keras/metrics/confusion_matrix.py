"""Scores from counted pixels: every metric is a ratio of sums over the whole data set.

The mean IoU of the same predictions differs between libraries (0.55, 0.70 or 0.76 for one example)
because they treat absent classes, ignored pixels and the resolution differently; a report therefore
names its convention. A mean of per-batch scores is none of them and is never what comes out here.

Reference: Everingham et al., "The Pascal Visual Object Classes Challenge: A Retrospective",
IJCV 2015, section 4.1.
"""

import numpy as np

ABSENT_RULES = {
    "skip": "a class that is neither labelled nor predicted does not count in a mean",
    "zero": "a class that is neither labelled nor predicted counts as 0 in a mean",
    "nan": "a class that is neither labelled nor predicted makes a mean NaN",
}
_IDS = 256  # ids are bytes, so labels and classes join into one 16-bit index


class ConfusionMatrix:
    """Counts which class every labelled pixel got, and scores the counts.

    Args:
        num_classes: How many classes the model predicts, at most 255; 1 means a sigmoid, which
            is scored as the two classes 0 and 1.
        ignore_label: Pixels with this label count nowhere, whatever was predicted there.
        absent: What a class without a single pixel does to a mean: "skip" leaves it out
            (Cityscapes, MMSegmentation), "zero" counts it as 0 (SegNet, ADE20K), "nan" makes the
            mean NaN (the VOC devkit).

    Attributes:
        counts: int64 (num_classes, num_classes), rows are labels and columns predictions.

    Example:
        matrix = ConfusionMatrix(num_classes=11)
        matrix.update(labels, classes)
        matrix.result()["mean_iou"]
    """

    def __init__(self, num_classes: int, ignore_label: int = 255, absent: str = "skip"):
        self.num_classes = 2 if num_classes == 1 else num_classes
        if not 2 <= self.num_classes < _IDS:
            raise ValueError(f"num_classes is {num_classes}, expected 1 to {_IDS - 1}.")
        if 0 <= ignore_label < self.num_classes:
            raise ValueError(
                f"ignore_label {ignore_label} is one of the {self.num_classes} classes. Give the "
                f"pixels to ignore a label outside 0 to {self.num_classes - 1}, such as 255."
            )
        if absent not in ABSENT_RULES:
            raise ValueError(
                f"Unknown absent={absent!r}. Choose one of: {', '.join(ABSENT_RULES)}."
            )
        self.ignore_label = ignore_label
        self.absent = absent
        self.counts = np.zeros((self.num_classes, self.num_classes), "int64")

    def update(self, labels: np.ndarray, classes: np.ndarray) -> None:
        """Adds pixels to the counts.

        Args:
            labels: Ids of the ground truth, integers of any shape.
            classes: Predicted ids of the same shape.

        Raises:
            ValueError: If the shapes differ, or an id is no class; the counts stay as they were.
        """
        labels, classes = np.asarray(labels), np.asarray(classes)
        if labels.shape != classes.shape:
            raise ValueError(
                f"labels {labels.shape} and classes {classes.shape} differ in shape. Resize the "
                f"predictions to the labels, never the labels to the predictions."
            )
        if labels.dtype != np.uint8 or classes.dtype != np.uint8:
            labels, classes = self._to_bytes(labels, classes)
        # One count over all 65536 pairs is cheaper than masking the ignored pixels first, and it
        # shows an id that is no class for the price of looking at the table.
        index = labels.astype(np.uint16)
        index <<= 8
        index |= classes
        pairs = np.bincount(index.ravel(), minlength=_IDS * _IDS).reshape(_IDS, _IDS)
        if 0 <= self.ignore_label < _IDS:
            pairs[self.ignore_label] = 0
        self._refuse_unknown(pairs)
        self.counts += pairs[: self.num_classes, : self.num_classes]

    def _to_bytes(self, labels: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Drops ignored pixels and turns ids of another integer type into bytes."""
        for name, ids in (("labels", labels), ("classes", classes)):
            if ids.dtype.kind not in "iu":
                raise ValueError(f"{name} must be integer ids, got {ids.dtype}.")
        counted = labels != self.ignore_label
        labels, classes = labels[counted], classes[counted]
        for name, ids in (("labels", labels), ("classes", classes)):
            if ids.size and (ids.min() < 0 or ids.max() >= _IDS):
                self._refuse(name, np.unique(ids[(ids < 0) | (ids >= _IDS)]))
        return labels.astype(np.uint8), classes.astype(np.uint8)

    def _refuse_unknown(self, pairs: np.ndarray) -> None:
        """Raises if any of the counted (label, class) pairs (256, 256) names an unknown class."""
        unknown_rows = pairs[self.num_classes :].any(axis=1)
        if unknown_rows.any():
            self._refuse("labels", np.flatnonzero(unknown_rows) + self.num_classes)
        unknown_columns = pairs[:, self.num_classes :].any(axis=0)
        if unknown_columns.any():
            self._refuse("classes", np.flatnonzero(unknown_columns) + self.num_classes)

    def _refuse(self, name: str, ids: np.ndarray) -> None:
        remedy = {
            "labels": f"or {self.ignore_label} to ignore. Map the files' ids to training ids.",
            "classes": "only. Was the model trained on other classes?",
        }
        raise ValueError(
            f"{name} hold {', '.join(str(value) for value in ids[:8])}, expected ids from 0 to "
            f"{self.num_classes - 1} {remedy[name]}"
        )

    def result(self) -> dict:
        """Scores everything counted so far.

        With no counted pixel at all every mean is 0, unless `absent="nan"`.

        Returns:
            `mean_iou`, `pixel_accuracy`, `mean_pixel_accuracy`, `frequency_weighted_iou` and
            `mean_dice`, each from 0 to 1; `per_class`, a dict for every class with `iou`, `dice`,
            `accuracy` (recall), `precision` (None where nothing defines them) and `pixels` (that
            are labelled so); `convention`, how absent classes and ignored pixels were treated.
        """
        hits = np.diag(self.counts)
        labelled, predicted = self.counts.sum(axis=1), self.counts.sum(axis=0)
        total = int(self.counts.sum())
        iou = _ratio(hits, labelled + predicted - hits)
        dice = _ratio(2 * hits, labelled + predicted)
        accuracy = _ratio(hits, labelled)
        precision = _ratio(hits, predicted)
        scores = {"iou": iou, "dice": dice, "accuracy": accuracy, "precision": precision}
        return {
            "mean_iou": self._mean(iou),
            "pixel_accuracy": float(hits.sum() / max(total, 1)),
            "mean_pixel_accuracy": self._mean(accuracy),
            "frequency_weighted_iou": float(np.nansum(labelled * iou) / max(total, 1)),
            "mean_dice": self._mean(dice),
            "per_class": [
                {name: _none_if_nan(values[index]) for name, values in scores.items()}
                | {"pixels": int(labelled[index])}
                for index in range(self.num_classes)
            ],
            "convention": {
                "absent_classes": f"{self.absent}: {ABSENT_RULES[self.absent]}",
                "ignored_label": self.ignore_label,
                "resolution": "that of the labels given",
            },
        }

    def _mean(self, scores: np.ndarray) -> float:
        """Averages scores (num_classes,), NaN where a class is absent, by the absent rule."""
        if self.absent == "nan":
            return float(scores.mean())
        if self.absent == "zero":
            return float(np.nan_to_num(scores).mean())
        present = scores[~np.isnan(scores)]
        return float(present.mean()) if present.size else 0.0


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divides counts (C,); NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _none_if_nan(score: float) -> float | None:
    return None if np.isnan(score) else float(score)
