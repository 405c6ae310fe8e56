"""Training: settings, and the function that turns them into a run folder."""

from seg_keras.training.config import TrainConfig, override
from seg_keras.training.fit import train
from seg_keras.training.pruning import prune_channels
from seg_keras.training.run_folder import RunFolder, RunState

__all__ = ["RunFolder", "RunState", "TrainConfig", "override", "prune_channels", "train"]
