"""SegNet and SegNet-Basic: published sizes, every decoder and encoder, what unpooling is for."""

import keras
import numpy as np
import pytest

from seg_keras.backbones import build_backbone
from seg_keras.models import build_model, transfer_weights
from seg_keras.models.segnet_basic import DECODERS
from tests.counting import count_of, macs, shape_only

SIZE = (49, 67, 3)  # divides by none of the strides
SMALL_RESNET = {"width": 1 / 8, "num_units": (1, 1, 1, 1)}

# Weights of SegNet at 11 and 21 classes, those of batch norms and of convolutions' biases included.
SEGNET = [(11, 29_449_355), (21, 29_455_125)]

# decoder: weights without batch norm at 11 classes, how many batch norms of 64 channels it has
# besides the encoder's four, millions of weights as table 1 rounds them
BASIC = {
    "bilinear": (612_235, 0, 0.625),
    "unpooling": (1_415_051, 4, 1.425),
    "unpooling_encoder_addition": (1_415_051, 4, 1.425),
    "unpooling_single_channel": (624_779, 4, 0.625),
    "nearest": (1_415_051, 4, 1.425),
    "bed_of_nails": (1_415_051, 4, 1.425),
    "deconv": (645_312, 0, 0.65),
    "deconv_no_addition": (643_200, 0, 0.65),
    "deconv_no_dim_reduction": (1_660_811, 0, 1.625),
    "deconv_no_addition_no_dim_reduction": (1_660_811, 0, 1.625),
}


@pytest.mark.parametrize(("num_classes", "count"), SEGNET)
def test_segnet_has_the_published_size(num_classes, count):
    assert count_of(lambda: build_model("segnet", num_classes, (360, 480, 3))) == count


def test_segnet_has_26_convolutions_and_the_published_cost():
    model = shape_only(lambda: build_model("segnet", 11, (360, 480, 3)))
    convs = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convs) == 26
    assert round(macs(model) / 1e9, 1) == 106.7
    # 45 rows halve to 23, and come back as 45.
    assert model.get_layer("decoder5_unpool").output.shape[1:3] == (23, 30)
    assert model.get_layer("decoder4_unpool").output.shape[1:3] == (45, 60)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("num_classes", [11, 21])
def test_segnet_basic_has_the_size_of_table_1(decoder, num_classes):
    count, num_batch_norms, millions = BASIC[decoder]
    assert count / 1e6 == pytest.approx(millions, rel=0.03)
    reduced = {"deconv": 4, "deconv_no_addition": 1}.get(decoder, 0)  # 1x1 without a bias
    per_class = 64 * reduced or 65
    deconvs = 256 if reduced else 0  # four kernels of 8x8 from every class to every class
    count += per_class * (num_classes - 11) + deconvs * (num_classes**2 - 11**2)
    count += (4 + num_batch_norms) * 128
    options = {"decoder": decoder}
    shape = (360, 480, 3)
    assert count_of(lambda: build_model("segnet_basic", num_classes, shape, **options)) == count


def test_segnet_basic_counts_1416075():
    assert count_of(lambda: build_model("segnet_basic", 11, (360, 480, 3))) == 1_416_075


@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_gives_full_size_float32_logits_and_trains_all_weights(decoder, rng):
    import tensorflow as tf

    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        options = {"decoder": decoder, "filters": 4}
        mixed = shape_only(lambda: build_model("segnet_basic", 3, SIZE, **options))
    finally:
        keras.config.set_dtype_policy("float32")
    assert mixed.output["logits"].dtype == "float32"

    model = build_model("segnet_basic", 3, SIZE, **options)
    images = rng.uniform(0, 255, (1, *SIZE)).astype("float32")
    with tf.GradientTape() as tape:
        logits = model(images, training=True)["logits"]
        loss = tf.reduce_sum(logits * logits)
    assert logits.shape == (1, *SIZE[:2], 3)
    assert None not in tape.gradient(loss, [v.value for v in model.trainable_variables])


def test_unknown_decoder_lists_the_known_ones():
    with pytest.raises(ValueError, match="no decoder 'unpool'. Choose one of: unpooling, .*deconv"):
        build_model("segnet_basic", 3, SIZE, decoder="unpool")


@pytest.mark.parametrize(
    ("backbone", "options"),
    [
        ("resnet50", SMALL_RESNET),
        pytest.param("mobilenet_v2", {"alpha": 0.35}, marks=pytest.mark.slow),
        ("vgg16", {"width": 1 / 16, "batch_norm": False}),
    ],
)
def test_segnet_takes_other_encoders(backbone, options, rng):
    model = build_model("segnet", 3, SIZE, backbone=backbone, backbone_options=options)
    images = rng.uniform(0, 255, (1, *SIZE)).astype("float32")
    logits = model(images)["logits"]
    assert logits.shape == (1, *SIZE[:2], 3)
    assert np.isfinite(logits).all()


def test_weights_of_a_vgg16_start_the_encoder():
    backbone = build_backbone("vgg16", SIZE, options={"width": 1 / 16, "batch_norm": True})
    model = build_model("segnet", 3, SIZE, backbone_options={"width": 1 / 16})
    kept = transfer_weights(backbone, model)
    assert all(name.startswith(("decoder", "classifier")) for name in kept)
    assert len([name for name in kept if name.endswith("_conv")]) == 12


def test_unpooling_follows_the_edges_that_the_encoder_saw(rng):
    """The same decoder's values stand where the image has its maxima, and nowhere else."""
    model = build_model("segnet_basic", 2, (16, 16, 3), filters=4)
    name = "decoder1_unpool"
    unpooled = keras.Model(model.input, model.get_layer(name).output)
    features = keras.Model(model.input, model.get_layer("encoder1_relu").output)
    images = rng.uniform(0, 255, (1, 16, 16, 3)).astype("float32")
    values, maps = (keras.ops.convert_to_numpy(part(images)) for part in (unpooled, features))
    windows = maps.reshape(1, 8, 2, 8, 2, 4)
    is_maximum = (windows == windows.max(axis=(2, 4), keepdims=True)).reshape(maps.shape)
    assert (values[~is_maximum] == 0).all()
    assert np.count_nonzero(values) > values.size / 8
