"""Augmentation: image and label move together, and every number has its sample."""

import dataclasses

import cv2
import numpy as np
import pytest

from seg_keras.data.augment import Augmentation, augment, draw_view, largest_share, random_window
from seg_keras.data.datasets import build_dataset
from seg_keras.data.labels import CAMVID_CLASSES
from seg_keras.data.photometric import jitter_colors, soften
from seg_keras.data.pipeline import TrainSamples, train_batches
from seg_keras.data.statistics import count_classes
from seg_keras.data.transforms import resample

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


EVERYTHING = Augmentation(
    rotation=30.0, translation=0.2, elastic=4.0, max_class_share=0.75, border="mirror", jpeg=0.5,
    cutout=0.5, grid_mask=0.5, mosaic=0.5,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_default_settings_draw_and_resize_as_ever(seed):
    """Runs that are resumed depend on the numbers drawn, their order and what becomes of them."""
    source = np.random.default_rng(0)
    image = source.integers(0, 255, (60, 80, 3), "uint8")
    label = source.integers(0, 9, (60, 80), "uint8")
    shown, ids = augment(image, label, CROP_SIZE, Augmentation(), np.random.default_rng(seed))

    rng = np.random.default_rng(seed)
    scale = np.exp(rng.uniform(*np.log((0.5, 2.0))))
    window = random_window(label.shape, CROP_SIZE, scale, rng)
    flip = slice(None, None, -1 if rng.random() < 0.5 else 1)
    expected = resample(image, window, CROP_SIZE, cv2.INTER_LINEAR, 0)[:, flip]
    expected = jitter_colors(np.ascontiguousarray(expected, "float32"), 1.0, rng)
    if rng.random() < 0.1:
        expected = soften(expected, rng)
    np.testing.assert_array_equal(shown, np.clip(expected, 0, 255))
    expected = resample(label, window, CROP_SIZE, cv2.INTER_NEAREST_EXACT, 255)[:, flip]
    np.testing.assert_array_equal(ids, expected)


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_everything_at_once_gives_what_nothing_gives_in_shape_and_range(bands, rng):
    image = rng.integers(0, 255, (40, 50, bands), "uint8")
    label = rng.integers(0, 5, (40, 50), "uint8")
    image, label = augment(image, label, CROP_SIZE, EVERYTHING, rng)
    assert (image.shape, image.dtype) == ((*CROP_SIZE, bands), np.float32)
    assert (label.shape, label.dtype) == (CROP_SIZE, np.int32)
    assert image.min() >= 0
    assert image.max() <= 255
    assert set(np.unique(label)) <= set(range(5))


def test_the_same_generator_gives_the_same_view_and_another_one_another(rng):
    image, label = rng.integers(0, 255, (40, 50, 3), "uint8"), rng.integers(0, 5, (40, 50), "uint8")
    views = [
        augment(image, label, CROP_SIZE, EVERYTHING, np.random.default_rng(seed))
        for seed in (3, 3, 4)
    ]
    for first, second, third in zip(*views, strict=True):
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first, third)


def test_the_frames_of_a_sequence_share_one_draw(rng):
    frame, label = rng.uniform(0, 255, (40, 50, 4)).astype("float32"), np.zeros((40, 50), "uint8")
    settings = dataclasses.replace(EVERYTHING, blur=0.0)
    frames = np.stack([frame, frame, frame])
    shown, shown_label = augment(frames, label, CROP_SIZE, settings, rng)
    assert (shown.shape, shown_label.shape) == ((3, *CROP_SIZE, 4), CROP_SIZE)
    np.testing.assert_array_equal(shown[0], shown[1])
    np.testing.assert_array_equal(shown[0], shown[2])
    _, labels = augment(frames, np.stack([label] * 3), CROP_SIZE, settings, rng)
    assert labels.shape == (3, *CROP_SIZE)


def test_turns_and_shifts_reach_as_far_as_asked_and_no_further():
    label = np.zeros((100, 100), "uint8")
    settings = Augmentation((1.0, 1.0), rotation=20.0, translation=0.1)
    views = [
        draw_view(label, (100, 100), settings, np.random.default_rng(seed)) for seed in range(200)
    ]
    angles = np.degrees([view.angle for view in views])
    tops = np.array([view.window[0] for view in views])
    assert angles.min() >= -20
    assert angles.max() <= 20
    assert np.ptp(angles) > 36
    assert tops.min() == -10
    assert tops.max() == 10


def test_a_balanced_crop_is_drawn_again_where_one_class_covers_it():
    label = np.zeros((100, 100), "uint8")
    label[:30, :30] = 1
    shares = {}
    for limit in (1.0, 0.75):
        settings = Augmentation((1.0, 1.0), max_class_share=limit)
        views = [
            draw_view(label, (30, 30), settings, np.random.default_rng(seed)) for seed in range(100)
        ]
        shares[limit] = np.array([largest_share(view.label(label)) for view in views])
    assert (shares[1.0] > 0.75).mean() > 0.85
    assert (shares[0.75] > 0.75).mean() < 0.5  # ten more tries, then any crop
    assert largest_share(np.full((3, 3), 255, "uint8")) == 1.0
    assert largest_share(np.array([[255, 255, 2, 3]], "uint8")) == 0.5


def test_what_is_inside_of_the_margin_lies_in_the_image(rng):
    """The label of a model that sees 60x60 pixels and predicts the inner 40x40."""
    for _ in range(50):
        top, left, height, width = random_window((45, 50), (60, 60), 1.0, rng, margin=(10, 10))
        assert (height, width) == (60, 60)
        assert 0 <= top + 10 <= 5
        assert 0 <= left + 10 <= 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"border": "wrap"}, "Unknown border 'wrap'. Choose one of: void, mirror"),
        ({"mosaic": 1.5}, "mosaic is 1.5. Give the share of images, from 0 to 1"),
        ({"max_class_share": 0.0}, "max_class_share is 0.0. Give a share up to 1"),
    ],
)
def test_wrong_settings_say_what_is_expected(options, message):
    with pytest.raises(ValueError, match=message):
        Augmentation(**options)


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


def test_batches_may_start_at_any_sample(dataset):
    whole = list(train_batches(samples_of(dataset), 2).take(5))
    late = list(train_batches(samples_of(dataset), 2, first_sample=6).take(2))
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
