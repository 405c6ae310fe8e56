"""The context family: published sizes, and what sets each architecture apart."""

import keras
import numpy as np
import pytest

from seg_keras.models import build_model, deployable
from seg_keras.models.duc_hdc import DILATION_PATTERNS, check_hdc, hybrid_rates
from tests.counting import macs, shape_only, trainable

DEEPLAB_RESNET = {"stem": "3x3", "stride_placement": "previous_stage"}
CAFFE_RESNET = {"stem": "3x3", "stride_placement": "reduce"}
NARROW = {"width": 1 / 8, "num_units": (1, 1, 1, 1)}


def resnet(depth, **options):
    return {"backbone": f"resnet{depth}", "backbone_options": options}


# model, classes, options, trainable weights as published or as they follow from the layer tables
FEW_COUNTS = [
    ("deeplab_v1", 21, {}, 20_505_429),
    # five times 3x3xC to 128 and 1x1 to 128, with biases, and 640 channels more to classify
    ("deeplab_v1", 21, {"multi_scale": True}, 20_505_429 + 1_192_576 + 640 * 21),
    ("deeplab_v2", 21, {"backbone": "vgg16"}, 37_877_652),
    ("deeplab_v3", 21, resnet(50), 39_048_533),
    ("deeplab_v3_se", 19, {}, 41_303_267),
    # a fourth channel of the stem, and four of the full-size classifier
    ("deeplab_v3_se", 19, {"edge_input": True}, 41_303_267 + 3_136 + 4 * 19),
    ("deeplab_v3_plus", 21, {"separable": True}, 2_725_573),
    ("dilation10", 19, {}, 134_368_179),
    ("hed", 1, {}, 14_716_171),
    ("pspnet", 150, resnet(50, **CAFFE_RESNET), 46_782_550),
]
MORE_COUNTS = [
    ("deeplab_v1", 21, {"field_of_view": "7x7"}, 134_346_581),
    ("deeplab_v1", 21, {"field_of_view": "4x4"}, 65_140_565),
    ("deeplab_v1", 21, {"field_of_view": "4x4_large"}, 65_140_565),
    ("deeplab_v2", 21, {}, 44_048_532),
    ("deeplab_v2", 19, {}, 43_901_068),
    ("deeplab_v2", 21, {"pyramid": "single"}, 42_887_253),
    ("deeplab_v2", 21, {"scales": (1.0, 0.75, 0.5)}, 44_048_532),
    ("deeplab_v3", 21, resnet(101, **DEEPLAB_RESNET), 58_164_437),
    ("deeplab_v3", 21, resnet(101), 58_040_661),
    ("deeplab_v3", 21, resnet(50, **DEEPLAB_RESNET), 39_172_309),
    ("deeplab_v3", 21, {"backbone": "xception65"}, 53_407_813),
    ("deeplab_v3", 21, {**resnet(50), "head": "cascade", "cascade_blocks": 0}, 23_551_061),
    ("deeplab_v3", 21, {**resnet(50), "head": "cascade", "cascade_blocks": 1}, 36_938_837),
    ("deeplab_v3", 21, {**resnet(50), "head": "cascade", "cascade_blocks": 2}, 50_326_613),
    ("deeplab_v3", 21, {**resnet(50), "head": "cascade"}, 63_714_389),
    ("deeplab_v3", 21, {**resnet(101), "head": "cascade", "cascade_blocks": 0}, 42_543_189),
    ("deeplab_v3", 21, {**resnet(101), "head": "cascade", "cascade_blocks": 1}, 55_930_965),
    ("deeplab_v3", 21, {**resnet(101), "head": "cascade", "cascade_blocks": 2}, 69_318_741),
    ("deeplab_v3", 21, {**resnet(101), "head": "cascade"}, 82_706_517),
    ("deeplab_v3_plus", 21, {"backbone": "xception65"}, 41_055_413),
    ("deeplab_v3_plus", 19, {"backbone": "xception65"}, 41_054_899),
    ("deeplab_v3_plus", 21, {"backbone": "xception65", "separable": False}, 54_711_461),
    ("deeplab_v3_plus", 21, {**resnet(101, **DEEPLAB_RESNET), "separable": False}, 59_468_085),
    ("deeplab_v3_plus", 21, {**resnet(101), "separable": False}, 59_344_309),
    ("deeplab_v3_plus", 21, {**resnet(50), "separable": False}, 40_352_181),
    ("deeplab_v3_plus", 21, {**resnet(50, **DEEPLAB_RESNET), "separable": False}, 40_475_957),
    ("deeplab_v3_plus", 21, {"separable": False}, 5_821_813),
    ("deeplab_v3_se", 19, {"decoder": False}, 39_999_619),
    ("deeplab_v3_se", 19, {"gate": ""}, 40_351_667),
    ("deeplab_v3_se", 19, {"filters": 128}, 41_303_267 - 23 * (256**2 - 128**2) - 59_859 * 128),
    ("dilation10", 19, {"context_rates": ()}, 134_338_387),
    ("dilation10", 11, {"context_rates": (1, 1, 2, 4, 8, 16)}, 134_313_443),
    ("dilation10", 11, {"context_rates": (1, 1, 2, 4, 8)}, 134_312_343),
    ("duc_hdc", 19, resnet(101, **CAFFE_RESNET), 65_038_464),
    ("duc_hdc", 19, {**resnet(101, **CAFFE_RESNET), "cell": 1}, 132_282_048),
    ("duc_hdc", 19, resnet(152, **CAFFE_RESNET), 80_682_112),
    ("duc_hdc", 21, {**resnet(152, **CAFFE_RESNET), "cell": 1}, 157_363_392),
    ("pspnet", 19, resnet(50, **CAFFE_RESNET), 46_715_347),
    ("pspnet", 21, resnet(50, **CAFFE_RESNET), 46_716_373),
    ("pspnet", 21, resnet(101, **CAFFE_RESNET), 65_708_501),
    ("pspnet", 19, resnet(101, **CAFFE_RESNET), 65_707_475),
]


@pytest.mark.parametrize(
    ("name", "num_classes", "options", "count"),
    FEW_COUNTS + [pytest.param(*row, marks=pytest.mark.slow) for row in MORE_COUNTS],
)
def test_has_the_published_size(name, num_classes, options, count):
    shape = (97, 129, 3)
    model = shape_only(lambda: deployable(build_model(name, num_classes, shape, **options)))
    assert trainable(model) == count


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "num_classes", "size", "options", "billions"),
    [
        ("pspnet", 150, 473, resnet(50, **CAFFE_RESNET), 161.5),
        ("pspnet", 21, 473, resnet(101, **CAFFE_RESNET), 229.8),
        ("pspnet", 19, 713, resnet(101, **CAFFE_RESNET), 517.2),
        ("deeplab_v1", 21, 321, {}, 50.93),
        ("deeplab_v2", 21, 321, {"backbone": "vgg16"}, 80.1),
        ("deeplab_v2", 21, 321, resnet(101, stride_placement="reduce"), 75.3),
        ("deeplab_v2", 21, 513, resnet(101, stride_placement="reduce"), 189.3),
        ("deeplab_v3", 21, 513, resnet(50), 50.4),
        ("deeplab_v3", 21, 513, resnet(101), 71.06),
        ("deeplab_v3", 21, 513, {**resnet(101), "output_stride": 8}, 246.2),
        ("deeplab_v3", 21, 513, {**resnet(50), "head": "cascade"}, 77.8),
        ("deeplab_v3", 21, 513, {**resnet(101), "head": "cascade"}, 98.4),
        ("deeplab_v3", 21, 513, {"backbone": "xception65"}, 64.92),
        ("deeplab_v3", 21, 513, resnet(101, **DEEPLAB_RESNET), 76.05),
        ("deeplab_v3", 21, 513, {**resnet(101, **DEEPLAB_RESNET), "output_stride": 8}, 252.25),
        ("deeplab_v3", 21, 513, {"head": "pooling"}, 2.74),
        ("deeplab_v3_plus", 21, 513, {}, 5.9),
        ("deeplab_v3_plus", 21, 513, {"separable": False}, 27.0),
        ("deeplab_v3_plus", 21, 513, {"backbone": "xception65", "separable": False}, 86.68),
        ("deeplab_v3_plus", 21, 513, {"backbone": "xception65"}, 54.04),
        ("deeplab_v3_plus", 21, 513, {"backbone": "xception65", "output_stride": 8}, 176.85),
        (
            "deeplab_v3_plus",
            21,
            513,
            {**resnet(101, **DEEPLAB_RESNET), "separable": False},
            97.81,
        ),
        ("dilation10", 19, 1024, {}, 2647),
        ("duc_hdc", 19, 800, resnet(101, **CAFFE_RESNET), 674),
    ],
)
def test_multiplies_as_often_as_published(name, num_classes, size, options, billions):
    shape = (size, size, 3)
    model = shape_only(lambda: deployable(build_model(name, num_classes, shape, **options)))
    assert abs(macs(model) / (1e9 * billions) - 1) < 0.005


def test_pspnet_divides_its_published_sizes_into_equal_bins():
    options = {"backbone_options": NARROW, "filters": 8}
    for size, windows in ((473, (60, 30, 20, 10)), (713, (90, 45, 30, 15))):
        model = shape_only(lambda size=size: build_model("pspnet", 3, (size, size, 3), **options))
        for bins, window in zip((1, 2, 3, 6), windows, strict=True):
            pool = model.get_layer(f"pyramid_pool{bins}")
            assert pool.pool_size == pool.strides == (window, window)


def test_pspnet_refuses_images_smaller_than_its_bins():
    with pytest.raises(ValueError, match="pool a 4x8 .* 6x6 bins. Use a larger `input_shape`"):
        build_model("pspnet", 3, (32, 64, 3), backbone_options=NARROW)


def test_cascade_doubles_the_rate_with_every_block():
    options = {"backbone": "resnet50", "head": "cascade"}
    options["backbone_options"] = {**NARROW, "num_units": (1, 1, 1, 3), "multi_grid": (1, 2, 1)}
    model = build_model("deeplab_v3", 3, (65, 65, 3), **options)
    rates = [
        layer.dilation_rate[0]
        for layer in model.layers
        if layer.name.startswith("cascade") and layer.name.endswith("filter_conv")
    ]
    assert rates == [4, 8, 4, 8, 16, 8, 16, 32, 16]


def test_deeplab_v2_lets_the_most_certain_scale_decide(rng):
    options = {"backbone": "vgg16", "backbone_options": {"width": 1 / 16}}
    images = rng.uniform(0, 255, (1, 65, 81, 3)).astype("float32")
    model = build_model("deeplab_v2", 3, (65, 81, 3), scales=(1.0, 0.5), **options)
    outputs = model(images)
    assert list(outputs) == ["logits", "scale100", "scale50"]
    # At the corners nothing is interpolated, so that the largest logit is that of a scale.
    corners = np.s_[:, ::64, ::80]
    largest = np.maximum(outputs["scale100"][corners], outputs["scale50"][corners])
    np.testing.assert_allclose(outputs["logits"][corners], largest, atol=1e-6)
    with pytest.raises(ValueError, match="scales above 0 up to 1, got"):
        build_model("deeplab_v2", 3, (65, 81, 3), scales=(1.5,), **options)


def test_hybrid_dilation_takes_patterns_by_name_and_as_a_tuple():
    bigger = {"c4": (1, 2, 5, 9) * 5 + (1, 2, 5), "c5": (5, 9, 17)}
    assert hybrid_rates("bigger", 23) == bigger
    assert hybrid_rates(((1, 2, 5, 9), (5, 9, 17)), 23) == bigger
    assert hybrid_rates("released", 23)["c4"] == (2, 2, 5, 9) + (1, 2, 5, 9) * 4 + (1, 2, 5)
    for pattern in DILATION_PATTERNS:
        for num_units in (6, 23, 36):
            hybrid_rates(pattern, num_units)


def test_dilation_that_leaves_holes_is_explained():
    check_hdc((1, 2, 5))
    with pytest.raises(ValueError, match="pixels up to 5 apart .* kernel joins no more than 3"):
        check_hdc((1, 2, 9))
    with pytest.raises(ValueError, match="common factor 2: every output sees a grid"):
        build_model("duc_hdc", 3, (65, 65, 3), dilation_pattern=((2,), (4, 4, 4)))
    with pytest.raises(ValueError, match="Unknown dilation_pattern 'huge'. Choose one of: none"):
        build_model("duc_hdc", 3, (65, 65, 3), dilation_pattern="huge")
    with pytest.raises(ValueError, match="backbone 'mobilenet_v2'. Choose one of: resnet50"):
        build_model("duc_hdc", 3, (65, 65, 3), backbone="mobilenet_v2")


def test_edges_come_from_a_frozen_detector(rng):
    model = build_model("deeplab_v3_se", 3, (49, 65, 3), edge_input=True, backbone_options=NARROW)
    detector = model.get_layer("hed")
    assert not detector.trainable_weights
    images = rng.uniform(0, 255, (1, 49, 65, 3)).astype("float32")
    seen = keras.Model(model.input, model.get_layer("image_and_edges").output)(images)
    np.testing.assert_array_equal(seen[..., :3], images)
    np.testing.assert_allclose(seen[..., 3], 127.5)  # untrained: every edge is as likely as not


def test_dilation10_starts_as_its_front_end(rng):
    model = build_model("dilation10", 4, (24, 32, 3), width=1 / 64)
    for layer in model.layers:  # the noise of the identity, away
        if layer.name.startswith("context"):
            layer.kernel.assign(np.round(layer.kernel))
    model.get_layer("front_classifier").bias.assign([1.0, 2.0, 3.0, 4.0])  # ReLU passes them
    images = rng.uniform(0, 255, (1, 24, 32, 3)).astype("float32")
    front = keras.Model(model.input, model.get_layer("front_classifier").output)(images)
    assert front.shape == (1, 3, 4, 4)
    context = keras.Model(model.input, model.get_layer("context10").output)(images)
    np.testing.assert_allclose(context, front, atol=1e-5)


@pytest.mark.parametrize("size", [(65, 97), (50, 67)])
def test_the_finer_maps_of_deeplab_v1_all_come_to_stride_8(size):
    options = {"width": 1 / 16, "multi_scale": True}
    model = shape_only(lambda: build_model("deeplab_v1", 3, (*size, 3), **options))
    joined = model.get_layer("msc_concat").output
    assert joined.shape == (None, *(-(-extent // 8) for extent in size), 64 + 5 * 8)


def test_unknown_forms_list_the_known_ones():
    with pytest.raises(ValueError, match="no field_of_view 'wide'. Choose one of: large"):
        build_model("deeplab_v1", 3, (33, 33, 3), field_of_view="wide")
    with pytest.raises(ValueError, match="no pyramid 'huge'. Choose one of: large, small"):
        build_model("deeplab_v2", 3, (33, 33, 3), pyramid="huge")
    with pytest.raises(ValueError, match="cells of 1 and 2 pixels, got 4"):
        build_model("duc_hdc", 3, (33, 33, 3), cell=4)
