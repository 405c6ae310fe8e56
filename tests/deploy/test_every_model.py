"""Every architecture, trained until it is sure of a few scenes, passes the gate in every format.

A new one is tested without a new line.
"""

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from tensorrt_operators import violations
from tiny_models import describe

from deploy.export.formats import CALIBRATED, EXPORTERS
from deploy.export.keras_reference import KerasReference
from deploy.export.parity import gate
from deploy.runtimes.base import to_classes
from seg_keras.data.labels import CAMVID_CLASSES, IGNORE_LABEL
from seg_keras.data.roads import draw_scene
from seg_keras.losses import BalancedEdgeCrossEntropy, PixelCrossEntropy, label_edges
from seg_keras.models import MODELS, build_model, deployable, load_model
from tests.models.test_models import TINY
from tests.models.test_overfit import SURE, WIDER

SIZE = (65, 97)  # divides by no stride
# Of all scenes those in which every class covers most: each has 7 % of the pixels or more. A class
# of some hundred pixels would lose points of IoU by a handful of them.
SEEDS = (8, 14, 39)
# Thin things are left out: at this size a coarse map is never sure of them, and what is told apart
# by chance proves nothing.
THIN = ("Pole", "SignSymbol", "Fence", "Pedestrian", "Bicyclist")
# The paper's VGG16 without batch norm learns too slowly to be sure of anything in 300 steps.
STEADY = {"backbone_options": {"width": 1 / 8, "batch_norm": True}}
# Narrow forms: the operators are the same in any width, and fewer channels are harder to round.
FORMS = TINY | WIDER | SURE | dict.fromkeys(("deeplab_v1", "fcn8s", "fcn16s", "fcn32s"), STEADY)
FORMS["hed"] = {"backbone_options": {"width": 1 / 4, "batch_norm": True}}  # edges are thin
FORMS["deconvnet"] = {"width": 1 / 4}  # what it knows passes through one pixel
FORMS["frrn"] = {"width": 1 / 4}  # six channels decide in its tiny form
# Four channels without batch norm do not tell the six classes apart.
FORMS["unet"] = FORMS["unet_plus_plus"] = {"filters": 16, "batch_norm": True}
# Where pooling notes which pixel was the largest, the last bit of a value moves a border, unless it
# is learned from images that are never quite the same (standard deviation, of 255).
NOISE = {"deconvnet": 4.0, "segnet": 8.0}
# Narrow MobileNets learn too little from three scenes; what is shipped has seen more of them.
ZOO = Path(__file__).parents[2] / "zoo"
SHIPPED = {name: ZOO / f"{name}_camvid" for name in ("deeplab_v3_plus", "lraspp")}
# Logits that are close flip when rounded, so they are learned until they are far apart, at a rate
# that falls to 0; smoothed labels keep those of easy pixels from growing for ever, which would make
# the steps of int8 coarse.
STEPS, LEARNING_RATE, SMOOTHING = 300, 3e-3, 0.1
SLOWER = {"deconvnet": (800, 2e-3)}  # steps and rate
MOMENTUM = 0.9  # of batch norm, which has to know the statistics of the last weights
# format, precision, options of the exporter
FILES = [
    ("onnx", "float32", {}),
    ("onnx", "float16", {}),
    ("onnx", "int8", {"target": "onnxruntime"}),
    ("onnx", "int8", {"target": "tensorrt"}),
    ("tflite", "float32", {}),
    ("tflite", "float16", {}),
    ("tflite", "int8", {}),
]


@pytest.fixture(scope="module")
def scenes():
    """Images and labels of a few drawn scenes."""
    images, labels = zip(*(draw_scene(seed, SIZE) for seed in SEEDS), strict=True)
    thin = [CAMVID_CLASSES.names.index(name) for name in THIN]
    labels = np.stack(labels)
    return np.stack(images), np.where(np.isin(labels, thin), IGNORE_LABEL, labels)


@pytest.fixture(scope="module", params=sorted(MODELS))
def trained(request, scenes):
    """A model, and the scenes with the labels that it has learned."""
    images, labels = scenes
    return train(request.param, images, labels), (images, learned(request.param, labels))


def learned(name, labels):
    """What an architecture is for: classes, or where they meet."""
    return np.asarray(label_edges(labels), "uint8") if name == "hed" else labels


def predict(model, images):
    """Class ids of a stack of images."""
    logits = np.asarray(model(images.astype("float32"))["logits"])
    return np.stack([to_classes(one[np.newaxis]) for one in logits])


def train(name, images, labels):
    """Gives a model of one architecture that knows the scenes by heart, its logits alone."""
    keras.utils.set_random_seed(0)
    edges = name == "hed"
    if name in SHIPPED:
        model = load_model(SHIPPED[name], (*SIZE, 3))
    else:
        num_classes = 1 if edges else int(labels[labels != IGNORE_LABEL].max()) + 1
        model = build_model(name, num_classes, (*SIZE, 3), **FORMS[name])
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = MOMENTUM
    loss = BalancedEdgeCrossEntropy() if edges else PixelCrossEntropy(label_smoothing=SMOOTHING)
    losses = dict.fromkeys(model.output, loss)
    steps, rate = SLOWER.get(name, (STEPS, LEARNING_RATE))
    rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), losses, jit_compile=False)
    inputs, targets = images.astype("float32"), labels.astype("int32")
    rng = np.random.default_rng(0)
    for _ in range(steps):
        disturbed = inputs + rng.normal(0, NOISE.get(name, 0.0), inputs.shape).astype("float32")
        model.train_on_batch(disturbed, dict.fromkeys(model.output, targets))
    assert len(np.unique(predict(model, images))) >= (2 if edges else 4), (
        "parity means nothing where hardly a class is decided"
    )
    return deployable(model)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("format", "precision", "options"),
    FILES,
    ids=["-".join([f, p, *o.values()]) for f, p, o in FILES],
)
def test_trained_model_passes_the_gate(trained, tmp_path, format, precision, options):
    model, scenes = trained
    verdict, path = export(model, scenes, tmp_path, format, precision, options)
    assert verdict["passed"], verdict["summary"]
    if format == "onnx" and options.get("target") != "onnxruntime":
        assert violations(onnx.load(path)) == []


def export(model, scenes, folder, format, precision, options):
    """Writes an artifact and gives the verdict of the gate on it, and its path."""
    path = folder / f"m.{format}"
    num_classes = max(2, model.output["logits"].shape[-1])
    names = [f"class {index}" for index in range(num_classes)]
    palette = [[index, index, index] for index in range(num_classes)]
    description = describe() | {"classes": names, "palette": palette}
    calibration = iter(scenes[0]) if precision in CALIBRATED[format] else None
    EXPORTERS[format](model, path, description, precision, calibration, **options)
    samples = [(str(i), *pair) for i, pair in enumerate(zip(*scenes, strict=True))]
    return gate(path, KerasReference(model), samples), path
