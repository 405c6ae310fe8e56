"""Every architecture of the context family can learn four drawn road scenes by heart."""

import keras
import numpy as np
import pytest

from seg_keras.data.roads import draw_scene
from seg_keras.losses import BalancedEdgeCrossEntropy, PixelCrossEntropy
from seg_keras.models import build_model
from seg_keras.training.losses import losses_of_outputs

SIZE = (65, 97)
RESNET = {"width": 1 / 4, "num_units": (1, 1, 1, 1)}

# model, options of a small form, steps
FORMS = [
    ("crf_rnn", {"backbone_options": RESNET, "num_samples": 64}, 60),
    ("deeplab_v1", {"width": 1 / 8}, 120),
    ("deeplab_v2", {"backbone": "resnet50", "backbone_options": RESNET}, 60),
    ("deeplab_v3_se", {"backbone_options": RESNET}, 60),
    ("dilation10", {"width": 1 / 16}, 120),
    (
        "duc_hdc",
        {
            "backbone": "resnet50",
            "backbone_options": RESNET,
            "dilation_pattern": ((1,), (1,)),
        },
        60,
    ),
    ("pspnet", {"backbone_options": RESNET, "filters": 32}, 60),
]


@pytest.fixture(scope="module")
def scenes():
    images, labels = zip(*(draw_scene(seed, SIZE) for seed in range(4)), strict=True)
    return np.stack(images).astype("float32"), np.stack(labels).astype("int32")


def train(model, images, labels, loss, steps):
    """Losses of `steps` steps on the same batch."""
    keras.utils.set_random_seed(0)
    model.compile(keras.optimizers.Adam(2e-3, clipnorm=1.0), dict.fromkeys(model.output, loss))
    targets = dict.fromkeys(model.output, labels)
    return [
        float(model.train_on_batch(images, targets, return_dict=True)["loss"]) for _ in range(steps)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options", "steps"), FORMS, ids=[row[0] for row in FORMS])
def test_learns_four_scenes_by_heart(scenes, name, options, steps):
    keras.utils.set_random_seed(0)
    model = build_model(name, 11, (*SIZE, 3), **options)
    losses = train(model, *scenes, PixelCrossEntropy(), steps)
    assert min(losses[-5:]) < 0.5 * losses[0]


@pytest.mark.slow
def test_edges_are_learned_from_labels(scenes):
    keras.utils.set_random_seed(0)
    model = build_model("hed", 1, (*SIZE, 3), width=1 / 4)
    losses = train(model, *scenes, BalancedEdgeCrossEntropy(), 100)
    assert min(losses[-5:]) < 0.75 * losses[0]


def test_a_boundary_head_has_one_logit_and_is_not_deployed(scenes):
    options = {"backbone_options": {"alpha": 0.35}, "filters": 8, "boundary_head": True}
    model = build_model("deeplab_v3_plus", 5, (33, 47, 3), **options)
    assert list(model.output) == ["logits", "boundary"]
    assert model.output["boundary"].shape == (None, 33, 47, 1)
    losses = losses_of_outputs(model, PixelCrossEntropy())
    assert isinstance(losses["boundary"], BalancedEdgeCrossEntropy)
    assert isinstance(losses["logits"], PixelCrossEntropy)
