"""AlexNet, VGG16 and GoogLeNet as FCN takes them: sizes, costs, and what their last map sees."""

import numpy as np
import pytest
from keras import layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import first_center
from tests.counting import count_of, shape_only


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [
        ("alexnet", {}, 2_334_080),
        ("alexnet", {"top": True}, 56_868_224),
        ("googlenet", {}, 5_973_552),
    ],
)
def test_has_the_published_size(name, options, count):
    assert count_of(lambda: build_backbone(name, (64, 64, 3), options=options)) == count


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("alexnet", {"c2": 173, "c3": 86, "c4": 43, "c5": 21, "top": 16}),
        ("googlenet", {"c1": 347, "c2": 173, "c3": 86, "c4": 43, "c5": 21, "top": 15}),
    ],
)
def test_a_margin_gives_the_sizes_of_caffe(name, sizes):
    options = {"top": True, "margin": 100}
    features = shape_only(lambda: build_backbone(name, (500, 500, 3), options=options)).output
    assert {key: features[key].shape[1] for key in sizes} == sizes


@pytest.mark.parametrize(("name", "size"), [("alexnet", 355), ("vgg16", 404), ("googlenet", 907)])
def test_the_last_map_sees_what_is_published_and_where_the_alignment_says(name, size):
    # Kernels of ones let an impulse through to all that see it; along one axis says it for both.
    extent = 32 * (size // 32 + 3)
    options = {"width": 1 / 64, "top": True}
    backbone = build_backbone(name, (1, extent, 3), options=options)
    for layer in backbone.layers:
        if isinstance(layer, layers.Conv2D):
            layer.set_weights([np.ones_like(layer.kernel), np.zeros_like(layer.bias)])
    images = np.tile(np.array(backbone.get_layer("normalize").mean), (extent, 1, extent, 1))
    images[range(extent), 0, range(extent)] += 100
    tops = np.concatenate(
        [backbone(images[at : at + 128].astype("float32"))["top"] for at in range(0, extent, 128)]
    )
    middle = tops.shape[2] // 2
    seen = np.flatnonzero(tops[:, 0, middle].sum(axis=-1) > 0)
    assert len(seen) == seen[-1] - seen[0] + 1 == size
    upright = build_backbone(name, (extent, 1, 3), options=options)
    center = first_center(upright.input, upright.output["top"])
    assert (seen[0] + seen[-1]) / 2 == center + 32 * middle


def test_channels_of_alexnet_are_convolved_in_two_groups():
    backbone = build_backbone("alexnet", (64, 64, 3), options={"width": 1 / 8})
    groups = [layer.groups for layer in backbone.layers if isinstance(layer, layers.Conv2D)]
    assert groups == [1, 2, 1, 2, 2]


@pytest.mark.parametrize("name", ["alexnet", "googlenet"])
def test_other_output_strides_are_refused(name):
    with pytest.raises(ValueError, match="8, 16 and 32, got 4"):
        build_backbone(name, (64, 64, 3), 4)


@pytest.mark.parametrize("name", ["alexnet", "googlenet"])
def test_there_are_no_published_weights(name):
    with pytest.raises(ValueError, match=f"{name} has no option weights. Its backbone_options"):
        build_backbone(name, (64, 64, 3), options={"weights": "imagenet"})


def test_what_follows_a_stride_that_was_given_up_is_dilated():
    def rates(name, output_stride):
        backbone = build_backbone(name, (64, 64, 3), output_stride, {"width": 1 / 8, "top": True})
        found = [x for x in backbone.layers if isinstance(x, layers.Conv2D)]
        return [x.dilation_rate[0] for x in found if x.kernel_size[0] > 1]

    assert rates("alexnet", 8) == [1, 1, 2, 2, 2, 4]
    assert rates("alexnet", 16) == [1, 1, 1, 1, 1, 2]
    assert rates("googlenet", 8) == [1] * (2 + 4) + [2] * 10 + [4] * 4
    assert rates("googlenet", 16) == [1] * (2 + 4 + 10) + [2] * 4
