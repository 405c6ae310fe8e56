"""Every architecture, trained until it is sure of a few scenes, passes the gate in every format.

A model that cannot is listed in `CANNOT` with the reason; a new one is tested without a new line.
"""

import itertools

import keras
import numpy as np
import pytest
from tiny_models import describe

from deploy.export.formats import CALIBRATED, EXPORTERS
from deploy.export.keras_reference import KerasReference
from deploy.export.parity import gate
from seg_keras.data.roads import drive
from seg_keras.models import MODELS, build_model, deployable

SIZE = (96, 128)
STEPS = 150
CANNOT = {}  # model name: why it is not deployed


@pytest.fixture(scope="module")
def scenes():
    frames = itertools.islice(drive(seed=0, size=SIZE, fps=1.0), 4)
    images, labels = (np.stack(arrays) for arrays in zip(*frames, strict=True))
    return images, labels


@pytest.fixture(scope="module", params=sorted(MODELS))
def trained(request, scenes):
    """A model of one architecture that knows the scenes by heart."""
    if request.param in CANNOT:
        pytest.skip(CANNOT[request.param])
    keras.utils.set_random_seed(0)
    images, labels = scenes
    num_classes = int(labels[labels != 255].max()) + 1
    model = deployable(build_model(request.param, num_classes, (*SIZE, 3)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    model.compile(keras.optimizers.Adam(1e-3), {"logits": loss}, jit_compile=False)
    targets = {"logits": labels[..., np.newaxis].astype("int32")}
    model.fit(images.astype("float32"), targets, batch_size=4, epochs=STEPS, verbose=0)
    decided = np.asarray(model.predict(images.astype("float32"), verbose=0)["logits"]).argmax(-1)
    assert len(np.unique(decided)) >= 4, "parity means nothing where hardly a class is decided"
    return model


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
    assert verdict["passed"], verdict["summary"]
