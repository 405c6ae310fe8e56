"""How good predictions are: streaming, in integers, each report with its convention."""

from seg_keras.metrics.boundaries import boundary_band, boundary_distance
from seg_keras.metrics.boundary_f1 import BoundaryF1, boundary_f1, mean_boundary_f1
from seg_keras.metrics.confusion_matrix import ConfusionMatrix
from seg_keras.metrics.conventions import CONVENTIONS
from seg_keras.metrics.edge_f1 import best_edge_f1
from seg_keras.metrics.keras_metrics import SegmentationScore
from seg_keras.metrics.rand import RandError, cells, fill_borders, rand_scores
from seg_keras.metrics.trimap import TrimapIou

__all__ = [
    "CONVENTIONS",
    "BoundaryF1",
    "ConfusionMatrix",
    "RandError",
    "SegmentationScore",
    "TrimapIou",
    "best_edge_f1",
    "boundary_band",
    "boundary_distance",
    "boundary_f1",
    "cells",
    "fill_borders",
    "mean_boundary_f1",
    "rand_scores",
]
