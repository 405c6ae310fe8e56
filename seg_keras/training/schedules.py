"""How the learning rate moves over a run."""

import math

import keras
from keras import ops

DECAYS = {
    "poly": lambda progress: (1.0 - progress) ** 0.9,
    "cosine": lambda progress: 0.5 * (1.0 + ops.cos(math.pi * progress)),
    "constant": lambda progress: ops.ones_like(progress),
}


@keras.saving.register_keras_serializable("seg_keras")
class WarmupSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise to the peak, then a decay to zero at the last step.

    Args:
        peak: Highest learning rate.
        decay: `"poly"` (power 0.9, as in DeepLab), `"cosine"` or `"constant"`.
        steps: Length of the run in steps.
        warmup_steps: Steps until the peak is reached.
    """

    def __init__(self, peak: float, decay: str, steps: int, warmup_steps: int = 0):
        if decay not in DECAYS:
            raise ValueError(f"Unknown schedule {decay!r}. Choose one of: {', '.join(DECAYS)}.")
        self.peak, self.decay = peak, decay
        self.steps, self.warmup_steps = steps, warmup_steps

    def __call__(self, step):
        step = ops.cast(step, "float32")
        length = max(self.steps - self.warmup_steps, 1)
        progress = ops.clip((step - self.warmup_steps) / length, 0.0, 1.0)
        rise = (step + 1.0) / max(self.warmup_steps, 1)
        return self.peak * ops.where(step < self.warmup_steps, rise, DECAYS[self.decay](progress))

    def get_config(self):
        return {
            "peak": self.peak,
            "decay": self.decay,
            "steps": self.steps,
            "warmup_steps": self.warmup_steps,
        }
