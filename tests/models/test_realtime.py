"""The real-time family: published sizes and costs, and what its builders refuse."""

import keras
import pytest

from seg_keras.layers import BilinearResize
from seg_keras.models import build_model, deployable, transfer_weights
from seg_keras.models.lraspp import coarse_gate
from tests.counting import macs, shape_only, trainable

LARGE = {"backbone": "mobilenet_v3_large"}
V2 = {"head": "pooling"}
HALF_V2 = {"head": "pooling", "backbone_options": {"alpha": 0.5, "channel_divisor": 1}}
V1 = {"backbone": "mobilenet_v1"}
R50 = {"backbone": "resnet50"}

# model, options, classes, (height, width), trainable weights, billions of multiplications (0 where
# none are published); both of the deployed form
COSTS = [
    ("enet", {}, 19, (512, 1024), 364_311, 3.922),
    ("lednet", {}, 19, (512, 1024), 922_821, 11.21),
    ("esnet", {}, 19, (512, 1024), 1_659_071, 24.05),
    ("frrn", {"variant": "a"}, 19, (256, 512), 17_746_803, 123.10),
    ("fasterseg", {"variant": "student"}, 19, (1024, 2048), 3_421_875, 27.77),
    ("icnet", {}, 19, (1024, 2048), 2_381_043, 14.85),
    ("lraspp", {}, 19, (1024, 2048), 468_830, 2.67),
    ("deeplab_v3", {**V2, "output_stride": 8}, 21, (513, 513), 2_113_557, 8.826),
]
SLOW_COSTS = [
    ("frrn", {"variant": "b"}, 19, (512, 1024), 24_755_699, 496.17),
    ("icnet", V1, 19, (1024, 2048), 3_985_203, 18.86),
    ("lraspp", LARGE, 19, (1024, 2048), 1_507_198, 9.31),
    ("deeplab_v3", {"head": "aspp"}, 21, (513, 513), 4_523_541, 5.36),
    ("deeplab_v3", HALF_V2, 21, (513, 513), 697_013, 0.867),
    ("deeplab_v3", V1, 21, (513, 513), 11_145_301, 0),
    ("enet", {}, 11, (512, 1024), 363_791, 0),
    ("enet", {}, 19, (360, 640), 364_311, 1.724),
    ("enet", {"encoder_only": True}, 19, (512, 1024), 340_607, 0),
    ("icnet", {**R50, "width": 0.5}, 19, (1025, 2049), 6_699_987, 29.81),
    ("icnet", {**R50, "width": 1.0}, 19, (1025, 2049), 26_734_483, 117.5),
    ("lednet", {"encoder_only": True}, 19, (512, 1024), 913_887, 0),
    ("esnet", {}, 11, (512, 1024), 1_658_551, 0),
    ("fasterseg", {"variant": "teacher"}, 19, (1024, 2048), 22_115_203, 107.78),
    ("lraspp", {"output_stride": 32}, 19, (1024, 2048), 468_830, 1.85),
    ("lraspp", {"tail": "full"}, 19, (1024, 2048), 1_078_990, 0),
    ("lraspp", {**LARGE, "output_stride": 32}, 19, (1024, 2048), 1_507_198, 7.37),
    ("lraspp", {**LARGE, "filters": 256}, 19, (1024, 2048), 1_632_894, 0),
    ("lraspp", {**LARGE, "tail": "full"}, 19, (1024, 2048), 3_222_846, 0),
    ("deeplab_v3", V2, 21, (513, 513), 2_113_557, 2.741),
    ("deeplab_v3", V2, 19, (1025, 2049), 2_113_043, 21.23),
    ("deeplab_v3", V2, 21, (257, 257), 2_113_557, 0.720),
    ("deeplab_v3", {**V2, "output_stride": 8}, 21, (257, 257), 2_113_557, 2.273),
    ("deeplab_v3", {**V2, "output_stride": 32}, 21, (257, 257), 2_113_557, 0),
    ("deeplab_v3", {**HALF_V2, "output_stride": 8}, 21, (513, 513), 697_013, 2.819),
]


@pytest.mark.parametrize(
    ("name", "options", "num_classes", "size", "count", "billions"),
    [*COSTS, *(pytest.param(*row, marks=pytest.mark.slow) for row in SLOW_COSTS)],
)
def test_weights_and_multiplications_are_the_published_ones(
    name, options, num_classes, size, count, billions
):
    model = shape_only(lambda: deployable(build_model(name, num_classes, (*size, 3), **options)))
    assert trainable(model) == count
    if billions:
        assert macs(model) / 1e9 == pytest.approx(billions, rel=0.01)


@pytest.mark.parametrize(
    ("name", "options", "outputs", "count"),
    [
        ("icnet", {}, ["logits", "sub24", "sub4"], 2_388_377),
        ("icnet", V1, ["logits", "sub24", "sub4"], 3_992_537),
        ("fasterseg", {}, ["logits", "aux16", "aux32"], 4_385_689 - 2 * 128 * 128),
    ],
)
def test_training_adds_the_guidance_of_the_paper(name, options, outputs, count):
    # FasterSeg's published total holds a channel attention that its forward pass does not use.
    model = shape_only(lambda: build_model(name, 19, (256, 512, 3), **options))
    assert list(model.output) == outputs
    assert trainable(model) == count


@pytest.mark.parametrize(
    ("name", "shape", "options", "message"),
    [
        ("icnet", (256, 256, 3), {"width": 0.6}, "steps of 1/8, got 0.6. Nearest: 0.625"),
        ("icnet", (256, 256, 3), {"width": -1}, "Nearest: 0.125"),
        ("icnet", (256, 256, 3), {"backbone": "mobilenet_v3_small"}, "no option cascade"),
        ("frrn", (64, 64, 3), {"variant": "c"}, "no variant 'c'. Choose one of: a, b"),
        ("frrn", (64, 64, 3), {"width": 0.1}, "steps of 1/16, got 0.1. Nearest: 0.125"),
        ("fasterseg", (64, 64, 3), {"variant": "pupil"}, "Choose one of: student, teacher"),
        ("lraspp", (64, 64, 3), {"backbone": "mobilenet_v2"}, "mobilenet_v3_large"),
        ("lraspp", (64, 64, 3), {"tail": "short"}, "no tail 'short'. Choose one of: full"),
    ],
)
def test_what_cannot_be_built_is_told_with_the_nearest_that_can(name, shape, options, message):
    with pytest.raises(ValueError, match=message):
        build_model(name, 3, shape, **options)


def test_icnet_sees_the_image_at_three_sizes():
    model = shape_only(lambda: build_model("icnet", 19, (1025, 2049, 3)))
    shapes = {name: model.get_layer(name).output.shape[1:3] for name in ("half", "quarter")}
    assert shapes == {"half": (513, 1025), "quarter": (33, 65)}
    assert model.get_layer("sub24_relu").output.shape[1:3] == (65, 129)
    assert model.get_layer("sub124_relu").output.shape[1:3] == (129, 257)


@pytest.mark.parametrize(
    "backbone",
    [
        "mobilenet_v2",
        *(pytest.param(b, marks=pytest.mark.slow) for b in ("mobilenet_v1", "resnet50")),
    ],
)
@pytest.mark.parametrize("align_corners", [False, True])
def test_every_resize_of_icnet_keeps_the_corners_or_none_does(align_corners, backbone):
    options = {"backbone": backbone, "align_corners": align_corners}
    model = shape_only(lambda: build_model("icnet", 19, (65, 97, 3), **options))
    resizes = [layer for layer in model.layers if isinstance(layer, BilinearResize)]
    assert len(resizes) == 11  # 2 in the cascade, 3 of the pyramid, 3 between the branches, 3 heads
    assert {layer.align_corners for layer in resizes} == {align_corners}


@pytest.mark.parametrize(("size", "bins"), [((161, 193), [1, 2, 3, 6]), ((65, 97), [1, 2, 3])])
def test_the_pyramid_of_icnet_has_no_bins_finer_than_its_map(size, bins):
    model = shape_only(lambda: build_model("icnet", 19, (*size, 3)))
    pools = [layer.name for layer in model.layers if "pyramid_pool" in layer.name]
    assert pools == [f"pyramid_pool{count}" for count in bins]


def test_branches_of_esnet_share_their_batch_norm():
    model = shape_only(lambda: build_model("esnet", 19, (64, 64, 3)))
    shared = [layer for layer in model.layers if layer.name.endswith("_shared_bn")]
    assert len(shared) == 3
    assert all(len(layer._inbound_nodes) == 3 for layer in shared)


@pytest.mark.slow
def test_the_second_stage_of_training_starts_from_the_encoder_of_the_first():
    first = build_model("lednet", 3, (32, 32, 3), encoder_only=True)
    second = build_model("lednet", 3, (32, 32, 3))
    kept = transfer_weights(first, second)
    assert kept
    assert all(name.startswith("pyramid_") for name in kept)


@pytest.mark.parametrize(
    ("size", "window", "strides"),
    [
        ((64, 128), (49, 49), (16, 20)),  # section 6.4 of the paper, for 1024x2048
        ((32, 64), (24, 24), (8, 10)),
        ((3, 5), (2, 2), (1, 1)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
def test_the_gate_of_lraspp_averages_the_same_share_of_every_map(size, window, strides):
    x = keras.Input((*size, 8))
    model = keras.Model(x, coarse_gate(x, 4, name="gate"))
    pool = model.get_layer("gate_average")
    assert (pool.pool_size, pool.strides) == (window, strides)
    assert model.output.shape == (None, *size, 4)
