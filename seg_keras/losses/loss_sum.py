"""Several losses as one."""

from collections.abc import Sequence

import keras


@keras.saving.register_keras_serializable("seg_keras")
class LossSum(keras.losses.Loss):
    """Sum of losses of the same labels and logits.

    Args:
        losses: What is added; each keeps its own rules for ignored pixels.
        name: Name of the loss.

    Call arguments:
        y_true, y_pred, sample_weight: What each of the losses takes.
    """

    def __init__(self, losses: Sequence[keras.losses.Loss], name: str = "loss_sum"):
        super().__init__(name=name, reduction="sum", dtype="float32")
        self.losses = list(losses)

    def __call__(self, y_true, y_pred, sample_weight=None):
        return sum(loss(y_true, y_pred, sample_weight) for loss in self.losses)

    def get_config(self):
        losses = [keras.saving.serialize_keras_object(loss) for loss in self.losses]
        return {"losses": losses, "name": self.name}

    @classmethod
    def from_config(cls, config):
        losses = [keras.saving.deserialize_keras_object(loss) for loss in config["losses"]]
        return cls(losses, config["name"])
