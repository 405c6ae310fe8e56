"""What deployed families become as TFLite: built-in operators, each layer one of them."""

import numpy as np
import pytest

from deploy.export.audit import audit_tflite
from deploy.export.tflite import export_tflite
from seg_keras.models import build_model, deployable

SIZE = (64, 96)

# model, options; the forms that are shipped, only narrower
DEPLOYED = [
    ("deconvnet", {"width": 1 / 16}),
    ("deeplab_v3", {"head": "pooling", "backbone_options": {"alpha": 0.35}, "filters": 16}),
    ("deeplab_v3", {"backbone": "resnet50", "backbone_options": {"width": 1 / 8}, "filters": 16}),
    ("deeplab_v3_plus", {"backbone_options": {"alpha": 0.35}, "filters": 16}),
    ("enet", {}),
    ("esnet", {}),
    ("fasterseg", {}),
    ("fcn32s", {"backbone": "alexnet", "backbone_options": {"width": 1 / 8}}),
    ("fcn8s", {"backbone": "googlenet", "backbone_options": {"width": 1 / 8}}),
    ("fcn8s", {"backbone_options": {"width": 1 / 16}}),
    ("frrn", {"width": 1 / 8}),
    ("icnet", {"backbone_options": {"alpha": 0.35}, "width": 1 / 8}),
    ("lednet", {}),
    ("lraspp", {"backbone_options": {"alpha": 0.35}, "filters": 16}),
    ("pspnet", {"backbone_options": {"width": 1 / 8}, "filters": 16}),
    ("segnet", {"backbone_options": {"width": 1 / 8}}),
    ("segnet_basic", {"filters": 8}),
    ("u_segnet", {"width": 1 / 8}),
    ("unet", {"filters": 8}),
    ("unet_plus_plus", {"filters": 8, "depth": 2}),
]
SLOW_OPERATORS = {"SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "VAR_HANDLE", "CUSTOM"}


def operators(name, options, precision, folder):
    """The operators of the exported file, and what the audit says of it."""
    model = deployable(build_model(name, 3, (*SIZE, 3), **options))
    description = {
        "model": name,
        "classes": ["road", "car", "sky"],
        "palette": [[0, 0, 0], [0, 0, 142], [70, 130, 180]],
        "source_model_sha256": "0" * 64,
    }
    path = folder / "model.tflite"
    images = np.random.default_rng(0).integers(0, 256, (2, *SIZE, 3), "uint8")
    export_tflite(model, path, description, precision, images if precision == "int8" else None)
    audit = audit_tflite(path.read_bytes())
    assert audit.errors == []
    return audit.operators


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize(("name", "options"), DEPLOYED, ids=[name for name, _ in DEPLOYED])
def test_files_hold_fast_built_in_operators_only(name, options, precision, tmp_path):
    counts = operators(name, options, precision, tmp_path)
    assert not SLOW_OPERATORS & set(counts)
    assert not [operator for operator in counts if "FLEX" in operator.upper()]
    assert not {"HARD_SWISH", "PRELU"} & set(counts)  # they have no fast kernel in int8
