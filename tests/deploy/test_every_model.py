"""Every architecture, trained until it is sure of a few scenes, passes the gate in every format.

A model that cannot is listed in `CANNOT` with the reason; a new one is tested without a new line.
"""

import keras
import numpy as np
import onnx
import pytest
from tensorrt_operators import violations
from tiny_models import describe

from deploy.export.formats import CALIBRATED, EXPORTERS
from deploy.export.keras_reference import KerasReference
from deploy.export.parity import gate
from seg_keras.data.roads import draw_scene
from seg_keras.losses import PixelCrossEntropy
from seg_keras.models import MODELS, build_model, deployable
from tests.models.test_models import TINY
from tests.models.test_overfit import SURE, WIDER

SIZE = (49, 67)  # divides by no stride
# Narrow forms: the operators are the same in any width, and fewer channels are harder to round.
FORMS = TINY | WIDER | SURE
ACCURACY, MAX_STEPS, STEPS_A_TURN = 0.95, 400, 20  # logits that are close flip when rounded
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
# (model, format, precision): why it is not deployed so, and what to deploy instead
CANNOT = {}


@pytest.fixture(scope="module")
def scenes():
    """Images and labels of a few drawn scenes."""
    images, labels = zip(*(draw_scene(seed, SIZE) for seed in range(3)), strict=True)
    return np.stack(images), np.stack(labels)


@pytest.fixture(scope="module", params=sorted(MODELS))
def trained(request, scenes):
    return train(request.param, *scenes)


def train(name, images, labels):
    """Gives a model of one architecture that knows the scenes by heart, its logits alone."""
    keras.utils.set_random_seed(0)
    model = build_model(name, int(labels[labels != 255].max()) + 1, (*SIZE, 3), **FORMS[name])
    losses = dict.fromkeys(model.output, PixelCrossEntropy())
    model.compile(keras.optimizers.Adam(3e-3, clipnorm=1.0), losses, jit_compile=False)
    inputs, targets = images.astype("float32"), labels.astype("int32")
    for _ in range(0, MAX_STEPS, STEPS_A_TURN):
        for _ in range(STEPS_A_TURN):
            model.train_on_batch(inputs, dict.fromkeys(model.output, targets))
        classes = np.asarray(model(inputs)["logits"]).argmax(-1)
        if (classes == labels)[labels != 255].mean() >= ACCURACY:
            break
    assert len(np.unique(classes)) >= 4, "parity means nothing where hardly a class is decided"
    return deployable(model)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("format", "precision", "options"),
    FILES,
    ids=["-".join([f, p, *o.values()]) for f, p, o in FILES],
)
def test_trained_model_passes_the_gate(trained, scenes, tmp_path, format, precision, options):
    if (trained.name, format, precision) in CANNOT:
        pytest.skip(CANNOT[trained.name, format, precision])
    verdict, path = export(trained, scenes, tmp_path, format, precision, options)
    assert verdict["passed"], verdict["summary"]
    if format == "onnx" and options.get("target") != "onnxruntime":
        assert violations(onnx.load(path)) == []


def export(model, scenes, folder, format, precision, options):
    """Writes an artifact and gives the verdict of the gate on it, and its path."""
    path = folder / f"m.{format}"
    num_classes = model.output["logits"].shape[-1]
    names = [f"class {index}" for index in range(num_classes)]
    palette = [[index, index, index] for index in range(num_classes)]
    description = describe() | {"classes": names, "palette": palette}
    calibration = iter(scenes[0]) if precision in CALIBRATED[format] else None
    EXPORTERS[format](model, path, description, precision, calibration, **options)
    samples = [(str(i), *pair) for i, pair in enumerate(zip(*scenes, strict=True))]
    return gate(path, KerasReference(model), samples), path
