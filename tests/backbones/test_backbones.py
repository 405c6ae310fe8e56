"""What every backbone promises. A new entry in BACKBONES is tested without a new line here."""

import math
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

import seg_keras.backbones
from seg_keras.backbones import BACKBONES, build_backbone
from seg_keras.models.counting import shape_only

# the narrowest form of each, so that building takes little time
NARROW_RESNET = {"width": 0.125, "num_units": (1, 1, 2, 1)}
TINY = {
    "alexnet": {"width": 0.125},
    "googlenet": {"width": 0.125},
    "mobilenet_v1": {"alpha": 0.25},
    "mobilenet_v2": {"alpha": 0.35},
    "mobilenet_v3_large": {},
    "mobilenet_v3_small": {},
    "resnet101": NARROW_RESNET,
    "resnet152": NARROW_RESNET,
    "resnet50": NARROW_RESNET,
    "vgg16": {"width": 0.125, "batch_norm": True},
    "xception65": {"width": 0.125, "num_middle": 1},
}

INPUT_SHAPE = (65, 97, 3)


@pytest.fixture(scope="module", params=sorted(BACKBONES))
def name(request):
    return request.param


def test_every_file_is_registered_under_the_name_of_its_function():
    files = {path.stem for path in Path(seg_keras.backbones.__file__).parent.glob("*.py")}
    functions = [getattr(function, "func", function) for function in BACKBONES.values()]
    modules = {function.__module__.rsplit(".")[-1] for function in functions}
    assert {name for name in files if not name.endswith("_weights")} - {"__init__"} == modules
    assert all(key == function.__name__ for key, function in BACKBONES.items())


def tiny_shape(name, output_stride):
    """The tiny form without values: to look at, not to run."""
    return shape_only(lambda: build_backbone(name, INPUT_SHAPE, output_stride, TINY[name]))


@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_stages_have_their_strides_rounded_up(name, output_stride):
    features = tiny_shape(name, output_stride).output
    stages = ["c1", "c2", "c3", "c4", "c5"]
    if name == "alexnet":  # its first layer has a stride of 4
        stages.remove("c1")
    assert [key for key in features if key in ("c1", *stages)] == stages
    for stage in stages:
        stride = min(2 ** int(stage[1]), output_stride)
        expected = tuple(math.ceil(extent / stride) for extent in INPUT_SHAPE[:2])
        assert features[stage].shape[1:3] == expected, stage


def test_first_layer_normalises_all_of_0_to_255(name):
    first = tiny_shape(name, 32).layers[1]
    assert isinstance(first, layers.Rescaling | layers.Normalization)
    ends = np.array(first(np.array([[0.0] * 3, [255.0] * 3], "float32").reshape(1, 1, 2, 3)))
    np.testing.assert_array_equal(np.sign(ends[0, 0]), [[-1] * 3, [1] * 3])
    assert 1 <= np.abs(ends).min() <= np.abs(ends).max() < 2.7


def test_dilation_keeps_the_weights(name):
    shapes = [[v.shape for v in tiny_shape(name, stride).weights] for stride in (8, 32)]
    assert shapes[0] == shapes[1]


def test_batch_norm_statistics_move_in_a_short_training(name):
    backbone = build_backbone(name, INPUT_SHAPE, options=TINY[name])
    momenta = {x.momentum for x in backbone.layers if isinstance(x, layers.BatchNormalization)}
    assert bool(momenta) == (name not in ("alexnet", "googlenet"))  # older than batch norm
    assert all(0.9 <= momentum <= 0.99 for momentum in momenta)


def test_unknown_names_and_options_list_the_known_ones(name):
    with pytest.raises(ValueError, match=rf"(?s)Unknown backbone 'nothing'.*{name}"):
        build_backbone("nothing", INPUT_SHAPE)
    with pytest.raises(ValueError, match="no option depth"):
        build_backbone(name, INPUT_SHAPE, options={"depth": 3})


def test_mobilenet_v2_has_the_published_size():
    backbone = build_backbone("mobilenet_v2", (224, 224, 3))
    assert sum(math.prod(v.shape) for v in backbone.trainable_variables) == 1_811_712


def test_mobilenet_v2_dilates_what_follows_a_stride_that_it_gave_up():
    backbone = build_backbone("mobilenet_v2", (64, 64, 3), output_stride=8)
    rates = [
        layer.dilation_rate[0]
        for layer in backbone.layers
        if isinstance(layer, layers.DepthwiseConv2D)
    ]
    # 16, 24 x2, 32 x3 | the block that loses its stride, 64 x3, 96 x3 | likewise, 160 x2, 320
    assert rates == [1] * 6 + [1] + [2] * 6 + [2] + [4] * 3


def test_mobilenet_v2_refuses_other_output_strides():
    with pytest.raises(ValueError, match="8, 16 and 32, got 4"):
        build_backbone("mobilenet_v2", INPUT_SHAPE, output_stride=4)


def test_mobilenet_v2_takes_the_weights_of_keras(rng, tmp_path):
    source = keras.applications.MobileNetV2((65, 97, 3), 0.35, include_top=False, weights=None)
    for variable in source.weights:  # batch norms that would show a mix-up
        variable.assign(rng.uniform(0.5, 1.5, variable.shape) * 0.3)
    file = tmp_path / "source.weights.h5"
    source.save_weights(file)
    backbone = build_backbone(
        "mobilenet_v2", (65, 97, 3), options={"alpha": 0.35, "weights": str(file)}
    )
    images = rng.uniform(0, 255, (1, 65, 97, 3)).astype("float32")
    ours = backbone(images)
    reference = keras.Model(
        source.input,
        {
            "c2": source.get_layer("block_2_add").output,
            "c5": source.get_layer("block_16_project_BN").output,
        },
    )(keras.applications.mobilenet_v2.preprocess_input(images.copy()))
    for stage in ("c2", "c5"):
        np.testing.assert_allclose(ours[stage], reference[stage], rtol=1e-3, atol=1e-3)
