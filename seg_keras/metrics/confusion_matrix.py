"""Scores from counted pixels: every metric is a ratio of sums over the whole data set.

The mean IoU of the same predictions differs between libraries (0.55, 0.70 or 0.76 for one example)
because they treat absent classes, ignored pixels and the resolution differently; a report therefore
names its convention. A mean of per-batch scores is none of them and is never what comes out here.

References: Everingham et al., "The Pascal Visual Object Classes Challenge: A Retrospective", IJCV
2015, section 4.1 (IoU); Long et al., "Fully Convolutional Networks", CVPR 2015, section 5 (the
means); Cohen, "A Coefficient of Agreement for Nominal Scales", 1960 (kappa).
"""

import numpy as np

from seg_keras.metrics.conventions import ABSENT_RULES, UNKNOWN_RULES, convention_name

_IDS = 256  # ids are bytes, so labels and classes join into one 16-bit index
_PIECE = 2**16  # pixels joined at a time: their indices stay in the processor's cache


class ConfusionMatrix:
    """Counts which class every labelled pixel got, and scores the counts.

    The published protocols are `ConfusionMatrix(19, **CONVENTIONS["cityscapes"])` and so on.

    Args:
        num_classes: How many classes the model predicts, at most 255; 1 means a sigmoid, which
            is scored as the two classes 0 and 1.
        ignore_label: Pixels with this label count nowhere, whatever was predicted there. If it is
            one of the classes, such as 0, that class has no part in any mean; predicting it on
            another class is an error like any.
        absent: What a class without a single pixel does to a mean: "skip" leaves it out
            (Cityscapes, MMSegmentation), "zero" counts it as 0 (SegNet, ADE20K), "nan" makes the
            mean NaN (the VOC devkit), "refuse" makes `result` raise.
        unknown: What a prediction that is no class does on a pixel that counts: "refuse" raises,
            "miss" counts it as a miss of the labelled class (Cityscapes).
        ignore_background: Whether the means leave class 0 out; its pixels count as before.

    Attributes:
        counts: int64 (num_classes, num_classes), rows are labels and columns predictions.
        unknown_counts: int64 (num_classes,), pixels of each label with no class predicted.

    Example:
        matrix = ConfusionMatrix(num_classes=11)
        matrix.update(labels, classes)
        matrix.result()["mean_iou"]
    """

    def __init__(
        self,
        num_classes: int,
        ignore_label: int = 255,
        absent: str = "skip",
        unknown: str = "refuse",
        ignore_background: bool = False,
    ):
        self.num_classes = 2 if num_classes == 1 else num_classes
        if not 2 <= self.num_classes < _IDS:
            raise ValueError(f"num_classes is {num_classes}, expected 1 to {_IDS - 1}.")
        for name, rule, rules in (
            ("absent", absent, ABSENT_RULES),
            ("unknown", unknown, UNKNOWN_RULES),
        ):
            if rule not in rules:
                raise ValueError(f"Unknown {name}={rule!r}. Choose one of: {', '.join(rules)}.")
        self.ignore_label = ignore_label
        self.absent = absent
        self.unknown = unknown
        self.ignore_background = ignore_background
        self.counts = np.zeros((self.num_classes, self.num_classes), "int64")
        self.unknown_counts = np.zeros(self.num_classes, "int64")

    def update(
        self, labels: np.ndarray, classes: np.ndarray, weights: np.ndarray | None = None
    ) -> None:
        """Adds pixels to the counts.

        Args:
            labels: Ids of the ground truth, integers of any shape.
            classes: Predicted ids of the same shape.
            weights: How often each pixel counts, whole numbers from 0 or bool, of the same shape;
                None for once. `boundary_band` tells the pixels next to a label change.

        Raises:
            ValueError: If the shapes differ, a weight is no whole number, or an id is no class;
                the counts stay as they were.
        """
        labels, classes = np.asarray(labels), np.asarray(classes)
        if labels.shape != classes.shape:
            raise ValueError(
                f"labels {labels.shape} and classes {classes.shape} differ in shape. Resize the "
                f"predictions to the labels, never the labels to the predictions."
            )
        if weights is not None:
            labels, classes = _repeat(labels, classes, np.asarray(weights))
        if labels.dtype != np.uint8 or classes.dtype != np.uint8:
            labels, classes = self._to_bytes(labels, classes)
        pairs = _count_pairs(labels, classes)
        if 0 <= self.ignore_label < _IDS:
            pairs[self.ignore_label] = 0
        known = self.num_classes
        if pairs[known:].any():
            self._refuse("labels", np.flatnonzero(pairs[known:].any(axis=1)) + known)
        if self.unknown == "refuse" and pairs[:, known:].any():
            self._refuse("classes", np.flatnonzero(pairs[:, known:].any(axis=0)) + known)
        self.counts += pairs[:known, :known]
        self.unknown_counts += pairs[:known, known:].sum(axis=1)

    def merge(self, other: "ConfusionMatrix") -> None:
        """Adds the counts of another process, which must follow the same rules.

        Raises:
            ValueError: If it does not.
        """
        for rule in ("num_classes", "ignore_label", "absent", "unknown", "ignore_background"):
            ours, theirs = getattr(self, rule), getattr(other, rule)
            if ours != theirs:
                raise ValueError(
                    f"Cannot merge a matrix of {rule}={theirs!r} into one of {rule}={ours!r}. Make "
                    f"both alike."
                )
        self.counts += other.counts
        self.unknown_counts += other.unknown_counts

    def _to_bytes(self, labels: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Drops ignored pixels and turns ids of another integer type into bytes."""
        for name, ids in (("labels", labels), ("classes", classes)):
            if ids.dtype.kind not in "iu":
                raise ValueError(f"{name} must be integer ids, got {ids.dtype}.")
        counted = labels != self.ignore_label
        labels, classes = labels[counted], classes[counted]
        for name, ids in (("labels", labels), ("classes", classes)):
            outside = (ids < 0) | (ids >= _IDS)
            if outside.any():
                if name == "labels" or self.unknown == "refuse":
                    self._refuse(name, np.unique(ids[outside]))
                classes = np.where(outside, _IDS - 1, ids)
        return labels.astype(np.uint8), classes.astype(np.uint8)

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

        With no counted pixel at all every mean is 0, unless `absent` is "nan" or "refuse".

        Returns:
            `mean_iou`, `pixel_accuracy`, `mean_pixel_accuracy`, `mean_precision`,
            `frequency_weighted_iou` and `mean_dice` (of F1, the same), each from 0 to 1; `kappa`,
            agreement beyond chance, from -1 to 1; `per_class`, a dict for every class with `iou`,
            `dice`, `accuracy` (recall), `precision` (None where nothing defines them) and
            `pixels` (that are labelled so); `convention`, the rules that were followed.

        Raises:
            ValueError: If a class is absent and `absent` is "refuse".
        """
        hits = np.diag(self.counts)
        labelled = self.counts.sum(axis=1) + self.unknown_counts
        predicted = self.counts.sum(axis=0)
        total = max(int(labelled.sum()), 1)
        scores = self._class_scores(hits, labelled, predicted)
        means = {name: self._mean(values) for name, values in scores.items()}
        agreed = float(hits.sum() / total)
        by_chance = float((labelled / total) @ (predicted / total))
        return {
            "mean_iou": means["iou"],
            "pixel_accuracy": agreed,
            "mean_pixel_accuracy": means["accuracy"],
            "mean_precision": means["precision"],
            "frequency_weighted_iou": float(np.nansum(labelled * scores["iou"]) / total),
            "mean_dice": means["dice"],
            "kappa": (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else 0.0,
            "per_class": [
                {name: _none_if_nan(values[index]) for name, values in scores.items()}
                | {"pixels": int(labelled[index])}
                for index in range(self.num_classes)
            ],
            "convention": self._convention(),
        }

    def _class_scores(
        self, hits: np.ndarray, labelled: np.ndarray, predicted: np.ndarray
    ) -> dict[str, np.ndarray]:
        """The scores of each class, (num_classes,); NaN where nothing defines them."""
        either = np.where(np.arange(self.num_classes) == self.ignore_label, 0, labelled + predicted)
        absent = np.flatnonzero((either == 0) & self._in_means())
        if absent.size and self.absent == "refuse":
            raise ValueError(
                f"Class {', '.join(map(str, absent))} is neither labelled nor predicted, so there "
                f"is no mean over all classes. Add images, or choose another convention."
            )
        return {
            "iou": _ratio(hits, either - hits * (either > 0)),
            "dice": _ratio(2 * hits, either),
            "accuracy": _ratio(hits, labelled),
            "precision": _ratio(hits, np.where(either > 0, predicted, 0)),
        }

    def _in_means(self) -> np.ndarray:
        """Which classes have a part in the means, bool (num_classes,)."""
        ids = np.arange(self.num_classes)
        return (ids != self.ignore_label) & ((ids > 0) | (not self.ignore_background))

    def _convention(self) -> dict[str, str | int]:
        """The rules in words."""
        left_out = "without class 0" if self.ignore_background else "of all classes"
        return {
            "name": convention_name(self.absent, self.unknown),
            "absent_classes": f"{self.absent}: {ABSENT_RULES[self.absent]}",
            "unknown_predictions": f"{self.unknown}: {UNKNOWN_RULES[self.unknown]}",
            "ignored_label": self.ignore_label,
            "means": left_out,
            "resolution": "that of the labels given",
        }

    def _mean(self, scores: np.ndarray) -> float:
        """Averages scores (num_classes,), NaN where nothing defines them, by the absent rule."""
        scores = scores[self._in_means()]
        if self.absent == "nan":
            return float(scores.mean())
        if self.absent == "zero":
            return float(np.nan_to_num(scores).mean())
        defined = scores[~np.isnan(scores)]
        return float(defined.mean()) if defined.size else 0.0


def _count_pairs(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Counts the pairs of two arrays of bytes: int64 (256, 256), rows are labels.

    One count over all 65536 pairs is cheaper than masking the ignored pixels first, and it shows
    an id that is no class for the price of looking at the table.
    """
    labels, classes = labels.ravel(), classes.ravel()
    pairs = np.zeros(_IDS * _IDS, "int64")
    joined = np.empty(min(_PIECE, labels.size), np.intp)  # what bincount takes without a copy
    for start in range(0, labels.size, _PIECE):
        piece = np.left_shift(labels[start : start + _PIECE], 8, dtype=np.uint16)
        piece |= classes[start : start + _PIECE]
        joined[: piece.size] = piece
        counted = np.bincount(joined[: piece.size])
        pairs[: counted.size] += counted
    return pairs.reshape(_IDS, _IDS)


def _repeat(
    labels: np.ndarray, classes: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Every pixel as often as its weight says, (N,)."""
    if weights.shape != labels.shape or weights.dtype.kind not in "biu" or (weights < 0).any():
        raise ValueError(
            f"weights must be whole numbers from 0, of the labels' shape {labels.shape}; got "
            f"{weights.dtype} {weights.shape}. A weight is how often a pixel counts."
        )
    if weights.dtype.kind == "b":
        return labels[weights], classes[weights]
    weights = weights.ravel()
    return np.repeat(labels.ravel(), weights), np.repeat(classes.ravel(), weights)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divides counts (C,); NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _none_if_nan(score: float) -> float | None:
    return None if np.isnan(score) else float(score)
