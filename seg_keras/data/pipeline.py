"""From file names to training batches, as a function of the sample's number.

Sample number n of a run is always the same pixels: its epoch decides the order of the files, its
number decides the augmentation. So a run that is resumed at any step sees what it would have seen,
and nothing of the pipeline has to be saved.
"""

import functools
from collections.abc import Callable, Sequence

import numpy as np

from seg_keras.data.augment import Augmentation, change_appearance, draw_view
from seg_keras.data.datasets import Dataset, Pair
from seg_keras.data.mosaic import draw_parts, join_parts

# Weights (H, W) of a label (H, W) and, where the data set tells them apart, its instances.
Weigh = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


class TrainSamples:
    """An endless shuffled and augmented sequence of training samples.

    Args:
        dataset: Reads the pairs.
        pairs: The image and label files of the training split.
        crop_size: (height, width) in pixels of what the model sees.
        augmentation: How far samples may differ from the files.
        seed: Decides order and augmentation.
        label_size: (height, width) of the labels where a model predicts only the middle of what it
            sees; None for `crop_size`.
        weigh: Makes a weight for each pixel of a sample's label, such as `BorderWeights`; None for
            no weights.
    """

    def __init__(
        self,
        dataset: Dataset,
        pairs: Sequence[Pair],
        crop_size: tuple[int, int],
        augmentation: Augmentation,
        seed: int,
        label_size: tuple[int, int] | None = None,
        weigh: Weigh | None = None,
    ):
        if not pairs:
            raise ValueError(f"The training split of {dataset.name} is empty. Give it images.")
        self.dataset = dataset
        self.pairs = list(pairs)
        self.crop_size = crop_size
        self.augmentation = augmentation
        self.seed = seed
        self.label_size = label_size or crop_size
        self.weigh = weigh
        self._order = functools.lru_cache(maxsize=4)(self._shuffle)

    def _shuffle(self, epoch: int) -> np.ndarray:
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.pairs))

    def pair(self, number: int) -> Pair:
        """The files of sample `number`; each epoch holds every pair once."""
        epoch, position = divmod(number, len(self.pairs))
        return self.pairs[self._order(epoch)[position]]

    def __getitem__(self, number: int) -> tuple[np.ndarray, ...]:
        """Image float32 (*crop_size, C) in [0, 255], label int32 (*label_size), and its weights.

        The weights, float32 (*label_size), are there with `weigh` only.
        """
        number = int(number)
        # The third number keeps this stream apart from the one that orders the files.
        rng = np.random.default_rng((self.seed, number, 1))
        share = self.augmentation.mosaic
        if share and rng.random() < share:
            image, *maps = self._mosaic(self.pair(number), rng)
        else:
            image, *maps = self._crop(self.pair(number), self.crop_size, rng, self._margin)
        return image, *(self._middle(each) for each in maps)

    @property
    def _margin(self) -> tuple[int, int]:
        """Rows and columns at each side of a crop that no label is needed for."""
        crop, label = self.crop_size, self.label_size
        return (crop[0] - label[0]) // 2, (crop[1] - label[1]) // 2

    def _middle(self, label: np.ndarray) -> np.ndarray:
        (top, left), (height, width) = self._margin, self.label_size
        return np.ascontiguousarray(label[..., top : top + height, left : left + width])

    def _crop(self, pair: Pair, size, rng, margin=(0, 0)) -> tuple[np.ndarray, ...]:
        """A random view of a pair: image, label and, if asked for, weights."""
        image, label = self.dataset.load(pair)
        view = draw_view(label, size, self.augmentation, rng, margin)
        image = change_appearance(view.image(image), self.augmentation, rng)
        shown = view.label(label).astype("int32")
        if self.weigh is None:
            return image, shown
        instances = None
        if self.dataset.read_instances is not None:
            instances = view.label(self.dataset.read_instances(pair), fill=0)
        return image, shown, self.weigh(shown, instances)

    def _mosaic(self, pair: Pair, rng) -> tuple[np.ndarray, ...]:
        """Four crops side by side, the first one of `pair`, the others of any."""
        others = rng.integers(len(self.pairs), size=3)
        sources = [pair, *(self.pairs[index] for index in others)]
        sizes = draw_parts(self.crop_size, rng)
        crops = [self._crop(source, size, rng) for source, size in zip(sources, sizes, strict=True)]
        images, *maps = zip(*crops, strict=True)
        return join_parts(images, -3), *(join_parts(parts, -2) for parts in maps)


def train_batches(samples: TrainSamples, batch_size: int, first_sample: int = 0):
    """Endless batches of `samples` as a `tf.data.Dataset`, decoded in parallel and prefetched.

    Args:
        samples: The sequence.
        batch_size: Samples per batch.
        first_sample: Where to begin; earlier samples are skipped without being decoded.

    Returns:
        Batches of images (B, h, w, C) float32 in [0, 255], labels (B, h, w) int32 and, where the
        samples have them, weights (B, h, w) float32.
    """
    import tensorflow as tf  # here, so that TrainSamples serves other backends without it

    example = samples[first_sample]

    def load(number):
        # A sample depends on its number only. Told so, TensorFlow loads several at once and ahead
        # of the step, also where it was asked for repeatable results.
        sample = tf.numpy_function(
            samples.__getitem__, [number], [part.dtype for part in example], stateful=False
        )
        return tuple(
            tf.ensure_shape(part, like.shape) for part, like in zip(sample, example, strict=True)
        )

    numbers = tf.data.Dataset.range(first_sample, np.iinfo("int64").max)
    return (
        numbers.map(load, tf.data.AUTOTUNE, deterministic=True)
        .batch(batch_size, drop_remainder=True)
        .prefetch(2)
    )
