"""The convention "cityscapes" against the official evaluation, on random maps as files."""

import numpy as np
import pytest
from PIL import Image

from seg_keras.metrics import CONVENTIONS, ConfusionMatrix

official = pytest.importorskip("cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling")
labels_of_cityscapes = pytest.importorskip("cityscapesscripts.helpers.labels").labels


def test_scores_equal_those_of_the_official_script(tmp_path, rng, monkeypatch):
    by_id = {label.id: label for label in labels_of_cityscapes if label.id >= 0}
    ids = np.array(sorted(by_id))
    train_ids = np.full(256, 255, "uint8")
    for index in ids:
        if not by_id[index].ignoreInEval:
            train_ids[index] = by_id[index].trainId
    kept = np.setdiff1d(ids, [13, 27])  # two classes do not occur
    monkeypatch.setattr(official.args, "evalInstLevelScore", False)
    counts = official.generateMatrix(official.args)
    matrix = ConfusionMatrix(19, **CONVENTIONS["cityscapes"])
    for _ in range(2):
        truth = rng.choice(kept, (33, 47)).astype("uint8")
        predicted = np.where(rng.random(truth.shape) < 0.6, truth, rng.choice(kept, truth.shape))
        for name, image in (("truth.png", truth), ("predicted.png", predicted.astype("uint8"))):
            Image.fromarray(image).save(tmp_path / name)
        files = str(tmp_path / "predicted.png"), str(tmp_path / "truth.png")
        official.evaluatePair(*files, counts, {}, {}, official.args)
        matrix.update(train_ids[truth], train_ids[predicted])
    report = matrix.result()
    expected = {
        by_id[i].trainId: official.getIouScoreForLabel(i, counts, official.args)
        for i in ids if not by_id[i].ignoreInEval
    }  # fmt: skip
    given = [np.nan if c["iou"] is None else c["iou"] for c in report["per_class"]]
    assert given == pytest.approx([expected[i] for i in range(19)], nan_ok=True)
    assert np.isnan(given).sum() == 2
    assert report["mean_iou"] == pytest.approx(np.nanmean(list(expected.values())))
