"""ISBI 2012 and the cell tracking videos: stacks, instances, binary labels."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from seg_keras.data.datasets import build_dataset
from tests.data import trees

SAMPLE = Path(__file__).parents[4] / "shared" / "data" / "isbi2012"


def test_pages_of_the_stacks_are_images_and_255_is_a_cell(tmp_path):
    trees.isbi2012(tmp_path)
    dataset = build_dataset("isbi2012", tmp_path)
    pairs = dataset.list_pairs("train") + dataset.list_pairs("val")
    assert [image.name for image, _ in pairs] == [f"page_{page:02d}" for page in range(6)]
    image, label = dataset.load(pairs[5])
    page = tifffile.imread(tmp_path / "train-volume.tif")[5]
    np.testing.assert_array_equal(image, np.stack([page] * 3, axis=-1))
    cells = tifffile.imread(tmp_path / "train-labels.tif")[5] == 255
    np.testing.assert_array_equal(label, cells)


def test_grey_borders_of_a_label_are_decided_at_127(tmp_path):
    trees.isbi2012_images(tmp_path)
    trees.write_ids(
        tmp_path / "label" / "0.png", np.tile([[0, 127, 128, 255]], (13, 5))[:, :17].astype("uint8")
    )
    dataset = build_dataset("isbi2012", tmp_path)
    label = dataset.load(dataset.list_pairs("train")[0])[1]
    assert label[0, :4].tolist() == [0, 0, 1, 1]


def test_numbered_images_are_in_the_order_of_their_numbers(tmp_path):
    trees.isbi2012_images(tmp_path)
    dataset = build_dataset("isbi2012", tmp_path)
    assert [int(image.stem) for image, _ in dataset.list_pairs("train")] == list(range(10))
    assert [int(image.stem) for image, _ in dataset.list_pairs("val")] == [10, 11]


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample of ISBI 2012 is not there")
def test_the_real_sample_loads_whole():
    dataset = build_dataset("isbi2012", SAMPLE)
    train, val = dataset.list_pairs("train"), dataset.list_pairs("val")
    assert (len(train), len(val)) == (20, 4)
    for pair in train + val:
        image, label = dataset.load(pair)
        assert image.shape == (512, 512, 3)
        assert set(np.unique(label)) == {0, 1}
        assert 0.6 < label.mean() < 0.9  # most of it is cells


def test_cells_are_where_an_instance_is_and_touching_ones_stay_apart(tmp_path):
    trees.cell_tracking(tmp_path / "DIC-C2DH-HeLa")
    dataset = build_dataset("dic_hela", tmp_path)
    pairs = dataset.list_pairs("val")
    assert [(image.name, label.name) for image, label in pairs] == [
        ("t000.tif", "man_seg000.tif"), ("t002.tif", "man_seg002.tif")
    ]  # fmt: skip
    image, label = dataset.load(pairs[1])
    instances = dataset.read_instances(pairs[1])
    assert np.unique(instances).tolist() == [0, 300, 600, 900]  # 16 bits, kept whole
    np.testing.assert_array_equal(label, instances > 0)
    with Image.open(pairs[1][0]) as frame:
        np.testing.assert_array_equal(image[..., 2], np.asarray(frame))
