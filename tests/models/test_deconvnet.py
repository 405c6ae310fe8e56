"""DeconvNet: published size and cost, any size of image, and weights of VGG16."""

import pytest
from keras import layers

from seg_keras.backbones.vgg16_weights import wide_name
from seg_keras.models import build_model
from tests.counting import count_of, macs, shape_only

NARROW = {"width": 1 / 32}


@pytest.mark.parametrize(("num_classes", "count"), [(21, 251_805_653), (11, 251_805_003)])
def test_has_the_published_size(num_classes, count):
    assert count_of(lambda: build_model("deconvnet", num_classes, (224, 224, 3))) == count


def test_has_the_published_layers_and_cost():
    model = shape_only(lambda: build_model("deconvnet", 21, (224, 224, 3)))
    kinds = [type(layer) for layer in model.layers]
    # The paper's 16 convolutions and 14 transposed ones, 13 of which have no stride.
    assert (kinds.count(layers.Conv2D), kinds.count(layers.Conv2DTranspose)) == (29, 1)
    assert macs(model) / 1e9 == pytest.approx(32.75, abs=0.01)
    assert model.get_layer("top_fc7").output.shape == (None, 1, 1, 4096)
    assert model.get_layer("top_deconv6").output.shape == (None, 7, 7, 512)


@pytest.mark.parametrize("size", [(224, 256), (288, 225), (31, 240), (1, 1)])
def test_images_of_any_size_come_back(size):
    model = shape_only(lambda: build_model("deconvnet", 2, (*size, 4), **NARROW))
    assert model.output["logits"].shape[1:3] == size


def test_every_layer_of_vgg16_is_found_by_its_name():
    model = shape_only(lambda: build_model("deconvnet", 2, (64, 64, 3), **NARROW))
    names = [layer.name for layer in model.layers if isinstance(layer, layers.Conv2D)]
    encoder = [name for name in names if not name.startswith("decoder")]
    blocks = [f"block{n}_conv{i}" for n, m in zip(range(1, 6), (2, 2, 3, 3, 3), strict=True)
              for i in range(1, m + 1)]  # fmt: skip
    assert encoder == [*blocks, "top_fc6", "top_fc7", "logits"]
    assert [wide_name(name) for name in encoder[-3:]] == ["fc1", "fc2", ""]
