"""How good predictions are: streaming, in integers, each report with its convention."""

from seg_keras.metrics.confusion_matrix import ConfusionMatrix

__all__ = ["ConfusionMatrix"]
