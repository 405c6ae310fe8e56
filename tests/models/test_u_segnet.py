"""U-SegNet: published sizes, its skips, and fine-tuning from a SegNet step by step."""

import keras
import numpy as np
import pytest

from seg_keras.models import build_model, transfer_weights
from seg_keras.models.u_segnet import STEPS
from tests.counting import count_of

PATCH = (40, 40, 3)
NARROW = {"width": 1 / 16}


# num_classes, skips, weights; the classifier has 9 * 64 + 1 for each class
COUNTS = [
    (4, 0, 3_475_396),
    (4, 1, 3_483_652),
    (4, 2, 3_516_548),
    (11, 1, 3_483_652 + 7 * 577),
]


@pytest.mark.parametrize(("num_classes", "num_skips", "count"), COUNTS)
def test_has_the_published_size(num_classes, num_skips, count):
    options = {"num_skips": num_skips}
    assert count_of(lambda: build_model("u_segnet", num_classes, PATCH, **options)) == count


@pytest.mark.parametrize("num_skips", [0, 1, 2])
def test_a_patch_shrinks_to_5x5_and_comes_back(num_skips, rng):
    model = build_model("u_segnet", 4, PATCH, num_skips=num_skips, **NARROW)
    assert model.get_layer("decoder3_indices").output[0].shape[1:3] == (5, 5)
    images = rng.uniform(0, 255, (1, *PATCH)).astype("float32")
    logits = keras.ops.convert_to_numpy(model(images)["logits"])
    assert logits.shape == (1, 40, 40, 4)
    assert np.isfinite(logits).all()
    joins = [layer.name for layer in model.layers if layer.name.endswith("_join")]
    assert sorted(joins) == [f"decoder{stage + 1}_join" for stage in range(num_skips)]


def test_a_trained_segnet_fits_all_but_the_new_layers():
    segnet = build_model("segnet", 11, (48, 48, 3), backbone_options=NARROW)
    model = build_model("u_segnet", 4, PATCH, **NARROW)
    assert transfer_weights(segnet, model) == ["decoder1_join", "classifier"]


@pytest.mark.parametrize("trained_steps", [1, 4, 6])
def test_only_the_last_steps_are_trained(trained_steps):
    model = build_model("u_segnet", 4, PATCH, trained_steps=trained_steps, **NARROW)
    owners = {variable.path.split("/")[0].split("_")[0] for variable in model.trainable_variables}
    assert owners == {"classifier", *STEPS[:trained_steps]}


def test_frozen_steps_keep_their_weights_and_statistics(rng):
    keras.utils.set_random_seed(0)
    model = build_model("u_segnet", 4, PATCH, trained_steps=2, **NARROW)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", {"logits": loss}, jit_compile=False)
    images = rng.uniform(0, 255, (2, *PATCH)).astype("float32")
    model.train_on_batch(images, {"logits": rng.integers(0, 4, (2, 40, 40, 1))})
    changed = {
        layer.name.split("_")[0]
        for layer in model.layers
        if any(map(np.any, map(np.not_equal, layer.get_weights(), before[layer.name])))
    }
    assert changed == {"decoder1", "decoder2", "classifier"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_skips": 3}, "num_skips is 3. Give 0 to 2; the nearest is 2"),
        ({"trained_steps": 0}, "trained_steps is 0. Give 1 to 6; the nearest is 1"),
    ],
)
def test_impossible_options_name_the_nearest(options, message):
    with pytest.raises(ValueError, match=message):
        build_model("u_segnet", 4, PATCH, **options)
