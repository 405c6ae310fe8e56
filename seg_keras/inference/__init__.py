"""Predicting classes for images of any size."""

from seg_keras.inference.crf import DenseCRF, search_crf
from seg_keras.inference.predictor import MODES, Predictor

__all__ = ["MODES", "DenseCRF", "Predictor", "search_crf"]
