"""U-Net++: published sizes, heads of every depth, and smaller models that share the weights."""

import keras
import numpy as np
import pytest
from keras import ops

from seg_keras.models import build_model, deployable, load_model
from seg_keras.models.unet_plus_plus import prune
from tests.counting import count_of

SIZE = (25, 35, 3)  # divides by none of the strides

# num_classes, bands, options, weights of the deployed form; a head has 33 for each class
COUNTS = [
    (1, 1, {}, 9_041_601),
    (1, 1, {"deep_supervision": False}, 9_041_601),
    (1, 1, {"mode": "accurate"}, 9_041_601 + 3 * 33),
    (1, 1, {"depth": 1}, 100_961),
    (1, 1, {"depth": 2}, 511_105),
    (1, 1, {"depth": 3}, 2_204_961),
    (1, 3, {}, 9_041_601 + 576),
    (5, 1, {}, 9_041_601 + 4 * 33),
    (5, 1, {"mode": "accurate"}, 9_041_601 + 19 * 33),
]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return build_model("unet_plus_plus", 3, SIZE, filters=4)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(0, 255, (2, *SIZE)).astype("float32")


def logits_of(model, images):
    return {name: ops.convert_to_numpy(y) for name, y in model(images).items()}


@pytest.mark.parametrize(("num_classes", "bands", "options", "count"), COUNTS)
def test_has_the_published_size(num_classes, bands, options, count):
    shape = (96, 96, bands)
    assert count == count_of(
        lambda: deployable(build_model("unet_plus_plus", num_classes, shape, **options))
    )


def test_every_depth_has_a_head_to_train(model):
    assert list(model.output) == ["logits", "head1", "head2", "head3"]
    alone = build_model("unet_plus_plus", 3, SIZE, filters=4, deep_supervision=False)
    assert list(alone.output) == ["logits"]


def test_accurate_mode_is_the_mean_of_the_heads(images):
    model = build_model("unet_plus_plus", 3, SIZE, filters=4, mode="accurate")
    logits = logits_of(model, images)
    heads = [logits[f"head{depth}"] for depth in (1, 2, 3, 4)]
    np.testing.assert_allclose(logits["logits"], np.mean(heads, axis=0), atol=1e-6)


def test_the_two_modes_are_the_same_network(model, images):
    accurate = build_model("unet_plus_plus", 3, SIZE, filters=4, mode="accurate")
    weights = {layer.name: layer.get_weights() for layer in model.layers}
    for layer in accurate.layers:
        layer.set_weights(weights.get(layer.name, []))
    fast, mean = logits_of(model, images), logits_of(accurate, images)
    np.testing.assert_allclose(mean["head4"], fast["logits"], atol=1e-6)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_pruned_models_give_what_their_head_gave_and_share_its_weights(model, images, depth):
    pruned = prune(model, depth)
    expected = logits_of(model, images)["logits" if depth == 4 else f"head{depth}"]
    np.testing.assert_array_equal(logits_of(pruned, images)["logits"], expected)
    own = {id(variable) for variable in model.weights}
    assert {id(variable) for variable in pruned.weights} <= own
    # Nodes have two convolutions, those of the decoder also a deconvolution, and one has the head.
    assert len(pruned.weights) == 2 * (depth + 1) * (depth + 2) + depth * (depth + 1) + 2


def test_a_pruned_model_is_saved_and_built_again_at_another_size(model, images, tmp_path):
    pruned = prune(model, 2)
    pruned.save(tmp_path / "pruned.keras")
    loaded = load_model(tmp_path / "pruned.keras")
    expected = logits_of(pruned, images)["logits"]
    np.testing.assert_array_equal(logits_of(loaded, images)["logits"], expected)
    other = load_model(tmp_path / "pruned.keras", (33, 33, 3))
    back = build_model("unet_plus_plus", 3, SIZE, **other.builder["options"])
    back.set_weights(other.get_weights())
    np.testing.assert_array_equal(logits_of(back, images)["logits"], expected)


@pytest.mark.parametrize(
    ("backbone", "options"),
    [
        ("resnet50", {"width": 1 / 8, "num_units": (1, 1, 1, 1)}),
        pytest.param("mobilenet_v2", {"alpha": 0.35}, marks=pytest.mark.slow),
        ("vgg16", {"width": 1 / 16}),
    ],
)
def test_takes_other_encoders_and_prunes_them(backbone, options, images):
    choices = {"filters": 4, "backbone": backbone, "backbone_options": options}
    model = build_model("unet_plus_plus", 3, SIZE, batch_norm=True, **choices)
    logits = logits_of(model, images)
    assert {y.shape for y in logits.values()} == {(2, *SIZE[:2], 3)}
    pruned = prune(model, 2)
    np.testing.assert_array_equal(logits_of(pruned, images)["logits"], logits["head2"])
    assert len(pruned.layers) < len(model.layers) / 1.3


@pytest.mark.parametrize(("depth", "nearest"), [(0, 1), (5, 4)])
def test_a_depth_outside_of_1_to_4_names_the_nearest(depth, nearest, model):
    with pytest.raises(ValueError, match=f"depths 1 to 4, got {depth}. The nearest is {nearest}"):
        build_model("unet_plus_plus", 2, SIZE, depth=depth)
    with pytest.raises(ValueError, match=f"1 to 4, got {depth}. The nearest is {nearest}"):
        prune(model, depth)


def test_what_cannot_be_pruned_is_told(model):
    with pytest.raises(ValueError, match="1 to 2, got 3. The nearest is 2"):
        prune(prune(model, 2), 3)
    with pytest.raises(ValueError, match="no head for depth 2. .*deep_supervision=True"):
        prune(deployable(model), 2)
    with pytest.raises(ValueError, match="unet is no unet_plus_plus"):
        prune(build_model("unet", 2, SIZE, filters=2), 2)
    with pytest.raises(ValueError, match="no mode 'slow'. Choose one of: fast, accurate"):
        build_model("unet_plus_plus", 2, SIZE, mode="slow")
    with pytest.raises(ValueError, match="it needs deep_supervision"):
        build_model("unet_plus_plus", 2, SIZE, mode="accurate", deep_supervision=False)
