"""VGG16: published size, its forms, and weights of Keras."""

import logging

import keras
import numpy as np
import pytest
from keras import layers

from seg_keras.backbones import build_backbone
from seg_keras.backbones.vgg16_weights import as_convolution, copy_vgg16
from seg_keras.models import build_model
from tests.counting import count_of, shape_only

NARROW = {"width": 1 / 16}


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 14_714_688),
        ({"batch_norm": True}, 14_714_688 + 2 * 4_224),
        ({"top": True}, 134_260_544),
    ],
)
def test_has_the_published_size(options, count):
    assert count_of(lambda: build_backbone("vgg16", (64, 64, 3), options=options)) == count


@pytest.mark.parametrize(
    ("output_stride", "rates"), [(32, [1] * 5), (16, [1] * 5), (8, [1, 1, 1, 1, 2])]
)
@pytest.mark.parametrize("pooling", ["2x2", "3x3"])
def test_stages_after_a_stride_that_was_given_up_are_dilated(output_stride, rates, pooling):
    options = {**NARROW, "pooling": pooling, "top": True}
    backbone = build_backbone("vgg16", (65, 97, 3), output_stride, options)
    found = [backbone.get_layer(f"block{n}_conv2").dilation_rate[0] for n in range(1, 6)]
    assert found == rates
    assert backbone.get_layer("top_fc6").dilation_rate[0] == 32 // output_stride
    assert backbone.output["top"].shape[1:3] == backbone.output["c5"].shape[1:3]


def test_poolings_without_a_stride_stay_only_where_windows_overlap():
    def pools(pooling):
        backbone = build_backbone("vgg16", (64, 64, 3), 8, {**NARROW, "pooling": pooling})
        found = [x for x in backbone.layers if isinstance(x, layers.MaxPooling2D)]
        return [(x.pool_size[0], x.strides[0]) for x in found]

    assert pools("2x2") == [(2, 2)] * 3
    assert pools("3x3") == [(3, 2)] * 3 + [(3, 1)] * 2


def test_a_margin_gives_the_sizes_of_the_published_fcn():
    options = {**NARROW, "top": True, "margin": 100}
    features = build_backbone("vgg16", (500, 500, 3), options=options).output
    sizes = {name: features[name].shape[1] for name in ("c1_conv", "c2", "c3", "c4", "c5", "top")}
    assert sizes == {"c1_conv": 698, "c2": 175, "c3": 88, "c4": 44, "c5": 22, "top": 16}


@pytest.mark.parametrize("name", ["crf_rnn", "deeplab_v3", "deeplab_v3_plus", "pspnet"])
def test_models_of_other_backbones_stand_on_it_too(name):
    options = {"backbone": "vgg16", "backbone_options": NARROW}
    if name == "pspnet":
        options["bin_counts"] = (1, 2)
    model = shape_only(lambda: build_model(name, 3, (65, 97, 3), **options))
    assert model.output["logits"].shape == (None, 65, 97, 3)


def test_unknown_forms_are_told():
    with pytest.raises(ValueError, match="8, 16 and 32, got 4"):
        build_backbone("vgg16", (64, 64, 3), 4)
    with pytest.raises(ValueError, match="no pooling '4x4'. Choose one of: 2x2, 3x3"):
        build_backbone("vgg16", (64, 64, 3), options={"pooling": "4x4"})


@pytest.fixture(scope="module")
def keras_vgg():
    """A VGG16 of Keras for images of 64x64, whose biases would show a mix-up."""
    rng = np.random.default_rng(0)
    source = keras.applications.VGG16(input_shape=(64, 64, 3), weights=None, classes=2)
    for variable in source.weights:
        if len(variable.shape) == 1:
            variable.assign(rng.uniform(-0.1, 0.1, variable.shape))
    return source


def assert_close(actual, expected):
    actual, expected = (keras.ops.convert_to_numpy(x) for x in (actual, expected))
    np.testing.assert_allclose(actual, expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.slow
def test_takes_the_weights_of_keras_its_wide_layers_as_convolutions(rng, keras_vgg, caplog):
    backbone = build_backbone("vgg16", (64, 64, 3))
    # The map of a 64x64 image has 2x2 pixels, so that a 2x2 convolution sees what Keras flattens.
    x = layers.Conv2D(4096, 2, activation="relu", name="top_fc6")(backbone.output["c5"])
    x = layers.Conv2D(4096, 1, activation="relu", name="top_fc7")(x)
    model = keras.Model(backbone.input, {**backbone.output, "top": x})
    with caplog.at_level(logging.WARNING):
        copy_vgg16(keras_vgg, model)
    assert not caplog.records
    images = rng.uniform(0, 255, (2, 64, 64, 3)).astype("float32")
    parts = {"c3": "block3_pool", "c5_conv": "block5_conv3", "top": "fc2"}
    known = {part: keras_vgg.get_layer(name).output for part, name in parts.items()}
    prepared = keras.applications.vgg16.preprocess_input(images.copy())
    expected = keras.Model(keras_vgg.input, known)(prepared)
    ours = model(images)
    assert_close(ours["c3"], expected["c3"])
    assert_close(ours["c5_conv"], expected["c5_conv"])
    assert_close(ours["top"][:, 0, 0], expected["top"])


@pytest.mark.slow
def test_a_file_of_keras_is_loaded_whole_or_refused(tmp_path, caplog):
    source = keras.applications.VGG16(input_shape=(64, 64, 3), include_top=False, weights=None)
    file = str(tmp_path / "vgg.weights.h5")
    source.save_weights(file)
    options = {"weights": file}
    with caplog.at_level(logging.WARNING):
        model = build_model("hed", 1, (32, 32, 3), backbone_options=options)
    assert not caplog.records
    kernel = source.get_layer("block3_conv2").kernel
    np.testing.assert_array_equal(model.get_layer("block3_conv2").kernel, kernel)
    with caplog.at_level(logging.WARNING):
        build_backbone("vgg16", (32, 32, 3), options={**options, "batch_norm": True})
    assert "left random: block1_bn1, block1_bn2, block2_bn1" in caplog.text
    with pytest.raises(ValueError, match="block1_conv1 has weights .* for width=1.0"):
        build_backbone("vgg16", (32, 32, 3), options={**options, "width": 0.5})
    with pytest.raises(ValueError, match="images of 3 channels"):
        build_backbone("vgg16", (32, 32, 4), options=options)
    with pytest.raises(ValueError, match="do not fit Keras's VGG16 with its classifier"):
        build_model("deeplab_v1", 2, (33, 33, 3), backbone_options=options)


def test_smaller_wide_layers_take_a_part_of_the_published_ones(rng):
    dense = layers.Dense(8, name="fc1")
    dense.build((None, 7 * 7 * 512))
    dense.bias.assign(np.arange(8))
    whole, _ = as_convolution(dense, (7, 7, 512, 8))
    np.testing.assert_array_equal(whole.reshape(-1, 8), dense.kernel)
    part, bias = as_convolution(dense, (3, 3, 512, 2))
    np.testing.assert_array_equal(part, whole[::3, ::3, :, ::7])
    np.testing.assert_array_equal(bias, [0, 7])


def test_weights_are_the_only_option_of_a_front_end_without_padding():
    with pytest.raises(ValueError, match="no backbone_options batch_norm. Known: weights"):
        build_model("dilation10", 2, (32, 32, 3), backbone_options={"batch_norm": True})
