"""A model whose logits are smaller than its image learns from the middle of each label."""

import dataclasses

import keras
import pytest
from keras import layers

from seg_keras.data.datasets import build_dataset
from seg_keras.inference import Predictor
from seg_keras.training import RunFolder, train
from tests.training.tiny_run import CONFIG


def build(input_shape):
    """Colours to classes through convolutions that pad nothing."""
    inputs = keras.Input(input_shape)
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = layers.Conv2D(16, 5, activation="relu", name="features")(x)
    return keras.Model(inputs, {"logits": layers.Conv2D(11, 1, name="classifier")(x)})


def test_it_is_trained_on_crops_and_validated_on_whole_images_in_tiles(camvid_folder, tmp_path):
    config = dataclasses.replace(CONFIG, epochs=8, validate_every=4)
    dataset = build_dataset("camvid", camvid_folder)
    state = train(config, build, dataset, Predictor, RunFolder(tmp_path / "run"))
    first, middle, last = (state.history[epoch] for epoch in (0, 3, 7))
    assert last["loss"] < 0.8 * first["loss"]
    assert last["mean_iou"] > middle["mean_iou"] > 0
    kept = keras.saving.load_model(tmp_path / "run" / "model.keras")
    assert kept.input_shape == (None, *config.crop_size, 3)  # images are 48x64


def test_a_size_that_whole_images_would_be_scaled_to_is_refused(camvid_folder, tmp_path):
    config = dataclasses.replace(CONFIG, input_size=(24, 32))
    dataset = build_dataset("camvid", camvid_folder)
    with pytest.raises(ValueError, match=r"input_size is \(24, 32\).* in tiles of crop_size"):
        train(config, build, dataset, Predictor, RunFolder(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
