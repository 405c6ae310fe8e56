"""Scores in `fit` equal those of the confusion matrix."""

import keras
import numpy as np
import pytest

from seg_keras.losses import PixelCrossEntropy
from seg_keras.metrics import ConfusionMatrix, SegmentationScore
from seg_keras.metrics.keras_metrics import SCORES


@pytest.fixture(params=[1, 4])
def batch(request, rng):
    """Labels with void pixels and without the last class, and logits."""
    channels = request.param
    labels = rng.choice([*range(max(channels - 1, 2)), 255], (4, 5, 7)).astype("int32")
    return labels, rng.normal(size=(4, 5, 7, channels)).astype("float32")


def report_of(labels, logits):
    matrix = ConfusionMatrix(logits.shape[-1])
    classes = logits[..., 0] > 0 if logits.shape[-1] == 1 else logits.argmax(-1)
    matrix.update(labels, classes.astype("uint8"))
    return matrix.result()


@pytest.mark.parametrize("score", SCORES)
def test_score_over_batches_is_that_of_the_confusion_matrix(batch, score):
    metric = SegmentationScore(batch[1].shape[-1], score)
    for _ in range(2):  # the second time from a clean state
        metric.reset_state()
        for labels, logits in zip(np.split(batch[0], 2), np.split(batch[1], 2), strict=True):
            metric.update_state(labels, logits)
    assert float(metric.result()) == pytest.approx(report_of(*batch)[score], rel=1e-5)


@pytest.mark.parametrize("shape", [(4, 5, 7), (4,)])
def test_pixels_of_weight_zero_do_not_count(batch, rng, shape):
    labels, logits = batch
    weights = rng.choice([0.0, 2.5], shape).astype("float32")
    weights[0] = 2.5
    metric = SegmentationScore(logits.shape[-1])
    metric.update_state(labels, logits, weights)
    counted = np.broadcast_to(
        weights.reshape(4, *([1, 1] if len(shape) == 1 else [5, 7])), labels.shape
    )
    expected = report_of(np.where(counted > 0, labels, 255), logits)
    assert float(metric.result()) == pytest.approx(expected["mean_iou"], rel=1e-5)


def test_fit_reports_the_score(batch):
    labels, logits = batch
    inputs = keras.Input(logits.shape[1:])
    model = keras.Model(inputs, {"logits": keras.layers.Identity()(inputs)})
    model.compile(
        loss={"logits": PixelCrossEntropy()},
        metrics={"logits": [SegmentationScore(logits.shape[-1])]},
    )
    scores = model.evaluate(logits, {"logits": labels}, verbose=0, return_dict=True, batch_size=2)
    value = next(value for name, value in scores.items() if name.endswith("mean_iou"))
    assert value == pytest.approx(report_of(labels, logits)["mean_iou"], rel=1e-5)


def test_counts_go_on_beyond_32_bits():
    metric = SegmentationScore(2, "pixel_accuracy")
    metric.update_state(np.array([[[0, 1]]]), np.array([[[[1.0, 0.0], [1.0, 0.0]]]], "float32"))
    metric.counts.assign(np.stack([np.full((2, 2), 2**10), np.full((2, 2), 2**30 - 1)]))
    metric.update_state(np.array([[[0, 0]]]), np.array([[[[1.0, 0.0], [1.0, 0.0]]]], "float32"))
    counts = np.asarray(metric.counts).astype("int64")
    assert (counts[0] * 2**30 + counts[1]).tolist() == [
        [2**40 + 2**30 + 1, 2**40 + 2**30 - 1], [2**40 + 2**30 - 1] * 2
    ]  # fmt: skip
    assert float(metric.result()) == pytest.approx(0.5)


def test_nothing_to_count_gives_zero():
    metric = SegmentationScore(3)
    assert float(metric.result()) == 0
    metric.update_state(np.full((1, 2, 3), 255), np.zeros((1, 2, 3, 3), "float32"))
    assert float(metric.result()) == 0


def test_metric_survives_its_config_and_refuses_unknown_scores():
    metric = SegmentationScore(3, "mean_dice", ignore_label=-1, name="dice")
    again = SegmentationScore.from_config(metric.get_config())
    assert again.get_config() == metric.get_config()
    with pytest.raises(ValueError, match="'iou'.*mean_iou, mean_dice"):
        SegmentationScore(3, "iou")
