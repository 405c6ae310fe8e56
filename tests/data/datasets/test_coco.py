"""COCO: outlines become class maps."""

import json
import sys

import numpy as np
import pytest

from seg_keras.data.datasets import build_dataset
from seg_keras.data.datasets.coco import CLASS_OF_CATEGORY, NAMES
from tests.data import trees


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coco")
    trees.coco(folder)
    return build_dataset("coco", folder)


# category id, class, name: before and after the gaps in the ids
@pytest.mark.parametrize(
    ("category", "index", "name"),
    [(1, 1, "person"), (11, 11, "fire hydrant"), (13, 12, "stop sign"), (44, 40, "bottle"),
     (67, 61, "dining table"), (90, 80, "toothbrush")],
)  # fmt: skip
def test_a_class_is_the_rank_of_its_category(category, index, name):
    assert CLASS_OF_CATEGORY[category] == index
    assert NAMES[index] == name
    assert sorted(CLASS_OF_CATEGORY.values()) == list(range(1, 81))


def test_small_objects_lie_on_large_ones_and_crowds_are_void(dataset):
    label = dataset.load(dataset.list_pairs("train")[0])[1]
    expected = np.zeros(trees.SIZE, "uint8")
    expected[:10, :10] = 1  # written after the small one in the file
    expected[2:4, 2:4] = expected[6:8, 6:8] = 80
    expected[:, -2:] = 255
    np.testing.assert_array_equal(label, expected)


def test_an_image_without_objects_is_background(dataset):
    assert not dataset.load(dataset.list_pairs("val")[1])[1].any()


@pytest.mark.parametrize(
    ("split", "name"),
    [("val", "000000000009.jpg"), ("val2014", "COCO_val2014_000000000009.jpg")],
)
def test_both_years_are_listed_with_the_names_of_their_files(dataset, split, name):
    image, label = dataset.list_pairs(split)[0]
    assert (image.name, label.name) == (name, "9")
    assert image.is_file()
    assert label.parent.is_file()


@pytest.mark.parametrize("content", ["{", json.dumps({"images": []}), "[]"])
def test_another_json_is_refused(tmp_path, content):
    trees.write_text(tmp_path / "annotations" / "instances_val2017.json", content)
    with pytest.raises(ValueError, match=r"val2017.json: holds no objects of COCO"):
        build_dataset("coco", tmp_path).list_pairs("val")


def test_a_missing_package_is_named_with_its_command(dataset, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycocotools.mask", None)
    with pytest.raises(RuntimeError, match="'coco' needs .* pip install pycocotools"):
        dataset.load(dataset.list_pairs("train")[0])
