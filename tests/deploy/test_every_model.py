"""Every architecture, trained until it is sure of a few scenes, passes the gate in every format.

A model that cannot is listed in `CANNOT` with the reason; a new one is tested without a new line.
"""

import keras
import numpy as np
import pytest
from tiny_models import describe

from deploy.export.formats import CALIBRATED, EXPORTERS
from deploy.export.keras_reference import KerasReference
from deploy.export.parity import gate
from seg_keras.data.roads import draw_scene
from seg_keras.losses import PixelCrossEntropy
from seg_keras.models import MODELS, build_model, deployable
from tests.models.test_models import TINY
from tests.models.test_overfit import SURE, WIDER

SIZE = (65, 97)  # divides by no stride
# Narrow forms: an operator is exported alike in any width, and fewer channels are harder to round.
FORMS = TINY | WIDER | SURE
ACCURACY = 0.85
MAX_STEPS = 400
# (model, format, precision): why it is not deployed so, and what to deploy instead
CANNOT = {}


@pytest.fixture(scope="module")
def scenes():
    """Images and labels of a few drawn scenes."""
    images, labels = zip(*(draw_scene(seed, SIZE) for seed in range(4)), strict=True)
    return np.stack(images), np.stack(labels)


@pytest.fixture(scope="module", params=sorted(MODELS))
def trained(request, scenes):
    """A model of one architecture that knows the scenes by heart."""
    keras.utils.set_random_seed(0)
    images, labels = scenes
    images, num_classes = images.astype("float32"), int(labels[labels != 255].max()) + 1
    model = build_model(request.param, num_classes, (*SIZE, 3), **FORMS[request.param])
    losses = dict.fromkeys(model.output, PixelCrossEntropy())
    model.compile(keras.optimizers.Adam(3e-3, clipnorm=1.0), losses, jit_compile=False)
    targets = dict.fromkeys(model.output, labels.astype("int32"))
    accuracy, steps = 0.0, 0
    while accuracy < ACCURACY and steps < MAX_STEPS:
        for _ in range(20):
            model.train_on_batch(images, targets)
        steps += 20
        classes = np.asarray(model(images)["logits"]).argmax(-1)
        accuracy = (classes == labels)[labels != 255].mean()
        print("STEP", request.param, steps, round(float(accuracy), 3), len(np.unique(classes)), flush=True)
    assert len(np.unique(classes)) >= 4, "parity means nothing where hardly a class is decided"
    return deployable(model)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("format", "precision"),
    [(name, p) for name in sorted(EXPORTERS) for p in ("float32", "float16", "int8")],
)
def test_trained_model_passes_the_gate(trained, scenes, tmp_path, format, precision):
    path = tmp_path / f"m.{format}"
    num_classes = trained.output["logits"].shape[-1]
    names = [f"class {index}" for index in range(num_classes)]
    palette = [[index, index, index] for index in range(num_classes)]
    description = describe() | {"classes": names, "palette": palette}
    calibration = iter(scenes[0]) if precision in CALIBRATED[format] else None
    EXPORTERS[format](trained, path, description, precision, calibration)
    samples = [(str(i), *pair) for i, pair in enumerate(zip(*scenes, strict=True))]
    verdict = gate(path, KerasReference(trained), samples)
    print("VERDICT", trained.name, format, precision, verdict["summary"], flush=True)
    assert verdict["passed"], verdict["summary"]
