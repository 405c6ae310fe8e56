"""U-Net: published sizes, the size rule without padding, bands, and encoders of other families."""

import keras
import numpy as np
import pytest

from seg_keras.models import build_model, load_model
from seg_keras.models.unet import next_valid_size
from tests.counting import count_of, macs, shape_only

SIZE = (49, 67, 3)  # divides by none of the strides

# num_classes, bands, options, weights
COUNTS = [
    (1, 1, {}, 31_030_593),
    (2, 1, {}, 31_030_658),
    (2, 3, {}, 31_031_810),
    (21, 3, {}, 31_033_045),
    (1, 1, {"filters": 32}, 7_759_521),  # what U-Net++ compares itself with
    (1, 1, {"filters": 35}, 9_282_246),  # and its wide form
    (1, 3, {"filters": 35}, 9_282_246 + 630),
]


@pytest.mark.parametrize(("num_classes", "bands", "options", "count"), COUNTS)
def test_has_the_published_size(num_classes, bands, options, count):
    assert count_of(lambda: build_model("unet", num_classes, (96, 96, bands), **options)) == count


def test_published_form_has_23_convolutions_from_572_to_388_pixels():
    model = shape_only(lambda: build_model("unet", 2, (572, 572, 1), padding="valid"))
    kinds = (keras.layers.Conv2D, keras.layers.Conv2DTranspose)
    assert len([layer for layer in model.layers if isinstance(layer, kinds)]) == 23
    assert model.output["logits"].shape == (None, 388, 388, 2)
    assert model.get_layer("down5_relu2").output.shape[1:3] == (28, 28)
    assert round(macs(model) / 1e9, 1) == 150.4


@pytest.mark.parametrize(
    ("extent", "valid"), [(1, 188), (187, 188), (188, 188), (189, 204), (512, 524), (572, 572)]
)
def test_next_valid_size_is_the_least_that_needs_no_padding(extent, valid):
    assert next_valid_size(extent) == valid


def test_a_size_that_would_need_padding_names_the_next_valid_one():
    with pytest.raises(ValueError, match=r"188 \+ 16k .*got \(512, 572\).* is \(524, 572\)"):
        build_model("unet", 2, (512, 572, 1), padding="valid", filters=4)
    with pytest.raises(ValueError, match="no padding 'mirror'. Choose one of: same, valid"):
        build_model("unet", 2, (188, 188, 1), padding="mirror")
    with pytest.raises(ValueError, match="resnet50 pads its maps"):
        build_model("unet", 2, (188, 188, 3), padding="valid", backbone="resnet50")


@pytest.mark.parametrize(("height", "width"), [(188, 204), (220, 188)])
def test_without_padding_logits_are_92_pixels_smaller_at_each_side(height, width):
    model = shape_only(
        lambda: build_model("unet", 3, (height, width, 3), padding="valid", filters=4)
    )
    assert model.output["logits"].shape == (None, height - 184, width - 184, 3)


def test_without_padding_no_logit_knows_where_the_image_ends(rng):
    """The same pixels give the same logits 16 pixels further on, whatever is beyond."""
    keras.utils.set_random_seed(0)
    model = build_model("unet", 2, (204, 204, 1), padding="valid", filters=2)
    scene = rng.uniform(0, 255, (1, 220, 204, 1)).astype("float32")
    above, below = (
        keras.ops.convert_to_numpy(model(part)["logits"])
        for part in (scene[:, :204], scene[:, 16:])
    )
    np.testing.assert_allclose(above[:, 16:], below[:, :4], atol=1e-5)


@pytest.mark.parametrize("bands", [1, 4])
def test_takes_any_number_of_bands(bands, rng, tmp_path):
    model = build_model("unet", 2, (17, 19, bands), filters=2)
    images = rng.uniform(0, 255, (1, 17, 19, bands)).astype("float32")
    logits = keras.ops.convert_to_numpy(model(images)["logits"])
    assert logits.shape == (1, 17, 19, 2)
    model.save(tmp_path / "m.keras")
    assert load_model(tmp_path / "m.keras", (33, 35, bands)).input_shape == (None, 33, 35, bands)


@pytest.mark.parametrize(
    ("backbone", "options", "batch_norm"),
    [
        ("resnet50", {"width": 1 / 8, "num_units": (1, 1, 1, 1)}, True),
        pytest.param("mobilenet_v2", {"alpha": 0.35}, True, marks=pytest.mark.slow),
        ("vgg16", {"width": 1 / 16}, False),
    ],
)
def test_takes_other_encoders(backbone, options, batch_norm, rng):
    choices = {"filters": 4, "batch_norm": batch_norm}
    choices |= {"backbone": backbone, "backbone_options": options}
    model = build_model("unet", 3, SIZE, **choices)
    images = rng.uniform(0, 255, (1, *SIZE)).astype("float32")
    logits = keras.ops.convert_to_numpy(model(images)["logits"])
    assert logits.shape == (1, *SIZE[:2], 3)
    assert np.isfinite(logits).all()
    decoder = [layer.name for layer in model.layers if layer.name.startswith("up")]
    assert any("_bn" in name for name in decoder) == batch_norm
