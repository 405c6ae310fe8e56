"""The pipeline works while the step does; mosaics, weights and labels of the middle only."""

import dataclasses
import time

import numpy as np
import pytest

from seg_keras.data.augment import Augmentation
from seg_keras.data.datasets import build_dataset
from seg_keras.data.mosaic import draw_parts, join_parts
from seg_keras.data.pipeline import TrainSamples, train_batches
from seg_keras.data.weight_maps import BorderWeights
from seg_keras.training.setup import make_deterministic

PLAIN = Augmentation((1.0, 1.0), flip=False, jitter=0.0, blur=0.0)
CROP_SIZE = (24, 36)


@pytest.fixture(scope="module")
def dataset(camvid_folder):
    return build_dataset("camvid", camvid_folder)


def samples_of(dataset, augmentation=PLAIN, crop_size=CROP_SIZE, **options):
    pairs = dataset.list_pairs("train")
    return TrainSamples(dataset, pairs, crop_size, augmentation, 0, **options)


def test_batches_are_loaded_ahead_also_where_results_must_repeat(dataset):
    loaded = []

    def read(pair):
        loaded.append(pair)
        return dataset.read(pair)

    recorded = dataclasses.replace(dataset, read=read)
    samples = TrainSamples(recorded, dataset.list_pairs("train"), (8, 8), Augmentation(), 0)
    make_deterministic(0, True)
    batches = iter(train_batches(samples, 2))
    next(batches)
    deadline = time.monotonic() + 20
    while len(loaded) < 7 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(loaded) >= 7  # the first one, the next two, and one for the shape


def test_the_parts_of_a_mosaic_fill_the_crop_in_their_order(rng):
    for _ in range(50):
        sizes = draw_parts((31, 45), rng)
        labels = [np.full(size, index) for index, size in enumerate(sizes)]
        joined = join_parts(labels, -2)
        assert joined.shape == (31, 45)
        assert joined[[0, 0, -1, -1], [0, -1, 0, -1]].tolist() == [0, 1, 2, 3]
        assert min(min(size) for size in sizes) >= 7
        images = join_parts([np.full((5, *size, 2), 9) for size in sizes], -3)
        assert images.shape == (5, 31, 45, 2)


def test_a_mosaic_is_four_crops_each_with_its_label(dataset):
    """Images of the tiny data set show their label in its colors."""
    samples = samples_of(dataset, dataclasses.replace(PLAIN, mosaic=1.0))
    sources = set()
    for number in range(4):
        loaded = []
        recorded = dataclasses.replace(
            dataset, read=lambda pair, seen=loaded: (seen.append(pair), dataset.read(pair))[1]
        )
        samples.dataset = recorded
        image, label = samples[number]
        assert len(loaded) == 4
        assert loaded[0] == samples.pair(number)
        sources |= set(loaded)
        assert (image.shape, label.shape) == ((*CROP_SIZE, 3), CROP_SIZE)
        painted = dataset.label_space.colorize(label.astype("uint8"))
        assert np.abs(image - painted)[label != 255].mean() < 10
    assert len(sources) > 4


def test_no_mosaic_reads_one_image_and_a_share_of_them_some(dataset):
    half = samples_of(dataset, dataclasses.replace(PLAIN, mosaic=0.5))
    counts = []
    half._mosaic = lambda *_: counts.append(1) or (np.zeros((*CROP_SIZE, 3)), np.zeros(CROP_SIZE))
    for number in range(60):
        half[number]
    assert 18 < len(counts) < 42


def test_weights_travel_with_the_batch_and_belong_to_the_augmented_label(dataset):
    weigh = BorderWeights(border_weight=4.0)
    samples = samples_of(dataset, Augmentation(rotation=20.0), weigh=weigh)
    images, labels, weights = next(iter(train_batches(samples, 3)))
    assert (images.shape, labels.shape) == ((3, *CROP_SIZE, 3), (3, *CROP_SIZE))
    assert weights.dtype == np.float32
    for label, weight in zip(labels.numpy(), weights.numpy(), strict=True):
        np.testing.assert_array_equal(weight, weigh(label))


def test_instances_of_the_data_set_are_moved_as_the_label_is(dataset):
    """Instances that are the label again must come out as the label."""
    told_apart = dataclasses.replace(dataset, read_instances=lambda pair: dataset.load(pair)[1])
    settings = Augmentation(elastic=3.0, rotation=20.0, border="mirror")
    samples = samples_of(told_apart, settings, weigh=lambda label, instances: instances)
    for number in range(3):
        _, label, instances = samples[number]
        np.testing.assert_array_equal(label, instances)


def test_a_model_of_valid_convolutions_gets_the_label_of_the_middle(dataset):
    """The whole 48x64 image is labelled; around it its reflection gives the context."""
    settings = dataclasses.replace(PLAIN, border="mirror")
    samples = samples_of(dataset, settings, crop_size=(72, 80), label_size=(48, 64))
    image, label = samples[0]
    assert (image.shape, label.shape) == ((72, 80, 3), (48, 64))
    original, expected = dataset.load(samples.pair(0))
    np.testing.assert_array_equal(label, expected)
    np.testing.assert_array_equal(
        image, np.pad(original, ((12, 12), (8, 8), (0, 0)), "reflect").astype("float32")
    )
