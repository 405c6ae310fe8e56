"""Drawn roads: the same seed is the same picture, labels are exact, files are never half-drawn."""

import dataclasses
import gc
import itertools
import tracemalloc
from importlib import import_module

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.roads import roads, write_scenes
from seg_keras.data.labels import CAMVID_CLASSES
from seg_keras.data.roads import draw_scene, drive
from seg_keras.data.roads.camera import NEAR, Camera, cut_near, forward
from seg_keras.data.roads.street import random_street
from seg_keras.data.roads.world import World

SIZE = (90, 120)
roads_module = import_module(roads.__module__)  # its function has the same name


@pytest.fixture(scope="module")
def scenes():
    return [draw_scene(seed, SIZE) for seed in range(20)]


def test_a_seed_decides_the_scene(scenes):
    image, label = draw_scene(3, SIZE)
    np.testing.assert_array_equal(image, scenes[3][0])
    np.testing.assert_array_equal(label, scenes[3][1])
    assert (label != scenes[4][1]).mean() > 0.05


@pytest.mark.parametrize("size", [(90, 120), (61, 83), (48, 200)])  # usual, odd, wide
def test_scenes_come_in_any_size(size):
    image, label = draw_scene(0, size)
    assert (image.shape, image.dtype) == ((*size, 3), np.uint8)
    assert (label.shape, label.dtype) == (size, np.uint8)


def test_labels_hold_the_classes_and_ignored_pixels_only(scenes):
    for _, label in scenes:
        assert set(np.unique(label)) <= {*range(CAMVID_CLASSES.num_classes), 255}
        assert (label == 255).mean() < 0.2


def test_every_class_is_drawn_often_enough_to_be_learned(scenes):
    holds = np.zeros(CAMVID_CLASSES.num_classes)
    for _, label in scenes:
        holds += np.bincount(label.ravel(), minlength=256)[: len(holds)] > 0
    assert (holds >= 4).all(), dict(zip(CAMVID_CLASSES.names, holds, strict=True))


def test_road_lies_below_and_sky_above(scenes):
    road, sky = (CAMVID_CLASSES.names.index(name) for name in ("Road", "Sky"))
    rows = np.arange(SIZE[0])[:, None]
    for _, label in scenes:
        assert (label == road).mean() > 0.05
        assert (rows * (label == road)).sum() / (label == road).sum() > SIZE[0] / 2
        assert not (label[-SIZE[0] // 3 :] == sky).any()
    assert np.mean([(label[: SIZE[0] // 3] == sky).mean() for _, label in scenes]) > 0.1


def test_borders_of_the_label_are_borders_of_the_picture(scenes):
    """Misplaced by three pixels, the label's borders lie on fewer edges of the picture."""

    def edge_strength(image, label):
        gray = image.astype(float).mean(axis=-1)
        across = np.abs(np.diff(gray, axis=1))
        return across[np.diff(label.astype(int), axis=1) != 0].mean()

    placed = np.mean([edge_strength(*scene) for scene in scenes])
    for shift in (-3, 3):
        moved = [edge_strength(image, np.roll(label, shift, axis=1)) for image, label in scenes]
        assert placed > 1.3 * np.mean(moved)


def test_a_drive_moves_smoothly_and_never_ends():
    frames = list(itertools.islice(drive(5, SIZE, fps=10.0), 40))
    same = [(a[1] == b[1]).mean() for a, b in itertools.pairwise(frames)]
    assert min(same) > 0.85
    assert (frames[0][1] == frames[-1][1]).mean() < min(same)
    again = list(itertools.islice(drive(5, SIZE, fps=10.0), 3))
    np.testing.assert_array_equal(again[2][0], frames[2][0])


def test_a_long_drive_needs_no_more_memory_than_a_short_one():
    world = World(4)

    def bytes_after(metres):
        for along in np.arange(metres - 600, metres, 20.0):
            world.advance(world.start + along, 2.0)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        short, long = bytes_after(600), bytes_after(1200)
    finally:
        tracemalloc.stop()
    assert long < 1.5 * short


def test_far_from_the_start_the_street_goes_on_without_a_break():
    path = random_street(np.random.default_rng(0)).path
    end = path.at(0.0, offset=4.0)[0]
    for along in range(0, 5000, 100):
        piece = path.at(np.linspace(along, along + 100, 201), offset=4.0)
        path.forget(along)
        np.testing.assert_allclose(piece[0], end)
        steps = np.linalg.norm(np.diff(piece, axis=0), axis=1)
        assert 0.4 < steps.min() <= steps.max() < 0.6
        end = piece[-1]


def test_pictures_hang_where_their_corners_are_seen():
    """A plane's homography and the projection of single points are the same camera."""
    camera = Camera(np.array([3.0, 1.4, -2.0]), 0.3, -0.05, 0.02, 400.0, (90, 120))
    corner, across, up = np.array([4.0, 0.0, 9.0]), np.array([2.0, 0.0, 5.0]), np.array([0, 3.0, 0])
    plane = camera.plane(corner, across, up)
    for a, b in ((0, 0), (1, 0), (1, 1), (0.3, 0.7)):
        x, y, w = plane @ (a, b, 1)
        seen = camera.pixels(camera.view((corner + a * across + b * up)[None]))[0]
        np.testing.assert_allclose((x / w, y / w), seen)
    far = camera.position + 1e7 * forward(camera.heading)
    level = dataclasses.replace(camera, roll=0.0)
    assert level.pixels(level.view(far[None]))[0, 1] == pytest.approx(camera.horizon, abs=1e-3)


def test_what_is_behind_the_camera_is_cut_off():
    square = np.array([(-1.0, 0, -3), (1, 0, -3), (1, 0, 3), (-1, 0, 3)])
    cut = cut_near(square)
    assert len(cut) == 4
    assert cut[:, 2].min() == pytest.approx(NEAR)
    assert np.ptp(cut[:, 0]) == 2
    assert len(cut_near(square - (0, 0, 5))) == 0
    np.testing.assert_array_equal(cut_near(square + (0, 0, 5)), square + (0, 0, 5))


def test_splits_have_nothing_in_common_and_are_drawn_once(tmp_path):
    dataset = roads(tmp_path, {"train": 2, "val": 2}, SIZE)
    pairs = {split: dataset.list_pairs(split) for split in dataset.splits}
    images = [dataset.load(pair)[0] for split in pairs for pair in pairs[split]]
    for a, b in itertools.combinations(images, 2):
        assert (a != b).mean() > 0.3
    times = [pair[1].stat().st_mtime_ns for pair in pairs["train"]]
    assert [pair[1].stat().st_mtime_ns for pair in dataset.list_pairs("train")] == times
    with pytest.raises(ValueError, match="no split 'test'. Choose one of: train, val"):
        dataset.list_pairs("test")


def test_interrupted_drawing_goes_on_where_it_stopped(tmp_path, monkeypatch):
    calls = []

    def dies_at_the_third(seed, size):
        calls.append(seed)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return draw_scene(seed, size)

    monkeypatch.setattr(roads_module, "draw_scene", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        write_scenes(tmp_path, "train", 4, SIZE)
    assert len(list(tmp_path.glob("trainannot/*.png"))) == 2
    pairs = write_scenes(tmp_path, "train", 4, SIZE)
    assert calls == [0, 1, 2, 2, 3]
    assert not list(tmp_path.rglob("*.partial"))
    for seed, (image, label) in enumerate(pairs):
        drawn = draw_scene(seed, SIZE)
        np.testing.assert_array_equal(np.asarray(Image.open(image)), drawn[0])
        np.testing.assert_array_equal(np.asarray(Image.open(label)), drawn[1])


@pytest.mark.slow  # every process imports Keras
def test_processes_draw_the_same_scenes_as_one(tmp_path, monkeypatch):
    alone = write_scenes(tmp_path / "alone", "val", 4, SIZE)
    monkeypatch.setattr(roads_module, "SCENES_OF_A_PROCESS", 1)
    together = write_scenes(tmp_path / "together", "val", 4, SIZE)
    for one, other in zip(alone, together, strict=True):
        assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_without_a_folder_scenes_lie_in_the_cache_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(roads_module, "write_scenes", lambda folder, *_: [(folder, folder)])
    assert build_dataset("roads").list_pairs("val")[0][0].is_relative_to(tmp_path / "seg_keras")
