"""IBSR-18: slices of volumes, their neighbours, and windows of them."""

import nibabel
import numpy as np
import pytest

from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.ibsr18 import read_volume, scale, windows
from tests.data import trees


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ibsr")
    trees.ibsr18(folder)
    return folder


def test_tissues_are_in_the_order_of_u_segnet(folder):
    dataset = build_dataset("ibsr18", folder)
    assert dataset.label_space.names == (
        "background", "grey matter", "white matter", "cerebrospinal fluid"
    )  # fmt: skip
    raw = np.array([0, 1, 2, 3], "uint8")  # background, fluid, grey, white in the files
    assert dataset.label_space.to_train_ids(raw).tolist() == [0, 3, 1, 2]


def test_channels_are_the_slice_above_the_slice_and_the_one_below(folder):
    dataset = build_dataset("ibsr18", folder)
    pairs = dataset.list_pairs("val")[:4]
    assert str(pairs[2][0]).endswith("IBSR_07/IBSR_07_ana_strip.nii.gz/002")
    volume = scale(read_volume(pairs[0][0].parent))
    for z, pair in enumerate(pairs):
        above, below = min(z + 1, 3), max(z - 1, 0)  # the ends are their own neighbours
        expected = np.stack([volume[..., k] for k in (above, z, below)], axis=-1)
        np.testing.assert_array_equal(dataset.load(pair)[0], expected)


def test_slices_without_tissue_are_not_trained_on(folder):
    dataset = build_dataset("ibsr18", folder)
    assert all(pair[0].name != "000" for pair in dataset.list_pairs("train"))
    assert any(pair[0].name == "000" for pair in dataset.list_pairs("test"))


def test_the_volumes_of_the_splits_are_those_of_the_paper(folder):
    dataset = build_dataset("ibsr18", folder)
    subjects = {
        split: sorted({int(pair[0].parts[-3][-2:]) for pair in dataset.list_pairs(split)})
        for split in dataset.splits
    }
    assert subjects == {"train": [*range(1, 7)], "val": [7, 8, 9], "test": [*range(10, 19)]}


def test_patches_are_cut_from_the_slices(folder):
    slices, patches = (build_dataset(name, folder) for name in ("ibsr18", "ibsr18_patches"))
    image, label = slices.load(slices.list_pairs("val")[1])
    for index, (top, left) in enumerate([(0, 0), (0, 8), (10, 0), (10, 8), (20, 0), (20, 8)], 6):
        cut_image, cut_label = patches.load(patches.list_pairs("val")[index])
        np.testing.assert_array_equal(cut_image, image[top : top + 40, left : left + 40])
        np.testing.assert_array_equal(cut_label, label[top : top + 40, left : left + 40])


def test_windows_cover_an_official_slice_and_start_every_ten_pixels():
    covered = np.zeros((256, 128), int)
    starts = windows((256, 128))
    for top, left in starts:
        covered[top : top + 40, left : left + 40] += 1
    assert covered.min() == 1
    assert covered[100, 64] == 16  # as the paper counts inside
    assert starts[:2] == [(0, 0), (0, 10)]


def write_volume(path, voxels, affine):
    nibabel.save(nibabel.Nifti1Image(voxels, affine), path)
    return path


def test_a_volume_stored_in_another_direction_comes_out_the_same(tmp_path):
    voxels = trees.noise(0, 5, 6, 7, dtype="int16")
    straight = read_volume(write_volume(tmp_path / "a.nii.gz", voxels, np.eye(4)))
    turned = np.array([[0, -1, 0, 4], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    stored = voxels[::-1].transpose(2, 0, 1)  # axes: up, left, front
    other = read_volume(write_volume(tmp_path / "b.nii.gz", stored, turned))
    np.testing.assert_array_equal(straight, other)


def test_one_bright_voxel_does_not_darken_the_rest():
    voxels = np.tile(np.arange(1, 101, dtype="int16"), (20, 20, 1))
    voxels[0, 0, 0] = 30_000
    scaled = scale(voxels)
    assert scaled[1, 1, 99] == 255
    assert scaled[1, 1, 49] == pytest.approx(127.5, abs=1)
    assert not scale(np.zeros((2, 2, 2), "int16")).any()


def test_a_damaged_volume_is_named(tmp_path):
    (tmp_path / "a.nii.gz").write_bytes(b"no volume")
    with pytest.raises(ValueError, match=r"a.nii.gz: cannot be decoded"):
        read_volume(tmp_path / "a.nii.gz")
