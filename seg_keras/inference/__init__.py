"""Predicting classes for images of any size."""

from seg_keras.inference.crf import DenseCRF, search_crf
from seg_keras.inference.predictor import MODES, Predictor, margin_of
from seg_keras.inference.refined import RefinedPredictor

__all__ = ["MODES", "DenseCRF", "Predictor", "RefinedPredictor", "margin_of", "search_crf"]
