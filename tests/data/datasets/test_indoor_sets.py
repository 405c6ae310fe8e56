"""ADE20K, NYUDv2 and SUN RGB-D: ids that start at 1, and images inside of MATLAB files."""

import h5py
import numpy as np
import pytest
import scipy.io

from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.ade20k import LABEL_SPACE as ADE20K_CLASSES
from seg_keras.data.files import read_image
from tests.data import trees


def one_based(raw):
    return np.where(raw == 0, 255, raw.astype(int) - 1)


def test_ade20k_ids_move_down_by_one_and_zero_is_void(tmp_path):
    trees.ade20k(tmp_path / "ADEChallengeData2016")
    dataset = build_dataset("ade20k", tmp_path)
    image, label = dataset.list_pairs("val")[1]
    assert (image.name, label.name) == ("ADE_val_00000002.jpg", "ADE_val_00000002.png")
    np.testing.assert_array_equal(
        dataset.load((image, label))[1], one_based(trees.noise(2, high=151))
    )


def test_ade20k_classes_have_their_customary_colors():
    rows = list(zip(ADE20K_CLASSES.names, ADE20K_CLASSES.colors, strict=True))
    assert (rows[0], rows[149]) == (("wall", (120, 120, 120)), ("flag", (92, 0, 255)))
    assert rows[44] == ("chest of drawers", (6, 51, 255))
    assert len(set(ADE20K_CLASSES.names)) == 150


def test_nyudv2_images_stand_upright_and_ids_are_mapped(tmp_path):
    trees.nyudv2(tmp_path)
    dataset = build_dataset("nyudv2", tmp_path)
    pairs = dataset.list_pairs("train")
    assert [image.name for image, _ in pairs] == ["0001", "0003"]  # MATLAB counts from 1
    image, label = dataset.load(pairs[1])
    with h5py.File(tmp_path / "nyu_depth_v2_labeled.mat") as file:
        stored, ids = file["images"][2], file["labels"][2]
    mapping = scipy.io.loadmat(tmp_path / "classMapping40.mat")["mapClass"][0]
    for row, column in ((0, 0), (12, 3), (5, 16)):
        assert image[row, column].tolist() == stored[:, column, row].tolist()
        raw = ids[column, row]
        assert label[row, column] == (255 if raw == 0 else mapping[raw - 1] - 1)


def test_sun_rgbd_finds_the_label_of_a_scene_by_its_place_in_the_list(tmp_path):
    trees.sun_rgbd(tmp_path)
    dataset = build_dataset("sun_rgbd", tmp_path)
    pair = dataset.list_pairs("test")[0]
    assert pair[0] == tmp_path / "SUNRGBD/kv1/NYUdata/NYU0003/image/NYU0003.jpg"
    image, label = dataset.load(pair)
    np.testing.assert_array_equal(image, read_image(pair[0]))
    np.testing.assert_array_equal(label, one_based(trees.noise(2, high=38)))


def test_the_light_form_of_sun_rgbd_counts_training_labels_from_5051(tmp_path):
    trees.sun_rgbd_light(tmp_path)
    dataset = build_dataset("sun_rgbd", tmp_path)
    for split, first in (("train", 5051), ("test", 1)):
        pairs = dataset.list_pairs(split)
        assert pairs[0][1].name == f"img-{first:06d}.png"
        np.testing.assert_array_equal(
            dataset.load(pairs[0])[1], one_based(trees.noise(first, high=38))
        )


def test_a_damaged_matlab_file_is_named(tmp_path):
    trees.nyudv2(tmp_path)
    (tmp_path / "splits.mat").write_bytes(b"no MATLAB")
    dataset = build_dataset("nyudv2", tmp_path)
    with pytest.raises(ValueError, match=r"splits.mat: cannot be decoded .*Replace the file"):
        dataset.list_pairs("train")
