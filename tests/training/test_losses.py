"""Losses by name, learning from a teacher, and learning edges from class labels."""

import dataclasses
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from seg_keras import losses
from seg_keras.data.datasets import build_dataset
from seg_keras.data.labels import IGNORE_LABEL
from seg_keras.data.statistics import count_classes
from seg_keras.training import RunFolder, TrainConfig, train
from seg_keras.training.edge_labels import edges_of
from seg_keras.training.fit import train_step
from seg_keras.training.losses import (
    LOSSES,
    build_loss,
    losses_of_outputs,
    targets_of,
    with_teacher,
)
from seg_keras.training.setup import build_optimizer, compile_model
from tests.training import tiny_run

CONFIG = dataclasses.replace(tiny_run.CONFIG, epochs=1)
PAGE = Path(__file__).parents[2] / "docs" / "losses_metrics.md"
BASE = {"PixelLoss"}  # to derive from


@pytest.fixture(scope="module")
def camvid(camvid_folder):
    return build_dataset("camvid", camvid_folder)


@pytest.fixture(scope="module")
def counts(camvid):
    return count_classes(camvid, camvid.list_pairs("train"), iter)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_every_loss_is_built_by_name_and_takes_the_class_weights_it_knows(name, counts):
    loss = build_loss(TrainConfig(loss=name, class_weights="median_frequency"), counts)
    assert type(loss) is LOSSES[name]
    if "class_weights" in loss.get_config():
        assert len(loss.class_weights) == 11


def test_the_page_lists_every_loss_with_its_class():
    table = PAGE.read_text().partition("## Metrics")[0]
    rows = dict(re.findall(r"^\| `([\w+=]+)` \| `(\w+)` \|", table, re.MULTILINE))
    named = {name: loss.__name__ for name, loss in LOSSES.items()}
    assert rows == named | {"teacher=RUN": "DistillationLoss", "a+b": "LossSum"}
    assert set(rows.values()) == {name for name in losses.__all__ if name[0].isupper()} - BASE


def test_losses_are_added_and_a_single_one_takes_options(counts):
    both = build_loss(TrainConfig(loss="cross_entropy+dice"), counts)
    assert [type(loss) for loss in both.losses] == [LOSSES["cross_entropy"], LOSSES["dice"]]
    assert (
        build_loss(TrainConfig(loss="bootstrapped", loss_options={"top_k": 7}), counts).top_k == 7
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "cross_entropie"}, "Unknown loss 'cross_entropie'. Choose one of: bce_dice,"),
        ({"loss": "ohem", "loss_options": {"top_k": 7}}, "ohem has no option top_k. .* threshold"),
        (
            {"loss": "ohem+dice", "loss_options": {"threshold": 1}},
            "of one loss, but ohem.dice is 2",
        ),
    ],
)
def test_a_wrong_loss_is_told_with_the_ones_there_are(settings, message, counts):
    with pytest.raises(ValueError, match=message):
        build_loss(TrainConfig(**settings), counts)


def test_a_student_is_compared_with_its_teacher_and_every_head_with_the_labels(rng):
    student, teacher = tiny_run.build((8, 8, 3)), tiny_run.build((8, 8, 3))
    model = with_teacher(student, teacher)
    images = rng.uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    labels = rng.integers(0, 11, (2, 8, 8))
    targets = targets_of(model, images, labels, teacher)
    assert [*targets] == ["logits", "aux", "distillation"]
    np.testing.assert_array_equal(targets["aux"], labels)
    expected = teacher(images, training=False)["logits"]
    np.testing.assert_allclose(targets["distillation"], expected, atol=1e-5)
    losses = losses_of_outputs(model, build_loss(TrainConfig(), None))
    names = [type(loss).__name__ for loss in losses.values()]
    assert names == ["PixelCrossEntropy", "PixelCrossEntropy", "DistillationLoss"]


def test_a_teacher_of_other_classes_is_refused():
    inputs = keras.Input((8, 8, 3))
    teacher = keras.Model(inputs, {"logits": inputs})
    with pytest.raises(
        ValueError, match=r"teacher's logits are \(8, 8, 3\), the model's \(8, 8, 11"
    ):
        with_teacher(tiny_run.build((8, 8, 3)), teacher)


def test_a_student_comes_closer_to_its_teacher(rng):
    keras.utils.set_random_seed(5)
    student, teacher = tiny_run.build((8, 8, 3)), tiny_run.build((8, 8, 3))
    model = with_teacher(student, teacher)
    weights = {"logits": 0.0, "aux": 0.0, "distillation": 10.0}
    config = TrainConfig(output_weights=weights, learning_rate=0.05, warmup_epochs=0.0)
    compile_model(model, build_optimizer(config, 1), build_loss(TrainConfig(), None), config)
    images = rng.uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    targets = targets_of(model, images, np.zeros((2, 8, 8), "int32"), teacher)
    losses = [train_step(model, images, targets) for _ in range(30)]
    assert 0 < losses[-1] < 0.3 * losses[0]


def test_edges_are_where_two_known_classes_meet(camvid):
    found = set()
    for pair in camvid.list_pairs("val"):
        image, label = camvid.load(pair)
        seen, edges = edges_of(camvid).load(pair)
        found |= set(np.unique(edges))
        np.testing.assert_array_equal(seen, image)
        np.testing.assert_array_equal(edges == IGNORE_LABEL, label == IGNORE_LABEL)
        expected = np.asarray(losses.label_edges(label[None].astype("int32")))[0]
        np.testing.assert_array_equal(edges == 1, expected)
    assert found == {0, 1, IGNORE_LABEL}


def test_an_edge_detector_is_scored_on_edges(camvid, tmp_path):
    def build(input_shape):
        inputs = keras.Input(input_shape)
        x = keras.layers.Rescaling(1 / 255)(inputs)
        return keras.Model(
            inputs, {"logits": keras.layers.Conv2D(1, 3, padding="same", name="edge")(x)}
        )

    def make_predict(model):
        return lambda image: (np.asarray(model(image[None])["logits"])[0, ..., 0] > 0).astype(
            "uint8"
        )

    config = dataclasses.replace(CONFIG, loss="edges", class_weights="none")
    state = train(config, build, camvid, make_predict, RunFolder(tmp_path / "run"))
    assert 0 < state.best_mean_iou < 1
    saved = json.loads((tmp_path / "run" / "config.json").read_text())
    assert saved["classes"] == ["Inside", "Edge"]
