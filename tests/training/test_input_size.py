"""A model may be kept for images smaller than those of the data set."""

import dataclasses

import keras
import numpy as np

from seg_keras.data.datasets import build_dataset
from seg_keras.inference import Predictor
from seg_keras.metrics import ConfusionMatrix
from seg_keras.training import RunFolder, train
from tests.training.tiny_run import CONFIG, build


def test_the_kept_model_has_the_size_and_is_scored_at_that_of_the_labels(camvid_folder, tmp_path):
    config = dataclasses.replace(CONFIG, epochs=1, input_size=(24, 32))  # images are 48x64
    dataset = build_dataset("camvid", camvid_folder)
    state = train(config, build, dataset, Predictor, RunFolder(tmp_path / "run"))
    kept = keras.saving.load_model(tmp_path / "run" / "model.keras")
    assert kept.input_shape == (None, 24, 32, 3)
    predict, matrix = Predictor(kept), ConfusionMatrix(11)
    for pair in dataset.list_pairs("val"):
        image, label = dataset.load(pair)
        assert label.shape == predict(image).shape == (48, 64)
        matrix.update(label, predict(image))
    np.testing.assert_allclose(matrix.result()["mean_iou"], state.best_mean_iou)
