"""ResNets: published sizes, where strides and dilation rates sit, and weights of Keras."""

import logging

import keras
import numpy as np
import pytest
from keras import layers

from seg_keras.backbones import build_backbone
from tests.counting import count_of

NARROW = {"width": 0.125}


@pytest.mark.parametrize(
    ("name", "stem", "count"),
    [
        ("resnet50", "7x7", 23_508_032),
        ("resnet50", "3x3", 23_631_808),
        ("resnet101", "7x7", 42_500_160),
        ("resnet101", "3x3", 42_623_936),
        ("resnet152", "3x3", 58_267_584),
    ],
)
def test_has_the_published_size(name, stem, count):
    assert count_of(lambda: build_backbone(name, (65, 65, 3), options={"stem": stem})) == count


@pytest.mark.parametrize("placement", ["reduce", "filter", "previous_stage"])
@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_every_stride_placement_keeps_the_sizes_of_the_stages(placement, output_stride):
    options = {**NARROW, "stride_placement": placement, "num_units": (1, 2, 2, 1)}
    features = build_backbone("resnet50", (65, 98, 3), output_stride, options).output
    sizes = {8: (9, 13), 16: (5, 7), 32: (3, 4)}
    assert features["c2"].shape[1:3] == (17, 25)
    assert features["c3"].shape[1:3] == sizes[8]
    assert features["c4"].shape[1:3] == sizes[min(16, output_stride)]
    assert features["c5"].shape[1:3] == sizes[output_stride]


def strided(placement):
    options = {**NARROW, "stride_placement": placement}
    backbone = build_backbone("resnet50", (64, 64, 3), 32, options)
    convolutions = [x for x in backbone.layers if isinstance(x, layers.Conv2D)]
    return [x.name for x in convolutions if x.strides[0] == 2 and "shortcut" not in x.name][1:]


def test_strides_sit_where_the_placement_says():
    assert strided("reduce") == [f"stage{n}_unit1_reduce_conv" for n in (3, 4, 5)]
    assert strided("filter") == [f"stage{n}_unit1_filter_conv" for n in (3, 4, 5)]
    assert strided("previous_stage") == [
        "stage2_unit3_filter_conv", "stage3_unit4_filter_conv", "stage4_unit6_filter_conv"
    ]  # fmt: skip


def rates(output_stride, **options):
    backbone = build_backbone("resnet50", (64, 64, 3), output_stride, {**NARROW, **options})
    return {
        stage: tuple(
            layer.dilation_rate[0]
            for layer in backbone.layers
            if layer.name.startswith(f"stage{stage}") and layer.name.endswith("filter_conv")
        )
        for stage in (3, 4, 5)
    }


def test_dilation_replaces_strides_and_multi_grid_multiplies_it():
    assert rates(32) == {3: (1,) * 4, 4: (1,) * 6, 5: (1,) * 3}
    assert rates(16, multi_grid=(1, 2, 4)) == {3: (1,) * 4, 4: (1,) * 6, 5: (2, 4, 8)}
    assert rates(8) == {3: (1,) * 4, 4: (2,) * 6, 5: (4,) * 3}
    assert rates(8, dilation_rates={"c5": (5, 9, 17)})[5] == (5, 9, 17)


def test_gates_stand_on_undilated_stages_and_add_the_known_weights():
    def build(output_stride, gate):
        return build_backbone("resnet50", (64, 64, 3), output_stride, {"gate": gate})

    plain = count_of(lambda: build(16, ""))
    assert count_of(lambda: build(16, "sigmoid")) - plain == 951_600
    assert count_of(lambda: build(32, "softmax")) - plain == 2_530_992


def test_unknown_options_are_told():
    with pytest.raises(ValueError, match="8, 16 and 32, got 4"):
        build_backbone("resnet50", (64, 64, 3), 4)
    with pytest.raises(ValueError, match="no stem '5x5'. Choose one of: 7x7, 3x3"):
        build_backbone("resnet50", (64, 64, 3), options={"stem": "5x5"})
    with pytest.raises(ValueError, match="no stride_placement 'last'. Choose one of: reduce"):
        build_backbone("resnet50", (64, 64, 3), options={"stride_placement": "last"})
    with pytest.raises(ValueError, match="2 rates for c5, which has 3 units. Give one rate"):
        build_backbone("resnet50", (64, 64, 3), options={"dilation_rates": {"c5": (1, 2)}})
    with pytest.raises(ValueError, match="Unknown gate 'tanh'. Choose one of: sigmoid, softmax"):
        build_backbone("resnet50", (64, 64, 3), options={"gate": "tanh"})


@pytest.fixture(scope="module")
def keras_weights(tmp_path_factory):
    """A network of Keras and the file of its weights, with batch norms that show a mix-up."""
    rng = np.random.default_rng(0)
    source = keras.applications.ResNet50(input_shape=(65, 97, 3), include_top=False, weights=None)
    for variable in source.weights:
        if "kernel" not in variable.path:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape) * 0.3)
    file = tmp_path_factory.mktemp("weights") / "resnet.weights.h5"
    source.save_weights(file)
    return source, str(file)


@pytest.mark.slow
def test_takes_the_weights_of_keras(rng, keras_weights, caplog):
    source, file = keras_weights
    options = {"stride_placement": "reduce", "weights": file}
    with caplog.at_level(logging.WARNING):
        backbone = build_backbone("resnet50", (65, 97, 3), options=options)
    assert not caplog.records
    images = rng.uniform(0, 255, (1, 65, 97, 3)).astype("float32")
    features = {
        "c2": source.get_layer("conv2_block3_out").output,
        "c5": source.get_layer("conv5_block3_out").output,
    }
    prepared = keras.applications.resnet.preprocess_input(images.copy())
    reference = keras.Model(source.input, features)(prepared)
    ours = backbone(images)
    for stage in features:
        scale = np.abs(reference[stage]).max()
        np.testing.assert_allclose(ours[stage], reference[stage], atol=1e-3 * scale)


@pytest.mark.slow
def test_weights_that_do_not_fit_are_named_or_refused(keras_weights, caplog):
    file = keras_weights[1]
    with caplog.at_level(logging.WARNING):
        build_backbone("resnet50", (33, 33, 3), options={"stem": "3x3", "weights": file})
    assert "left random: stem1_conv, stem1_bn" in caplog.text
    assert "stage2_unit1_shortcut_conv" in caplog.text
    assert "stage2_unit2" not in caplog.text
    with pytest.raises(ValueError, match="stem_conv has weights .* for width=1.0"):
        build_backbone("resnet50", (33, 33, 3), options={"width": 0.5, "weights": file})
    with pytest.raises(ValueError, match="no published weights for num_units=.1, 1, 1, 1."):
        build_backbone(
            "resnet50", (33, 33, 3), options={"num_units": (1, 1, 1, 1), "weights": file}
        )
