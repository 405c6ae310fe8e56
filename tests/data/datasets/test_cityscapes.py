"""Cityscapes and KITTI: 34 label ids in the files, 19 training ids in the loss."""

import numpy as np
import pytest
from PIL import Image

from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.cityscapes import CITYSCAPES_CLASSES, CLASSES
from tests.data import trees

# training ids in their order, as every benchmark of the field reports them
EVALUATED = {
    7: "road", 8: "sidewalk", 11: "building", 12: "wall", 13: "fence", 17: "pole",
    19: "traffic light", 20: "traffic sign", 21: "vegetation", 22: "terrain", 23: "sky",
    24: "person", 25: "rider", 26: "car", 27: "truck", 28: "bus", 31: "train", 32: "motorcycle",
    33: "bicycle",
}  # fmt: skip


def test_the_evaluated_ids_are_numbered_in_their_order_and_all_others_are_void():
    raw = np.arange(34, dtype="uint8")
    labels = CITYSCAPES_CLASSES.to_train_ids(raw)
    assert CITYSCAPES_CLASSES.names == tuple(EVALUATED.values())
    np.testing.assert_array_equal(labels[list(EVALUATED)], np.arange(19))
    assert (labels[np.setdiff1d(raw, list(EVALUATED))] == 255).all()
    assert [row[0] for row in CLASSES] == list(range(34))


@pytest.mark.parametrize(("name", "color"), [("road", (128, 64, 128)), ("bicycle", (119, 11, 32))])
def test_colors_are_the_official_ones(name, color):
    assert CITYSCAPES_CLASSES.colors[CITYSCAPES_CLASSES.names.index(name)] == color


def test_label_ids_are_mapped_and_no_map_of_training_ids_is_needed(tmp_path):
    trees.cityscapes(tmp_path)
    dataset = build_dataset("cityscapes", tmp_path)
    image, label = dataset.list_pairs("train")[0]
    assert image.name == "aachen_000000_000010_leftImg8bit.png"
    assert label.name == "aachen_000000_000010_gtFine_labelIds.png"
    raw = np.asarray(Image.open(label))
    np.testing.assert_array_equal(dataset.load((image, label))[1] == 0, raw == 7)


def test_a_label_without_its_image_is_named(tmp_path):
    trees.cityscapes(tmp_path)
    image = next((tmp_path / "leftImg8bit" / "val").rglob("*.png"))
    image.unlink()
    with pytest.raises(FileNotFoundError, match=f"{image.name}: no such file, and 0 more of the 4"):
        build_dataset("cityscapes", tmp_path).list_pairs("val")


def test_coarse_labels_of_further_cities_are_a_split(tmp_path):
    trees.cityscapes_coarse(tmp_path)
    pairs = build_dataset("cityscapes_coarse", tmp_path).list_pairs("train_extra")
    assert {pair[1].name.partition("_gt")[2] for pair in pairs} == {"Coarse_labelIds.png"}


def test_kitti_keeps_its_last_fifth_to_validate_on(tmp_path):
    trees.kitti(tmp_path)
    dataset = build_dataset("kitti", tmp_path)
    assert [image.name for image, _ in dataset.list_pairs("val")] == [
        "000008_10.png",
        "000009_10.png",
    ]
    assert dataset.label_space is CITYSCAPES_CLASSES
