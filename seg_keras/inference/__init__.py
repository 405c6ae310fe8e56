"""Predicting classes for images of any size."""

from seg_keras.inference.predictor import MODES, Predictor

__all__ = ["MODES", "Predictor"]
