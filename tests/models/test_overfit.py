"""Every architecture learns four drawn road scenes by heart; a new one needs no new line here."""

import keras
import numpy as np
import pytest

from seg_keras.data.roads import draw_scene
from seg_keras.losses import PixelCrossEntropy
from seg_keras.models import MODELS, build_model
from tests.models.test_models import TINY

SIZE = (65, 97)
NUM_CLASSES = 11
STEPS = 60
RESNET = {"width": 1 / 4, "num_units": (1, 1, 1, 1)}

# forms of models whose tiny one is too narrow to learn four scenes
WIDER = {
    "crf_rnn": {"backbone_options": RESNET, "num_samples": 64},
    "deeplab_v1": {"width": 1 / 8},
    "deeplab_v2": {"backbone": "resnet50", "backbone_options": RESNET},
    "deeplab_v3_se": {"backbone_options": RESNET},
    "dilation10": {"width": 1 / 16},
    "duc_hdc": {
        "backbone": "resnet50",
        "backbone_options": RESNET,
        "dilation_pattern": ((1,), (1,)),
    },
    "hed": {"width": 1 / 8},
    "pspnet": {"backbone_options": RESNET, "filters": 32},
}
# those that learn slowly at first: without batch norm, or with many channels dropped
MORE_STEPS = {"deeplab_v1": 120, "dilation10": 120, "enet": 120, "hed": 120, "lednet": 120}


@pytest.fixture(scope="module")
def scenes():
    images, labels = zip(*(draw_scene(seed, SIZE) for seed in range(4)), strict=True)
    return np.stack(images).astype("float32"), np.stack(labels).astype("int32")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(MODELS))
def test_learns_four_scenes_by_heart(scenes, name):
    images, labels = scenes
    keras.utils.set_random_seed(0)
    model = build_model(name, NUM_CLASSES, (*SIZE, 3), **WIDER.get(name, TINY[name]))
    losses = dict.fromkeys(model.output, PixelCrossEntropy())
    model.compile(keras.optimizers.Adam(2e-3, clipnorm=1.0), losses, jit_compile=False)
    targets = dict.fromkeys(model.output, labels)
    history = []
    for _ in range(MORE_STEPS.get(name, STEPS)):
        model.reset_metrics()  # Keras would go on with the mean over the steps before
        history.append(float(model.train_on_batch(images, targets, return_dict=True)["loss"]))
    assert min(history[-5:]) < 0.5 * history[0]


# forms of the encoder-decoders, wide enough to tell every pole from what is behind it
SURE = {
    "segnet": {"backbone_options": {"width": 1 / 4}},
    "segnet_basic": {"filters": 16},
    "u_segnet": {"width": 1 / 4},
    "unet": {"filters": 8, "batch_norm": True},
    "unet_plus_plus": {"filters": 8, "batch_norm": True},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SURE)
def test_gets_95_percent_of_the_pixels_of_four_scenes_right(scenes, name):
    images, labels = scenes
    keras.utils.set_random_seed(0)
    model = build_model(name, NUM_CLASSES, (*SIZE, 3), **SURE[name])
    losses = dict.fromkeys(model.output, PixelCrossEntropy())
    model.compile(keras.optimizers.Adam(3e-3, clipnorm=1.0), losses, jit_compile=False)
    targets = dict.fromkeys(model.output, labels)
    for _ in range(20):
        for _ in range(20):
            model.train_on_batch(images, targets)
        classes = keras.ops.convert_to_numpy(model(images)["logits"]).argmax(axis=-1)
        accuracy = (classes == labels)[labels != 255].mean()
        if accuracy >= 0.95:
            break
    assert accuracy >= 0.95
