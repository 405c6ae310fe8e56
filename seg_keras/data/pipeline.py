"""From file names to training batches, as a function of the sample's number.

Sample number n of a run is always the same pixels: its epoch decides the order of the files, its
number decides the augmentation. So a run that is resumed at any step sees what it would have seen,
and nothing of the pipeline has to be saved.
"""

import functools
from collections.abc import Sequence

import numpy as np

from seg_keras.data.augment import Augmentation, augment
from seg_keras.data.datasets import Dataset, Pair


class TrainSamples:
    """An endless shuffled and augmented sequence of training samples.

    Args:
        dataset: Reads the pairs.
        pairs: The image and label files of the training split.
        crop_size: (height, width) in pixels of what the model sees.
        augmentation: How far samples may differ from the files.
        seed: Decides order and augmentation.
    """

    def __init__(
        self,
        dataset: Dataset,
        pairs: Sequence[Pair],
        crop_size: tuple[int, int],
        augmentation: Augmentation,
        seed: int,
    ):
        if not pairs:
            raise ValueError(f"The training split of {dataset.name} is empty. Give it images.")
        self.dataset = dataset
        self.pairs = list(pairs)
        self.crop_size = crop_size
        self.augmentation = augmentation
        self.seed = seed
        self._order = functools.lru_cache(maxsize=4)(self._shuffle)

    def _shuffle(self, epoch: int) -> np.ndarray:
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.pairs))

    def pair(self, number: int) -> Pair:
        """The files of sample `number`; each epoch holds every pair once."""
        epoch, position = divmod(number, len(self.pairs))
        return self.pairs[self._order(epoch)[position]]

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (*crop_size, C) in [0, 255] and label int32 (*crop_size)."""
        number = int(number)
        image, label = self.dataset.load(self.pair(number))
        # The third number keeps this stream apart from the one that orders the files.
        rng = np.random.default_rng((self.seed, number, 1))
        return augment(image, label, self.crop_size, self.augmentation, rng)


def train_batches(samples: TrainSamples, batch_size: int, start_step: int = 0):
    """Endless batches of `samples` as a `tf.data.Dataset`, decoded in parallel and prefetched.

    Args:
        samples: The sequence.
        batch_size: Samples per batch.
        start_step: The first batch; earlier ones are skipped without being decoded.

    Returns:
        Batches of images (B, h, w, C) float32 in [0, 255] and labels (B, h, w) int32.
    """
    import tensorflow as tf  # here, so that TrainSamples serves other backends without it

    channels = samples[0][0].shape[-1]

    def load(number):
        # A sample depends on its number only. Told so, TensorFlow loads several at once and ahead
        # of the step, also where it was asked for repeatable results.
        image, label = tf.numpy_function(
            samples.__getitem__, [number], (tf.float32, tf.int32), stateful=False
        )
        return (
            tf.ensure_shape(image, (*samples.crop_size, channels)),
            tf.ensure_shape(label, samples.crop_size),
        )

    numbers = tf.data.Dataset.range(start_step * batch_size, np.iinfo("int64").max)
    return (
        numbers.map(load, tf.data.AUTOTUNE, deterministic=True)
        .batch(batch_size, drop_remainder=True)
        .prefetch(2)
    )
