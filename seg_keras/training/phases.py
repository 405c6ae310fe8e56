"""Input sizes that grow over a run: small ones first, when there is the most to learn per second.

A change of size is a resume: the model is built again at the new size and takes the state of the
last epoch.
"""

import dataclasses
from collections.abc import Sequence

from seg_keras.training.config import TrainConfig

# crop_size and batch_size of equal parts of the epochs; an image holds four times the pixels of the
# one before, a batch half the images
SIZE_SCHEDULES = {
    "progressive": (((128, 224), 16), ((256, 448), 8), ((512, 912), 4)),
}


@dataclasses.dataclass(frozen=True)
class Phase:
    """A stretch of a run with one size of input.

    Args:
        crop_size: (height, width) in pixels of what the model sees.
        batch_size: Images per step.
        steps_per_epoch: Steps in which about every image is seen once.
        epochs_before: Epochs of the phases before it.
        first_step: Steps of the phases before it.
        first_sample: Samples that the phases before it have used.
        last_step: Steps of the run when the phase ends.
    """

    crop_size: tuple[int, int]
    batch_size: int
    steps_per_epoch: int
    epochs_before: int
    first_step: int
    first_sample: int
    last_step: int

    def sample(self, step: int) -> int:
        """The number of the first sample of a step."""
        return self.first_sample + (step - self.first_step) * self.batch_size

    def epochs(self, step: int) -> float:
        """How many epochs of the run are done after so many of its steps."""
        return self.epochs_before + (step - self.first_step) / self.steps_per_epoch


def plan_phases(config: TrainConfig, num_images: int) -> list[Phase]:
    """The phases of a run, in their order.

    Raises:
        ValueError: If there is no such schedule, or it has more phases than the run epochs.
    """
    sizes: Sequence = ((config.crop_size, config.batch_size),)
    if config.size_schedule != "none":
        if config.size_schedule not in SIZE_SCHEDULES:
            raise ValueError(
                f"Unknown size_schedule {config.size_schedule!r}. Choose one of: none, "
                f"{', '.join(SIZE_SCHEDULES)}."
            )
        sizes = SIZE_SCHEDULES[config.size_schedule]
    if config.epochs < len(sizes):
        raise ValueError(
            f"size_schedule={config.size_schedule!r} has {len(sizes)} sizes for {config.epochs} "
            f"epochs. Give at least as many --epochs."
        )
    phases, step, sample = [], 0, 0
    for index, (crop_size, batch_size) in enumerate(sizes):
        begin, end = (config.epochs * part // len(sizes) for part in (index, index + 1))
        steps_per_epoch = max(1, num_images // batch_size)
        last_step = step + (end - begin) * steps_per_epoch
        phases.append(Phase(crop_size, batch_size, steps_per_epoch, begin, step, sample, last_step))
        sample += (last_step - step) * batch_size
        step = last_step
    return phases
