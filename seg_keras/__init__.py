"""Semantic segmentation in Keras 3: models, data, losses, metrics and training."""

import seg_keras.startup  # noqa: F401 - before anything else imports Keras
from seg_keras.backbones import BACKBONES
from seg_keras.models import MODELS, SegmentationModel, build_model, deployable, load_model

__all__ = [
    "SegmentationModel",
    "build_model",
    "deployable",
    "list_backbones",
    "list_datasets",
    "list_models",
    "load_model",
]
__version__ = "0.1.0"


def list_models() -> list[str]:
    """Names that `build_model` takes, sorted."""
    return sorted(MODELS)


def list_backbones() -> list[str]:
    """Names that a model's `backbone` takes, sorted."""
    return sorted(BACKBONES)


def list_datasets() -> list[str]:
    """Names that `--dataset` takes, sorted."""
    from seg_keras.data.datasets import DATASETS  # here, so that models alone need no data packages

    return sorted(DATASETS)
