"""Aligned Xception-65: published size, and where its strides, rates and ReLUs are."""

import pytest
from keras import layers

from seg_keras.backbones import build_backbone
from tests.counting import count_of

NARROW = {"width": 0.125, "num_middle": 2}


def test_has_the_published_size():
    assert count_of(lambda: build_backbone("xception65", (65, 65, 3))) == 37_867_312


@pytest.mark.parametrize(
    ("output_stride", "strided", "rates"),
    [
        (8, ["entry1", "entry2"], {"entry3": 1, "middle2": 2, "exit1": 2, "exit2": 4}),
        (16, ["entry1", "entry2", "entry3"], {"middle2": 1, "exit1": 1, "exit2": 2}),
        (32, ["entry1", "entry2", "entry3", "exit1"], {"exit1": 1, "exit2": 1}),
    ],
)
def test_strides_become_rates(output_stride, strided, rates):
    backbone = build_backbone("xception65", (65, 65, 3), output_stride, NARROW)
    depthwise = [x for x in backbone.layers if isinstance(x, layers.DepthwiseConv2D)]
    found = [x.name.split("_")[0] for x in depthwise if x.strides[0] == 2]
    assert found == strided
    for unit, rate in rates.items():
        assert {x.dilation_rate[0] for x in depthwise if x.name.startswith(unit)} == {rate}


def test_relus_lead_until_the_last_unit_where_they_follow():
    names = [x.name for x in build_backbone("xception65", (65, 65, 3), options=NARROW).layers]
    assert names.index("exit1_conv1_first_relu") < names.index("exit1_conv1_depthwise")
    assert "exit1_conv1_relu" not in names
    assert names.index("exit2_conv1_depthwise_relu") > names.index("exit2_conv1_depthwise_bn")
    assert names.index("exit2_conv1_relu") > names.index("exit2_conv1_bn")
    assert "exit2_conv1_first_relu" not in names


def test_other_output_strides_are_refused():
    with pytest.raises(ValueError, match="8, 16 and 32, got 64"):
        build_backbone("xception65", (65, 65, 3), 64)
