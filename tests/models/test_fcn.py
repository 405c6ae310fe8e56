"""FCN: published sizes and costs, alignment, and how its three forms start from each other."""

import keras
import numpy as np
import pytest

from seg_keras.layers import BilinearUpsampling2D
from seg_keras.models import build_model, transfer_weights
from tests.counting import count_of, macs, shape_only

PUBLISHED = {"backbone_options": {"margin": 100}, "learned_upsampling": "all"}
NARROW = {"backbone_options": {"width": 1 / 32}}

# model, backbone, classes, weights without those of transposed convolutions
COUNTS = [
    ("fcn32s", "vgg16", 21, 134_346_581),
    ("fcn16s", "vgg16", 21, 134_357_354),
    ("fcn8s", "vgg16", 21, 134_362_751),
    ("fcn32s", "alexnet", 21, 56_954_261),
    ("fcn32s", "googlenet", 21, 5_995_077),
    ("fcn8s", "vgg16", 11, 134_314_081),
]
MORE_COUNTS = [
    ("fcn32s", "vgg16", 11, 134_305_611),
    ("fcn16s", "vgg16", 11, 134_311_254),
    ("fcn32s", "alexnet", 11, 56_913_291),
    ("fcn32s", "googlenet", 11, 5_984_827),
]


@pytest.mark.parametrize(
    ("name", "backbone", "num_classes", "count"),
    COUNTS + [pytest.param(*row, marks=pytest.mark.slow) for row in MORE_COUNTS],
)
def test_has_the_published_size(name, backbone, num_classes, count):
    options = {"backbone": backbone, "learned_upsampling": "none"}
    assert count_of(lambda: build_model(name, num_classes, (96, 64, 3), **options)) == count


# model, backbone, weights with those of transposed convolutions, multiplications in billions at
# 500x500 (the published files multiply 64x64 kernels from every class to every other, too), and
# the pixels that the published files cut off the start of maps
PUBLISHED_FORMS = [
    ("fcn32s", "vgg16", 134_432_597, 181.37, [19]),
    ("fcn16s", "vgg16", 134_379_194, 181.45, [5, 27]),
    ("fcn8s", "vgg16", 134_368_799, 181.53, [5, 9, 31]),
    ("fcn32s", "alexnet", 57_037_610, 21.42, [18]),
]


@pytest.mark.parametrize(("name", "backbone", "count", "billions", "cuts"), PUBLISHED_FORMS)
def test_the_published_form_has_its_cost_and_its_cuts(name, backbone, count, billions, cuts):
    shape, options = (500, 500, 3), {"backbone": backbone, **PUBLISHED}
    model = shape_only(lambda: build_model(name, 21, shape, **options))
    assert count_of(lambda: model) == count
    dense = 0  # what kernels from every class to every other add
    for layer in model.layers:
        if isinstance(layer, BilinearUpsampling2D):
            height, width = layer.input.shape[1:3]
            dense += 21 * 20 * layer.kernel_size**2 * height * width
    assert (macs(model) + dense) / 1e9 == pytest.approx(billions, abs=0.01)
    found = [layer for layer in model.layers if isinstance(layer, keras.layers.Cropping2D)]
    assert [layer.cropping[0][0] for layer in found] == cuts
    assert model.output["logits"].shape == (None, 500, 500, 21)


@pytest.mark.parametrize("backbone", ["alexnet", "googlenet", "vgg16"])
@pytest.mark.parametrize("margin", [0, 100])
def test_logits_have_the_size_of_the_image(backbone, margin):
    options = {"backbone": backbone, "backbone_options": {"width": 1 / 64, "margin": margin}}
    for size in ((33, 64), (97, 40)):
        model = shape_only(lambda size=size: build_model("fcn8s", 2, (*size, 4), **options))
        assert model.output["logits"].shape[1:3] == size


@pytest.mark.parametrize(
    ("name", "learned", "counts"),
    [
        ("fcn32s", ["score"], {"none": 0, "intermediate": 0, "all": 64 * 64 * 3}),
        ("fcn8s", ["score", "c4_score", "c3_score"], {"intermediate": 2 * 16 * 3}),
    ],
)
def test_transposed_convolutions_learn_where_they_are_asked_to(name, learned, counts):
    for learned_upsampling, count in counts.items():
        model = build_model(name, 3, (64, 64, 3), learned_upsampling=learned_upsampling, **NARROW)
        layers = [x for x in model.layers if isinstance(x, BilinearUpsampling2D) and x.trainable]
        assert sum(np.prod(x.kernel.shape) for x in layers) == count
    scores = [x.name for x in model.layers if x.name.endswith("score") and "enlarge" not in x.name]
    assert scores == learned


def test_only_the_scores_learn_where_features_are_frozen():
    options = {"freeze_features": True}
    assert count_of(lambda: build_model("fcn32s", 21, (64, 64, 3), **options)) == 4097 * 21


def test_an_untrained_model_says_nothing(rng):
    images = rng.uniform(0, 255, (1, 64, 64, 3)).astype("float32")
    assert not np.any(build_model("fcn8s", 3, (64, 64, 3), **NARROW)(images)["logits"])


def test_each_form_starts_where_the_coarser_one_ended(rng):
    shape = (128, 160, 3)
    images = rng.uniform(0, 255, (1, *shape)).astype("float32")
    coarse = build_model("fcn32s", 3, shape, **NARROW)
    score = coarse.get_layer("score")
    score.set_weights([rng.normal(size=w.shape) for w in score.get_weights()])
    medium = build_model("fcn16s", 3, shape, **NARROW)
    assert transfer_weights(coarse, medium) == ["enlarge_score", "c4_score", "enlarge16"]
    fine = build_model("fcn8s", 3, shape, **NARROW)
    assert transfer_weights(medium, fine) == ["enlarge_c4", "c3_score", "enlarge8"]
    x = keras.Model(coarse.input, coarse.get_layer("score").output)(images)
    assert keras.ops.std(x) > 0
    for model, factors in ((coarse, [32]), (medium, [2, 16]), (fine, [2, 2, 8])):
        expected = enlarge_in_steps(x, factors)
        np.testing.assert_allclose(model(images)["logits"], expected, rtol=1e-3, atol=1e-3)


def enlarge_in_steps(x, factors):
    """What remains of a map of scores if the skips say nothing."""
    for factor in factors:
        _, height, width, _ = x.shape
        x = BilinearUpsampling2D(factor, 2 * factor)(x)
        margin = factor // 2
        x = x[:, margin : margin + height * factor, margin : margin + width * factor]
    return x


def test_at_once_scales_the_features_of_the_skips():
    model = build_model("fcn8s", 3, (64, 64, 3), at_once=True, **NARROW)
    assert [model.get_layer(f"{stage}_scale").scale for stage in ("c4", "c3")] == [0.01, 0.0001]
    names = {x.name for x in build_model("fcn16s", 3, (64, 64, 3), **NARROW).layers}
    assert "c4_score" in names
    assert "c4_scale" not in names


def test_what_no_fcn_can_be_is_told():
    shape = (64, 64, 3)
    with pytest.raises(ValueError, match="no backbone 'resnet50'. Choose one of: alexnet, googl"):
        build_model("fcn32s", 3, shape, backbone="resnet50")
    with pytest.raises(ValueError, match="learned_upsampling 'some'. Choose one of: none, inter"):
        build_model("fcn8s", 3, shape, learned_upsampling="some")
    for backbone in ("alexnet", "googlenet", "vgg16"):
        options = {"backbone": backbone, "backbone_options": {"margin": 20, "width": 1 / 32}}
        with pytest.raises(ValueError, match=r"sees . pixels at once, .* a `margin` of 100"):
            build_model("fcn8s", 3, shape, **options)
