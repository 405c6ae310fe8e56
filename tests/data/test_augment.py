"""Augmentation and pipeline: image and label move together, and every number has its sample."""

import numpy as np
import pytest

from seg_keras.data.augment import Augmentation, augment, jitter_colors
from seg_keras.data.datasets import build_dataset
from seg_keras.data.labels import CAMVID_CLASSES
from seg_keras.data.pipeline import TrainSamples, train_batches
from seg_keras.data.statistics import count_classes

GEOMETRY_ONLY = Augmentation((0.5, 2.0), jitter=0.0, blur=0.0)
CROP_SIZE = (31, 45)


@pytest.fixture(scope="module")
def dataset(request):
    return build_dataset("camvid", request.getfixturevalue("camvid_folder"))


def samples_of(dataset, seed=0, augmentation=None):
    return TrainSamples(
        dataset, dataset.list_pairs("train"), CROP_SIZE, augmentation or Augmentation(), seed
    )


@pytest.mark.parametrize("seed", range(8))
def test_image_and_label_move_together(seed):
    """The image is the label painted as numbers, so inside of a patch both must agree."""
    label = np.zeros((60, 80), "uint8")
    label[10:40, 20:70] = 1
    label[30:55, 5:35] = 2
    image = np.repeat(label[..., None] * 100, 3, axis=-1)
    image, moved = augment(image, label, CROP_SIZE, GEOMETRY_ONLY, np.random.default_rng(seed))
    assert (image.shape, image.dtype) == ((*CROP_SIZE, 3), np.float32)
    assert (moved.shape, moved.dtype) == (CROP_SIZE, np.int32)
    painted = np.where(moved == 255, 0, moved * 100)
    agree = np.abs(image[..., 0] - painted) < 50
    assert agree.mean() > 0.93  # all but the pixels at an edge, where bilinear mixes


def test_what_lies_outside_of_the_image_is_black_and_ignored(rng):
    image, label = np.full((10, 12, 3), 200, "uint8"), np.zeros((10, 12), "uint8")
    fixed = Augmentation((1.0, 1.0), jitter=0.0, blur=0.0)
    image, label = augment(image, label, (20, 30), fixed, rng)
    assert (label == 0).sum() == 120
    np.testing.assert_array_equal(image[label == 255], 0)
    np.testing.assert_array_equal(image[label == 0], 200)


def test_scales_reach_both_ends_of_the_range():
    label = np.zeros((200, 200), "uint8")
    label[90:110, 90:110] = 1
    image = np.zeros((200, 200, 3), "uint8")
    areas = [
        (augment(image, label, (200, 200), GEOMETRY_ONLY, np.random.default_rng(i))[1] == 1).sum()
        for i in range(60)
    ]
    sides = np.sqrt([area for area in areas if area])
    assert sides.min() < 12
    assert sides.max() > 34
    assert sides.min() >= 9
    assert sides.max() <= 41


def test_half_of_the_images_are_mirrored():
    label = np.zeros((8, 8), "uint8")
    label[:, :4] = 1
    image = np.zeros((8, 8, 3), "uint8")
    still = Augmentation((1.0, 1.0), jitter=0.0, blur=0.0)
    mirrored = [
        augment(image, label, (8, 8), still, np.random.default_rng(i))[1][0, 0] == 0
        for i in range(100)
    ]
    assert 35 < sum(mirrored) < 65


def test_colors_change_within_bounds_and_grey_keeps_its_hue(rng):
    image = rng.uniform(0, 255, (9, 11, 3)).astype("float32")
    changed = jitter_colors(image, 1.0, rng)
    assert changed.min() >= 0
    assert changed.max() <= 255
    assert np.abs(changed - image).mean() > 5
    gray = jitter_colors(np.full((4, 4, 3), 128, "float32"), 1.0, rng)
    np.testing.assert_allclose(gray, gray[..., :1].repeat(3, -1), atol=0.5)
    np.testing.assert_allclose(jitter_colors(image, 0.0, rng), image, atol=0.05)


def test_other_band_counts_pass(rng):
    for channels in (1, 4):
        image = rng.integers(0, 255, (40, 50, channels), "uint8")
        image, _ = augment(image, np.zeros((40, 50), "uint8"), CROP_SIZE, Augmentation(), rng)
        assert image.shape == (*CROP_SIZE, channels)


def test_an_epoch_holds_every_pair_once_in_an_order_of_its_own(dataset):
    samples = samples_of(dataset)
    epochs = [[samples.pair(n) for n in range(start, start + 6)] for start in (0, 6, 12)]
    for epoch in epochs:
        assert sorted(epoch) == dataset.list_pairs("train")
    assert epochs[0] != epochs[1] or epochs[1] != epochs[2]


def test_same_seed_same_batches_eagerly_and_in_tf_data(dataset):
    samples = samples_of(dataset)
    for step, (images, labels) in enumerate(train_batches(samples, 2).take(4)):
        assert (images.shape, labels.shape) == ((2, *CROP_SIZE, 3), (2, *CROP_SIZE))
        for position in range(2):
            image, label = samples_of(dataset)[2 * step + position]
            np.testing.assert_array_equal(images[position], image)
            np.testing.assert_array_equal(labels[position], label)
    other = samples_of(dataset, seed=1)
    assert not np.array_equal(other[0][0], samples[0][0])


def test_batches_may_start_at_any_step(dataset):
    whole = list(train_batches(samples_of(dataset), 2).take(5))
    late = list(train_batches(samples_of(dataset), 2, start_step=3).take(2))
    for expected, got in zip(whole[3:], late, strict=True):
        np.testing.assert_array_equal(got[0], expected[0])
        np.testing.assert_array_equal(got[1], expected[1])


def test_training_labels_hold_classes_and_ignored_pixels_only(dataset):
    _, labels = next(iter(train_batches(samples_of(dataset), 6)))
    assert set(np.unique(labels)) <= {*range(CAMVID_CLASSES.num_classes), 255}


def test_class_counts_equal_a_plain_count(dataset):
    pairs = dataset.list_pairs("train")
    counts = count_classes(dataset, pairs)
    labels = [dataset.load(pair)[1] for pair in pairs]
    for index in range(11):
        assert counts.pixels[index] == sum((label == index).sum() for label in labels)
        containing = [label for label in labels if (label == index).any()]
        assert counts.pixels_of_images[index] == sum((x != 255).sum() for x in containing)
